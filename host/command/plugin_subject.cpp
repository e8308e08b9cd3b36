#include "command/plugin_subject.hpp"

#include <fstream>
#include <iostream>

#include <boost/json/parse.hpp>

#include "command/setup.hpp"

namespace parley::command {

namespace json = boost::json;

namespace {

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

}  // namespace

std::optional<check::Subject> read_subject(const Options& options, const std::string& file) {
    check::Subject subject;
    subject.path = file;
    if (!add_given(options, subject.settings)) return {};
    for (const std::string& name : check::unknown_settings(subject)) {
        std::cerr << "--set " << name << ": no component of the plugin has such a setting\n";
        return {};
    }
    if (!add_configured(options, subject.settings)) return {};
    return subject;
}

bool write_file(const std::string& file, const std::string& text) {
    std::ofstream out(file, std::ios::binary);
    out << text;
    out.close();
    if (out) return true;
    std::cerr << file << ": cannot be written\n";
    return false;
}

}  // namespace parley::command
