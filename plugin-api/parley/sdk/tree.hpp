// parley/sdk/tree.hpp: nodes and lists of a canonical request, in the exchange's arena.
#pragma once

#include <algorithm>
#include <charconv>
#include <string>
#include <string_view>
#include <vector>

#include "parley/request.h"
#include "parley/sdk/json.hpp"
#include "parley/sdk/plugin.hpp"

namespace parley::sdk {

// A cleared struct with its size set.
template <class T>
T& make(Arena& arena) {
    T& node = *arena.array<T>(1);
    node.struct_size = sizeof(T);
    return node;
}

// The elements of a vector, where they stay; null when there are none.
template <class T>
T* keep(Arena& arena, const std::vector<T>& list) {
    if (list.empty()) return nullptr;
    T* all = arena.array<T>(list.size());
    std::copy(list.begin(), list.end(), all);
    return all;
}

// What a JSON string stands for: a view of the input, or a copy where it was escaped.
inline parley_str text_of(Arena& arena, const JsonString& s) {
    if (!s.escaped) return str(s.raw);
    char* memory = arena.room(s.raw.size());
    return {memory, static_cast<uint64_t>(json_unescape(s.raw, memory) - memory)};
}

// The next value when it is a string, otherwise empty; passes over it either way.
inline parley_str read_text(Arena& arena, JsonReader& r) {
    JsonString s;
    if (r.peek() != '"') {
        r.skip();
        return {};
    }
    return r.read_string(s) ? text_of(arena, s) : parley_str{};
}

// The next value as a number that keeps its spelling; absent when it is no number.
inline parley_number read_number(JsonReader& r) {
    const char first = r.peek();
    const std::string_view text = r.raw();
    const bool number = first == '-' || (first >= '0' && first <= '9');
    parley_number n{};
    if (r.failed() || !number) return n;
    std::from_chars(text.data(), text.data() + text.size(), n.value);
    n.text = str(text);
    return n;
}

// PARLEY_SAYS_*; 0 when the next value is neither true nor false.
inline uint32_t read_says(JsonReader& r) {
    const char first = r.peek();
    bool yes = false;
    if (first != 't' && first != 'f') {
        r.skip();
        return 0;
    }
    if (!r.read_bool(yes)) return 0;
    return yes ? PARLEY_SAYS_YES : PARLEY_SAYS_NO;
}

// "messages", 2, "content", 0 -> "messages[2].content[0]"
class Path {
public:
    explicit Path(std::string_view root) : text_(root) {}

    Path operator[](std::size_t index) const {
        Path inner(*this);
        inner.text_ += '[' + std::to_string(index) + ']';
        return inner;
    }

    Path operator/(std::string_view member) const {
        Path inner(*this);
        inner.text_ += '.';
        inner.text_ += member;
        return inner;
    }

    const std::string& text() const { return text_; }

private:
    std::string text_;
};

// Warnings of a crossing, each said once.
class Warnings {
public:
    void add(Arena& arena, std::string_view code, std::string_view field = {}) {
        for (const parley_warning* w : all_) {
            if (view(w->code) == code && view(w->field) == field) return;
        }
        auto& w = make<parley_warning>(arena);
        w.code = arena.copy(code);
        w.field = arena.copy(field);
        all_.push_back(&w);
    }

    const std::vector<const parley_warning*>& all() const { return all_; }

private:
    std::vector<const parley_warning*> all_;
};

}  // namespace parley::sdk
