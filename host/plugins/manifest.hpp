// plugins/manifest.hpp: what a plugin says of itself before it is loaded: JSON in an ELF note.
#pragma once

#include <compare>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.hpp"

namespace parley::plugins {

struct Manifest {
    std::string id;       // reverse DNS
    std::string version;  // semantic version
    unsigned abi_major = 0;
    unsigned abi_minor = 0;
    unsigned min_host_minor = 0;
    std::vector<std::string> kinds;       // "provider", or the whole id of a kind that is not ours
    std::vector<std::string> components;  // their ids; empty: it does not say
    std::uint32_t flags = 0;              // PARLEY_PLUGIN_*; OWN_THREADS always with RESIDENT
    std::vector<std::string> unknown_flags;

    bool resident() const { return (flags & PARLEY_PLUGIN_RESIDENT) != 0; }

    bool own_threads() const { return (flags & PARLEY_PLUGIN_OWN_THREADS) != 0; }
};

// Fails with check A2. Members that it does not know are left alone.
base::Result<Manifest> parse_manifest(std::string_view json);

// Which of two semantic versions is the newer; what is none is older than any.
std::strong_ordering compare_versions(std::string_view a, std::string_view b);

// OWN_THREADS implies RESIDENT.
std::uint32_t implied_flags(std::uint32_t flags);

}  // namespace parley::plugins
