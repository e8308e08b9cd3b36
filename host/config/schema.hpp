// config/schema.hpp: the part of JSON Schema (2020-12) that plugins describe their settings with.
//
// Known: type, properties, required, additionalProperties, items, enum, const, default, minimum,
// maximum, minLength, maxLength, pattern, format (uri), minItems, maxItems, uniqueItems,
// description, title, x-secret on strings that prove an identity, and x-place on the settings that
// say where a store is. Anything else is a fault of the schema, and so is a keyword without a
// `type` that it can check, so that no check is skipped silently. For the same reason,
// additionalProperties is false where properties are named and it is not: a misspelt setting is
// found.
#pragma once

#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <boost/json/object.hpp>
#include <boost/json/value.hpp>

#include "base/error.hpp"

namespace parley::config {

struct SchemaFault {
    std::string path;  // "headers.x-team", "" for the whole
    // "expected a string, got a number"; names near misses of unknown keys. Says what a value is,
    // never its content: any setting may hold a secret.
    std::string message;
};

struct SchemaNode;

class Schema {
public:
    // Reads and checks a schema; its defaults must satisfy it. Empty text: no settings at all.
    static base::Result<Schema> parse(std::string_view json);

    // Checks `settings`, fills in defaults, and returns all faults. `host_keys` are the keys that
    // stand beside the settings, which an unknown one may have been meant to be.
    std::vector<SchemaFault> check(boost::json::object& settings,
                                   std::span<const std::string> host_keys = {}) const;

    // Whether it names a setting.
    bool knows(std::string_view setting) const;

private:
    explicit Schema(std::shared_ptr<const SchemaNode> root) : root_(std::move(root)) {}

    std::shared_ptr<const SchemaNode> root_;
};

// The keys of a table that are the host's, for Schema::check.
std::vector<std::string> keys_beside_settings(std::string_view table);

}  // namespace parley::config
