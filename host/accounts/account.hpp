// accounts/account.hpp: an identity at a provider.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "accounts/state.hpp"
#include "base/secret.hpp"
#include "parley/provider.h"
#include "plugins/border.hpp"

namespace parley::accounts {

struct Account {
    std::string id;     // "<provider>/<label>"
    std::string label;  // "main"
    base::Secret secret;
    std::int32_t priority = 0;  // the higher goes first
    std::uint32_t weight = 1;
    std::uint32_t in_flight_max = 0;           // attempts at a time; 0: any number
    std::vector<std::string> models;           // patterns; empty: all of its provider
    std::vector<std::string> excluded_models;  // likewise; empty: none
    std::string prefix;               // "team-a": also asked for as "team-a/<model>"; empty: none
    bool is_prefix_required = false;  // not asked for without it
    bool disabled = false;
    std::string base_url;  // in place of its provider's; empty: that
    std::vector<std::pair<std::string, std::string>> headers;
    base::Secret proxy;  // a URL or "direct"; empty: as the host does
    std::string note;
    std::shared_ptr<State> state;  // never null

    // As plugins see it; valid as long as the account.
    parley_account border() const {
        auto a = plugins::sized<parley_account>();
        a.id = plugins::str(id);
        a.label = plugins::str(label);
        a.secret = plugins::str(secret.reveal());
        return a;
    }
};

}  // namespace parley::accounts
