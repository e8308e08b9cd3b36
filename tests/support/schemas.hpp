// schemas.hpp: random JSON Schemas, instances that have a chance to fit them, and a small
// validator.
#pragma once

#include <algorithm>
#include <random>
#include <string>
#include <string_view>

#include <boost/json.hpp>

namespace parley::schemas {

namespace json = boost::json;

// ---- a validator, for the words that the generator uses ----

class Validator {
public:
    explicit Validator(const json::value& root) : root_(root) {}

    bool accepts(const json::value& instance) { return valid(root_, instance, 0); }

private:
    static bool is_type(std::string_view type, const json::value& v) {
        if (type == "string" || type == "STRING") return v.is_string();
        if (type == "number" || type == "NUMBER") return v.is_number();
        if (type == "integer" || type == "INTEGER") return v.is_int64();
        if (type == "boolean" || type == "BOOLEAN") return v.is_bool();
        if (type == "array" || type == "ARRAY") return v.is_array();
        if (type == "object" || type == "OBJECT") return v.is_object();
        return v.is_null();
    }

    bool any(const json::array& all, const json::value& v, int depth) {
        return std::any_of(
            all.begin(), all.end(), [&](const auto& one) { return valid(one, v, depth + 1); });
    }

    bool valid(const json::value& schema, const json::value& v, int depth) {
        if (depth > 200) return true;
        if (schema.is_bool()) return schema.as_bool();
        const json::object& s = schema.as_object();
        if (const auto* nullable = s.if_contains("nullable")) {
            if (nullable->as_bool() && v.is_null()) return true;
        }
        if (const auto* ref = s.if_contains("$ref")) {
            return valid(resolve(ref->as_string()), v, depth + 1);
        }
        return typed(s, v) && combined(s, v, depth) && numbers(s, v) && strings(s, v) &&
               lists(s, v, depth) && objects(s, v, depth);
    }

    const json::value& resolve(std::string_view ref) {
        if (ref == "#") return root_;
        const std::string_view name = ref.substr(ref.rfind('/') + 1);
        const char* home = ref.starts_with("#/$defs/") ? "$defs" : "definitions";
        return root_.at(home).at(name);
    }

    static bool typed(const json::object& s, const json::value& v) {
        const auto* type = s.if_contains("type");
        if (type == nullptr) return true;
        if (type->is_string()) return is_type(type->as_string(), v);
        const auto& all = type->as_array();
        return std::any_of(
            all.begin(), all.end(), [&](const auto& one) { return is_type(one.as_string(), v); });
    }

    bool combined(const json::object& s, const json::value& v, int depth) {
        if (const auto* all = s.if_contains("enum")) {
            const auto& list = all->as_array();
            if (std::find(list.begin(), list.end(), v) == list.end()) return false;
        }
        if (const auto* one = s.if_contains("const"); one != nullptr && *one != v) return false;
        if (const auto* some = s.if_contains("anyOf")) {
            if (!any(some->as_array(), v, depth)) return false;
        }
        if (const auto* one = s.if_contains("oneOf")) {
            const auto& list = one->as_array();
            const auto count = std::count_if(list.begin(), list.end(), [&](const auto& each) {
                return valid(each, v, depth + 1);
            });
            if (count != 1) return false;
        }
        if (const auto* all = s.if_contains("allOf")) {
            for (const auto& each : all->as_array()) {
                if (!valid(each, v, depth + 1)) return false;
            }
        }
        return true;
    }

    static double bound(const json::object& s, const char* name, double otherwise) {
        const auto* value = s.if_contains(name);
        return value == nullptr ? otherwise : value->to_number<double>();
    }

    static bool numbers(const json::object& s, const json::value& v) {
        if (!v.is_number()) return true;
        const auto n = v.to_number<double>();
        return n >= bound(s, "minimum", -1e9) && n <= bound(s, "maximum", 1e9) &&
               n > bound(s, "exclusiveMinimum", -1e9) && n < bound(s, "exclusiveMaximum", 1e9);
    }

    static bool strings(const json::object& s, const json::value& v) {
        if (!v.is_string()) return true;
        const auto n = static_cast<double>(v.as_string().size());
        return n >= bound(s, "minLength", 0) && n <= bound(s, "maxLength", 1e9);
    }

    bool lists(const json::object& s, const json::value& v, int depth) {
        if (!v.is_array()) return true;
        const auto& list = v.as_array();
        const auto n = static_cast<double>(list.size());
        if (n < bound(s, "minItems", 0) || n > bound(s, "maxItems", 1e9)) return false;
        std::size_t at = 0;
        if (const auto* tuple = s.if_contains("prefixItems")) {
            for (const auto& each : tuple->as_array()) {
                if (at < list.size() && !valid(each, list[at], depth + 1)) return false;
                ++at;
            }
        }
        const auto* items = s.if_contains("items");
        for (; items != nullptr && at < list.size(); ++at) {
            if (!valid(*items, list[at], depth + 1)) return false;
        }
        return true;
    }

    bool objects(const json::object& s, const json::value& v, int depth) {
        if (!v.is_object()) return true;
        const auto& object = v.as_object();
        if (const auto* required = s.if_contains("required")) {
            for (const auto& name : required->as_array()) {
                if (!object.contains(name.as_string())) return false;
            }
        }
        const auto* properties = s.if_contains("properties");
        const auto* others = s.if_contains("additionalProperties");
        for (const auto& [name, value] : object) {
            const auto* known =
                properties == nullptr ? nullptr : properties->as_object().if_contains(name);
            if (known == nullptr) known = others;
            if (known != nullptr && !valid(*known, value, depth + 1)) return false;
        }
        return true;
    }

    const json::value& root_;
};

// ---- random schemas and instances ----

class Generator {
public:
    explicit Generator(unsigned seed) : random_(seed) {}

    json::value root() {
        json::value all = schema(4);
        if (!all.is_object() || all.as_object().contains("$ref")) all = json::object();
        const char* home = coin() ? "$defs" : "definitions";
        refs_ = std::string("#/") + home + "/";
        all = schema(4);
        if (!all.is_object() || all.as_object().contains("$ref")) all = json::object();
        all.as_object()[home] = {{"A", schema(2)}, {"B", schema(2)}, {"C", schema(1)}};
        return all;
    }

    json::value instance(int depth) {
        switch (pick(depth == 0 ? 5 : 7)) {
            case 0:
                return nullptr;
            case 1:
                return coin();
            case 2:
                return static_cast<int64_t>(pick(7)) - 3;
            case 3:
                return 0.5 + pick(3);
            case 4:
                return word();
            case 5: {
                json::array list;
                for (std::size_t n = pick(4); n > 0; --n) list.push_back(instance(depth - 1));
                return list;
            }
            default: {
                json::object object;
                for (std::size_t n = pick(4); n > 0; --n) object[word()] = instance(depth - 1);
                return object;
            }
        }
    }

    // An instance that has a chance to be valid.
    json::value instance_of(const json::value& schema, const json::value& root, int depth) {
        if (!schema.is_object() || depth == 0 || pick(12) == 0) return instance(1);
        const auto& s = schema.as_object();
        if (const auto* ref = s.if_contains("$ref")) {
            const std::string_view path = ref->as_string();
            if (path == "#") return instance_of(root, root, depth - 1);
            const auto& home = root.at(path.starts_with("#/$defs") ? "$defs" : "definitions");
            return instance_of(home.at(path.substr(path.rfind('/') + 1)), root, depth - 1);
        }
        for (const char* name : {"enum", "anyOf", "oneOf"}) {
            const auto* all = s.if_contains(name);
            if (all == nullptr || all->as_array().empty()) continue;
            const auto& one = all->as_array()[pick(all->as_array().size())];
            return std::string_view(name) == "enum" ? one : instance_of(one, root, depth - 1);
        }
        if (const auto* one = s.if_contains("const")) return *one;
        return typed_instance(s, root, depth);
    }

private:
    json::value typed_instance(const json::object& s, const json::value& root, int depth) {
        std::string type = "object";
        if (const auto* told = s.if_contains("type")) {
            type = told->is_string()
                       ? std::string(told->as_string())
                       : std::string(told->as_array()[pick(told->as_array().size())].as_string());
        }
        if (type == "string") return word();
        if (type == "number" || type == "integer") return static_cast<int64_t>(pick(9)) - 4;
        if (type == "boolean") return coin();
        if (type == "null") return nullptr;
        if (type == "array") return list_instance(s, root, depth);
        json::object object;
        const auto add = [&](const json::object& from) {
            const auto* properties = from.if_contains("properties");
            if (properties == nullptr) return;
            for (const auto& [name, inner] : properties->as_object()) {
                if (pick(4) != 0) object[name] = instance_of(inner, root, depth - 1);
            }
        };
        add(s);
        if (const auto* all = s.if_contains("allOf")) {
            for (const auto& each : all->as_array()) {
                if (each.is_object()) add(each.as_object());
            }
        }
        return object;
    }

    json::value list_instance(const json::object& s, const json::value& root, int depth) {
        json::array list;
        if (const auto* tuple = s.if_contains("prefixItems")) {
            for (const auto& each : tuple->as_array()) {
                list.push_back(instance_of(each, root, depth - 1));
            }
        }
        const auto* items = s.if_contains("items");
        for (std::size_t n = pick(3); n > 0; --n) {
            list.push_back(items == nullptr ? instance(1) : instance_of(*items, root, depth - 1));
        }
        return list;
    }

    json::value schema(int depth) {
        json::object s;
        if (depth == 0) return json::object{{"type", scalar_type()}};
        switch (pick(11)) {
            case 0:
                if (!refs_.empty()) return reference();
                return coin();
            case 1:
                s["enum"] = values();
                return s;
            case 2:
                s["const"] = value();
                return s;
            case 3:
                s[coin() ? "anyOf" : "oneOf"] = list(depth);
                break;
            case 4:
                s["allOf"] = {object(depth), coin() ? object(depth) : schema(depth - 1)};
                break;
            case 5:
                s["type"] = {scalar_type(), "null"};
                if (coin()) s["type"] = {"string", "integer", "array"};
                break;
            case 6:
                s["type"] = "array";
                if (pick(4) != 0) s["items"] = schema(depth - 1);
                if (pick(4) == 0) s["prefixItems"] = list(depth);
                if (coin()) s["minItems"] = pick(2);
                if (coin()) s["uniqueItems"] = false;
                break;
            case 7:
                s["type"] = scalar_type();
                if (coin()) s["enum"] = values();
                break;
            default:
                return object(depth);
        }
        constrain(s);
        return s;
    }

    json::value reference() {
        json::object s{{"$ref", refs_ + std::string(1, static_cast<char>('A' + pick(3)))}};
        if (pick(4) == 0) s["$ref"] = "#";
        if (pick(4) == 0) s["description"] = "a reference";
        return s;
    }

    json::value object(int depth) {
        json::object s{{"type", "object"}};
        json::object properties;
        for (std::size_t n = pick(4); n > 0; --n) properties[word()] = schema(depth - 1);
        json::array required;
        for (std::size_t n = pick(3); n > 0; --n) required.push_back(word());
        if (pick(4) != 0) s["properties"] = properties;
        if (coin()) s["required"] = required;
        if (pick(3) == 0) {
            s["additionalProperties"] = coin() ? schema(depth - 1) : json::value(coin());
        }
        constrain(s);
        return s;
    }

    void constrain(json::object& s) {
        if (pick(4) == 0) s["minimum"] = static_cast<int64_t>(pick(3)) - 2;
        if (pick(4) == 0) s["exclusiveMaximum"] = pick(3) + 1;
        if (pick(4) == 0) s["maximum"] = pick(3) + 1;
        if (pick(5) == 0) s["minLength"] = pick(2);
        if (pick(5) == 0) s["maxLength"] = pick(2) + 1;
        if (pick(5) == 0) s["description"] = "words";
        if (pick(5) == 0) s["title"] = "T";
        if (pick(6) == 0) s["default"] = value();
        if (pick(6) == 0) s["$comment"] = "none";
        if (pick(6) == 0) s["x-order"] = 1;
        if (pick(6) == 0) s["format"] = coin() ? "int32" : "email";
    }

    json::array list(int depth) {
        json::array all;
        for (std::size_t n = pick(3) + 1; n > 0; --n) all.push_back(schema(depth - 1));
        return all;
    }

    json::array values() {
        json::array all;
        for (std::size_t n = pick(3) + 1; n > 0; --n) all.push_back(value());
        return all;
    }

    json::value value() {
        switch (pick(6)) {
            case 0:
                return nullptr;
            case 1:
                return coin();
            case 2:
                return static_cast<int64_t>(pick(3));
            default:
                return word();
        }
    }

    json::string word() { return json::string(1, static_cast<char>('a' + pick(4))); }

    std::string scalar_type() {
        static const char* types[] = {"string", "number", "integer", "boolean"};
        return types[pick(4)];
    }

    std::size_t pick(std::size_t n) { return random_() % n; }

    bool coin() { return pick(2) == 0; }

    std::mt19937 random_;
    std::string refs_;
};

}  // namespace parley::schemas
