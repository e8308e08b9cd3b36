// config/egress.hpp: how requests leave the house: straight, or through a proxy.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "base/error.hpp"
#include "base/secret.hpp"

namespace parley::config {

struct Egress {
    enum class Kind { http, https, socks5 };

    Kind kind = Kind::http;
    std::string host;
    std::uint16_t port = 0;
    base::Secret user;  // empty: it asks for none
    base::Secret password;
    std::string name;  // "socks5://host:1080"
    std::string key;   // tells it from others, with other credentials too; shows none
};

// Null: straight.
using EgressPtr = std::shared_ptr<const Egress>;

// "http://user:password@host:port", likewise https and socks5, or "direct". What is empty is as
// `otherwise` says. Errors repeat nothing of it.
base::Result<EgressPtr> read_egress(const base::Secret& text, const EgressPtr& otherwise);

}  // namespace parley::config
