#include "store/client_key_document.hpp"

#include <boost/json/parse.hpp>

#include "base/key_hash.hpp"
#include "base/log.hpp"
#include "config/terms.hpp"
#include "store/wiped_memory.hpp"

namespace parley::store {

namespace json = boost::json;

using base::Result;

std::string client_key_key(std::string_view name) {
    return std::string(kClientKeyPrefix) + std::string(name);
}

Result<config::ClientKey> read_client_key(std::string_view key, std::string_view text) {
    const auto fault = [&](const std::string& what) {
        return base::gateway_error(PARLEY_E_CONFIG, std::string(key) + ": " + what);
    };
    json::error_code code;
    const json::value value = json::parse(text, code, wiped_memory());
    if (code || !value.is_object()) return fault("expected a JSON object");
    config::ClientKey read;
    read.name = key.substr(kClientKeyPrefix.size());
    if (!config::is_name(read.name)) return fault("expected a name behind client-key/");
    for (const config::SchemaFault& each : config::read_terms(value.get_object(), read)) {
        return fault(each.path + ": " + each.message);
    }
    if (!read.key.empty()) return fault("key: the store keeps none; expected its key_hash");
    if (!base::read_key_hash(read.key_hash)) {
        return fault("key_hash: expected what `parley key hash` prints");
    }
    return read;
}

namespace {

// Where there is a key that cannot be read, those without one are not let in.
config::ClientKey nobodys_key(std::string_view key) {
    config::ClientKey made;
    made.name = key.substr(kClientKeyPrefix.size());
    made.disabled = true;
    return made;
}

}  // namespace

std::vector<config::ClientKey> read_client_keys(const Ledger& ledger) {
    std::vector<config::ClientKey> all;
    std::vector<std::string> faults;
    ledger.each(kClientKeyPrefix, [&](const std::string& key, const Entry& entry) {
        auto read = read_client_key(key, entry.in_force()->reveal());
        if (read) {
            all.push_back(std::move(*read));
        } else {
            faults.push_back(read.error().message);
            all.push_back(nobodys_key(key));
        }
    });
    for (const std::string& why : faults) {
        base::log(base::LogLevel::error, "stored client key left out", {{"why", why}});
    }
    for (const std::string& key : ledger.unreadable(kClientKeyPrefix)) {
        all.push_back(nobodys_key(key));
    }
    return all;
}

}  // namespace parley::store
