// parley/sdk/extras.hpp: members that only their own dialect knows: kept while a request is read,
// written back to that dialect, named as lost to every other.
//
//   ExtraMembers unknown;
//   while (r.next_key(key)) { ... else unknown.keep(key, r); }
//   unknown.attach(arena, "my-dialect", part);        // or a message, or a tool
#pragma once

#include <algorithm>
#include <array>
#include <string>
#include <string_view>
#include <vector>

#include "parley/sdk/tree.hpp"

namespace parley::sdk {

class ExtraMembers {
public:
    // Passes over the value of the member. What holds nothing says nothing.
    void keep(const JsonString& key, JsonReader& r) {
        const std::string_view raw = r.raw();
        if (r.failed() || raw == "null" || raw == "[]" || raw == "{}") return;
        json_ += json_.empty() ? '{' : ',';
        ((json_ += '"') += key.raw) += "\":";
        json_ += raw;
    }

    bool empty() const { return json_.empty(); }

    // Null when there are none.
    const parley_extra* made(Arena& arena, std::string_view dialect) const {
        if (json_.empty()) return nullptr;
        auto& extra = make<parley_extra>(arena);
        extra.dialect = arena.copy(dialect);
        extra.json = arena.copy(json_ + '}');
        return &extra;
    }

    // `node` has no others.
    template <class Node>
    void attach(Arena& arena, std::string_view dialect, Node& node) const {
        if (json_.empty()) return;
        node.extras = sdk::keep(arena, std::vector<const parley_extra*>{made(arena, dialect)});
        node.extra_count = 1;
    }

private:
    std::string json_;
};

// Calls `each(std::string name, std::string_view raw)` for the members that `dialect` has here.
template <class Each>
void each_extra(const parley_extra* const* extras,
                uint64_t count,
                std::string_view dialect,
                Each&& each) {
    std::vector<std::string> seen;  // turns that were joined may say a member twice
    for (uint64_t i = 0; i < count; ++i) {
        if (view(extras[i]->dialect) != dialect) continue;
        JsonReader r(view(extras[i]->json));
        JsonString key;
        if (r.peek() != '{' || !r.enter_object()) continue;
        while (r.next_key(key)) {
            std::string name = key.text();
            const std::string_view raw = r.raw();
            if (std::find(seen.begin(), seen.end(), name) != seen.end()) continue;
            seen.push_back(name);
            each(std::move(name), raw);
        }
    }
}

template <class Node>
bool has_extras(const Node& node, std::string_view dialect) {
    const auto is_own = [&](const parley_extra* e) { return view(e->dialect) == dialect; };
    return std::any_of(node.extras, node.extras + node.extra_count, is_own);
}

template <class Node>
void write_extras(JsonWriter& w, const Node& node, std::string_view dialect) {
    if (node.extra_count == 0) return;
    each_extra(node.extras, node.extra_count, dialect, [&](std::string name, std::string_view raw) {
        w.key(name).raw(raw);
    });
}

// Members whose loss no client can notice: labels, accounting, hints for caches and transport, and
// what clients send back of a reply as they got it.
inline constexpr std::array<std::string_view, 24> kHints{"annotations",
                                                         "anthropic-beta",
                                                         "audioTimestamp",
                                                         "billing_block",
                                                         "client_metadata",
                                                         "context_management",
                                                         "diagnostics",
                                                         "enableEnhancedCivicAnswers",
                                                         "fallbacks",
                                                         "id",
                                                         "include",
                                                         "index",
                                                         "inference_geo",
                                                         "labels",
                                                         "logprobs",
                                                         "mediaResolution",
                                                         "metadata",
                                                         "prompt_cache_options",
                                                         "responseMimeType",
                                                         "routingConfig",
                                                         "speed",
                                                         "status",
                                                         "store",
                                                         "stream_options"};

// Objects that are known in part: the members that are not stand here.
inline constexpr std::array<std::string_view, 3> kKnownInPart{
    "generationConfig", "output_config", "toolConfig"};

// "media_resolution" is "mediaResolution" to those who take both spellings.
inline bool is_same_member(std::string_view a, std::string_view b) {
    std::size_t j = 0;
    const auto lower = [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; };
    for (const char c : a) {
        if (c == '_') continue;
        while (j < b.size() && b[j] == '_') ++j;
        if (j == b.size() || lower(b[j++]) != lower(c)) return false;
    }
    return j == b.size();
}

template <std::size_t N>
bool is_one_of(std::string_view name, const std::array<std::string_view, N>& names) {
    return std::any_of(names.begin(), names.end(), [&](std::string_view known) {
        return is_same_member(name, known);
    });
}

// Calls `lost(std::string field)` for each member that an encoder of `dialect` leaves out, by the
// client's path to it.
template <class Lost>
class LostExtras {
public:
    LostExtras(std::string_view dialect, Lost lost) : dialect_(dialect), lost_(std::move(lost)) {}

    void of(const parley_request& request) {
        name(request.extras, request.extra_count, {});
        parts(request.instructions, request.instruction_count);
        for (uint64_t i = 0; i < request.message_count; ++i) {
            const parley_message& m = *request.messages[i];
            name(m.extras, m.extra_count, view(m.origin));
            parts(m.parts, m.part_count);
        }
        for (uint64_t i = 0; i < request.tool_count; ++i) {
            const parley_tool& tool = *request.tools[i];
            name(tool.extras, tool.extra_count, view(tool.origin));
        }
    }

private:
    void parts(const parley_part* const* all, uint64_t count) {
        for (uint64_t i = 0; i < count; ++i) {
            name(all[i]->extras, all[i]->extra_count, view(all[i]->origin));
            const parley_tool_result* result = all[i]->tool_result;
            if (result != nullptr) parts(result->parts, result->part_count);
        }
    }

    void name(const parley_extra* const* extras, uint64_t count, std::string_view origin) {
        for (uint64_t i = 0; i < count; ++i) {
            if (view(extras[i]->dialect) != dialect_) members(view(extras[i]->json), origin);
        }
    }

    void members(std::string_view json, std::string_view origin) {
        JsonReader r(json);
        JsonString key;
        if (r.peek() != '{' || !r.enter_object()) return;
        while (r.next_key(key)) {
            const std::string name = key.text();
            const std::string_view raw = r.raw();
            if (is_one_of(name, kHints)) continue;
            std::string field(origin);
            if (!field.empty()) field += '.';
            field += name;
            if (origin.empty() && raw.starts_with('{') && is_one_of(name, kKnownInPart)) {
                members(raw, field);
            } else {
                lost_(field);
            }
        }
    }

    std::string_view dialect_;
    Lost lost_;
};

template <class Lost>
void name_lost_extras(const parley_request& request, std::string_view dialect, Lost lost) {
    LostExtras<Lost>(dialect, std::move(lost)).of(request);
}

}  // namespace parley::sdk
