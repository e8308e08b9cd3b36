#include "openapi.hpp"

#include <array>

#include "wire.hpp"

namespace parley::gemini {

using sdk::JsonReader;
using sdk::JsonString;
using sdk::JsonWriter;

namespace {

constexpr int kDepthMax = 64;

constexpr std::array<std::string_view, 8> kTypes{
    "", "string", "number", "integer", "boolean", "array", "object", "null"};

std::string lower(std::string text) {
    for (char& c : text) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
    return text;
}

// The members that have a spelling of their own, in JSON Schema's.
constexpr std::array<std::string_view, 8> kCamel{
    "anyOf",
    "minItems",
    "maxItems",
    "minLength",
    "maxLength",
    "minProperties",
    "maxProperties",
    "additionalProperties",
};

void schema(JsonReader& r, JsonWriter& w, int depth);

void schema_map(JsonReader& r, JsonWriter& w, int depth) {
    w.begin_object();
    each_member(r, [&](const JsonString& key, JsonReader& value) {
        w.key(key.text());
        schema(value, w, depth);
    });
    w.end_object();
}

void schema_list(JsonReader& r, JsonWriter& w, int depth) {
    w.begin_array();
    each_element(r, [&](JsonReader& one) { schema(one, w, depth); });
    w.end_array();
}

void compacted(JsonReader& r, JsonWriter& w) {
    std::string json;
    compact(r.raw(), json);
    w.raw(json);
}

// A count may be a string: int64 is one in JSON of protocol buffers.
void count(JsonReader& r, JsonWriter& w) {
    if (r.peek() != '"') {
        w.raw(r.raw());
        return;
    }
    const std::string digits = read_word(r).text();
    const bool is_number = !digits.empty() && digits.find_first_not_of("0123456789") == digits.npos;
    w.raw(is_number ? digits : "0");
}

void type(JsonReader& r, JsonWriter& w, bool nullable) {
    if (r.peek() == '[') {
        w.key("type");
        compacted(r, w);
        return;
    }
    const std::string name = lower(read_enum(r, kTypes));
    if (name.empty() || name == "type_unspecified") return;
    w.key("type");
    if (!nullable) {
        w.string(name);
        return;
    }
    w.begin_array().string(name).string("null").end_array();
}

// An enumeration that null belongs to.
void values(JsonReader& r, JsonWriter& w, bool nullable) {
    w.begin_array();
    each_element(r, [&](JsonReader& one) { w.raw(one.raw()); });
    if (nullable) w.null();
    w.end_array();
}

bool is_nullable(std::string_view json) {
    bool nullable = false;
    each_member(json, [&](const JsonString& key, JsonReader& value) {
        if (key.raw == "nullable") {
            nullable = read_flag(value);
        } else {
            value.skip();
        }
    });
    return nullable;
}

void member(const JsonString& key, JsonReader& r, JsonWriter& w, bool nullable, int depth) {
    std::string name = key.text();
    for (const std::string_view camel : kCamel) {
        if (is(key, camel)) name = camel;
    }
    if (name == "type") {
        type(r, w, nullable);
    } else if (name == "nullable" || is(key, "propertyOrdering") || is(key, "property_ordering")) {
        r.skip();
    } else if (name == "properties" || name == "$defs" || name == "definitions") {
        schema_map(r, w.key(name), depth + 1);
    } else if (name == "anyOf" || name == "oneOf" || name == "allOf" || name == "prefixItems") {
        schema_list(r, w.key(name), depth + 1);
    } else if (name == "items" || (name == "additionalProperties" && r.peek() == '{')) {
        schema(r, w.key(name), depth + 1);
    } else if (name == "enum") {
        values(r, w.key(name), nullable);
    } else if (name.starts_with("min") || name.starts_with("max")) {
        count(r, w.key(name));
    } else if (name == "example") {
        w.key("examples").begin_array();
        compacted(r, w);
        w.end_array();
    } else {
        w.key(name);
        compacted(r, w);
    }
}

void schema(JsonReader& r, JsonWriter& w, int depth) {
    if (r.peek() != '{' || depth > kDepthMax) {
        const bool is_bool = r.peek() == 't' || r.peek() == 'f';
        const std::string_view raw = r.raw();
        w.raw(is_bool ? raw : "{}");
        return;
    }
    const std::string_view json = r.raw();
    const bool nullable = is_nullable(json);
    JsonReader inner(json);
    w.begin_object();
    each_member(inner, [&](const JsonString& key, JsonReader& value) {
        member(key, value, w, nullable, depth);
    });
    w.end_object();
}

}  // namespace

std::string to_json_schema(std::string_view json) {
    std::string out;
    JsonReader r(json);
    JsonWriter w(out);
    schema(r, w, 0);
    return out;
}

}  // namespace parley::gemini
