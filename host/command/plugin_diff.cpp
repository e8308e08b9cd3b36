// command/plugin_diff.cpp: plugin diff: what is otherwise in a newer plugin, and whom that breaks.
#include <iostream>
#include <sstream>

#include <boost/json/array.hpp>
#include <boost/json/serialize.hpp>

#include "base/counted.hpp"
#include "check/description.hpp"
#include "check/replay.hpp"
#include "command/commands.hpp"
#include "command/plugin_subject.hpp"

namespace parley::command {

namespace json = boost::json;
using check::Came;
using check::Difference;
using check::Step;

namespace {

// What is said to both; nothing where none of their components can be told anything.
std::vector<Step> steps_for(const check::Subject& older) {
    auto steps = check::usual_steps(older);
    return steps ? std::move(*steps) : std::vector<Step>();
}

struct Otherwise {
    std::size_t step;
    std::string call;
    std::string lines;
};

std::vector<Otherwise> compare(const std::vector<Step>& steps,
                               const std::vector<Came>& before,
                               const std::vector<Came>& after) {
    std::vector<Otherwise> out;
    for (std::size_t i = 0; i < steps.size(); ++i) {
        const std::string old_text = before[i].out + before[i].fault;
        const std::string new_text = after[i].out + after[i].fault;
        if (old_text == new_text) continue;
        std::string lines = check::differing_lines(old_text, new_text);
        if (lines.empty()) lines = "only line breaks differ\n";
        out.push_back({i + 1,
                       steps[i].call + " of " + steps[i].of + ", " + json::serialize(steps[i].with),
                       std::move(lines)});
    }
    return out;
}

// One line of the screen, or two.
std::string shortened(const std::string& text) {
    constexpr std::size_t kBytesMax = 160;
    return text.size() <= kBytesMax ? text : text.substr(0, kBytesMax) + " ...";
}

void print(const std::vector<Difference>& parts, std::ostream& out) {
    for (const Difference& each : parts) {
        out << each.path << '\n';
        if (!each.before.empty()) out << "    - " << shortened(each.before) << '\n';
        if (!each.after.empty()) out << "    + " << shortened(each.after) << '\n';
        if (!each.breaks.empty()) out << "    breaks " << each.breaks << '\n';
    }
}

void print(const std::vector<Otherwise>& all, std::ostream& out) {
    for (const Otherwise& each : all) {
        out << "step " << each.step << ", " << each.call << '\n';
        std::istringstream lines(each.lines);
        for (std::string line; std::getline(lines, line);) out << "    " << line << '\n';
    }
}

json::object to_json(const std::vector<Difference>& parts,
                     const std::vector<Otherwise>& otherwise,
                     std::size_t steps) {
    json::array said;
    for (const Difference& each : parts) {
        json::object one{{"path", each.path}};
        if (!each.before.empty()) one["before"] = each.before;
        if (!each.after.empty()) one["after"] = each.after;
        if (!each.breaks.empty()) one["breaks"] = each.breaks;
        said.push_back(std::move(one));
    }
    json::array done;
    for (const Otherwise& each : otherwise) {
        done.push_back(
            json::object{{"step", each.step}, {"call", each.call}, {"lines", each.lines}});
    }
    return {{"differences", std::move(said)}, {"steps", steps}, {"otherwise", std::move(done)}};
}

template <class T>
bool is_there(const base::Result<T>& result) {
    if (!result) std::cerr << result.error().message << '\n';
    return result.has_value();
}

}  // namespace

int plugin_diff(const Options& options) {
    const auto older = read_subject(options, options.plugin_file);
    const auto newer = older ? read_subject(options, options.file) : older;
    if (!newer) return kNotRun;
    const auto before = check::describe(*older);
    const auto after = check::describe(*newer);
    if (!is_there(before) || !is_there(after)) return kNotRun;
    const auto parts = check::differences(*before, *after);
    const auto steps = steps_for(*older);
    const auto said_before = check::replay(*older, steps);
    const auto said_after = check::replay(*newer, steps);
    if (!is_there(said_before) || !is_there(said_after)) return kNotRun;
    const auto otherwise = compare(steps, *said_before, *said_after);
    if (options.json) {
        std::cout << json::serialize(to_json(parts, otherwise, steps.size())) << '\n';
    } else {
        print(parts, std::cout);
        print(otherwise, std::cout);
        std::cout << base::counted(parts.size(), "difference")
                  << " in what they say of themselves; " << otherwise.size() << " of "
                  << steps.size() << " steps go otherwise\n";
    }
    return parts.empty() && otherwise.empty() ? 0 : 1;
}

}  // namespace parley::command
