#include "command/moving/taken_in.hpp"

#include <iostream>

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

#include "command/known_accounts.hpp"
#include "command/moving/exported.hpp"
#include "store/bundle.hpp"

namespace parley::command {

namespace json = boost::json;

using base::Result;
using plugins::DocumentWrite;

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

// The accounts go into the store together where it takes that.
class TakingIn {
public:
    TakingIn(KnownAccounts& known, Moved& moved)
        : known_(known),
          moved_(moved),
          bundle_(
              *known.store(),
              [this](const DocumentWrite& write, const Result<void>& outcome) {
                  note(name_of(write), outcome);
                  return Result<void>();
              },
              [this](DocumentWrite& write) { return is_needed(write); }) {}

    // Whether all are in the store.
    bool take() {
        for (const MovedAccount& account : moved_.accounts) {
            auto write = write_of(account);
            if (!write) {
                note(account.provider + '/' + account.label, std::move(write).error());
            } else {
                (void)bundle_.add(std::move(*write));  // what comes of it is noted
            }
        }
        (void)bundle_.end();
        return is_whole_;
    }

private:
    static std::string name_of(const DocumentWrite& write) {
        return write.key.substr(store::kAccountPrefix.size());
    }

    Result<DocumentWrite> write_of(const MovedAccount& account) {
        auto document = complete(known_, account);
        if (!document) return std::move(document).error();
        auto text = store::text_of_account(account.provider, account.label, std::move(*document));
        if (!text) return std::move(text).error();
        DocumentWrite write;
        write.key = store::account_key(account.provider, account.label);
        write.value = std::move(*text);
        return write;
    }

    Result<bool> is_needed(const DocumentWrite& write) {
        const auto there = known_.store()->get(write.key);
        if (!there) {
            note(name_of(write), there.error());
        } else if (*there) {
            moved_.needless(name_of(write), "it is in the store already, and stays as it is");
        }
        return there && !*there;
    }

    void note(std::string name, const Result<void>& outcome) {
        if (outcome) {
            moved_.carried(std::move(name), "in the store");
        } else {
            moved_.left(std::move(name), outcome.error().message);
            is_whole_ = false;
        }
    }

    KnownAccounts& known_;
    Moved& moved_;
    bool is_whole_ = true;
    store::Bundle bundle_;
};

}  // namespace

std::string target_of(const Options& options) {
    const Setup setup = read_configuration(options, false);
    if (!setup.file.empty()) return setup.file;
    return setup.loaded.config.state_folder + "/parley.toml";
}

bool take_in(const Options& options, Moved& moved) {
    const auto known = KnownAccounts::open(options, true);
    if (known == nullptr) return false;
    return TakingIn(*known, moved).take();
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
