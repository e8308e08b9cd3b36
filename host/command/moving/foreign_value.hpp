// command/moving/foreign_value.hpp: one value of a YAML file as a value of ours.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <yaml-cpp/yaml.h>

#include "command/moving/mapping.hpp"

namespace parley::command {

bool is_true(const YAML::Node& value);

// Nothing is asked for: null, false, 0, an empty text, list or table.
bool is_off(const YAML::Node& value);

// The member of a table as text; empty when it has none.
std::string text_in(const YAML::Node& table, const char* name);

// What a value is here, or why it is nothing.
struct Crossed {
    std::optional<Value> value;
    std::string why;
};

Crossed cross_value(const YAML::Node& value, const KeyRule& rule);

// The address of a proxy as an egress of ours.
Crossed cross_proxy(const std::string& url);

}  // namespace parley::command
