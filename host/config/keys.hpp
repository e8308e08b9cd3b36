// config/keys.hpp: every key of the configuration: its form, bounds, default and meaning. load()
// reads by this table and reference() prints it.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/secret.hpp"

namespace parley::config {

enum class Form {
    kFlag,
    kNumber,
    kBytes,
    kDuration,
    kText,
    kChoice,
    kName,  // of a client key, a provider, an account
    kPath,
    kTexts,
    kPaths,
    kOrigins,
    kAddresses,
    kSecret,
    kDocument,  // a secret of any form, as a JSON document
};

// The member that a key sets.
using Slot =
    std::variant<bool*, std::uint64_t*, std::string*, std::vector<std::string>*, base::Secret*>;

struct Key {
    std::string_view name;
    Form form = Form::kText;
    Slot (*slot)(void* object) = nullptr;  // of the object that the table fills
    std::string_view meaning;
    std::uint64_t min = 0;  // of numbers, sizes and durations
    std::uint64_t max = 0;
    std::vector<std::string> choices = {};
    bool is_required = false;
    // What an empty default stands for, in words for the reference.
    std::string_view fallback = {};
    bool is_private = false;  // may hold a secret, though it is not of such a form
};

struct Table {
    std::string_view path;  // "server", "provider.account"; "" for the top level
    std::string_view meaning;
    bool is_repeated = false;  // [[path]], each fills an object of its own; else all fill Config
    // The key by which environment variables find one of the repeated; "" where they cannot.
    std::string_view named_by = {};
    bool is_open = false;  // unknown keys are settings of a plugin
    std::vector<Key> keys;
    // A new object of those that the table fills, to read the defaults from.
    std::shared_ptr<void> (*fresh)() = nullptr;

    const Key* find(std::string_view name) const;

    // The last part of the path: "account".
    std::string_view name() const { return path.substr(path.rfind('.') + 1); }
};

// All tables, the top level first.
std::span<const Table> tables();
const Table& table_at(std::string_view path);
// The names that may stand in a table: of its keys and of the tables in it.
std::vector<std::string> names_in(const Table& table);

// What a value must look like: `an integer from 0 to 1024`.
std::string expectation(const Key& key);

// The value in an object that the table fills, as a file has it; "" for a secret.
std::string value_of(const Key& key, void* object);

}  // namespace parley::config
