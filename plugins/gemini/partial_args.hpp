// partial_args.hpp: arguments of a call that arrive as values at JSON paths.
//
//   [{"jsonPath":"$.location","stringValue":"Bos","willContinue":true}]
//   [{"jsonPath":"$.location","stringValue":"ton"}]     ->  {"location":"Boston"}
#pragma once

#include <charconv>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "wire.hpp"

namespace parley::gemini {

class PartialArgs {
public:
    // Takes the elements of one "partialArgs" array.
    void add(std::string_view json) {
        sdk::JsonReader r(json);
        each_element(r, [&](sdk::JsonReader& one) { add_value(one); });
    }

    // What has come so far, as one object.
    std::string json() const {
        std::string out;
        if (root_.kind == Kind::none) return "{}";
        sdk::JsonWriter w(out);
        write(root_, w);
        return out;
    }

private:
    enum class Kind { none, object, array, text, raw };
    static constexpr std::size_t kDepthMax = 64;
    static constexpr std::size_t kIndexMax = 65536;

    struct Node {
        Kind kind = Kind::none;
        std::string value;  // of a text, or JSON of a raw
        std::vector<std::pair<std::string, std::unique_ptr<Node>>> members;
    };

    void add_value(sdk::JsonReader& r) {
        std::string path;
        std::string text;
        std::string raw;
        bool is_text = false;
        each_member(r, [&](const sdk::JsonString& key, sdk::JsonReader& value) {
            if (is(key, "jsonPath")) {
                path = read_word(value).text();
            } else if (is(key, "stringValue")) {
                is_text = true;
                text = read_word(value).text();
            } else if (is(key, "numberValue") || is(key, "boolValue")) {
                raw = value.raw();
            } else if (is(key, "nullValue")) {
                value.skip();
                raw = "null";
            } else {
                value.skip();
            }
        });
        Node* node = at(path);
        if (node == nullptr) return;
        if (is_text) {
            node->kind = Kind::text;
            node->value += text;
        } else if (!raw.empty()) {
            node->kind = Kind::raw;
            node->value = raw;
        }
    }

    // The node at "$.a.b[0]['c']"; null for a path that is none.
    Node* at(std::string_view path) {
        if (path.empty() || path.front() != '$') return nullptr;
        path.remove_prefix(1);
        Node* node = &root_;
        for (std::size_t depth = 0; !path.empty(); ++depth) {
            std::string name;
            bool index = false;
            if (depth == kDepthMax || !take_step(path, name, index)) return nullptr;
            node = child(*node, name, index);
            if (node == nullptr) return nullptr;
        }
        return node;
    }

    static bool take_step(std::string_view& path, std::string& name, bool& index) {
        if (path.front() == '.') {
            const std::size_t end = std::min(path.find_first_of(".[", 1), path.size());
            name = path.substr(1, end - 1);
            path.remove_prefix(end);
            return !name.empty();
        }
        const bool quoted = path.size() > 1 && (path[1] == '\'' || path[1] == '"');
        const std::string close = quoted ? std::string{path[1], ']'} : "]";
        const std::size_t from = quoted ? 2 : 1;
        const std::size_t end = path.front() == '[' ? path.find(close, from) : path.npos;
        if (end == path.npos) return false;
        name = path.substr(from, end - from);
        index = !quoted;
        path.remove_prefix(end + close.size());
        return true;
    }

    static Node* child(Node& node, const std::string& name, bool index) {
        node.kind = index ? Kind::array : Kind::object;
        if (index) {
            std::size_t place = kIndexMax;
            std::from_chars(name.data(), name.data() + name.size(), place);
            if (place >= kIndexMax) return nullptr;
            while (node.members.size() <= place) {
                node.members.emplace_back("", std::make_unique<Node>());
            }
            return node.members[place].second.get();
        }
        for (auto& [known, value] : node.members) {
            if (known == name) return value.get();
        }
        return node.members.emplace_back(name, std::make_unique<Node>()).second.get();
    }

    static void write(const Node& node, sdk::JsonWriter& w) {
        switch (node.kind) {
            case Kind::none:
                w.null();
                break;
            case Kind::text:
                w.string(node.value);
                break;
            case Kind::raw:
                w.raw(node.value);
                break;
            case Kind::object:
                w.begin_object();
                for (const auto& [name, value] : node.members) write(*value, w.key(name));
                w.end_object();
                break;
            case Kind::array:
                w.begin_array();
                for (const auto& [name, value] : node.members) write(*value, w);
                w.end_array();
                break;
        }
    }

    Node root_;
};

}  // namespace parley::gemini
