#include "schema.hpp"

#include <algorithm>
#include <array>

#include "json_text.hpp"

namespace parley::claude {

using sdk::JsonReader;
using sdk::JsonString;

namespace {

// Words that the wire has not where it guarantees the shape, or that narrow when what they hold is
// weakened.
constexpr std::array<std::string_view, 23> kRefused{
    "not",
    "contains",
    "if",
    "then",
    "else",
    "patternProperties",
    "propertyNames",
    "dependentSchemas",
    "dependentRequired",
    "dependencies",
    "unevaluatedItems",
    "unevaluatedProperties",
    "minimum",
    "maximum",
    "exclusiveMinimum",
    "exclusiveMaximum",
    "multipleOf",
    "minLength",
    "maxLength",
    "maxItems",
    "uniqueItems",
    "minProperties",
    "maxProperties",
};

constexpr std::array<std::string_view, 3> kSchemasByName{"properties", "$defs", "definitions"};

constexpr std::array<std::string_view, 4> kSchemas{"items", "anyOf", "allOf", "prefixItems"};

template <class List>
bool has(const List& list, std::string_view key) {
    return std::find(list.begin(), list.end(), key) != list.end();
}

class Guarantee {
public:
    explicit Guarantee(bool& changed) : changed_(changed) {}

    // A schema, or a list of them.
    std::string of(std::string_view json) {
        const char first = JsonReader(json).peek();
        if (first == '[') return list(json);
        return first == '{' ? node(json) : std::string(json);
    }

private:
    std::string list(std::string_view json) {
        std::string out;
        sdk::JsonWriter w(out);
        JsonReader r(json);
        w.begin_array();
        r.enter_array();
        while (r.next_item()) w.raw(of(r.raw()));
        w.end_array();
        return out;
    }

    std::string by_name(std::string_view json) {
        if (JsonReader(json).peek() != '{') return std::string(json);
        std::string out;
        sdk::JsonWriter w(out);
        JsonReader r(json);
        JsonString key;
        w.begin_object();
        r.enter_object();
        while (r.next_key(key)) w.key(key.text()).raw(of(r.raw()));
        w.end_object();
        return out;
    }

    std::string node(std::string_view json) {
        std::string out;
        sdk::JsonWriter w(out);
        JsonReader r(json);
        JsonString key;
        bool is_object = false;
        bool is_closed = false;
        w.begin_object();
        r.enter_object();
        while (r.next_key(key)) {
            const std::string name = key.text();
            const std::string_view value = r.raw();
            const bool few = name == "minItems" && value != "0" && value != "1";
            if (has(kRefused, name) || few) {
                changed_ = true;
                continue;
            }
            const bool may_be_object =
                name == "type" && value.find("\"object\"") != std::string_view::npos;
            is_object = is_object || name == "properties" || may_be_object;
            if (name == "additionalProperties") {
                is_closed = true;
                changed_ = changed_ || value != "false";
                w.key(name).boolean(false);
            } else if (has(kSchemasByName, name)) {
                w.key(name).raw(by_name(value));
            } else if (name == "oneOf") {
                // Of weaker schemas several may fit.
                changed_ = true;
                w.key("anyOf").raw(of(value));
            } else {
                w.key(name).raw(has(kSchemas, name) ? of(value) : std::string(value));
            }
        }
        if (is_object && !is_closed) {
            changed_ = true;
            w.key("additionalProperties").boolean(false);
        }
        w.end_object();
        return out;
    }

    bool& changed_;
};

}  // namespace

std::string input_schema(std::string_view schema) {
    constexpr std::string_view kNone = R"({"type":"object","properties":{}})";
    if (!is_object(schema)) return std::string(kNone);
    Members members(schema);
    if (members.has("type")) return compact(schema);
    const std::string rest = members.rest();
    if (rest.empty()) return std::string(kNone);
    return "{\"type\":\"object\"," + rest.substr(1);
}

std::string guaranteed_schema(std::string_view schema, bool& changed) {
    return Guarantee(changed).of(compact(schema));
}

}  // namespace parley::claude
