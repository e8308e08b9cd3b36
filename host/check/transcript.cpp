#include "check/transcript.hpp"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <span>
#include <sstream>

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

#include "plugins/text.hpp"

namespace parley::check {

namespace json = boost::json;

namespace {

// What each call may be given beside "in".
struct Call {
    std::string_view name;
    std::vector<std::string_view> members;
};

const std::vector<Call>& calls() {
    static const std::vector<Call> all{
        {"request", {"method", "path", "query"}},
        {"reply", {"status", "type", "stream"}},
        {"relay", {"type", "path", "query"}},
        {"events", {"stream"}},
        {"plan", {"dialect", "model", "path", "query", "secret", "stream", "attempt"}},
        {"classify", {"status", "headers", "secret"}},
        {"filter", {"question"}},
        {"pick", {"attempt", "random", "affinity"}},
        {"login", {"params", "provider"}},
        {"refresh", {"secret"}},
    };
    return all;
}

base::Error wrong(std::size_t line, const std::string& what) {
    return base::client_error(PARLEY_E_INVALID_ARGUMENT,
                              "line " + std::to_string(line) + ": " + what);
}

std::string text_of(const json::object& object, std::string_view member) {
    const json::value* const found = object.if_contains(member);
    return found != nullptr && found->is_string() ? std::string(found->as_string()) : std::string();
}

base::Result<void> check_members(const json::object& object, const std::string& call) {
    const auto& all = calls();
    const auto known =
        std::find_if(all.begin(), all.end(), [&](const Call& each) { return each.name == call; });
    std::string names;
    for (const Call& each : all) names += (names.empty() ? "" : ", ") + std::string(each.name);
    if (known == all.end()) {
        return base::client_error(
            PARLEY_E_INVALID_ARGUMENT,
            "call " + plugins::quoted(call) + ": one of " + names + " was expected");
    }
    for (const auto& [name, value] : object) {
        const auto is_named = [&](std::string_view each) { return each == name; };
        const auto& own = known->members;
        const bool is_common =
            name == "call" || name == "of" || name == "in" || name == "in_file" || name == "out";
        if (is_common || std::any_of(own.begin(), own.end(), is_named)) continue;
        return base::client_error(
            PARLEY_E_INVALID_ARGUMENT,
            plugins::quoted(name) + " is nothing that a " + plugins::quoted(call) + " is given");
    }
    return {};
}

base::Result<Step> read_step(const json::object& object, const std::string& folder) {
    Step step;
    step.call = text_of(object, "call");
    if (auto ok = check_members(object, step.call); !ok) return ok.error();
    step.of = text_of(object, "of");
    step.in_file = text_of(object, "in_file");
    for (const auto& [name, value] : object) {
        if (name == "call" || name == "of" || name == "in" || name == "in_file") continue;
        if (name != "out") {
            step.with[name] = value;
        } else if (value.is_string()) {
            step.out = std::string(value.as_string());
        } else {
            return base::client_error(PARLEY_E_INVALID_ARGUMENT, "out: a string was expected");
        }
    }
    if (const json::value* in = object.if_contains("in")) step.in = *in;
    if (step.in_file.empty()) return step;
    const auto path = std::filesystem::path(folder) / step.in_file;
    std::ifstream file(path, std::ios::binary);
    std::ostringstream text;
    text << file.rdbuf();
    if (!file) {
        return base::client_error(PARLEY_E_NOT_FOUND,
                                  "in_file: " + path.string() + " cannot be read");
    }
    step.in = json::value(text.str());
    return step;
}

std::vector<std::string_view> lines_of(std::string_view text) {
    std::vector<std::string_view> lines;
    while (!text.empty()) {
        const std::size_t end = std::min(text.find('\n'), text.size());
        lines.push_back(text.substr(0, end));
        text.remove_prefix(std::min(end + 1, text.size()));
    }
    return lines;
}

}  // namespace

std::string Step::in_text() const {
    if (in.is_null()) return {};
    return in.is_string() ? std::string(in.as_string()) : json::serialize(in);
}

base::Result<std::vector<Step>> read_transcript(std::string_view text, const std::string& folder) {
    std::vector<Step> steps;
    std::size_t number = 0;
    for (const std::string_view line : lines_of(text)) {
        ++number;
        if (line.find_first_not_of(" \t\r") == line.npos) continue;
        boost::system::error_code fault;
        const json::value parsed = json::parse(json::string_view(line), fault);
        if (fault || !parsed.is_object()) return wrong(number, "a JSON object was expected");
        auto step = read_step(parsed.as_object(), folder);
        if (!step) return wrong(number, step.error().message);
        steps.push_back(std::move(*step));
    }
    if (steps.empty()) return wrong(1, "a step was expected; there is none");
    return steps;
}

std::string to_text(const Step& step) {
    json::object object{{"call", step.call}};
    if (!step.of.empty()) object["of"] = step.of;
    for (const auto& [name, value] : step.with) object[name] = value;
    if (!step.in_file.empty()) {
        object["in_file"] = step.in_file;
    } else if (!step.in.is_null()) {
        object["in"] = step.in;
    }
    if (step.out) object["out"] = *step.out;
    return json::serialize(object);
}

std::string differing_lines(std::string_view before, std::string_view after) {
    const auto old_lines = lines_of(before);
    const auto new_lines = lines_of(after);
    std::size_t front = 0;
    const std::size_t least = std::min(old_lines.size(), new_lines.size());
    while (front < least && old_lines[front] == new_lines[front]) ++front;
    std::size_t back = 0;
    while (back < least - front &&
           old_lines[old_lines.size() - 1 - back] == new_lines[new_lines.size() - 1 - back]) {
        ++back;
    }
    std::string out;
    const auto add = [&](const char* mark, const std::vector<std::string_view>& lines) {
        for (const std::string_view line :
             std::span(lines).subspan(front, lines.size() - front - back)) {
            out += mark + plugins::printable(line, 1000) + '\n';
        }
    };
    add("- ", old_lines);
    add("+ ", new_lines);
    return out;
}

}  // namespace parley::check
