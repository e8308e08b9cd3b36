// command/plugin_check.cpp: plugin check: what a plugin file promises, put to the test.
#include <algorithm>
#include <fstream>
#include <iostream>

#include <boost/json/parse.hpp>

#include "check/report.hpp"
#include "command/commands.hpp"
#include "command/setup.hpp"

namespace parley::command {

namespace json = boost::json;

namespace {

constexpr int kNotRun = 2;

// What the configuration has for a component of any name: of [store] and of every [[provider]].
bool add_configured(const Options& options, json::object& settings) {
    if (options.config.empty()) return true;
    const Setup setup = read_configuration(options, false);
    if (!report(setup.loaded, setup.file)) return false;
    const auto add = [&](const json::object& more) {
        for (const auto& [name, value] : more) settings.emplace(name, value);  // --set goes first
    };
    for (const config::Provider& provider : setup.loaded.config.providers) add(provider.settings);
    add(setup.loaded.config.store.settings);
    return true;
}

// "name=value"; a value that is JSON is taken as that, any other one as text.
bool add_given(const Options& options, json::object& settings) {
    for (const std::string& given : options.params) {
        const std::size_t equals = given.find('=');
        if (equals == given.npos || equals == 0) {
            std::cerr << "--set " << given << ": name=value was expected\n";
            return false;
        }
        const std::string value = given.substr(equals + 1);
        boost::system::error_code fault;
        const json::value parsed = json::parse(value, fault);
        settings[given.substr(0, equals)] = fault ? json::value(value) : parsed;
    }
    return true;
}

bool write(const std::string& file, const std::string& text) {
    std::ofstream out(file, std::ios::binary);
    out << text;
    out.close();
    if (out) return true;
    std::cerr << file << ": cannot be written\n";
    return false;
}

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
    check::Subject subject;
    subject.path = options.plugin_file;
    if (!are_known(options.only) || !add_given(options, subject.settings)) return kNotRun;
    for (const std::string& name : check::unknown_settings(subject)) {
        std::cerr << "--set " << name << ": no component of the plugin has such a setting\n";
        return kNotRun;
    }
    if (!add_configured(options, subject.settings)) return kNotRun;
    const auto each = [&](const check::Row& row) {
        const bool is_dull = row.outcome.verdict <= check::Verdict::skipped;
        if (!options.json && !(options.is_quiet && is_dull)) check::print(row, std::cout);
        std::cout.flush();  // a child must not inherit it
    };
    const auto came = check::run(subject, options.only, each);
    if (!came) {
        std::cerr << came.error().message << '\n';
        return kNotRun;
    }
    std::cout << (options.json ? check::to_json(*came) : check::summary(*came)) << '\n';
    if (!options.junit.empty() && !write(options.junit, check::to_junit(*came))) return kNotRun;
    return came->count(check::Verdict::failed) == 0 ? 0 : 1;
}

}  // namespace parley::command
