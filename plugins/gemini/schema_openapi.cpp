// schema_openapi.cpp: the older form, a subset of OpenAPI's schema object.
#include <algorithm>
#include <array>
#include <map>

#include "schema.hpp"
#include "weakener.hpp"

namespace parley::gemini {

namespace {

constexpr std::array<std::string_view, 14> kKept{
    "title",
    "description",
    "minimum",
    "maximum",
    "minItems",
    "maxItems",
    "pattern",
    "minLength",
    "maxLength",
    "minProperties",
    "maxProperties",
    "default",
    "example",
    "nullable",
};

constexpr std::array<std::string_view, 6> kTypes{
    "string", "number", "integer", "boolean", "array", "object"};

// A word that constrains one type only, and that type.
constexpr std::array<std::pair<std::string_view, std::string_view>, 13> kWordsOfTypes{{
    {"minLength", "string"},
    {"maxLength", "string"},
    {"pattern", "string"},
    {"enum", "string"},
    {"minimum", "number"},
    {"maximum", "number"},
    {"items", "array"},
    {"prefixItems", "array"},
    {"minItems", "array"},
    {"maxItems", "array"},
    {"properties", "object"},
    {"required", "object"},
    {"additionalProperties", "object"},
}};

bool formats(std::string_view type, std::string_view format) {
    if (type == "string") return format == "enum" || format == "date-time";
    if (type == "integer") return format == "int32" || format == "int64";
    return type == "number" && (format == "float" || format == "double");
}

class OpenApiForm : public Weakener {
public:
    using Weakener::Weakener;

    Node run() { return schema(root_, 0); }

    bool is_narrowed = false;

private:
    static constexpr std::size_t kNodesMax = 4096;  // references repeat what they name

    struct Place {
        const Node& in;
        Node& out;
        Notes& notes;
        int depth;
        std::string_view type;
    };

    // There is no word for "anything".
    Node anything() {
        is_narrowed = true;
        Node out;
        out.set("type", Node::string("STRING"));
        return out;
    }

    Node schema(const Node& given, int depth) {
        if (!given.is_object() || given.members.empty() || depth > kDepthMax) {
            is_weakened = is_weakened || !given.is_object();
            return anything();
        }
        if (const Node* ref = given.find("$ref")) return reference(*ref, given, depth);
        Notes notes;
        const Node in = merged(given, notes);
        Node out;
        typed(in, out, notes, depth);
        notes.write(out);
        return out;
    }

    Node reference(const Node& ref, const Node& given, int depth) {
        constexpr int kRepeatsMax = 2;
        constexpr int kReferenceDepthMax = 20;
        const Node* target = resolve(ref.text);
        if (target == nullptr) {
            is_weakened = true;
            return anything();
        }
        int& open = open_[ref.text];
        if (open == kRepeatsMax || depth > kReferenceDepthMax || ++nodes_ > kNodesMax) {
            is_weakened = true;
            const Node* type = target->find("type");
            if (type == nullptr || type->text != "object") return anything();
            Node out;
            out.set("type", Node::string("OBJECT"));
            out.set("description", Node::string(ref_name(ref.text)));
            return out;
        }
        ++open;
        Node out = schema(*target, depth + 1);
        --open_[ref.text];
        const Node* description = given.find("description");
        if (description != nullptr && !out.has("description")) out.set("description", *description);
        return out;
    }

    // The types that a node allows, null apart.
    std::vector<std::string> types_of(const Node& in, bool& nullable) const {
        std::vector<std::string> types;
        const auto add = [&](const Node& name) {
            if (name.text == "null") {
                nullable = true;
            } else if (std::find(kTypes.begin(), kTypes.end(), name.text) != kTypes.end()) {
                types.push_back(name.text);
            }
        };
        const Node* type = in.find("type");
        if (type != nullptr && type->is_string()) add(*type);
        if (type == nullptr || !type->is_array()) return types;
        for (const auto& [unused, name] : type->members) add(name);
        return types;
    }

    void typed(const Node& in, Node& out, Notes& notes, int depth) {
        bool nullable = false;
        std::vector<std::string> types = types_of(in, nullable);
        if (types.empty() && !nullable) types = implied(in);
        if (types.size() > 1) {
            one_of_types(in, types, nullable, out, depth);
            return;
        }
        if (types.empty() && !nullable && (in.has("anyOf") || in.has("oneOf"))) {
            any_of(in, out, notes, depth);
            return;
        }
        if (types.empty()) {
            if (!nullable) is_narrowed = true;
            types.emplace_back("string");
        }
        std::string upper = types.front();
        for (char& c : upper) c = static_cast<char>(c - 32);
        out.set("type", Node::string(upper));
        for (const auto& [name, value] : in.members) {
            member(name, value, {in, out, notes, depth, types.front()});
        }
        if (nullable) out.set("nullable", Node::scalar("true"));
        if (types.front() == "array" && !out.has("items")) out.set("items", anything());
    }

    // What a node without a type most likely is; told as narrowing unless values say it.
    std::vector<std::string> implied(const Node& in) {
        const Node* one = in.find("const");
        const Node* all = in.find("enum");
        if (one != nullptr && one->is_string()) return {"string"};
        if (all != nullptr && all->is_array()) return types_of_values(*all);
        is_narrowed = is_narrowed || in.has("properties") || in.has("items");
        if (in.has("properties")) return {"object"};
        if (in.has("items")) return {"array"};
        return {};
    }

    static std::vector<std::string> types_of_values(const Node& all) {
        bool texts = true;
        bool numbers = true;
        for (const auto& [unused, value] : all.members) {
            const bool null = value.is_scalar("null");
            texts = texts && (value.is_string() || null);
            numbers = numbers && (value.is_number() || null);
        }
        if (texts) return {"string"};
        if (numbers) return {"number"};
        return {};
    }

    // A branch for each type, with the words that mean something for it.
    void one_of_types(const Node& in,
                      const std::vector<std::string>& types,
                      bool nullable,
                      Node& out,
                      int depth) {
        Node all = Node::array();
        for (const std::string& type : types) {
            Node branch;
            branch.set("type", Node::string(type));
            for (const auto& [name, value] : in.members) {
                if (belongs(name, type)) branch.set(name, value);
            }
            all.push(schema(branch, depth + 1));
        }
        for (const std::string_view name : {"title", "description"}) {
            if (const Node* text = in.find(name)) out.set(name, *text);
        }
        for (const auto& [name, value] : in.members) {
            const bool told = belongs(name, "string") || belongs(name, "number") ||
                              belongs(name, "array") || belongs(name, "object");
            const bool plain = name == "type" || name == "title" || name == "description";
            is_weakened = is_weakened || (!told && !plain && !is_remark(name));
        }
        out.set("anyOf", std::move(all));
        if (nullable) out.set("nullable", Node::scalar("true"));
    }

    static bool belongs(std::string_view name, std::string_view type) {
        const std::string_view wide = type == "integer" ? "number" : type;
        return std::any_of(kWordsOfTypes.begin(), kWordsOfTypes.end(), [&](const auto& row) {
            // Values of several types cannot be listed for one of them.
            return row.first == name && row.second == wide && name != "enum";
        });
    }

    void any_of(const Node& in, Node& out, Notes& notes, int depth) {
        const bool is_any = in.has("anyOf");
        const Node& branches = *in.find(is_any ? "anyOf" : "oneOf");
        is_weakened = is_weakened || !is_any;
        bool nullable = false;
        Node all = Node::array();
        for (const auto& [unused, branch] : branches.members) {
            const Node* type = branch.find("type");
            const bool null = type != nullptr && type->text == "null";
            nullable = nullable || null;
            if (!null) all.push(schema(branch, depth + 1));
        }
        for (const auto& [name, value] : in.members) {
            const bool told = name == "title" || name == "description";
            if (told) {
                out.set(name, value);
            } else if (name != "anyOf" && (is_any || name != "oneOf") && name[0] != '$' &&
                       name != "definitions" && !is_remark(name)) {
                note(notes, name, value);
            }
        }
        if (all.members.size() == 1) {
            for (auto& [name, value] : all.members.front().second.members) {
                if (!out.has(name)) out.set(name, std::move(value));
            }
        } else if (all.members.empty()) {
            out.set("type", Node::string("STRING"));
            is_narrowed = is_narrowed || !nullable;
        } else {
            out.set("anyOf", std::move(all));
        }
        if (nullable) out.set("nullable", Node::scalar("true"));
    }

    void member(const std::string& name, const Node& value, Place to) {
        if (name == "type" || name[0] == '$' || name == "definitions") return;
        if (name == "properties" && value.is_object()) {
            if (value.members.empty()) return;
            Node all;
            for (const auto& [property, inner] : value.members) {
                all.members.push_back({property, schema(inner, to.depth + 1)});
            }
            to.out.set(name, std::move(all));
        } else if (name == "required" && value.is_array()) {
            Node known = known_names(value, to.in.find("properties"));
            is_weakened = is_weakened || known.members.size() != value.members.size();
            if (!known.members.empty()) to.out.set(name, std::move(known));
        } else if (name == "items" || name == "prefixItems") {
            items(name, value, to);
        } else if (name == "enum" || name == "const") {
            values(name, value, to);
        } else if (name == "format") {
            if (formats(to.type, value.text)) {
                to.out.set(name, value);
            } else {
                note(to.notes, name, value);
            }
        } else if (name == "exclusiveMinimum" || name == "exclusiveMaximum") {
            const std::string_view plain = name == "exclusiveMinimum" ? "minimum" : "maximum";
            note(to.notes, name, value);
            if (value.is_number() && !to.in.has(plain)) to.out.set(plain, value);
        } else if (name == "additionalProperties") {
            is_weakened = true;
            if (value.is_object()) to.notes.add(name, value);
        } else if (std::find(kKept.begin(), kKept.end(), name) != kKept.end()) {
            to.out.set(name, value);
        } else if (!is_remark(name)) {
            note(to.notes, name, value);
        }
    }

    // A tuple becomes a list of any of its types; it may go on with anything unless it says no.
    void items(const std::string& name, const Node& value, Place to) {
        const Node* tuple = to.in.find("prefixItems");
        const Node* rest = to.in.find("items");
        if (tuple == nullptr && value.is_array()) tuple = &value;
        if (tuple == nullptr) {
            if (value.is_object()) {
                to.out.set("items", schema(value, to.depth + 1));
            } else {
                is_weakened = true;
            }
            return;
        }
        if (to.out.has("items") || (name == "items" && tuple != &value)) return;
        is_weakened = true;
        Node all = Node::array();
        for (const auto& [unused, inner] : tuple->members) all.push(schema(inner, to.depth + 1));
        const bool closed = rest != nullptr && rest != tuple && rest->is_scalar("false");
        if (rest != nullptr && rest->is_object()) {
            all.push(schema(*rest, to.depth + 1));
        } else if (!closed) {
            is_narrowed = true;
        }
        Node list;
        list.set("anyOf", std::move(all));
        to.out.set("items", std::move(list));
    }

    // Only texts can be listed, and none of them empty.
    void values(const std::string& name, const Node& value, Place to) {
        Node all = Node::array();
        bool listable = to.type == "string" && !(name == "const" && to.in.has("enum"));
        const auto add = [&](const Node& one) {
            if (one.is_scalar("null")) {
                to.out.set("nullable", Node::scalar("true"));
            } else {
                listable = listable && one.is_string() && !one.text.empty();
                all.push(one);
            }
        };
        if (name == "const") {
            add(value);
        } else {
            for (const auto& [unused, one] : value.members) add(one);
        }
        if (!listable || all.members.empty()) {
            note(to.notes, name, value);
        } else {
            to.out.set("enum", std::move(all));
        }
    }

    std::map<std::string, int, std::less<>> open_;
    std::size_t nodes_ = 0;
};

}  // namespace

Downgraded downgrade_openapi(std::string_view schema) {
    OpenApiForm form(schema);
    const Node out = form.run();
    const bool is_empty = !out.has("properties") && !out.has("anyOf");
    return {out.json(), form.is_weakened, form.is_narrowed, is_empty};
}

}  // namespace parley::gemini
