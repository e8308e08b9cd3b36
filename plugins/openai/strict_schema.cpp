#include "strict_schema.hpp"

#include <set>
#include <string>

namespace parley::openai {

using sdk::JsonReader;
using sdk::JsonString;

namespace {

constexpr int kDepthMax = 32;

bool is_strict(std::string_view schema, int depth);

bool all_strict(std::string_view list_or_map, int depth) {
    JsonReader r(list_or_map);
    JsonString key;
    if (list_or_map.starts_with('[')) {
        r.enter_array();
        while (r.next_item()) {
            if (!is_strict(r.raw(), depth)) return false;
        }
    } else if (list_or_map.starts_with('{')) {
        r.enter_object();
        while (r.next_key(key)) {
            if (!is_strict(r.raw(), depth)) return false;
        }
    }
    return true;
}

std::set<std::string> keys_of(std::string_view map) {
    std::set<std::string> keys;
    JsonReader r(map);
    JsonString key;
    if (map.starts_with('{')) r.enter_object();
    while (map.starts_with('{') && r.next_key(key)) {
        keys.insert(key.text());
        r.skip();
    }
    return keys;
}

std::set<std::string> texts_of(std::string_view list) {
    std::set<std::string> texts;
    JsonReader r(list);
    if (!list.starts_with('[')) return texts;
    r.enter_array();
    while (r.next_item()) {
        JsonString text;
        if (r.peek() == '"' && r.read_string(text)) {
            texts.insert(text.text());
        } else {
            r.skip();
        }
    }
    return texts;
}

bool is_strict(std::string_view schema, int depth) {
    if (depth == kDepthMax) return false;
    JsonReader r(schema);
    JsonString key;
    std::string_view properties;
    std::string_view required;
    bool object = false;
    bool closed = false;
    if (!schema.starts_with('{')) return true;
    r.enter_object();
    while (r.next_key(key)) {
        const std::string_view value = r.raw();
        if (key.raw == "properties") {
            properties = value;
        } else if (key.raw == "required") {
            required = value;
        } else if (key.raw == "type") {
            object = value.find("\"object\"") != value.npos;
        } else if (key.raw == "additionalProperties") {
            closed = value == "false";
        } else if (key.raw == "items" && !is_strict(value, depth + 1)) {
            return false;
        } else if ((key.raw == "anyOf" || key.raw == "$defs" || key.raw == "definitions") &&
                   !all_strict(value, depth + 1)) {
            return false;
        } else if (key.raw == "oneOf" || key.raw == "allOf" || key.raw == "not") {
            return false;
        }
    }
    if (!all_strict(properties, depth + 1)) return false;
    if (!object && properties.empty()) return true;
    return closed && keys_of(properties) == texts_of(required);
}

}  // namespace

bool is_strict_schema(std::string_view schema) {
    return is_strict(schema, 0);
}

uint32_t strict_for(Crossing& to, uint32_t asked, std::string_view schema) {
    if (asked == 0 || !to.traits.flag("strict_ok", true)) {
        if (asked == PARLEY_SAYS_YES) to.warn(PARLEY_WARNING_STRICT_DROPPED);
        return 0;
    }
    // A client of this API has written it for this API.
    if (asked != PARLEY_SAYS_YES || to.is_native() || is_strict_schema(schema)) return asked;
    to.warn(PARLEY_WARNING_STRICT_DROPPED);
    return 0;
}

}  // namespace parley::openai
