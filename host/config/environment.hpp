// config/environment.hpp: variables, from the process, from a .env file, and inside values.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace parley::config {

struct Environment {
    std::map<std::string, std::string> variables;

    // The value, or nullptr.
    const std::string* find(const std::string& name) const;
};

Environment process_environment();

struct DotEnv {
    std::map<std::string, std::string> variables;
    std::vector<std::uint32_t> bad_lines;  // counted from 1
};

// Lines of NAME=value, with or without `export`; "..." knows \n \r \t \" \\ \$, '...' knows
// nothing, a bare value ends at ` #`. Nothing is expanded. The last of equal names wins.
DotEnv parse_dot_env(std::string_view text);

// What a text value says once `$NAME` or `${NAME}` (as the whole of it) and `$$` are looked at.
struct Expanded {
    std::string text;
    std::string variable = {};  // that the value names, "" when it names none
    bool is_missing = false;    // the variable is not set
    bool is_broken = false;     // begins with $ and is none of these forms; the text is as it was
};

Expanded expand(std::string_view value, const Environment& environment);

// A path with `~`, `$HOME` or `${HOME}` at its front replaced; nothing when HOME is not set.
std::optional<std::string> expand_home(std::string_view path, const Environment& environment);

}  // namespace parley::config
