// command/moving/moved.hpp: what an import makes of another program's files: a configuration and
// accounts, and a line about each key.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include <boost/json/object.hpp>

namespace parley::command {

using Texts = std::vector<std::string>;
// What a key of the configuration is set to.
using Value = std::variant<bool, std::int64_t, std::string, Texts>;
using Values = std::vector<std::pair<std::string, Value>>;

// A [[provider]] of ours; accounts that stand in a store are not in it.
struct MovedProvider {
    std::string name;
    std::string plugin;
    Values settings;
    Texts usual_models;  // of its accounts that name none, where the plugin does not know the place
    Texts excluded_models;
    std::vector<Values> accounts;  // [[provider.account]], each with label first
};

struct MovedTarget {
    std::string provider;
    std::string model;
    std::string account;  // empty: any
};

// An account for the store, as a document of it.
struct MovedAccount {
    std::string provider;
    std::string label;
    boost::json::object document;
    std::string from;  // where it comes from
};

// What became of one key.
struct Line {
    enum class Fate { carried, needless, left };

    Fate fate;
    std::string key;
    std::string words;
};

struct Moved {
    std::map<std::string, Values> tables;  // "server" -> its keys
    std::vector<Values> client_keys;
    std::vector<MovedProvider> providers;
    std::map<std::string, std::vector<MovedTarget>> routes;  // by the name that clients ask for
    std::vector<MovedAccount> accounts;
    std::vector<Line> lines;

    void carried(std::string key, std::string words) {
        lines.push_back({Line::Fate::carried, std::move(key), std::move(words)});
    }

    void needless(std::string key, std::string words) {
        lines.push_back({Line::Fate::needless, std::move(key), std::move(words)});
    }

    void left(std::string key, std::string words) {
        lines.push_back({Line::Fate::left, std::move(key), std::move(words)});
    }

    // What is set twice is as it was set last.
    void set(const std::string& path, Value value) {
        const std::size_t dot = path.find('.');
        Values& table = tables[path.substr(0, dot)];
        const std::string key = path.substr(dot + 1);
        std::erase_if(table, [&](const auto& each) { return each.first == key; });
        table.emplace_back(key, std::move(value));
    }

    MovedProvider* provider(const std::string& name) {
        for (MovedProvider& each : providers) {
            if (each.name == name) return &each;
        }
        return nullptr;
    }
};

// The configuration as TOML, to be read back by config::load.
std::string to_toml(const Moved& moved);

// The same with all that proves somebody blanked, to be shown.
Moved blanked(Moved moved);

// A line for each key, in the order in which they stood.
std::string report(const Moved& moved);

}  // namespace parley::command
