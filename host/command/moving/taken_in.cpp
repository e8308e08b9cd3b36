#include "command/moving/taken_in.hpp"

#include <iostream>

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

#include "command/known_accounts.hpp"
#include "command/moving/exported.hpp"

namespace parley::command {

namespace json = boost::json;

namespace {

// The document for the store, with what its login says of the secret.
base::Result<store::AccountDocument> complete(KnownAccounts& known, const MovedAccount& moved) {
    const auto provider = known.provider(moved.provider);
    if (!provider) return provider.error();
    if (!(*provider)->is_configured) {
        return base::gateway_error(
            PARLEY_E_NOT_FOUND,
            "no provider " + moved.provider + " is configured; write a [[provider]] of that name");
    }
    const std::string key = store::account_key(moved.provider, moved.label);
    auto document = store::read_account(key, json::serialize(moved.document));
    if (!document || (*provider)->login == nullptr) return document;
    auto facts = (*provider)->login->parse(document->secret.reveal());
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
    const auto known = KnownAccounts::open(options, true);
    if (known == nullptr) return false;
    bool is_whole = true;
    for (const MovedAccount& each : moved.accounts) {
        const std::string name = each.provider + "/" + each.label;
        const auto document = complete(*known, each);
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
        const auto done = known->store()->change_account(each.provider, each.label, edit);
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

std::optional<std::vector<store::Listed>> stored_accounts(const Options& options) {
    const auto known = KnownAccounts::open(options, true);
    if (known == nullptr) return std::nullopt;
    auto all = known->store()->accounts();
    if (all) return std::move(*all);
    std::cerr << all.error().message << '\n';
    return std::nullopt;
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
