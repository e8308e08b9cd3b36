// accounts/account.hpp: an identity at a provider.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "accounts/state.hpp"
#include "base/secret.hpp"
#include "config/egress.hpp"
#include "parley/provider.h"
#include "plugins/border.hpp"
#include "plugins/login.hpp"

namespace parley::accounts {

// A secret with what is known of it. Never changes: a refresh makes another one, and whoever holds
// this one may go on with it.
struct LiveSecret {
    static constexpr std::uint64_t kAlways = UINT64_MAX;

    base::Secret text;
    std::string attributes;                   // JSON object, not secret; may be empty
    std::uint64_t revision = 0;               // counts the refreshes
    std::int64_t expires_at_ms = 0;           // wall clock, for plugins; 0: does not expire
    std::uint64_t usable_until_ms = kAlways;  // by the loops' clock; 0: before a refresh it is none
    std::uint64_t refresh_from_ms = 0;        // likewise; 0: as late as usual
    bool is_refreshable = false;

    bool is_usable(std::uint64_t now_ms) const { return now_ms < usable_until_ms; }
};

using LiveSecretPtr = std::shared_ptr<const LiveSecret>;

struct Account {
    std::string id;                                         // "<provider>/<label>"
    std::string label;                                      // "main"
    LiveSecretPtr secret = std::make_shared<LiveSecret>();  // as it was configured
    // What renews it; null: nothing does, and `secret` stays the one in force. Otherwise that is
    // found in Secrets, by `number`, which is the account's in every configuration.
    const plugins::Login* login = nullptr;
    std::size_t number = 0;
    // The document of the store where its secret is kept; empty: nowhere. `origin` stands for the
    // configured secret that it came from; empty: the document is the account's own.
    std::string document;
    std::string origin;
    std::int32_t priority = 0;  // the higher goes first
    std::uint32_t weight = 1;
    std::uint32_t in_flight_max = 0;           // attempts at a time; 0: any number
    std::vector<std::string> models;           // patterns; empty: all of its provider
    std::vector<std::string> excluded_models;  // likewise; empty: none
    std::string prefix;               // "team-a": also asked for as "team-a/<model>"; empty: none
    bool is_prefix_required = false;  // not asked for without it
    bool disabled = false;
    std::vector<std::pair<std::string, std::string>> headers;  // of its requests
    std::string base_url;                                      // empty: its provider's
    config::EgressPtr egress;                                  // null: straight
    std::string note;
    std::shared_ptr<State> state;  // never null

    // As plugins see it; valid as long as the account and the secret.
    parley_account border(const LiveSecret& live) const {
        auto a = plugins::sized<parley_account>();
        a.id = plugins::str(id);
        a.label = plugins::str(label);
        a.secret = plugins::str(live.text.reveal());
        a.attributes = plugins::str(live.attributes);
        a.revision = live.revision;
        a.expires_at_ms = live.expires_at_ms;
        a.base_url = plugins::str(base_url);
        return a;
    }
};

}  // namespace parley::accounts
