#include "command/health_words.hpp"

#include <boost/json/array.hpp>
#include <boost/json/serialize.hpp>

namespace parley::command {

namespace json = boost::json;

namespace {

bool is_cooling(const json::object& health) {
    return text_at(health, "state") == "cooling down";
}

const char* const kOver = "needs a new login";

const json::object* object_at(const json::object& from, std::string_view key) {
    const json::value* value = from.if_contains(key);
    return value == nullptr ? nullptr : value->if_object();
}

// "9m58s": two units are as much as people read.
std::string in_two_units(std::uint64_t ms) {
    struct Unit {
        std::uint64_t ms;
        const char* name;
    };

    constexpr Unit kUnits[] = {{86'400'000, "d"}, {3'600'000, "h"}, {60'000, "m"}, {1'000, "s"}};
    std::string words;
    int count = 0;
    for (const Unit& unit : kUnits) {
        const std::uint64_t whole = ms / unit.ms;
        if (count == 0 && whole == 0) continue;
        if (whole != 0) words += std::to_string(whole) + unit.name;
        ms %= unit.ms;
        if (++count == 2) break;
    }
    return words.empty() ? std::to_string(ms) + "ms" : words;
}

// "requests 3 of 100, full again in 59s"
void print_windows(const json::object& health, std::ostream& out) {
    const json::value* windows = health.if_contains("windows");
    if (windows == nullptr) return;
    for (const json::value& each : windows->as_array()) {
        const json::object& window = each.as_object();
        out << "window      " << text_at(window, "name") << ' ' << text_at(window, "remaining")
            << " of " << text_at(window, "limit") << ", full again in "
            << duration_at(window, "reset_ms") << '\n';
    }
}

}  // namespace

std::string text_at(const json::object& from, std::string_view key) {
    const json::value* value = from.if_contains(key);
    if (value == nullptr) return {};
    return value->is_string() ? std::string(value->get_string()) : json::serialize(*value);
}

std::string duration_at(const json::object& from, std::string_view key) {
    const json::value* value = from.if_contains(key);
    return value == nullptr ? std::string() : in_two_units(value->to_number<std::uint64_t>());
}

bool is_left_alone(const json::object& health) {
    return is_cooling(health) || text_at(health, "state") == kOver;
}

std::string words_of_state(const json::object& health) {
    std::string words = text_at(health, "state");
    if (!is_left_alone(health)) return words;
    if (is_cooling(health)) {
        words += ": " + text_at(health, "why") + ", for " + duration_at(health, "left_ms");
    }
    const json::object* last = object_at(health, "last_error");
    if (last != nullptr) words += ": " + text_at(*last, "text");
    return words;
}

void print_cool_downs(const json::object& account, std::string_view worker, std::ostream& out) {
    const json::object* provider = object_at(account, "of_provider");
    if (provider != nullptr && is_cooling(*provider)) {
        out << "    its provider  " << words_of_state(*provider) << worker << '\n';
    }
    const json::object* models = object_at(account, "models");
    if (models == nullptr) return;
    for (const auto& [name, model] : *models) {
        if (!is_cooling(model.as_object())) continue;
        out << "    " << std::string_view(name) << "  " << words_of_state(model.as_object())
            << worker << '\n';
    }
}

void print_kept(const json::object& account, std::ostream& out) {
    const char* const name = is_cooling(account) ? "cool-down   " : "why         ";
    if (is_left_alone(account)) out << name << words_of_state(account) << '\n';
    print_cool_downs(account, "", out);
}

void print_health(const json::object& account, std::ostream& out) {
    if (const json::object* last = object_at(account, "last_error")) {
        out << "last error  " << text_at(*last, "class") << ", " << duration_at(*last, "ago_ms")
            << " ago: " << text_at(*last, "text") << '\n';
    }
    print_windows(account, out);
    out << "in flight   " << text_at(account, "in_flight") << ", attempts "
        << text_at(account, "attempts") << ", " << text_at(account, "success_per_mille")
        << " of 1000 succeed\n";
    print_kept(account, out);
    const json::object* models = object_at(account, "models");
    if (models == nullptr) return;
    for (const auto& [name, model] : *models) print_windows(model.as_object(), out);
}

}  // namespace parley::command
