#include "config/traits_table.hpp"

#include <algorithm>
#include <array>

#include <boost/json/array.hpp>
#include <boost/json/serialize.hpp>
#include <boost/json/string.hpp>

namespace parley::config {

namespace json = boost::json;

namespace {

enum class Form { flag, count, text, texts, levels };

struct Trait {
    std::string_view name;
    Form form;
};

constexpr std::array kTraits{
    Trait{"family", Form::text},
    Trait{"context", Form::count},
    Trait{"max_output", Form::count},
    Trait{"reasoning", Form::text},
    Trait{"effort_levels", Form::levels},
    Trait{"can_disable_reasoning", Form::flag},
    Trait{"budget_min", Form::count},
    Trait{"budget_max", Form::count},
    Trait{"prefill", Form::flag},
    Trait{"mid_system", Form::flag},
    Trait{"native_schema", Form::flag},
    Trait{"tools_with_schema", Form::flag},
    Trait{"developer_role", Form::flag},
    Trait{"server_tools", Form::texts},
    Trait{"url_media", Form::flag},
    Trait{"max_tokens_name", Form::text},
    Trait{"emit_reasoning", Form::flag},
    Trait{"auto_cache", Form::flag},
    Trait{"cache_breakpoints", Form::flag},
    Trait{"toggle_name", Form::text},
    Trait{"toggle_group", Form::text},
    Trait{"seal_family", Form::text},
};

constexpr std::array<std::string_view, 7> kLevels{
    "none", "minimal", "low", "medium", "high", "xhigh", "max"};

bool is_level(const json::value& value) {
    return value.is_string() &&
           std::find(kLevels.begin(), kLevels.end(), std::string_view(value.get_string())) !=
               kLevels.end();
}

bool is_text(const json::value& value) {
    return value.is_string();
}

template <class Each>
bool is_list(const json::value& value, Each each) {
    return value.is_array() &&
           std::all_of(value.get_array().begin(), value.get_array().end(), each);
}

std::string expected(std::string_view form, const json::value& got) {
    return "expected " + std::string(form) + ", got " + json::serialize(got);
}

std::string fault_of(Form form, const json::value& value) {
    switch (form) {
        case Form::flag:
            return value.is_bool() ? "" : expected("true or false", value);
        case Form::count: {
            const bool is_count = value.is_int64() && value.get_int64() >= 0;
            return is_count ? "" : expected("a whole number, 0 or more", value);
        }
        case Form::text:
            return is_text(value) ? "" : expected("a string", value);
        case Form::texts:
            return is_list(value, is_text) ? "" : expected("an array of strings", value);
        case Form::levels:
            return is_list(value, is_level)
                       ? ""
                       : expected("an array of none, minimal, low, medium, high, xhigh, max",
                                  value);
    }
    return {};
}

}  // namespace

std::string fault_of_trait(std::string_view name, const json::value& value) {
    // Whether something is taken.
    if (name.ends_with("_ok")) return fault_of(Form::flag, value);
    const auto known = std::find_if(
        kTraits.begin(), kTraits.end(), [&](const Trait& each) { return each.name == name; });
    return known == kTraits.end() ? "" : fault_of(known->form, value);
}

std::vector<std::string_view> trait_names() {
    std::vector<std::string_view> names;
    for (const Trait& each : kTraits) names.push_back(each.name);
    return names;
}

}  // namespace parley::config
