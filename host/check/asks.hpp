// check/asks.hpp: what a plugin is asked where nothing about it matters.
#pragma once

#include <string_view>

#include "base/error.hpp"
#include "parley/login.h"
#include "parley/provider.h"
#include "plugins/border.hpp"
#include "plugins/instance.hpp"

namespace parley::check {

parley_account account_with(std::string_view secret);

// A stream of a dialect that no plugin has.
parley_exchange exchange_of_checks();

// One request to a provider in one of its dialects.
struct Ask {
    parley_account account;
    parley_http_request http;
    parley_plan_ask ask;

    Ask(parley_str dialect, std::string_view secret);
    Ask(const Ask&) = delete;
    Ask& operator=(const Ask&) = delete;
};

// What a login begins. Fails where it has no such function.
base::Result<parley_op*> begin_login(const plugins::Instance& made, std::string_view params);
base::Result<parley_op*> begin_refresh(const plugins::Instance& made, std::string_view secret);

}  // namespace parley::check
