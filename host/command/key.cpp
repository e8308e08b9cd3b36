// command/key.cpp: keys that clients prove themselves by: made, hashed, listed, revoked.
#include <iostream>

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

#include "base/key_hash.hpp"
#include "command/commands.hpp"
#include "command/known_accounts.hpp"
#include "command/secret_file.hpp"
#include "config/terms.hpp"
#include "store/client_key_document.hpp"
#include "store/wiped_memory.hpp"

namespace parley::command {

namespace json = boost::json;

using base::Result;
using base::Secret;

namespace {

const config::ClientKey* find_configured(const KnownAccounts& known, const std::string& name) {
    for (const config::ClientKey& key : known.config().client_keys) {
        if (key.name == name) return &key;
    }
    return nullptr;
}

std::string place_of(const KnownAccounts& known, const config::ClientKey& key) {
    const std::string& file = known.setup().file;
    return key.position.line == 0 || file.empty() ? "configuration"
                                                  : file + ':' + std::to_string(key.position.line);
}

std::string document_of(const Options& options, const base::KeyHash& hash) {
    json::object document{{"key_hash", hash.text()}};
    if (!options.models.empty()) {
        json::array models;
        for (const std::string& model : options.models) models.emplace_back(model);
        document["models"] = std::move(models);
    }
    return json::serialize(document);
}

bool is_revoked(const plugins::Document& document) {
    const auto read = store::read_client_key(document.key, document.value.reveal());
    return read && read->disabled;
}

Result<std::optional<Secret>> revoked(const plugins::Document& before) {
    json::error_code code;
    json::value value = json::parse(before.value.reveal(), code, store::wiped_memory());
    if (code || !value.is_object()) {
        return base::gateway_error(PARLEY_E_CONFIG, before.key + ": expected a JSON object");
    }
    value.get_object()["disabled"] = true;
    return std::optional(Secret(json::serialize(value)));
}

void print(const std::string& name, const config::ClientKey& key, const std::string& from) {
    std::cout << name << "  " << (key.disabled ? "disabled" : "ready");
    if (const auto hash = base::read_key_hash(key.key_hash)) {
        std::cout << ", parley_" << hash->id << "_...";
    } else {
        std::cout << ", not hashed";
    }
    if (!key.models.empty()) {
        std::cout << ", models";
        for (const std::string& model : key.models) std::cout << ' ' << model;
    }
    std::cout << "  (" << from << ")\n";
}

}  // namespace

int key_new(const Options& options) {
    if (!config::is_name(options.name)) {
        std::cerr << "name: expected letters, digits and . _ - @ +\n";
        return 1;
    }
    auto known = KnownAccounts::open(options, true);
    if (known == nullptr) return 1;
    if (const config::ClientKey* taken = find_configured(*known, options.name)) {
        std::cerr << options.name << " stands in " << place_of(*known, *taken)
                  << " already; expected another name\n";
        return 1;
    }
    if (known->store() == nullptr) {
        std::cerr << "there is no store to keep it in: see [store]; `parley key hash` makes what a "
                     "[[client_key]] takes\n";
        return 1;
    }
    const Secret key = base::make_key();
    const auto hash = base::hash_key(key.reveal());
    if (!hash) return say_failure(base::gateway_error(PARLEY_E_INTERNAL, "scrypt failed"));
    const auto edit = [&](const plugins::Document* before) -> Result<std::optional<Secret>> {
        if (before == nullptr || is_revoked(*before)) {
            return std::optional(Secret(document_of(options, *hash)));
        }
        return base::client_error(PARLEY_E_CONFLICT,
                                  options.name + " is there already; revoke it first");
    };
    auto kept = known->store()->change(store::client_key_key(options.name), edit);
    if (!kept) return say_failure(kept.error());
    std::cerr << options.name << ": this is shown once; the store has its hash alone\n";
    std::cout << key.reveal() << '\n';
    return 0;
}

int key_hash(const Options& options) {
    auto key = read_secret_file(options.file.empty() ? "-" : options.file);
    if (!key) return say_failure(key.error());
    const auto hash = base::hash_key(key->reveal());
    if (!hash) {
        std::cerr
            << "expected a key as `parley key new` makes them, parley_<id>_<random>: of another "
               "nobody could tell which hash it has to fit\n";
        return 1;
    }
    std::cout << "key_hash = \"" << hash->text() << "\"\n";
    return 0;
}

int key_list(const Options& options) {
    auto known = KnownAccounts::open(options, false);
    if (known == nullptr) return 1;
    for (const config::ClientKey& key : known->config().client_keys) {
        print(key.name, key, place_of(*known, key));
    }
    if (known->store() == nullptr) return 0;
    auto listed = known->store()->list(std::string(store::kClientKeyPrefix));
    if (!listed) return say_failure(listed.error());
    int status = 0;
    for (const plugins::Document& document : *listed) {
        auto key = store::read_client_key(document.key, document.value.reveal());
        if (!key) {
            status = say_failure(key.error());
            continue;
        }
        const bool is_taken = find_configured(*known, key->name) != nullptr;
        print(key->name, *key, is_taken ? "store; the configuration has the name" : "store");
    }
    return status;
}

int key_revoke(const Options& options) {
    auto known = KnownAccounts::open(options, true);
    if (known == nullptr) return 1;
    if (const config::ClientKey* configured = find_configured(*known, options.name)) {
        std::cerr << options.name << " stands in " << place_of(*known, *configured)
                  << "; take it out there\n";
        return 1;
    }
    // It stays, disabled: a house whose last key is gone would let in whoever is local.
    const auto edit = [&](const plugins::Document* before) -> Result<std::optional<Secret>> {
        if (before == nullptr) {
            return base::client_error(PARLEY_E_NOT_FOUND,
                                      "no client key is called \"" + options.name + '"');
        }
        return revoked(*before);
    };
    auto gone = known->store() == nullptr
                    ? edit(nullptr).error()
                    : known->store()->change(store::client_key_key(options.name), edit);
    if (!gone) return say_failure(gone.error());
    std::cout << options.name << ": revoked\n";
    return 0;
}

}  // namespace parley::command
