// config/schema_check.cpp: settings against their schema.
#include <algorithm>
#include <array>
#include <cmath>
#include <utility>

#include <boost/json/serialize.hpp>
#include <boost/url/parse.hpp>
#include <boost/url/url_view.hpp>

#include "base/counted.hpp"
#include "config/near.hpp"
#include "config/schema_node.hpp"

namespace parley::config {

namespace json = boost::json;
using base::counted;

namespace {

// std::regex calls itself for every character, so what it reads has a bound.
constexpr std::size_t kPatternTextMax = 4096;

unsigned types_of(const json::value& value) {
    switch (value.kind()) {
        case json::kind::null:
            return kTypeNull;
        case json::kind::bool_:
            return kTypeBoolean;
        case json::kind::int64:
        case json::kind::uint64:
            return kTypeInteger | kTypeNumber;
        case json::kind::double_: {
            const double number = value.get_double();
            return number == std::floor(number) ? kTypeInteger | kTypeNumber : kTypeNumber;
        }
        case json::kind::string:
            return kTypeString;
        case json::kind::array:
            return kTypeArray;
        case json::kind::object:
            return kTypeObject;
    }
    return 0;
}

std::string names_of(unsigned types) {
    constexpr std::array<std::pair<unsigned, std::string_view>, 7> kNames{{
        {kTypeString, "a string"},
        {kTypeNumber, "a number"},
        {kTypeInteger, "an integer"},
        {kTypeBoolean, "true or false"},
        {kTypeArray, "an array"},
        {kTypeObject, "a table"},
        {kTypeNull, "null"},
    }};
    Words words;
    for (const auto& [type, name] : kNames) {
        // An integer that a schema allows beside numbers goes without saying.
        const bool is_said = type == kTypeInteger && (types & kTypeNumber) != 0;
        if ((types & type) != 0 && !is_said) words.emplace_back(name);
    }
    return join(words, " or ");
}

// As JSON Schema compares: 1 and 1.0 are the same.
bool same(const json::value& a, const json::value& b) {
    if (a.is_number() && b.is_number() && a.kind() != b.kind()) {
        return a.to_number<double>() == b.to_number<double>();
    }
    if (a.is_array() && b.is_array()) {
        return std::equal(a.get_array().begin(),
                          a.get_array().end(),
                          b.get_array().begin(),
                          b.get_array().end(),
                          same);
    }
    if (a.is_object() && b.is_object()) {
        const json::object& right = b.get_object();
        return a.get_object().size() == right.size() &&
               std::all_of(a.get_object().begin(), a.get_object().end(), [&](const auto& member) {
                   const json::value* other = right.if_contains(member.key());
                   return other != nullptr && same(member.value(), *other);
               });
    }
    return a == b;
}

std::size_t characters_in(std::string_view text) {
    return static_cast<std::size_t>(std::count_if(text.begin(), text.end(), [](char c) {
        return (static_cast<unsigned char>(c) & 0xC0) != 0x80;
    }));
}

class SchemaCheck {
public:
    explicit SchemaCheck(std::span<const std::string> host_keys) : host_keys_(host_keys) {}

    void check(const SchemaNode& node, json::value& value, const std::string& path) {
        const unsigned types = types_of(value);
        if (node.types != 0 && (node.types & types) == 0) {
            const std::string got = value.is_bool() ? "a boolean" : names_of(types);
            return fault(path, "expected " + names_of(node.types) + ", got " + got);
        }
        check_choice(node, value, path);
        if (value.is_string()) check_text(node, value.get_string(), path);
        if (value.is_number()) check_number(node, value, path);
        if (value.is_array()) check_array(node, value.get_array(), path);
        if (value.is_object()) check_object(node, value.get_object(), path);
    }

    std::vector<SchemaFault> take() { return std::move(faults_); }

private:
    void fault(const std::string& path, std::string message) {
        faults_.push_back({path, std::move(message)});
    }

    static std::string inside(const std::string& path, std::string_view key) {
        return path.empty() ? std::string(key) : path + "." + std::string(key);
    }

    void check_choice(const SchemaNode& node, const json::value& value, const std::string& path) {
        if (node.constant && !same(value, *node.constant)) {
            fault(path, "expected " + json::serialize(*node.constant));
        }
        const auto is_it = [&](const json::value& choice) { return same(value, choice); };
        if (node.choices.empty() || std::any_of(node.choices.begin(), node.choices.end(), is_it)) {
            return;
        }
        Words words;
        Words texts;
        for (const json::value& choice : node.choices) {
            words.push_back(json::serialize(choice));
            if (choice.is_string()) texts.emplace_back(choice.get_string());
        }
        std::string message = "expected one of " + join(words, ", ");
        if (value.is_string() && !node.is_secret) {
            const std::string meant = nearest(value.get_string(), texts);
            if (!meant.empty()) message += "; did you mean " + quote(meant);
        }
        fault(path, std::move(message));
    }

    void check_text(const SchemaNode& node, std::string_view text, const std::string& path) {
        const std::size_t length = characters_in(text);
        if (node.length_min && length < *node.length_min) {
            fault(path, "expected " + counted(*node.length_min, "character") + " or more");
        }
        if (node.length_max && length > *node.length_max) {
            fault(path, "expected " + counted(*node.length_max, "character") + " at most");
        }
        if (node.pattern && text.size() > kPatternTextMax) {
            fault(path, "expected " + counted(kPatternTextMax, "byte") + " at most");
        } else if (node.pattern && !std::regex_search(text.begin(), text.end(), *node.pattern)) {
            fault(path, "expected a string that matches " + node.pattern_text);
        }
        if (node.is_uri && !boost::urls::parse_uri(text)) {
            fault(path, "expected a URI such as \"https://example.com/v1\"");
        }
    }

    void check_number(const SchemaNode& node, const json::value& value, const std::string& path) {
        const auto number = value.to_number<double>();
        if (node.minimum && number < *node.minimum) {
            fault(path, "expected " + json::serialize(short_form(*node.minimum)) + " or more");
        }
        if (node.maximum && number > *node.maximum) {
            fault(path, "expected " + json::serialize(short_form(*node.maximum)) + " at most");
        }
    }

    // Boost.JSON writes the double 100 as 1E2.
    static json::value short_form(double number) {
        if (number == std::floor(number) && std::abs(number) < 1e15) {
            return static_cast<std::int64_t>(number);
        }
        return number;
    }

    void check_array(const SchemaNode& node, json::array& array, const std::string& path) {
        if (node.items_min && array.size() < *node.items_min) {
            fault(path, "expected " + counted(*node.items_min, "item") + " or more");
        }
        if (node.items_max && array.size() > *node.items_max) {
            fault(path, "expected " + counted(*node.items_max, "item") + " at most");
        }
        for (std::size_t i = 0; i < array.size(); ++i) {
            const std::string item = path + "[" + std::to_string(i) + "]";
            const auto end = array.begin() + static_cast<std::ptrdiff_t>(i);
            const auto twin = std::find_if(array.begin(), end, [&](const json::value& other) {
                return same(other, array[i]);
            });
            if (node.is_unique && twin != end) {
                fault(item,
                      "the same as item " + std::to_string(twin - array.begin()) +
                          "; expected each once");
            }
            if (node.items) check(*node.items, array[i], item);
        }
    }

    void check_object(const SchemaNode& node, json::object& object, const std::string& path) {
        for (const auto& [name, property] : node.properties) {
            if (property->fallback && !object.contains(name)) {
                object.emplace(name, *property->fallback);
            }
        }
        for (const std::string& name : node.required) {
            if (object.contains(name)) continue;
            const auto known = node.properties.find(name);
            const bool is_typed = known != node.properties.end() && known->second->types != 0;
            fault(inside(path, name),
                  "required, but missing" +
                      (is_typed ? "; expected " + names_of(known->second->types) : ""));
        }
        for (auto& member : object) {
            check_member(node, member.key(), member.value(), path);
        }
    }

    void check_member(const SchemaNode& node,
                      std::string_view name,
                      json::value& value,
                      const std::string& path) {
        const auto known = node.properties.find(name);
        if (known != node.properties.end()) {
            check(*known->second, value, inside(path, name));
        } else if (node.additional) {
            check(*node.additional, value, inside(path, name));
        } else if (!node.is_open) {
            fault(inside(path, name), "unknown key" + cure(node, name, path));
        }
    }

    std::string cure(const SchemaNode& node, std::string_view name, const std::string& path) const {
        Words names;
        for (const auto& [known, property] : node.properties) names.push_back(known);
        if (path.empty() && nearest(name, names).empty()) {
            const Words hosts(host_keys_.begin(), host_keys_.end());
            const std::string meant = nearest(name, hosts);
            if (!meant.empty()) return "; did you mean " + quote(meant);
        }
        return cure_for(name, names);
    }

    std::span<const std::string> host_keys_;
    std::vector<SchemaFault> faults_;
};

}  // namespace

std::vector<SchemaFault> check_value(const SchemaNode& node,
                                     json::value& value,
                                     std::span<const std::string> host_keys) {
    SchemaCheck check(host_keys);
    check.check(node, value, "");
    return check.take();
}

}  // namespace parley::config
