// parley/sdk/json_top.hpp: a few values of the top level of a JSON text that arrives in pieces.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "parley/sdk/json.hpp"

namespace parley::sdk {

namespace detail {

inline bool is_structure(char c) {
    return c == ',' || c == '}' || c == ':' || c == '"' || c == '{' || c == '[' || c == ']';
}

}  // namespace detail

// Watches a JSON object that arrives in pieces and keeps the raw values of a few top-level keys.
// It checks structure, not grammar: it is for bodies that are passed on, not believed.
class JsonTop {
public:
    static constexpr std::size_t kValueBytesMax = std::size_t{16} * 1024;
    static constexpr std::size_t kKeyBytesMax = 64;
    enum class State { open, complete, broken };

    // Keeps the values of these keys; the array must outlive the object. A key that is written
    // with kKeyBytesMax or more is not found.
    template <std::size_t N>
    explicit JsonTop(const std::array<std::string_view, N>& keys)
        : keys_(keys.data()), key_count_(N), values_(N) {}

    template <std::size_t N>
    explicit JsonTop(const std::array<std::string_view, N>&& keys) = delete;

    State state() const { return state_; }

    // The raw value of the key at `index`, without the space around it; empty when it has not come
    // or was too long to keep. Of two members with this key the later counts.
    std::string_view value(std::size_t index) const { return values_[index].text; }

    // Whether a member with this key has come, kept or not.
    bool has(std::size_t index) const { return values_[index].came; }

    State feed(std::string_view bytes) {
        const char* p = bytes.data();
        const char* end = p + bytes.size();
        while (p != end && state_ == State::open) {
            p = depth_ > 1    ? nested(p, end)
                : in_string_  ? string(p, end)
                : depth_ == 0 ? top(p)
                              : member(p, end);
        }
        // Behind the object only white space may come.
        while (p != end && state_ == State::complete) {
            if (!detail::is_space(*p)) state_ = State::broken;
            ++p;
        }
        return state_;
    }

private:
    struct Value {
        std::string text;
        bool came = false;
    };

    void keep(const char* from, const char* to) {
        if (wanted_ == kNone) return;
        std::string& value = values_[wanted_].text;
        const auto size = static_cast<std::size_t>(to - from);
        if (value.size() + size > kValueBytesMax) {
            value.clear();
            wanted_ = kNone;
            return;
        }
        value.append(from, size);
    }

    const char* string(const char* p, const char* end) {
        const char* start = p;
        while (p != end) {
            if (escaping_) {
                escaping_ = false;
                ++p;
                continue;
            }
            p = find_quote(p, end);
            if (p == end) break;
            if (*p++ == '\\') {
                escaping_ = true;
                continue;
            }
            in_string_ = false;
            break;
        }
        if (reading_key_) {
            read_key({start, static_cast<std::size_t>(p - start)});
        } else {
            keep(start, p);
        }
        return p;
    }

    // More of a key, its closing quote included. It is put together only where it came in pieces.
    void read_key(std::string_view piece) {
        if (key_.empty() && !in_string_) return end_key(piece);
        const std::size_t room = kKeyBytesMax - std::min(key_.size(), kKeyBytesMax);
        key_.append(piece, 0, room);
        if (in_string_) return;
        end_key(key_);
        key_.clear();
    }

    // `quoted` lacks the opening quote.
    void end_key(std::string_view quoted) {
        reading_key_ = false;
        next_value_ = kNone;
        if (quoted.size() + 1 >= kKeyBytesMax) return;
        const std::string_view raw = quoted.substr(0, quoted.size() - 1);
        const bool is_escaped = raw.find('\\') != raw.npos;
        if (is_escaped && !is_string(raw)) return;
        for (std::size_t i = 0; i < key_count_; ++i) {
            if (JsonString{raw, is_escaped}.equals(keys_[i])) next_value_ = i;
        }
    }

    static bool is_string(std::string_view raw) {
        const std::string quoted = '"' + std::string(raw) + '"';
        JsonString key;
        return JsonReader(quoted).read_string(key);
    }

    const char* nested(const char* p, const char* end) {
        JsonNesting at{depth_, in_string_, escaping_};
        const char* stop = pass_nested(p, end, 1, at);
        depth_ = at.depth;
        in_string_ = at.in_string;
        escaping_ = at.escaping;
        keep(p, stop);
        return stop;
    }

    const char* top(const char* p) {
        if (*p == '{') {
            depth_ = 1;
            expect_key_ = true;
        } else if (!detail::is_space(*p)) {
            state_ = State::broken;
        }
        return p + 1;
    }

    const char* member(const char* p, const char* end) {
        const char c = *p;
        switch (c) {
            case '"':
                in_string_ = true;
                reading_key_ = expect_key_;
                break;
            case ':':
                begin_value();
                return p + 1;
            case ',':
            case '}':
                wanted_ = kNone;
                expect_key_ = true;
                if (c == '}') {
                    depth_ = 0;
                    state_ = State::complete;
                }
                return p + 1;
            case '{':
            case '[':
                ++depth_;
                break;
            case ']':
                state_ = State::broken;
                break;
            default:
                return space_or_word(p, end);
        }
        if (!reading_key_) keep(p, p + 1);
        return p + 1;
    }

    // What needs no quotes: white space, numbers, true, false and null.
    const char* space_or_word(const char* p, const char* end) {
        const char* start = p;
        while (p != end && detail::is_space(*p)) ++p;
        if (p != start) return p;
        while (p != end && !detail::is_space(*p) && !detail::is_structure(*p)) ++p;
        keep(start, p);
        return p;
    }

    void begin_value() {
        expect_key_ = false;
        wanted_ = next_value_;
        if (wanted_ == kNone) return;
        values_[wanted_].text.clear();
        values_[wanted_].came = true;
    }

    static constexpr std::size_t kNone = static_cast<std::size_t>(-1);

    const std::string_view* keys_;
    std::size_t key_count_;
    std::vector<Value> values_;
    std::string key_;  // what came of it in earlier pieces
    std::size_t wanted_ = kNone;
    std::size_t next_value_ = kNone;
    std::uint64_t depth_ = 0;
    State state_ = State::open;
    bool in_string_ = false;
    bool escaping_ = false;
    bool expect_key_ = false;
    bool reading_key_ = false;
};

}  // namespace parley::sdk
