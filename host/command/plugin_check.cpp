// command/plugin_check.cpp: plugin check: what a plugin file promises, put to the test.
#include <algorithm>
#include <iostream>

#include "check/report.hpp"
#include "command/commands.hpp"
#include "command/plugin_subject.hpp"

namespace parley::command {

namespace {

bool are_known(const std::vector<std::string>& ids) {
    for (const std::string& id : ids) {
        const auto all = check::checks();
        const bool is_known = std::any_of(
            all.begin(), all.end(), [&](const check::Check& each) { return each.id == id; });
        if (is_known) continue;
        std::cerr << "--only " << id << ": there is no such check\n";
        return false;
    }
    return true;
}

}  // namespace

int plugin_check(const Options& options) {
    if (!are_known(options.only)) return kNotRun;
    const auto subject = read_subject(options, options.plugin_file);
    if (!subject) return kNotRun;
    const auto each = [&](const check::Row& row) {
        const bool is_dull = row.outcome.verdict <= check::Verdict::skipped;
        if (!options.json && !(options.is_quiet && is_dull)) check::print(row, std::cout);
        std::cout.flush();  // a child must not inherit it
    };
    const auto came = check::run(*subject, options.only, each);
    if (!came) {
        std::cerr << came.error().message << '\n';
        return kNotRun;
    }
    std::cout << (options.json ? check::to_json(*came) : check::summary(*came)) << '\n';
    if (!options.junit.empty() && !write_file(options.junit, check::to_junit(*came)))
        return kNotRun;
    return came->count(check::Verdict::failed) == 0 ? 0 : 1;
}

}  // namespace parley::command
