// facts.hpp: what a login reads in a secret.
#pragma once

#include <string>
#include <string_view>

#include "codec/codec.hpp"
#include "support/op_cases.hpp"

namespace parley::stage {

template <class Login>
struct Facts {
    explicit Facts(std::string_view secret,
                   std::string_view settings,
                   const parley_host* host = hashing_host()) {
        Login login(host);
        if (!settings.empty()) login.configure(settings);
        sdk::Arena memory = arena.sdk();
        login.parse(secret, memory, told);
    }

    codec::TestArena arena;
    parley_secret_facts told = codec::sized<parley_secret_facts>();
};

// The refusal of a secret, or "none".
template <class FactsOfPlugin>
std::string why_not(std::string_view secret) {
    try {
        const FactsOfPlugin facts(secret);
    } catch (const sdk::Failure& failure) {
        return failure.message;
    }
    return "none";
}

}  // namespace parley::stage
