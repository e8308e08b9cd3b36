// command/plugin_replay.cpp: plugin replay: a transcript, said to a plugin again.
#include <filesystem>
#include <fstream>
#include <iostream>
#include <sstream>

#include <boost/json/array.hpp>
#include <boost/json/serialize.hpp>

#include "base/counted.hpp"
#include "check/replay.hpp"
#include "command/commands.hpp"
#include "command/plugin_subject.hpp"
#include "command/serving_copy.hpp"

namespace parley::command {

namespace json = boost::json;
using check::Came;
using check::Step;

namespace {

std::optional<std::vector<Step>> read_steps(const std::string& file) {
    std::ifstream in(file, std::ios::binary);
    std::ostringstream text;
    text << in.rdbuf();
    if (!in) {
        std::cerr << file << ": cannot be read\n";
        return {};
    }
    auto steps = check::read_transcript(text.str(), std::filesystem::path(file).parent_path());
    if (steps) return std::move(*steps);
    std::cerr << file << ": " << steps.error().message << '\n';
    return {};
}

// What is not as it was; empty: nothing.
std::string fault_of(const Step& step, const Came& came) {
    if (!came.fault.empty()) return came.fault + '\n';
    if (!step.out) return "nobody has written down what it says; --update does\n";
    if (*step.out == came.out) return {};
    const std::string lines = check::differing_lines(*step.out, came.out);
    return lines.empty() ? "only line breaks differ\n" : lines;
}

bool write_down(const std::string& file, std::vector<Step>& steps, const std::vector<Came>& came) {
    std::string text;
    for (std::size_t i = 0; i < steps.size(); ++i) {
        if (came[i].fault.empty()) steps[i].out = came[i].out;
        text += to_text(steps[i]) + '\n';
    }
    return write_file(file, text);
}

int report(const Options& options,
           const std::vector<Step>& steps,
           const std::vector<Came>& came,
           bool is_written) {
    json::array rows;
    std::size_t differing = 0;
    for (std::size_t i = 0; i < steps.size(); ++i) {
        const std::string fault =
            is_written && came[i].fault.empty() ? std::string() : fault_of(steps[i], came[i]);
        if (fault.empty()) continue;
        ++differing;
        const std::string who = steps[i].call + (steps[i].of.empty() ? "" : " of " + steps[i].of);
        if (options.json) {
            rows.push_back(json::object{{"step", i + 1}, {"call", who}, {"found", fault}});
            continue;
        }
        std::cout << "step " << i + 1 << ", " << who << ":\n";
        std::istringstream lines(fault);
        for (std::string line; std::getline(lines, line);) std::cout << "    " << line << '\n';
    }
    if (options.json) {
        std::cout << json::serialize(json::object{{"steps", steps.size()},
                                                  {"differ", differing},
                                                  {"differing", std::move(rows)}})
                  << '\n';
    } else {
        std::cout << base::counted(steps.size(), "step") << ", " << differing
                  << (is_written ? " without an answer\n" : " differ\n");
    }
    return differing == 0 ? 0 : 1;
}

}  // namespace

int plugin_replay(const Options& options) {
    const ServingCopy serving;
    const auto subject =
        options.is_against ? serving.take(options) : read_subject(options, options.plugin_file);
    if (!subject) return kNotRun;
    std::optional<std::vector<Step>> steps;
    if (!options.records) {
        steps = read_steps(options.file);
    } else if (std::filesystem::exists(options.file)) {
        std::cerr << options.file << ": is there already; --update writes its answers anew\n";
    } else if (auto usual = check::usual_steps(*subject)) {
        steps = std::move(*usual);
    } else {
        std::cerr << usual.error().message << '\n';
    }
    if (!steps) return kNotRun;
    const auto came = check::replay(*subject, *steps);
    if (!came) {
        std::cerr << came.error().message << '\n';
        return kNotRun;
    }
    const bool writes = options.records || options.updates;
    if (writes && !write_down(options.file, *steps, *came)) return kNotRun;
    return report(options, *steps, *came, writes);
}

}  // namespace parley::command
