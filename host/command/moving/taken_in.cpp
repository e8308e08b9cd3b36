#include "command/moving/taken_in.hpp"

#include <algorithm>
#include <iostream>
#include <map>
#include <memory>

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

#include "command/moving/exported.hpp"
#include "command/setup.hpp"
#include "plugins/login.hpp"
#include "store/opened.hpp"

namespace parley::command {

namespace json = boost::json;

namespace {

// The store of a configuration, and the logins of its providers.
class Intake {
public:
    // Prints what stands in the way; null then.
    static std::unique_ptr<Intake> open(const Options& options) {
        auto made = std::make_unique<Intake>(read_configuration(options, false));
        const Setup& setup = made->setup_;
        if (!report(setup.loaded, setup.file)) return nullptr;
        made->catalogue_ = load_plugins(setup.loaded.config, made->services_);
        auto store = store::Opened::open(setup.loaded.config, made->catalogue_, made->services_);
        if (!store) {
            std::cerr << store.error().message << '\n';
            return nullptr;
        }
        made->store_ = std::move(*store);
        return made;
    }

    explicit Intake(Setup setup) : setup_(std::move(setup)) {}

    store::Opened& store() { return *store_; }

    // What reads the secrets of a provider's accounts. Null: they are keys.
    base::Result<const plugins::Login*> login_of(const std::string& name) {
        if (const auto known = logins_.find(name); known != logins_.end()) {
            return known->second.get();
        }
        const auto& all = setup_.loaded.config.providers;
        const auto provider =
            std::find_if(all.begin(), all.end(), [&](const auto& p) { return p.name == name; });
        if (provider == all.end()) {
            return base::gateway_error(
                PARLEY_E_NOT_FOUND,
                "no provider " + name + " is configured; write a [[provider]] of that name");
        }
        const std::string& plugin = provider->plugin.empty() ? name : provider->plugin;
        const auto found = catalogue_.find(PARLEY_KIND_PROVIDER, plugin);
        if (!found) {
            return base::gateway_error(PARLEY_E_NOT_FOUND, "provider " + plugin + " is not loaded");
        }
        boost::json::object settings = provider->settings;
        plugins::Instance::Faults faults;
        std::unique_ptr<plugins::Login> login;
        if (plugins::Instance::check(*found.component, settings, faults)) {
            login = plugins::Login::make(catalogue_, services_, plugin, name, settings, faults);
        }
        if (!faults.empty()) {
            return base::gateway_error(PARLEY_E_CONFIG,
                                       faults.front().path + ": " + faults.front().message);
        }
        return logins_.emplace(name, std::move(login)).first->second.get();
    }

private:
    Setup setup_;
    std::shared_ptr<plugins::HostServices> services_ = make_services();
    plugins::Catalogue catalogue_;
    std::unique_ptr<store::Opened> store_;
    std::map<std::string, std::unique_ptr<plugins::Login>> logins_;
};

// The document for the store, with what its login says of the secret.
base::Result<store::AccountDocument> complete(Intake& intake, const MovedAccount& moved) {
    const auto login = intake.login_of(moved.provider);
    if (!login) return login.error();
    const std::string key = store::account_key(moved.provider, moved.label);
    auto document = store::read_account(key, json::serialize(moved.document));
    if (!document || *login == nullptr) return document;
    auto facts = (*login)->parse(document->secret.reveal());
    if (!facts) return std::move(facts).error();
    document->id = std::move(facts->id);
    document->attributes = std::move(facts->attributes);
    document->expires_at_ms = facts->expires_at_ms;
    return document;
}

}  // namespace

std::string target_of(const Options& options) {
    const Setup setup = read_configuration(options, false);
    if (!setup.file.empty()) return setup.file;
    return setup.loaded.config.state_folder + "/parley.toml";
}

bool take_in(const Options& options, Moved& moved) {
    const auto intake = Intake::open(options);
    if (intake == nullptr) return false;
    bool is_whole = true;
    for (const MovedAccount& each : moved.accounts) {
        const std::string name = each.provider + "/" + each.label;
        const auto document = complete(*intake, each);
        if (!document) {
            moved.left(name, document.error().message);
            is_whole = false;
            continue;
        }
        bool was_there = false;
        const auto edit = [&](const store::AccountDocument* before)
            -> base::Result<std::optional<store::AccountDocument>> {
            was_there = before != nullptr;
            return was_there ? std::nullopt : std::optional(*document);
        };
        const auto done = intake->store().change_account(each.provider, each.label, edit);
        is_whole = is_whole && done.has_value();
        if (!done) {
            moved.left(name, done.error().message);
        } else if (was_there) {
            moved.needless(name, "it is in the store already, and stays as it is");
        } else {
            moved.carried(name, "in the store");
        }
    }
    return is_whole;
}

int for_each_account(const Options& options, const EachAccount& each) {
    const auto intake = Intake::open(options);
    if (intake == nullptr) return 1;
    const auto all = intake->store().accounts();
    if (!all) {
        std::cerr << all.error().message << '\n';
        return 1;
    }
    for (const store::Listed& one : *all) each(one);
    return 0;
}

std::string read_exported(std::string_view text, Moved& moved) {
    json::error_code wrong;
    const json::value parsed = json::parse(text, wrong);
    if (wrong) return "not JSON: " + wrong.message();
    const json::object* root = parsed.if_object();
    const json::value* format = root != nullptr ? root->if_contains("format") : nullptr;
    if (format == nullptr || !format->is_string() || format->get_string() != kExportFormat) {
        return "its format is not " + std::string(kExportFormat);
    }
    const json::value* accounts = root->if_contains("accounts");
    if (accounts == nullptr || !accounts->is_array()) return "it has no list of accounts";
    std::size_t number = 0;
    for (const json::value& each : accounts->get_array()) {
        const std::string at = "accounts[" + std::to_string(number++) + "]";
        if (!each.is_object()) return at + ": expected an object";
        const json::object& from = each.get_object();
        const auto text_of = [&](const char* name) {
            const json::value* value = from.if_contains(name);
            return value != nullptr && value->is_string() ? std::string(value->get_string()) : "";
        };
        MovedAccount account{text_of("provider"), text_of("label"), from, at};
        if (account.provider.empty() || account.label.empty()) {
            return at + ": expected provider and label";
        }
        moved.accounts.push_back(std::move(account));
    }
    return {};
}

}  // namespace parley::command
