// pipeline/seals.hpp: an upstream's opaque state, carried by a client of another dialect.
//
// A seal that the client cannot read travels in the client's own opaque field as an envelope:
//   "pl1." base64url( tag, version, scheme, family, model, place from version 2 on, data )
// The tag is an HMAC over caller and content, so that what one caller carries is nothing to
// another, and nobody's invention reaches an upstream. Immutable; any thread.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/secret.hpp"

namespace parley::pipeline {

struct Seal {
    unsigned scheme = 0;  // PARLEY_SEAL_*
    std::string family;
    std::string model;  // may be empty
    std::string data;
    std::string place = {};  // the provider that alone reads it; empty: any of the family
};

class Seals {
public:
    static constexpr std::string_view kPrefix = "pl1.";

    // All replicas that serve the same clients need the same key.
    explicit Seals(base::Secret key) : key_(std::move(key)) {}

    std::string wrap(const Seal& seal, std::string_view caller) const;

    // Nothing when the envelope is not ours, not this caller's, or was changed.
    std::optional<Seal> unwrap(std::string_view envelope, std::string_view caller) const;

private:
    std::string tag(std::string_view caller, std::string_view content) const;

    base::Secret key_;
};

// The key that a state folder keeps, made at the first call. One that lasts as long as the process
// when the folder cannot be written; `warning` then says so.
base::Secret kept_seal_key(const std::string& state_folder, std::string& warning);

}  // namespace parley::pipeline
