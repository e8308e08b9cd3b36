// wire.hpp: how Google's JSON spells things.
#pragma once

#include <array>
#include <string>
#include <string_view>

#include "parley/sdk/json.hpp"

namespace parley::gemini {

inline constexpr std::string_view kDialectId = "gemini-generate";
inline constexpr std::string_view kFamily = "gemini";

// Stop sequences that a request may have; the decoder watches for the others.
inline constexpr std::size_t kStopsMax = 5;

// Members are taken in both spellings of proto3: "functionCall" and "function_call".
inline bool is(const sdk::JsonString& key, std::string_view camel) {
    const std::string_view raw = key.raw;
    if (raw == camel) return true;
    std::size_t i = 0;
    for (const char c : camel) {
        const bool hump = c >= 'A' && c <= 'Z';
        if (hump && (i == raw.size() || raw[i++] != '_')) return false;
        if (i == raw.size() || raw[i++] != (hump ? static_cast<char>(c + 32) : c)) return false;
    }
    return i == raw.size();
}

// Calls `each(reader)` before each element of an array, or once before a value that stands alone:
// many clients leave out the brackets around a single element. `each` must pass over the element.
template <class Each>
void each_element(sdk::JsonReader& r, Each&& each) {
    if (r.peek() == 'n' && r.read_null()) return;
    if (r.peek() != '[') {
        each(r);
        return;
    }
    if (!r.enter_array()) return;
    while (r.next_item()) each(r);
}

// Calls `each(key, reader)` for each member of the next value; `each` must pass over the member's
// value. What is no object is passed over.
template <class Each>
void each_member(sdk::JsonReader& r, Each&& each) {
    if (r.peek() != '{') {
        r.skip();
        return;
    }
    sdk::JsonString key;
    if (!r.enter_object()) return;
    while (r.next_key(key)) each(key, r);
}

template <class Each>
void each_member(std::string_view json, Each&& each) {
    sdk::JsonReader r(json);
    if (!json.empty()) each_member(r, each);
}

// The next value when it is a string, otherwise an empty one; passes over it either way.
inline sdk::JsonString read_word(sdk::JsonReader& r) {
    sdk::JsonString s;
    if (r.peek() == '"') {
        r.read_string(s);
    } else {
        r.skip();
    }
    return s;
}

// An enumeration's value: its name, or the number that some clients and servers write for it.
template <std::size_t N>
std::string read_enum(sdk::JsonReader& r, const std::array<std::string_view, N>& names) {
    if (r.peek() == '"') return read_word(r).text();
    uint64_t number = N;
    if (r.peek() >= '0' && r.peek() <= '9') {
        r.read_count(number);
    } else {
        r.skip();
    }
    return number < N ? std::string(names[number]) : std::string();
}

inline bool read_flag(sdk::JsonReader& r) {
    bool on = false;
    if (r.peek() != 't' && r.peek() != 'f') {
        r.skip();
        return false;
    }
    return r.read_bool(on) && on;
}

// True when the text is one JSON object and nothing else.
inline bool is_object(std::string_view json) {
    sdk::JsonReader r(json);
    return r.peek() == '{' && r.skip() && r.at_end();
}

inline bool is_json(std::string_view json) {
    sdk::JsonReader r(json);
    return r.skip() && r.at_end();
}

// Appends JSON without the white space between its tokens.
inline void compact(std::string_view json, std::string& out) {
    bool in_string = false;
    for (std::size_t i = 0; i < json.size(); ++i) {
        const char c = json[i];
        if (in_string && c == '\\') out += json[i++];
        if (c == '"') in_string = !in_string;
        const bool space = c == ' ' || c == '\n' || c == '\r' || c == '\t';
        if (in_string || !space) out += json[i];
    }
}

}  // namespace parley::gemini
