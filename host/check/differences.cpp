// check/differences.cpp: two descriptions, side by side, and what of it stops something.
#include <algorithm>

#include <boost/json/array.hpp>
#include <boost/json/serialize.hpp>

#include "check/description.hpp"

namespace parley::check {

namespace json = boost::json;

namespace {

bool holds(const json::value& array, const json::value& each) {
    if (!array.is_array()) return false;
    const json::array& all = array.as_array();
    return std::find(all.begin(), all.end(), each) != all.end();
}

bool ends_with_any(std::string_view path, std::initializer_list<std::string_view> ends) {
    return std::any_of(
        ends.begin(), ends.end(), [&](std::string_view end) { return path.ends_with(end); });
}

bool is_setting(std::string_view path) {
    return path.find(".settings.") != path.npos;
}

std::string what_is_gone(std::string_view path) {
    const std::size_t dots = static_cast<std::size_t>(std::count(path.begin(), path.end(), '.'));
    if (path.starts_with("components.") && dots == 1) return "what is configured with it";
    const std::size_t at = path.find(".settings.");
    if (at != path.npos && path.find('.', at + 10) == path.npos) {
        return "configurations that have this setting";
    }
    if (path.find(".routes.") != path.npos) return "clients that come by this route";
    return {};
}

// What a value that is another one now breaks.
std::string what_is_changed(std::string_view path,
                            const json::value& before,
                            const json::value& after) {
    if (path == "id") return "its generation: another id is another plugin";
    if (path == "abi_major") return "hosts of the other border";
    if (path == "min_host_minor" && after.to_number<int>() > before.to_number<int>()) {
        return "older hosts";
    }
    if ((path == "glibc" || path == "glibcxx") && before != after) return "perhaps older systems";
    if (!is_setting(path)) return {};
    if (ends_with_any(path, {".type", ".pattern", ".format", ".const"})) {
        return "configurations whose value does not fit any more";
    }
    boost::system::error_code none;
    const double was = before.is_number() ? before.to_number<double>(none) : 0;
    const double is = after.is_number() ? after.to_number<double>(none) : 0;
    const bool has_risen = ends_with_any(path, {".minimum", ".minLength", ".minItems"}) && is > was;
    const bool has_fallen =
        ends_with_any(path, {".maximum", ".maxLength", ".maxItems"}) && is < was;
    if (has_risen || has_fallen) return "configurations whose value does not fit any more";
    return ends_with_any(path, {".default"}) ? "what those get who leave it out" : std::string();
}

// Lists whose order means nothing: what came and what went.
std::string what_a_list_breaks(std::string_view path,
                               const json::value& before,
                               const json::value& after) {
    const auto any_not_in = [](const json::value& from, const json::value& in) {
        if (!from.is_array()) return false;
        const json::array& all = from.as_array();
        return std::any_of(
            all.begin(), all.end(), [&](const json::value& each) { return !holds(in, each); });
    };
    if (path.ends_with(".required") && any_not_in(after, before)) {
        return "configurations without that setting";
    }
    if (is_setting(path) && path.ends_with(".enum") && any_not_in(before, after)) {
        return "configurations whose value does not fit any more";
    }
    if (ends_with_any(path, {".functions", ".dialects", ".models"}) && any_not_in(before, after)) {
        return "who uses what is gone";
    }
    return {};
}

void compare(const std::string& path,
             const json::value* before,
             const json::value* after,
             std::vector<Difference>& out) {
    if (before != nullptr && after != nullptr && *before == *after) return;
    const auto text = [](const json::value* value) {
        return value == nullptr ? std::string() : json::serialize(*value);
    };
    if (before == nullptr || after == nullptr) {
        std::string breaks = after == nullptr ? what_is_gone(path) : std::string();
        if (before == nullptr && path.ends_with(".required")) {
            breaks = what_a_list_breaks(path, {}, *after);
        }
        out.push_back({path, text(before), text(after), std::move(breaks)});
        return;
    }
    if (!before->is_object() || !after->is_object()) {
        std::string breaks = what_is_changed(path, *before, *after);
        if (breaks.empty()) breaks = what_a_list_breaks(path, *before, *after);
        out.push_back({path, text(before), text(after), std::move(breaks)});
        return;
    }
    const auto below = [&](json::string_view name) {
        return path.empty() ? std::string(name) : path + '.' + std::string(name);
    };
    for (const auto& [name, value] : before->as_object()) {
        compare(below(name), &value, after->as_object().if_contains(name), out);
    }
    for (const auto& [name, value] : after->as_object()) {
        if (!before->as_object().contains(name)) compare(below(name), nullptr, &value, out);
    }
}

}  // namespace

std::vector<Difference> differences(const json::object& before, const json::object& after) {
    std::vector<Difference> out;
    const json::value old_value(before);
    const json::value new_value(after);
    compare({}, &old_value, &new_value, out);
    return out;
}

}  // namespace parley::check
