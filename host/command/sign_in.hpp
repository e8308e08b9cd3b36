// command/sign_in.hpp: an op of a login, driven from the command line until it publishes, fails or
// is cancelled.
#pragma once

#include <optional>
#include <string>

#include "accounts/op_run.hpp"
#include "config/config.hpp"
#include "config/environment.hpp"

namespace parley::command {

struct SignIn {
    bool opens_browser = true;
    bool has_person = true;  // otherwise it is a refresh: nobody is asked
    accounts::OpBounds bounds = {};
};

// The file with the authorities that calls trust; empty: the system's.
std::string trusted_authorities(const config::Config& config);

// What the op published. Nothing: it was cancelled by a signal. Runs a loop of its own.
std::optional<base::Result<base::Secret>> sign_in(const config::Config& config,
                                                  const config::Environment& environment,
                                                  plugins::Op op,
                                                  const SignIn& how);

}  // namespace parley::command
