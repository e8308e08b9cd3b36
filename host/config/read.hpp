// config/read.hpp: from the TOML tree into objects, by the table of keys.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include <toml++/toml.h>

#include "config/environment.hpp"
#include "config/findings.hpp"
#include "config/keys.hpp"

namespace parley::config {

struct Reading {
    const Environment& environment;
    Findings& findings;
};

// One of the tables under [[...]], and the path of it.
struct Row {
    const toml::table* table;
    std::string path;
};

std::string path_of(const std::string& table, std::string_view key);
std::string path_of(const std::string& array, std::size_t index);

Position position_of(const toml::source_region& region);

// Tells the findings where everything stands.
void mark_positions(const toml::node& node, const std::string& path, Findings& findings);

// What a value is, for people: `"many"`, `5`, `an array`.
std::string describe(const toml::node& node);
// The same without its content: `a string`.
std::string type_of(const toml::node& node);

// Sets the members of `into` that the table names and reports unknown keys.
void read_keys(const toml::table& from,
               const Table& table,
               void* into,
               const std::string& path,
               const Reading& reading);

// Sets one member.
void read_value(const toml::node& from,
                const Key& key,
                Slot into,
                const std::string& path,
                const Reading& reading);

// The tables of this kind in `from`, whose path is `path`; reports what is none.
std::vector<Row> rows_of(const toml::table& from,
                         const Table& table,
                         const std::string& path,
                         const Reading& reading);

}  // namespace parley::config
