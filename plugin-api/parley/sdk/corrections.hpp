// parley/sdk/corrections.hpp: what an upstream's refusal says of the traits that a request was
// written by (parley_dialect.correct_traits), from a table.
//
//   constexpr auto kCorrections = std::to_array<Correction>({
//       {.parameter = "temperature", .trait = "sampling_ok", .value = "false"},
//       {.parameter = "max_tokens", .says = ">", .trait = "max_output", .read = most_tokens},
//   });
//   std::string_view MyDialect::correct_traits(const parley_request& request, ...) {
//       return correct(kCorrections, *this, {request, target, told}, arena);
//   }
//
// A correction counts only if the request is written otherwise with it. So nobody learns from what
// was not there, and nothing is learnt twice.
#pragma once

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdint>
#include <memory_resource>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "parley/dialect.h"
#include "parley/sdk/json.hpp"
#include "parley/sdk/plugin.hpp"

namespace parley::sdk {

// What an upstream said of the request, in lower case.
class Refusal {
public:
    explicit Refusal(const parley_error& told)
        : text_(std::string(view(told.param)) + '\n' + std::string(view(told.message))) {
        for (char& c : text_) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
    }

    // Whether `words`, in lower case, stand there, and not as a part of longer words.
    bool says(std::string_view words) const { return find(words) != text_.npos; }

    // Whether it speaks of what is not to be had, rather than of what was wrongly used.
    bool says_unsupported() const {
        constexpr std::array<std::string_view, 25> kWords{
            "unsupported",       "unavailable",         "not supported",       "not support",
            "doesn't support",   "no longer supported", "only supported",      "deprecated",
            "not permitted",     "not allowed",         "not available",       "not enabled",
            "not compatible",    "incompatible",        "unknown name",        "unknown field",
            "unknown parameter", "unrecognized",        "unexpected",          "unrecognised",
            "not recognized",    "cannot be set",       "cannot be specified", "can't be disabled",
            "cannot be used",
        };
        return std::any_of(kWords.begin(), kWords.end(), [&](auto w) { return says(w); });
    }

    // The first number behind `words`, thousands set apart by commas or not; 0 when there is none.
    uint64_t number_behind(std::string_view words) const {
        const std::size_t at = find(words);
        if (at == text_.npos) return 0;
        constexpr std::string_view kDigits = "0123456789";
        const std::size_t first = text_.find_first_of(kDigits, at + words.size());
        if (first == text_.npos) return 0;
        std::string digits;
        for (std::size_t i = first; i < text_.size(); ++i) {
            const bool digit = is_digit(i);
            if (!digit && !(text_[i] == ',' && is_digit(i + 1))) break;
            if (digit) digits += text_[i];
        }
        uint64_t number = 0;
        std::from_chars(digits.data(), digits.data() + digits.size(), number);
        return number;
    }

    // Those of `known` that stand behind `words`, as a JSON array; empty when none does.
    std::string listed_behind(std::string_view words,
                              std::span<const std::string_view> known) const {
        std::string json;
        const std::size_t at = find(words);
        if (at == text_.npos) return json;
        for (const std::string_view word : known) {
            if (find(word, at + words.size()) == text_.npos) continue;
            json += json.empty() ? "[" : ",";
            json_quote(word, json);
        }
        return json.empty() ? json : json + ']';
    }

private:
    static bool is_word(char c) {
        return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_';
    }

    bool is_digit(std::size_t at) const {
        return at < text_.size() && text_[at] >= '0' && text_[at] <= '9';
    }

    std::size_t find(std::string_view words, std::size_t from = 0) const {
        for (std::size_t at = from; (at = text_.find(words, at)) != text_.npos; ++at) {
            const std::size_t end = at + words.size();
            const bool begins = at == 0 || !is_word(words.front()) || !is_word(text_[at - 1]);
            const bool ends = end == text_.size() || !is_word(words.back()) || !is_word(text_[end]);
            if (begins && ends) return at;
        }
        return text_.npos;
    }

    std::string text_;
};

// One lesson: a refusal that names the parameter, and says so, is about the trait.
struct Correction {
    std::string_view parameter;  // in lower case
    std::string_view says = {};  // likewise; empty: any words for what is not to be had
    std::string_view trait = {};
    std::string_view value = {};  // JSON
    // In place of a value: what is right by the refusal's own words; empty when it does not tell.
    std::string (*read)(const Refusal& refusal) = nullptr;

    bool fits(const Refusal& refusal) const {
        if (!refusal.says(parameter)) return false;
        return says.empty() ? refusal.says_unsupported() : refusal.says(says);
    }

    std::string value_by(const Refusal& refusal) const {
        return read != nullptr ? read(refusal) : std::string(value);
    }
};

// The JSON object `traits`, or an empty text, with one member more or changed.
inline std::string with_trait(std::string_view traits,
                              std::string_view name,
                              std::string_view value) {
    std::string json;
    JsonWriter w(json);
    JsonReader r(traits);
    JsonString key;
    w.begin_object();
    if (!traits.empty() && r.enter_object()) {
        while (r.next_key(key)) {
            const std::string_view old = r.raw();
            if (!key.equals(name)) w.key(key.text()).raw(old);
        }
    }
    w.key(name).raw(value).end_object();
    return json;
}

namespace detail {

// Memory for a try whose outcome nobody keeps.
class ScratchArena {
public:
    ScratchArena() = default;
    ScratchArena(const ScratchArena&) = delete;
    ScratchArena& operator=(const ScratchArena&) = delete;

    const parley_arena* border() const { return &border_; }

private:
    static void* alloc(const parley_arena* arena, uint64_t size, uint64_t align) {
        try {
            return static_cast<ScratchArena*>(arena->ctx)->memory_.allocate(size, align);
        } catch (...) {
            return nullptr;
        }
    }

    std::pmr::monotonic_buffer_resource memory_;
    parley_arena border_{sizeof(border_), 0, this, alloc};
};

// Counts and digests the bytes that are written (FNV-1a), and keeps none.
class DigestOut {
public:
    DigestOut() = default;
    DigestOut(const DigestOut&) = delete;
    DigestOut& operator=(const DigestOut&) = delete;

    const parley_out* border() const { return &border_; }

    uint64_t digest() const { return hash_ ^ size_; }

private:
    static parley_status write(const parley_out* out, parley_bytes bytes) {
        auto* self = static_cast<DigestOut*>(out->ctx);
        for (const char c : view(bytes)) {
            self->hash_ = (self->hash_ ^ static_cast<unsigned char>(c)) * 0x100000001b3u;
        }
        self->size_ += bytes.len;
        return PARLEY_OK;
    }

    uint64_t hash_ = 0xcbf29ce484222325u;
    uint64_t size_ = 0;
    parley_out border_{sizeof(border_), 0, this, write, write};
};

// What the request is written like with these traits; nothing when it cannot be written.
template <class Dialect>
std::optional<uint64_t> digest_of(Dialect& dialect,
                                  const parley_request& request,
                                  parley_target target,
                                  std::string_view traits) {
    const ScratchArena memory;
    const DigestOut bytes;
    parley_encoded_request head{};
    head.struct_size = sizeof(head);
    target.traits = str(traits);
    try {
        Arena arena(memory.border());
        Out out(bytes.border());
        dialect.encode_request(request, target, arena, head, out);
    } catch (const std::exception&) {
        return std::nullopt;
    }
    return bytes.digest();
}

}  // namespace detail

// What correct_traits is asked about.
struct Refused {
    const parley_request& request;
    const parley_target& target;
    const parley_error& told;
};

// The object for correct_traits, by the first of the corrections that fits and counts; empty when
// none does. `dialect` is asked for its encode_request.
template <class Dialect>
std::string_view correct(std::span<const Correction> corrections,
                         Dialect& dialect,
                         const Refused& refused,
                         Arena& arena) {
    const Refusal refusal(refused.told);
    const std::string_view traits = view(refused.target.traits);
    const auto digest = [&](std::string_view with) {
        return detail::digest_of(dialect, refused.request, refused.target, with);
    };
    std::optional<uint64_t> before;
    for (const Correction& each : corrections) {
        if (!each.fits(refusal)) continue;
        const std::string value = each.value_by(refusal);
        if (value.empty()) continue;
        if (!before) before = digest(traits);
        const auto after = digest(with_trait(traits, each.trait, value));
        if (after && after != before) return view(arena.copy(with_trait({}, each.trait, value)));
    }
    return {};
}

}  // namespace parley::sdk
