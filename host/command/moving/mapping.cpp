#include "command/moving/mapping.hpp"

#include <yaml-cpp/yaml.h>

namespace parley::command {

namespace {

std::string text_of(const YAML::Node& from, const char* name) {
    return from[name] ? from[name].as<std::string>() : std::string();
}

Texts texts_of(const YAML::Node& from, const char* name) {
    return from[name] ? from[name].as<Texts>() : Texts();
}

std::map<std::string, std::string> names_of(const YAML::Node& from, const char* name) {
    using Names = std::map<std::string, std::string>;
    return from[name] ? from[name].as<Names>() : Names();
}

KeyRule read_key(const YAML::Node& from) {
    KeyRule rule;
    rule.to = text_of(from, "to");
    rule.as = text_of(from, "as");
    rule.special = text_of(from, "special");
    rule.needless = text_of(from, "needless");
    rule.left = text_of(from, "left");
    rule.values = names_of(from, "values");
    if (from["plus"]) rule.plus = from["plus"].as<std::int64_t>();
    if (from["min"]) rule.min = from["min"].as<std::int64_t>();
    if (from["max"]) rule.max = from["max"].as<std::int64_t>();
    return rule;
}

void read_place(const YAML::Node& from, PlaceRule& rule) {
    rule.provider = text_of(from, "provider");
    rule.plugin = text_of(from, "plugin");
    rule.base_url = text_of(from, "base_url");
    rule.models = texts_of(from, "models");
    rule.left = text_of(from, "left");
    const YAML::Node settings = from["settings"];
    for (const auto& each : settings) {
        const auto name = each.first.as<std::string>();
        if (each.second.IsSequence()) {
            rule.settings.emplace_back(name, each.second.as<Texts>());
        } else {
            rule.settings.emplace_back(name, each.second.as<bool>());
        }
    }
}

CredentialRule read_credential(const YAML::Node& from) {
    CredentialRule rule;
    read_place(from, rule);
    rule.members = names_of(from, "members");
    rule.dropped = texts_of(from, "dropped");
    rule.whole = text_of(from, "whole");
    rule.several = text_of(from, "several");
    rule.setting_members = names_of(from, "setting_members");
    return rule;
}

PlaceRule read_list(const YAML::Node& from) {
    PlaceRule rule;
    read_place(from, rule);
    return rule;
}

template <class Rule>
void read_all(const YAML::Node& from,
              std::map<std::string, Rule>& into,
              Rule (*read)(const YAML::Node&)) {
    for (const auto& each : from) into.emplace(each.first.as<std::string>(), read(each.second));
}

}  // namespace

Mapping Mapping::read(std::string_view text) {
    const YAML::Node root = YAML::Load(std::string(text));
    Mapping made;
    read_all(root["keys"], made.keys, read_key);
    read_all(root["entry"], made.entry, read_key);
    read_all(root["lists"], made.lists, read_list);
    read_all(root["groups"], made.groups, read_list);
    read_all(root["credentials"], made.credentials, read_credential);
    made.channels = names_of(root, "channels");
    return made;
}

const KeyRule* Mapping::rule_of(std::string path) const {
    for (;;) {
        if (const auto it = keys.find(path); it != keys.end()) return &it->second;
        const std::size_t end = path.find_last_of(".[");
        if (end == path.npos) return nullptr;
        path.resize(end);
    }
}

}  // namespace parley::command
