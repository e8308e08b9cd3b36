// accounts/account.hpp: an identity at a provider.
#pragma once

#include <string>

#include "base/secret.hpp"
#include "parley/provider.h"
#include "plugins/border.hpp"

namespace parley::accounts {

struct Account {
    std::string id;     // "<provider>/<label>"
    std::string label;  // "main"
    base::Secret secret;

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
