// command/moving/foreign_entry.hpp: keys of a provider in another program's configuration: each is
// an account of a provider of ours.
#pragma once

#include <map>
#include <string>
#include <yaml-cpp/yaml.h>

#include "command/moving/mapping.hpp"
#include "command/moving/moved.hpp"

namespace parley::command {

// What holds for all entries.
struct EntryTerms {
    bool is_prefix_required = false;
};

class EntryReader {
public:
    EntryReader(const Mapping& mapping, const EntryTerms& terms, Moved& moved)
        : mapping_(mapping), terms_(terms), moved_(moved) {}

    // One key: {api-key, base-url, prefix, headers, models, ...}.
    void read(const std::string& path, const YAML::Node& entry, const PlaceRule& rule);

    // A provider with keys of its own: {name, base-url, api-key-entries, models, ...}.
    void read_group(const std::string& path, const YAML::Node& entry, const PlaceRule& rule);

private:
    MovedProvider& provider(const std::string& name, const std::string& base_url, const PlaceRule&);
    Values account_of(const std::string& path, const YAML::Node& entry);
    void member(const std::string& path, const YAML::Node& value, Values& account);
    void models(const std::string& path,
                const YAML::Node& entry,
                const std::string& provider,
                Values& account);
    void add(const std::string& path,
             const YAML::Node& key,
             MovedProvider& into,
             const Values& account);

    const Mapping& mapping_;
    const EntryTerms& terms_;
    Moved& moved_;
};

}  // namespace parley::command
