// command/moving/mapping.hpp: what another program's keys are here, as a file says that the program
// carries (packaging/cliproxyapi.yaml).
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "command/moving/moved.hpp"

namespace parley::command {

// What becomes of one key: one of to, special, needless and left is not empty.
struct KeyRule {
    std::string to;
    std::string as;  // how the value crosses: text, texts, flag, not, number, seconds, duration
    std::string special;  // it takes more than a rule
    std::string needless;
    std::string left;
    std::map<std::string, std::string> values;
    std::int64_t plus = 0;
    std::int64_t min = 0;
    std::int64_t max = INT64_MAX;
};

// Where accounts of one kind go.
struct PlaceRule {
    std::string provider;  // empty: the list says
    std::string plugin;
    std::string base_url;  // where the list says none; empty: the plugin's own
    Texts models;
    Values settings;
    std::string left;
};

struct CredentialRule : PlaceRule {
    std::map<std::string, std::string> members;  // "token.access_token" -> "access_token"
    Texts dropped;
    std::string whole;    // the member that is the secret by itself; empty: all of the file
    std::string several;  // the member that may name several, each an account; empty: none
    std::map<std::string, std::string> setting_members;  // of the file -> of the provider
};

struct Mapping {
    std::map<std::string, KeyRule> keys;   // by dotted path
    std::map<std::string, KeyRule> entry;  // members of an entry in a list
    std::map<std::string, PlaceRule> lists;
    std::map<std::string, PlaceRule> groups;
    std::map<std::string, std::string> channels;  // to the provider's name
    std::map<std::string, CredentialRule> credentials;

    // Throws YAML::Exception for a text that is none; the tests read the one that is carried.
    static Mapping read(std::string_view text);

    // The rule of a path, or of what it stands below. Null: none is known.
    const KeyRule* rule_of(std::string path) const;
};

}  // namespace parley::command
