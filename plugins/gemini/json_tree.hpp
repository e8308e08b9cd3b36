// json_tree.hpp: a small JSON value as a tree, for schemas.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "wire.hpp"

namespace parley::gemini {

struct Member;

struct Node {
    enum class Kind { scalar, string, array, object };

    Kind kind = Kind::object;
    std::string text;             // a string's characters, or a scalar as it was spelled
    std::vector<Member> members;  // of an array, too: their names are empty

    static Node string(std::string_view text);
    static Node scalar(std::string_view json);
    static Node array();

    bool is_object() const { return kind == Kind::object; }

    bool is_array() const { return kind == Kind::array; }

    bool is_string() const { return kind == Kind::string; }

    bool is_scalar(std::string_view json) const { return kind == Kind::scalar && text == json; }

    bool is_number() const {
        return kind == Kind::scalar && !text.empty() &&
               (text[0] == '-' || (text[0] >= '0' && text[0] <= '9'));
    }

    bool has(std::string_view name) const { return find(name) != nullptr; }

    const Node* find(std::string_view name) const;
    // Replaces a member or appends one.
    Node& set(std::string_view name, Node value);
    void push(Node value);
    void erase(std::string_view name);

    void write(sdk::JsonWriter& w) const;

    std::string json() const {
        std::string out;
        sdk::JsonWriter w(out);
        write(w);
        return out;
    }
};

struct Member {
    std::string first;
    Node second;
};

inline Node Node::string(std::string_view text) {
    return {Kind::string, std::string(text), {}};
}

inline Node Node::scalar(std::string_view json) {
    return {Kind::scalar, std::string(json), {}};
}

inline Node Node::array() {
    return {Kind::array, {}, {}};
}

inline const Node* Node::find(std::string_view name) const {
    for (const auto& [key, value] : members) {
        if (key == name) return &value;
    }
    return nullptr;
}

inline Node& Node::set(std::string_view name, Node value) {
    for (auto& [key, old] : members) {
        if (key == name) return old = std::move(value);
    }
    return members.emplace_back(Member{std::string(name), std::move(value)}).second;
}

inline void Node::push(Node value) {
    members.push_back({{}, std::move(value)});
}

inline void Node::erase(std::string_view name) {
    std::erase_if(members, [&](const Member& m) { return m.first == name; });
}

inline void Node::write(sdk::JsonWriter& w) const {
    if (kind == Kind::scalar) {
        w.raw(text);
    } else if (kind == Kind::string) {
        w.string(text);
    } else if (kind == Kind::array) {
        w.begin_array();
        for (const auto& [name, value] : members) value.write(w);
        w.end_array();
    } else {
        w.begin_object();
        for (const auto& [name, value] : members) value.write(w.key(name));
        w.end_object();
    }
}

// The next value; what nests deeper than `depth` is an empty object. Of two members of one name the
// later counts.
inline Node read_node(sdk::JsonReader& r, int depth) {
    const char first = r.peek();
    if (first == '"') return Node::string(read_word(r).text());
    if (first != '{' && first != '[') return Node::scalar(r.raw());
    Node node;
    if (depth == 0) {
        r.skip();
        return node;
    }
    if (first == '[') {
        node.kind = Node::Kind::array;
        each_element(r, [&](sdk::JsonReader& one) { node.push(read_node(one, depth - 1)); });
        return node;
    }
    each_member(r, [&](const sdk::JsonString& key, sdk::JsonReader& value) {
        node.set(key.text(), read_node(value, depth - 1));
    });
    return node;
}

}  // namespace parley::gemini
