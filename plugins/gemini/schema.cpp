// schema.cpp: the form that is nearly JSON Schema.
#include "schema.hpp"

#include <algorithm>
#include <array>

#include "weakener.hpp"

namespace parley::gemini {

namespace {

constexpr std::array<std::string_view, 9> kKept{"type",
                                                "title",
                                                "description",
                                                "format",
                                                "minimum",
                                                "maximum",
                                                "minItems",
                                                "maxItems",
                                                "additionalProperties"};

class JsonSchemaForm : public Weakener {
public:
    using Weakener::Weakener;

    Node run() {
        Node out = schema(root_, 0);
        const Node* definitions = root_.find("$defs");
        if (definitions == nullptr) definitions = root_.find("definitions");
        if (definitions == nullptr || !definitions->is_object()) return out;
        Node all;
        for (const auto& [name, value] : definitions->members) {
            all.members.push_back({name, schema(value, 1)});
        }
        out.set("$defs", std::move(all));
        return out;
    }

private:
    Node schema(const Node& given, int depth) {
        if (!given.is_object() || depth > kDepthMax) {
            is_weakened = is_weakened || !given.is_scalar("true");
            return {};
        }
        if (const Node* ref = given.find("$ref")) return reference(*ref, given);
        Notes notes;
        const Node in = merged(given, notes);
        Node out;
        for (const auto& [name, value] : in.members) member(name, value, in, {out, notes, depth});
        if (in.has("enum") || in.has("const")) split_null(out, notes);
        notes.write(out);
        return out;
    }

    // Beside a reference the API takes nothing else.
    Node reference(const Node& ref, const Node& given) {
        for (const auto& [name, value] : given.members) {
            is_weakened = is_weakened || (name[0] != '$' && name != "description");
        }
        Node out;
        const std::string name = ref_name(ref.text);
        if (resolve(ref.text) == nullptr) {
            is_weakened = true;
        } else if (ref.text == "#") {
            out.set("$ref", ref);
        } else {
            out.set(
                "$ref",
                Node::string("#/$defs/" + std::string(ref.text.substr(ref.text.find('/', 2) + 1))));
        }
        return out;
    }

    struct Place {
        Node& out;
        Notes& notes;
        int depth;
    };

    void member(const std::string& name, const Node& value, const Node& in, Place to) {
        if (name == "properties" && value.is_object()) {
            Node all;
            for (const auto& [property, inner] : value.members) {
                all.members.push_back({property, schema(inner, to.depth + 1)});
            }
            to.out.set(name, std::move(all));
        } else if (name == "required" && value.is_array()) {
            Node known = known_names(value, in.find("properties"));
            is_weakened = is_weakened || known.members.size() != value.members.size();
            if (!known.members.empty()) to.out.set(name, std::move(known));
        } else if (name == "items" || name == "prefixItems") {
            items(name, value, to);
        } else if (name == "anyOf" || name == "oneOf") {
            any_of(name, value, in, to);
        } else if (name == "additionalProperties" && value.is_object()) {
            to.out.set(name, schema(value, to.depth + 1));
        } else if (name == "enum" || name == "const") {
            values(name, value, in, to);
        } else if (name == "exclusiveMinimum" || name == "exclusiveMaximum") {
            const std::string_view plain = name == "exclusiveMinimum" ? "minimum" : "maximum";
            note(to.notes, name, value);
            if (value.is_number() && !in.has(plain)) to.out.set(plain, value);
        } else if (std::find(kKept.begin(), kKept.end(), name) != kKept.end()) {
            to.out.set(name, value);
        } else if (name[0] != '$' && name != "definitions" && !is_remark(name)) {
            note(to.notes, name, value);
        }
    }

    void items(const std::string& name, const Node& value, Place to) {
        if (!value.is_array()) {
            if (value.is_scalar("false")) {
                note(to.notes, name, value);
            } else {
                to.out.set(name, schema(value, to.depth + 1));
            }
            return;
        }
        Node all = Node::array();
        for (const auto& [unused, inner] : value.members) all.push(schema(inner, to.depth + 1));
        to.out.set("prefixItems", std::move(all));
    }

    void any_of(const std::string& name, const Node& value, const Node& in, Place to) {
        const bool is_second = name == "oneOf" && in.has("anyOf");
        if (!value.is_array() || value.members.empty() || is_second) {
            note(to.notes, name, value);
            return;
        }
        is_weakened = is_weakened || name == "oneOf";
        Node all = Node::array();
        for (const auto& [unused, inner] : value.members) all.push(schema(inner, to.depth + 1));
        to.out.set("anyOf", std::move(all));
    }

    // Texts and numbers can be listed, and null beside them; the rest is told in words.
    void values(const std::string& name, const Node& value, const Node& in, Place to) {
        Node all = value;
        if (name == "const") {
            all = Node::array();
            all.push(value);
        }
        bool listable = all.is_array() && !all.members.empty();
        bool any = false;
        for (const auto& [unused, one] : all.members) {
            any = any || !one.is_scalar("null");
            listable = listable && (one.is_string() || one.is_number() || one.is_scalar("null"));
        }
        const bool is_second = name == "const" && in.has("enum");
        if (!listable || !any || is_second) {
            note(to.notes, name, value);
        } else {
            to.out.set("enum", std::move(all));
        }
    }

    // {"enum":["a",null]} -> {"anyOf":[{"enum":["a"]},{"type":"null"}]}
    void split_null(Node& out, Notes& notes) {
        const Node* all = out.find("enum");
        if (all == nullptr) return;
        Node some = Node::array();
        for (const auto& [unused, one] : all->members) {
            if (!one.is_scalar("null")) some.push(one);
        }
        if (some.members.size() == all->members.size()) return;
        if (out.has("anyOf")) {
            note(notes, "enum", *all);
            out.erase("enum");
            return;
        }
        Node values;
        values.set("enum", std::move(some));
        Node null;
        null.set("type", Node::string("null"));
        Node either = Node::array();
        either.push(std::move(values));
        either.push(std::move(null));
        out.erase("enum");
        out.erase("type");
        is_weakened = true;
        out.set("anyOf", std::move(either));
    }
};

}  // namespace

Downgraded downgrade_json_schema(std::string_view schema) {
    JsonSchemaForm form(schema);
    const Node out = form.run();
    const Node* properties = out.find("properties");
    const Node* others = out.find("additionalProperties");
    const bool open = others != nullptr && !others->is_scalar("false");
    const bool has_more = open || out.has("$ref") || out.has("anyOf");
    const bool is_empty = (properties == nullptr || properties->members.empty()) && !has_more;
    return {out.json(), form.is_weakened, false, is_empty};
}

}  // namespace parley::gemini
