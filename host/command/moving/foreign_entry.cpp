#include "command/moving/foreign_entry.hpp"

#include <algorithm>
#include <cctype>

#include "command/moving/foreign_value.hpp"

namespace parley::command {

namespace {

// What a name of ours may hold.
std::string name_of(std::string_view text) {
    std::string name;
    for (const char c : text) {
        const bool fits = std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '-' || c == '_';
        name += fits ? static_cast<char>(std::tolower(static_cast<unsigned char>(c))) : '-';
    }
    return name.empty() ? "provider" : name;
}

std::string url_of(const MovedProvider& provider) {
    for (const auto& [key, value] : provider.settings) {
        if (key == "base_url") return std::get<std::string>(value);
    }
    return {};
}

void put(Values& into, const std::string& key, Value value) {
    std::erase_if(into, [&](const auto& each) { return each.first == key; });
    into.emplace_back(key, std::move(value));
}

}  // namespace

// Keys at different addresses are of different providers: "up", "up-2", "up-3".
MovedProvider& EntryReader::provider(const std::string& name,
                                     const std::string& base_url,
                                     const PlaceRule& rule) {
    std::string wished = name;
    for (std::size_t number = 2;; ++number) {
        MovedProvider* known = moved_.provider(wished);
        if (known == nullptr) break;
        if (known->plugin == rule.plugin && url_of(*known) == base_url) return *known;
        wished = name + "-" + std::to_string(number);
    }
    MovedProvider made{wished, rule.plugin, {}, {}, {}, {}};
    if (!base_url.empty()) made.settings.emplace_back("base_url", base_url);
    if (!base_url.empty()) made.usual_models = rule.models;
    made.settings.insert(made.settings.end(), rule.settings.begin(), rule.settings.end());
    return moved_.providers.emplace_back(std::move(made));
}

void EntryReader::read(const std::string& path, const YAML::Node& entry, const PlaceRule& rule) {
    std::string url = text_in(entry, "base-url");
    if (url.empty()) url = rule.base_url;
    MovedProvider& into = provider(rule.provider, url, rule);
    const std::string name = into.name;
    if (entry["base-url"]) moved_.carried(path + ".base-url", "base_url of [[provider]] " + name);
    Values account = account_of(path, entry);
    models(path, entry, name, account);
    add(path + ".api-key", entry["api-key"], into, account);
}

void EntryReader::read_group(const std::string& path,
                             const YAML::Node& entry,
                             const PlaceRule& rule) {
    const std::string url = text_in(entry, "base-url");
    MovedProvider& into = provider(name_of(text_in(entry, "name")), url, rule);
    const std::string name = into.name;
    moved_.carried(path + ".name", "[[provider]] " + name);
    if (entry["base-url"]) moved_.carried(path + ".base-url", "base_url of [[provider]] " + name);
    Values account = account_of(path, entry);
    models(path, entry, name, account);
    // A place without keys takes whoever comes, and still has its models.
    for (const auto& [key, value] : account) {
        if (key == "models") into.usual_models = std::get<Texts>(value);
    }
    std::size_t number = 0;
    for (const auto& each : entry["api-keys"]) {
        add(path + ".api-keys[" + std::to_string(number++) + "]", each, into, account);
    }
    number = 0;
    for (const auto& each : entry["api-key-entries"]) {
        const std::string at = path + ".api-key-entries[" + std::to_string(number++) + "]";
        Values own = account;
        for (const auto& [key, value] : account_of(at, each)) put(own, key, value);
        add(at + ".api-key", each["api-key"], into, own);
    }
}

// What the entry says of an account, but for its key, its models and its label.
Values EntryReader::account_of(const std::string& path, const YAML::Node& entry) {
    Values account;
    for (const auto& each : entry) {
        const auto key = each.first.as<std::string>();
        const bool is_own = key == "api-key" || key == "base-url" || key == "models" ||
                            key == "name" || key == "api-key-entries" || key == "api-keys";
        if (!is_own) member(path + "." + key, each.second, account);
    }
    return account;
}

void EntryReader::member(const std::string& path, const YAML::Node& value, Values& account) {
    const std::string key = path.substr(path.rfind('.') + 1);
    if (key == "headers") {
        Texts headers;
        for (const auto& each : value) {
            headers.push_back(each.first.as<std::string>() + ": " + each.second.as<std::string>());
        }
        put(account, "headers", headers);
        return moved_.carried(path, "headers of the account");
    }
    const auto known = mapping_.entry.find(key);
    if (known == mapping_.entry.end()) return moved_.left(path, "unknown key");
    const KeyRule& rule = known->second;
    if (is_off(value)) return moved_.needless(path, "off there");
    if (!rule.needless.empty()) return moved_.needless(path, rule.needless);
    if (!rule.left.empty()) return moved_.left(path, rule.left);
    const bool is_proxy = rule.as == "proxy";
    const Crossed crossed = is_proxy ? cross_proxy(value.Scalar()) : cross_value(value, rule);
    if (!crossed.value) return moved_.left(path, crossed.why);
    put(account, rule.to, *crossed.value);
    if (rule.to == "prefix" && terms_.is_prefix_required) put(account, "prefix_required", true);
    moved_.carried(path, rule.to + " of the account");
}

// Where models are named no others are served, and those with an alias have a route.
void EntryReader::models(const std::string& path,
                         const YAML::Node& entry,
                         const std::string& provider,
                         Values& account) {
    Texts names;
    std::size_t number = 0;
    for (const auto& each : entry["models"]) {
        const std::string at = path + ".models[" + std::to_string(number++) + "]";
        const std::string model = text_in(each, "name");
        const std::string alias = text_in(each, "alias");
        if (model.empty()) {
            moved_.left(at, "it has no name");
            continue;
        }
        names.push_back(model);
        std::string words = "models of the account";
        if (!alias.empty() && alias != model) {
            std::vector<MovedTarget>& targets = moved_.routes[alias];
            const auto is_same = [&](const MovedTarget& t) {
                return t.provider == provider && t.model == model;
            };
            if (std::none_of(targets.begin(), targets.end(), is_same)) {
                targets.push_back({provider, model, {}});
            }
            words += ", [[route]] " + alias;
        }
        moved_.carried(at, words);
        for (const auto& member : each) {
            const auto key = member.first.as<std::string>();
            if (key == "name" || key == "alias" || is_off(member.second)) continue;
            moved_.left(at + "." + key, "write it into a [[model]] table, see docs/models.md");
        }
    }
    if (!names.empty()) put(account, "models", names);
}

void EntryReader::add(const std::string& path,
                      const YAML::Node& key,
                      MovedProvider& into,
                      const Values& account) {
    if (!key || !key.IsScalar() || key.Scalar().empty()) {
        return moved_.left(path, "it has no key");
    }
    const std::string label = "key-" + std::to_string(into.accounts.size() + 1);
    Values made{{"label", label}, {"api_key", key.Scalar()}};
    made.insert(made.end(), account.begin(), account.end());
    into.accounts.push_back(std::move(made));
    moved_.carried(path, "[[provider.account]] " + into.name + "/" + label);
}

}  // namespace parley::command
