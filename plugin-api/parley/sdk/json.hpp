// parley/sdk/json.hpp: read JSON in place and write it, without building a document.
//
// JsonReader walks a whole text once, checks all of it that it passes over, and hands out views;
// JsonWriter (json_writer.hpp) appends. What arrives in pieces is for JsonTop (json_top.hpp).
#pragma once

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "parley/sdk/json_writer.hpp"
#include "parley/sdk/nesting.hpp"
#include "parley/sdk/pieces.hpp"
#include "parley/sdk/scan.hpp"

namespace parley::sdk {

namespace detail {

inline bool is_space(char c) {
    return c <= ' ' && (c == ' ' || c == '\n' || c == '\r' || c == '\t');
}

// Into Pieces or a Filling.
template <class Room>
void unescape(std::string_view raw, Room& pieces) {
    const char* p = raw.data();
    const char* end = p + raw.size();
    const auto hex4 = [](const char* from) {
        unsigned value = 0;
        std::from_chars(from, from + 4, value, 16);
        return value;
    };
    while ((p = pieces.copy_to_backslash(p, end)) != end) {
        const char kind = p[1];
        p += 2;
        if (kind != 'u') {
            constexpr std::string_view kFrom = "bfnrt";
            constexpr std::string_view kTo = "\b\f\n\r\t";
            const std::size_t at = kFrom.find(kind);
            pieces.put(at == std::string_view::npos ? kind : kTo[at]);
            continue;
        }
        unsigned c = hex4(p);
        p += 4;
        const bool high = c >= 0xd800 && c < 0xdc00;
        if (high && end - p >= 6 && p[0] == '\\' && p[1] == 'u') {
            const unsigned low = hex4(p + 2);
            if (low >= 0xdc00 && low < 0xe000) {
                c = 0x10000 + ((c - 0xd800) << 10) + (low - 0xdc00);
                p += 6;
            }
        }
        pieces.put_utf8(c >= 0xd800 && c < 0xe000 ? 0xfffd : c);
    }
}

}  // namespace detail

// Appends the characters that a raw JSON string (without its quotes) stands for. Lone surrogates
// become U+FFFD. The raw text has been checked by JsonReader.
inline void json_unescape(std::string_view raw, std::string& out) {
    Pieces pieces(out);
    detail::unescape(raw, pieces);
    pieces.flush();
}

// Writes them to memory that has room for the raw text, which is longer; returns their end.
inline char* json_unescape(std::string_view raw, char* to) {
    Filling filling(to);
    detail::unescape(raw, filling);
    return filling.at();
}

// JSON in which every \u escape of half a code point stands for U+FFFD: it is legal, but readers
// that keep texts as UTF-8 refuse the whole body for it.
inline std::string json_without_lone_surrogates(std::string_view json) {
    std::string out;
    out.reserve(json.size());
    // The surrogate at `at`, 'h' or 'l' for its half; 0 when there is none.
    const auto half = [&](std::size_t at) {
        if (json.size() - at < 6 || json[at] != '\\' || json[at + 1] != 'u') return '\0';
        const char first = json[at + 2];
        const char second = json[at + 3];
        if (first != 'd' && first != 'D') return '\0';
        if (second == '8' || second == '9') return 'h';
        const bool is_letter = second >= 'A';
        const char letter = is_letter ? static_cast<char>(second | 0x20) : '\0';
        if (letter == 'a' || letter == 'b') return 'h';
        return letter >= 'c' && letter <= 'f' ? 'l' : '\0';
    };
    for (std::size_t i = 0; i < json.size();) {
        const std::size_t escape = std::min(json.find('\\', i), json.size());
        out += json.substr(i, escape - i);
        i = escape;
        if (i == json.size()) break;
        const char which = half(i);
        const bool is_pair = which == 'h' && json.size() - i >= 12 && half(i + 6) == 'l';
        const std::size_t size = which == '\0' ? 2 : is_pair ? 12 : 6;
        out += which == '\0' || is_pair ? json.substr(i, size) : std::string_view("\\ufffd");
        i = std::min(i + size, json.size());
    }
    return out;
}

// A JSON string where it stands in the text.
struct JsonString {
    std::string_view raw;  // without the quotes, escapes as written
    bool escaped = false;  // raw holds at least one backslash

    std::string text() const {
        if (!escaped) return std::string(raw);
        std::string out;
        json_unescape(raw, out);
        return out;
    }

    bool equals(std::string_view wanted) const {
        return escaped ? text_equals(wanted) : raw == wanted;
    }

private:
    // Apart, so that the usual comparison stays short.
    [[gnu::noinline]] bool text_equals(std::string_view wanted) const { return text() == wanted; }
};

// The string that `raw` is: a value, quotes included, that JsonReader has passed over.
inline JsonString checked_string(std::string_view raw) {
    raw = raw.substr(1, raw.size() - 2);
    return {raw, raw.find('\\') != raw.npos};
}

// A cursor over one JSON text. Every step checks the grammar of RFC 8259, UTF-8 included; after the
// first fault every call answers false and at() names the byte. Duplicate keys are the caller's
// matter. Usage:
//   JsonReader r(text);
//   JsonString key;
//   if (r.enter_object()) while (r.next_key(key)) { ... read or r.skip() ... }
class JsonReader {
public:
    static constexpr int kDepthMax = 512;

    explicit JsonReader(std::string_view text)
        : begin_(text.data()), p_(text.data()), end_(text.data() + text.size()) {}

    bool failed() const { return failed_; }

    std::size_t at() const { return static_cast<std::size_t>(p_ - begin_); }

    // The first character of the next value: one of { [ " t f n - 0..9, or 0 at a fault.
    char peek() {
        if (failed_) return '\0';
        skip_space();
        return p_ == end_ ? '\0' : *p_;
    }

    bool enter_object() { return enter('{'); }

    bool enter_array() { return enter('['); }

    // The next key of the object entered last, its colon passed; false at the closing brace.
    bool next_key(JsonString& key) {
        if (!next_element('}')) return false;
        if (peek() != '"' || !read_string(key)) return fail();
        if (peek() != ':') return fail();
        ++p_;
        return true;
    }

    // True when the array entered last has another value, which is to be read next.
    bool next_item() { return next_element(']'); }

    bool read_string(JsonString& out) {
        if (peek() != '"') return fail();
        const char* start = ++p_;
        out.escaped = false;
        if (!pass_string(out.escaped)) return false;
        out.raw = {start, static_cast<std::size_t>(p_ - 1 - start)};
        return true;
    }

    bool read_bool(bool& out) {
        out = peek() == 't';
        return out ? pass_word("true") : pass_word("false");
    }

    // A non-negative whole number; anything else is passed over and leaves out alone.
    bool read_count(std::uint64_t& out) {
        const std::string_view text = raw();
        if (failed_) return false;
        std::uint64_t value = 0;
        const auto [end, fault] = std::from_chars(text.data(), text.data() + text.size(), value);
        if (fault == std::errc() && end == text.data() + text.size()) out = value;
        return true;
    }

    // Passes over null; false (and nothing passed) when the next value is something else.
    bool read_null() { return peek() == 'n' && pass_word("null"); }

    // Passes over the next value, whatever it is, and gives its text.
    std::string_view raw() {
        peek();
        const char* start = p_;
        skip();
        return {start, static_cast<std::size_t>(p_ - start)};
    }

    // Passes over the next value.
    bool skip() {
        const char c = peek();
        if (c == '{' || c == '[') return skip_container();
        return skip_scalar(c);
    }

    // Passes over the next value by its quotes and brackets alone: several times as fast, but
    // faults inside of an object or array stay unseen. For texts that are passed on, not believed.
    bool pass() {
        return pass([](std::string_view) {});
    }

    // The same; `on_string` is called for each string inside of an object or array, keys too, with
    // all of the text from its opening quote on.
    template <class OnString>
    bool pass(const OnString& on_string) {
        const char c = peek();
        if (c != '{' && c != '[') return skip_scalar(c);
        JsonNesting at{1, false, false};
        p_ = pass_nested(p_ + 1, end_, 0, at, [&](const char* quote) {
            on_string(std::string_view(quote, static_cast<std::size_t>(end_ - quote)));
        });
        return at.depth == 0 || fail();
    }

    // True when nothing but white space is left.
    bool at_end() {
        if (failed_) return false;
        skip_space();
        return p_ == end_;
    }

private:
    bool fail() {
        failed_ = true;
        return false;
    }

    void skip_space() {
        while (p_ != end_ && detail::is_space(*p_)) ++p_;
    }

    bool enter(char opener) {
        if (failed_ || peek() != opener || depth_ == kDepthMax) return fail();
        ++p_;
        ++depth_;
        first_ = true;
        return true;
    }

    bool next_element(char closer) {
        if (failed_) return false;
        if (peek() == closer) {
            ++p_;
            --depth_;
            first_ = false;
            return false;
        }
        if (!first_) {
            if (peek() != ',') return fail();
            ++p_;
            if (peek() == closer) return fail();
        }
        first_ = false;
        return peek() != '\0' || fail();
    }

    bool pass_word(std::string_view word) {
        if (failed_) return false;
        if (static_cast<std::size_t>(end_ - p_) < word.size()) return fail();
        if (std::string_view(p_, word.size()) != word) return fail();
        p_ += word.size();
        return true;
    }

    bool pass_short_string() {
        if (end_ - p_ < 16) return false;
        const char* stop = find_string_special(p_, p_ + 16);
        if (stop == p_ + 16 || *stop != '"') return false;
        p_ = stop + 1;
        return true;
    }

    // p_ stands behind the opening quote; afterwards behind the closing one.
    bool pass_string(bool& escaped) {
        if (pass_short_string()) return true;
        for (;;) {
            p_ = pass_string_text(p_, end_, escaped);
            if (p_ == end_) return fail();
            const auto c = static_cast<unsigned char>(*p_);
            if (c == '"') {
                ++p_;
                return true;
            }
            if (c == '\\') {
                escaped = true;
                if (!pass_escape()) return false;
            } else if (c >= 0x80) {
                if (!pass_utf8()) return false;
            } else {
                return fail();
            }
        }
    }

    // Text beyond ASCII comes in runs.
    bool pass_utf8() {
        do {
            const std::size_t length = utf8_length(p_, end_);
            if (length == 0) return fail();
            p_ += length;
        } while (p_ != end_ && static_cast<unsigned char>(*p_) >= 0x80);
        return true;
    }

    bool pass_escape() {
        if (end_ - p_ < 2) return fail();
        const char kind = p_[1];
        p_ += 2;
        if (kind == 'u') {
            for (int i = 0; i < 4; ++i, ++p_) {
                const bool hex =
                    p_ != end_ && ((*p_ >= '0' && *p_ <= '9') || (*p_ >= 'a' && *p_ <= 'f') ||
                                   (*p_ >= 'A' && *p_ <= 'F'));
                if (!hex) return fail();
            }
            return true;
        }
        return is_short_escape(kind) || fail();
    }

    bool pass_number() {
        const auto digits = [&] {
            const char* start = p_;
            while (p_ != end_ && *p_ >= '0' && *p_ <= '9') ++p_;
            return p_ != start;
        };
        if (p_ != end_ && *p_ == '-') ++p_;
        if (p_ != end_ && *p_ == '0') {
            ++p_;
        } else if (!digits()) {
            return fail();
        }
        if (p_ != end_ && *p_ == '.') {
            ++p_;
            if (!digits()) return fail();
        }
        if (p_ != end_ && (*p_ == 'e' || *p_ == 'E')) {
            ++p_;
            if (p_ != end_ && (*p_ == '+' || *p_ == '-')) ++p_;
            if (!digits()) return fail();
        }
        return true;
    }

    bool skip_scalar(char c) {
        if (failed_) return false;
        switch (c) {
            case '"': {
                ++p_;
                bool escaped = false;
                return pass_string(escaped);
            }
            case 't':
                return pass_word("true");
            case 'f':
                return pass_word("false");
            case 'n':
                return pass_word("null");
            default:
                return pass_number();
        }
    }

    // Without recursion: one bit of the stack says whether a level is an object.
    bool skip_container() {
        std::array<std::uint64_t, kDepthMax / 64> objects{};
        const int floor = depth_;
        for (;;) {
            const char c = peek();
            bool behind_value = true;
            if (c == '{' || c == '[') {
                if (!enter(c)) return false;
                std::uint64_t& level = objects[static_cast<std::size_t>(depth_ - 1) / 64];
                const std::uint64_t bit = std::uint64_t{1} << ((depth_ - 1) & 63);
                level = c == '{' ? level | bit : level & ~bit;
                behind_value = peek() == (c == '{' ? '}' : ']');
                if (!behind_value && c == '{' && !pass_key()) return false;
            } else if (!skip_scalar(c)) {
                return false;
            }
            while (behind_value) {
                if (depth_ == floor) return true;
                const auto level = static_cast<std::size_t>(depth_ - 1);
                const bool object = ((objects[level / 64] >> (level & 63)) & 1) != 0;
                const char next = peek();
                if (next == ',') {
                    ++p_;
                    if (object && !pass_key()) return false;
                    behind_value = false;
                } else if (next == (object ? '}' : ']')) {
                    ++p_;
                    --depth_;
                    first_ = false;
                } else {
                    return fail();
                }
            }
        }
    }

    bool pass_key() {
        if (peek() != '"') return fail();
        ++p_;
        bool escaped = false;
        if (!pass_string(escaped)) return false;
        if (peek() != ':') return fail();
        ++p_;
        return true;
    }

    const char* begin_;
    const char* p_;
    const char* end_;
    int depth_ = 0;
    bool first_ = true;
    bool failed_ = false;
};

}  // namespace parley::sdk
