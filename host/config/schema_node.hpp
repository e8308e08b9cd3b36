// config/schema_node.hpp: a schema as it is checked by.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <regex>
#include <span>
#include <string>
#include <vector>

#include <boost/json/value.hpp>

#include "config/schema.hpp"

namespace parley::config {

// Bits of what a value may be. Each integer is a number too.
enum SchemaType : unsigned {
    kTypeNull = 1,
    kTypeBoolean = 2,
    kTypeInteger = 4,
    kTypeNumber = 8,
    kTypeString = 16,
    kTypeArray = 32,
    kTypeObject = 64,
};

struct SchemaNode {
    unsigned types = 0;  // SchemaType; 0: any
    std::map<std::string, std::unique_ptr<SchemaNode>, std::less<>> properties;
    std::vector<std::string> required;
    bool is_open = true;                     // to other properties
    std::unique_ptr<SchemaNode> additional;  // what these must satisfy; none: nothing
    std::unique_ptr<SchemaNode> items;
    std::vector<boost::json::value> choices;  // enum; empty: any
    std::optional<boost::json::value> constant;
    std::optional<boost::json::value> fallback;  // default
    std::optional<double> minimum;
    std::optional<double> maximum;
    std::optional<std::uint64_t> length_min;
    std::optional<std::uint64_t> length_max;
    std::optional<std::uint64_t> items_min;
    std::optional<std::uint64_t> items_max;
    std::string pattern_text;
    std::optional<std::regex> pattern;
    bool is_uri = false;
    bool is_unique = false;
    bool is_secret = false;
    bool is_place = false;
};

// Fills defaults in and returns what is wrong with `value`. `host_keys` as in Schema::check.
std::vector<SchemaFault> check_value(const SchemaNode& node,
                                     boost::json::value& value,
                                     std::span<const std::string> host_keys = {});

// Reads one schema; adds to `faults` what is wrong with it.
std::unique_ptr<SchemaNode> read_schema(const boost::json::value& from,
                                        const std::string& path,
                                        std::vector<SchemaFault>& faults);

}  // namespace parley::config
