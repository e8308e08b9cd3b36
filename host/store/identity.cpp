#include "store/identity.hpp"

#include <algorithm>
#include <regex>

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

namespace parley::store {

namespace json = boost::json;

namespace {

bool is_marked(const json::value& property, std::string_view keyword) {
    const json::object* keywords = property.if_object();
    const json::value* mark = keywords == nullptr ? nullptr : keywords->if_contains(keyword);
    return mark != nullptr && mark->is_bool() && mark->get_bool();
}

// What stands in the settings, or would stand there.
const json::value* in_force(const json::key_value_pair& property, const json::object& settings) {
    const json::value* given = settings.if_contains(property.key());
    if (given != nullptr || !property.value().is_object()) return given;
    return property.value().get_object().if_contains("default");
}

}  // namespace

std::string place_of(std::string_view schema, const json::object& settings) {
    json::error_code none;
    const json::value parsed = json::parse(schema, none);
    const json::object* root = parsed.if_object();
    const json::value* named = root == nullptr ? nullptr : root->if_contains("properties");
    const json::object properties =
        named != nullptr && named->is_object() ? named->get_object() : json::object();
    const bool has_places =
        std::any_of(properties.begin(), properties.end(), [](const auto& property) {
            return is_marked(property.value(), "x-place");
        });
    json::object place;
    for (const auto& property : properties) {
        const json::value* value = in_force(property, settings);
        const bool belongs = has_places ? is_marked(property.value(), "x-place")
                                        : !is_marked(property.value(), "x-secret");
        if (!belongs || value == nullptr) continue;
        place[property.key()] =
            value->is_string() ? json::value(without_password(value->get_string())) : *value;
    }
    return json::serialize(place);
}

std::string without_password(std::string_view address) {
    static const std::regex beside_user(R"((://[^/?#:@]*):[^/?#@]*@)");
    static const std::regex by_name(R"((^|[?&\s])(ssl)?password\s*=\s*('(\\.|[^'\\])*'|[^&\s]*))");
    const std::string without = std::regex_replace(std::string(address), beside_user, "$1@");
    return std::regex_replace(without, by_name, "$1");
}

}  // namespace parley::store
