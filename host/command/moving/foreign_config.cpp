#include "command/moving/foreign_config.hpp"

#include <algorithm>
#include <set>
#include <yaml-cpp/yaml.h>

#include "command/moving/foreign_entry.hpp"
#include "command/moving/foreign_value.hpp"

namespace parley::command {

namespace {

class ConfigReader {
public:
    ConfigReader(const YAML::Node& root, const Mapping& mapping, Moved& moved)
        : root_(root), mapping_(mapping), moved_(moved) {}

    void read() {
        const YAML::Node forced = root_["force-model-prefix"];
        terms_.is_prefix_required = forced && is_true(forced);
        for (const auto& each : root_) top(each.first.as<std::string>(), each.second);
        address();
        for (MovedProvider& provider : moved_.providers) offer_models(provider);
    }

private:
    void top(const std::string& key, const YAML::Node& value) {
        if (const auto list = mapping_.lists.find(key); list != mapping_.lists.end()) {
            return entries(key, value, list->second);
        }
        if (const auto group = mapping_.groups.find(key); group != mapping_.groups.end()) {
            return groups(key, value, group->second);
        }
        const bool is_alias = key == "oauth-model-alias" || key == "oauth-model-mappings";
        if (is_alias) return aliases(key, value);
        if (key == "oauth-excluded-models") return exclusions(key, value);
        member(key, value);
    }

    // A key that a rule speaks of; of a table without one, each of its members.
    void member(const std::string& path, const YAML::Node& value) {
        const bool has_own = mapping_.keys.contains(path);
        if (value.IsMap() && !has_own) {
            for (const auto& each : value) {
                member(path + "." + each.first.as<std::string>(), each.second);
            }
            return;
        }
        const KeyRule* rule = mapping_.rule_of(path);
        if (rule == nullptr) {
            moved_.left(path, "unknown key");
        } else if (!rule->special.empty()) {
            special(path, rule->special, value);
        } else if (!rule->left.empty() && is_off(value)) {
            moved_.needless(path, "off there");
        } else if (value.IsMap()) {
            for (const auto& each : value) member_of_left(path, *rule, each);
        } else {
            follow(path, value, *rule);
        }
    }

    void member_of_left(const std::string& path,
                        const KeyRule& rule,
                        const YAML::detail::iterator_value& each) {
        const std::string inner = path + "." + each.first.as<std::string>();
        if (is_off(each.second)) return moved_.needless(inner, "off there");
        if (!rule.needless.empty()) return moved_.needless(inner, rule.needless);
        moved_.left(inner, rule.left);
    }

    void follow(const std::string& path, const YAML::Node& value, const KeyRule& rule) {
        if (!rule.needless.empty()) return moved_.needless(path, rule.needless);
        if (!rule.left.empty()) return moved_.left(path, rule.left);
        const Crossed crossed = cross_value(value, rule);
        if (!crossed.value) return moved_.left(path, crossed.why);
        moved_.set(rule.to, *crossed.value);
        const std::size_t dot = rule.to.find('.');
        moved_.carried(path, "[" + rule.to.substr(0, dot) + "] " + rule.to.substr(dot + 1));
    }

    // ---- keys that take more than a rule ----

    void special(const std::string& path, const std::string& what, const YAML::Node& value) {
        if (what == "client-keys") return client_keys(path, value);
        if (what == "listen") return moved_.carried(path, "[server] listen");
        if (what == "tls") return tls(path, value);
        if (what == "force-model-prefix") {
            return moved_.carried(path, "prefix_required of accounts that have a prefix");
        }
        if (is_off(value)) return moved_.needless(path, "off there");
        const Crossed crossed = cross_proxy(value.Scalar());
        if (!crossed.value) return moved_.left(path, crossed.why);
        moved_.set("upstream.egress", *crossed.value);
        moved_.carried(path, "[upstream] egress");
    }

    void address() {
        const YAML::Node port = root_["port"];
        const YAML::Node host = root_["host"];
        const std::string at = port && !is_off(port) ? port.Scalar() : "8317";
        std::string name = host && host.IsScalar() ? host.Scalar() : std::string();
        if (name.find(':') != name.npos && !name.starts_with('[')) name = "[" + name + "]";
        Texts listen{name + ":" + at};
        if (name.empty()) listen = {"0.0.0.0:" + at, "[::]:" + at};
        moved_.set("server.listen", listen);
    }

    void tls(const std::string& path, const YAML::Node& value) {
        const YAML::Node enable = root_["tls"]["enable"];
        if (!enable || !is_true(enable)) return moved_.needless(path, "off there");
        if (path == "tls.enable") return moved_.carried(path, "[server] tls_certificate, tls_key");
        const std::string name = path == "tls.cert" ? "tls_certificate" : "tls_key";
        moved_.set("server." + name, value.Scalar());
        moved_.carried(path, "[server] " + name);
    }

    void client_keys(const std::string& path, const YAML::Node& value) {
        if (is_off(value)) {
            return moved_.needless(path, "none there: whoever reaches the address may ask");
        }
        std::size_t number = 0;
        for (const auto& each : value) {
            const std::string at = path + "[" + std::to_string(number) + "]";
            const std::string name = "key-" + std::to_string(++number);
            moved_.client_keys.push_back({{"name", name}, {"key", each.as<std::string>()}});
            moved_.carried(at, "[[client_key]] " + name);
        }
    }

    // ---- providers ----

    // An old form of an entry.
    static YAML::Node key_alone(const std::string& key) {
        YAML::Node entry;
        entry["api-key"] = key;
        return entry;
    }

    void entries(const std::string& path, const YAML::Node& value, const PlaceRule& rule) {
        if (is_off(value)) return moved_.needless(path, "none there");
        EntryReader reader(mapping_, terms_, moved_);
        std::size_t number = 0;
        for (const auto& each : value) {
            YAML::Node entry = each;
            if (each.IsScalar()) entry.reset(key_alone(each.Scalar()));
            reader.read(path + "[" + std::to_string(number++) + "]", entry, rule);
        }
    }

    void groups(const std::string& path, const YAML::Node& value, const PlaceRule& rule) {
        if (is_off(value)) return moved_.needless(path, "none there");
        EntryReader reader(mapping_, terms_, moved_);
        std::size_t number = 0;
        for (const auto& each : value) {
            reader.read_group(path + "[" + std::to_string(number++) + "]", each, rule);
        }
    }

    // A provider offers what its accounts serve.
    void offer_models(MovedProvider& provider) const {
        if (has_logins(provider.name)) return;
        std::set<std::string> offered;
        if (provider.accounts.empty()) {
            offered.insert(provider.usual_models.begin(), provider.usual_models.end());
        }
        for (const Values& account : provider.accounts) {
            const auto named = std::find_if(account.begin(), account.end(), [](const auto& each) {
                return each.first == "models";
            });
            const Texts& models =
                named == account.end() ? provider.usual_models : std::get<Texts>(named->second);
            // Of a place that the plugin knows, it knows the models.
            if (models.empty()) return;
            offered.insert(models.begin(), models.end());
        }
        if (offered.empty()) return;
        provider.settings.emplace_back("models", Texts(offered.begin(), offered.end()));
    }

    // The provider of a channel's accounts. Null: left, and said.
    MovedProvider* provider_of(const std::string& path, const std::string& channel) {
        const auto found = mapping_.channels.find(channel);
        if (found == mapping_.channels.end()) {
            moved_.left(path, "there is no such provider");
            return nullptr;
        }
        if (has_logins(found->second)) return moved_.provider(found->second);
        moved_.left(path, "there is no account of it");
        return nullptr;
    }

    bool has_logins(const std::string& provider) const {
        return std::any_of(moved_.accounts.begin(), moved_.accounts.end(), [&](const auto& each) {
            return each.provider == provider;
        });
    }

    void aliases(const std::string& path, const YAML::Node& value) {
        for (const auto& channel : value) {
            const auto name = channel.first.as<std::string>();
            std::size_t number = 0;
            for (const auto& each : channel.second) {
                const std::string at = path + "." + name + "[" + std::to_string(number++) + "]";
                const MovedProvider* provider = provider_of(at, name);
                if (provider == nullptr) continue;
                const std::string alias = text_in(each, "alias");
                const std::string model = text_in(each, "name");
                if (alias.empty() || model.empty()) {
                    moved_.left(at, "it has no name or no alias");
                    continue;
                }
                moved_.routes[alias].push_back({provider->name, model, {}});
                const YAML::Node fork = each["fork"];
                const bool keeps_name = fork && is_true(fork);
                moved_.carried(
                    at,
                    "[[route]] " + alias +
                        (keeps_name ? "" : "; the model's own name can be asked for, too"));
            }
        }
    }

    void exclusions(const std::string& path, const YAML::Node& value) {
        for (const auto& channel : value) {
            const auto name = channel.first.as<std::string>();
            const std::string at = path + "." + name;
            if (is_off(channel.second)) {
                moved_.needless(at, "none there");
                continue;
            }
            MovedProvider* provider = provider_of(at, name);
            if (provider == nullptr) continue;
            provider->excluded_models = channel.second.as<Texts>();
            moved_.carried(at, "excluded_models of [[provider]] " + provider->name);
        }
    }

    const YAML::Node root_;
    const Mapping& mapping_;
    Moved& moved_;
    EntryTerms terms_;
};

}  // namespace

std::string folder_of_accounts(const std::string& text) {
    const YAML::Node root = YAML::Load(text);
    return root.IsMap() ? text_in(root, "auth-dir") : std::string();
}

void read_foreign_config(const std::string& text, const Mapping& mapping, Moved& moved) {
    const YAML::Node root = YAML::Load(text);
    if (root.IsNull()) return;
    if (!root.IsMap()) throw YAML::Exception(root.Mark(), "expected a table of keys");
    ConfigReader(root, mapping, moved).read();
}

}  // namespace parley::command
