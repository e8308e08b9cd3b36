// config/write.hpp: the files that are built in.
#pragma once

#include <string>
#include <string_view>

namespace parley::config {

// packaging/starter.toml, built in. Holds the placeholder @client_key@.
extern const std::string_view kStarterConfig;

// packaging/greeting.txt, built in. Holds the placeholders @url@, @new@, @file@ and @key@.
extern const std::string_view kGreeting;

// packaging/models.toml, built in: what is known of models.
extern const std::string_view kModelsFile;

// packaging/cliproxyapi.yaml, built in: what another program's keys are here.
extern const std::string_view kCliproxyapi;

// The commented configuration of a first start. It loads without a fault and without an account.
std::string starter_config(std::string_view client_key);

// "sk-parley-" and 32 random bytes in base64url. Throws when the system has no randomness to give.
std::string new_client_key();

}  // namespace parley::config
