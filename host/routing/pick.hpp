// routing/pick.hpp: what is asked when an account is picked, and what the answer says.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string_view>

#include "accounts/account.hpp"
#include "base/error.hpp"
#include "parley/policy.h"
#include "routing/attempt.hpp"

namespace parley::routing {

struct Place;

// An account that may serve, and what it calls the model.
struct Candidate {
    const Place* place = nullptr;
    const accounts::Account* account = nullptr;
    std::string_view model;  // the upstream's name
};

// Time and chance are the caller's, so that the same ask has the same answer.
struct Ask {
    std::int64_t now_ms = 0;
    std::uint64_t random = 0;                   // 64 fresh bits
    unsigned attempt = 1;                       // of this exchange
    std::size_t step = 0;                       // of the route: where to begin
    std::span<const std::uint64_t> tried = {};  // Picked::number of the attempts before
    std::span<const Place* const> unfit = {};   // places that cannot be asked this
    std::uint64_t session = 0;                  // hash of the conversation; 0: not known
    std::uint64_t prefix = 0;  // hash of how its prompt begins, when the conversation is new
    bool is_aside = false;     // an attempt beside another one, with which the conversation stays
    std::uint32_t owner = 0;   // State::number of the account that must serve; 0: anyone may
    const parley_exchange* exchange = nullptr;  // for policies of plugins, which are owed one
    std::uint32_t affine = 0;  // State::number of who should keep the conversation; 0: nobody
    base::Error* rejection = nullptr;  // set when a plugin's policy wants none of them

    bool is_rejected() const { return rejection != nullptr && !rejection->message.empty(); }
};

enum class Reason : std::uint8_t {
    kUsable,
    kUnfit,     // its place cannot be asked this
    kTried,     // in this exchange
    kNotOwner,  // what the request refers to belongs to another account
    kCooling,   // it failed
    kOver,      // likewise, and nothing but a new login helps
    kProbed,    // it failed, and one request is trying it just now
    kFull,      // as many attempts as it may have are under way
};
inline constexpr std::size_t kReasons = 8;

const char* words_of(Reason reason);

// How it stands with a candidate.
struct Standing {
    Reason reason = Reason::kUsable;
    bool is_half_open = false;  // usable as a probe only
    std::size_t guilty = 0;     // which of the Healths is cooling
    int error_class = 0;        // why, PARLEY_E_*
    std::int64_t free_ms = 0;   // when it is over; 0: nobody knows
};

// Why nobody can serve.
struct Nobody {
    std::array<std::uint32_t, kReasons> count{};  // of candidates, by Reason
    std::int64_t free_ms = 0;                     // when the first is free again; 0: nobody knows
    int error_class = 0;                          // why that one is not, PARLEY_E_*
    const Candidate* soonest = nullptr;

    void add(const Candidate& candidate, const Standing& standing);
    void merge(const Nobody& other);
};

class Policy;

struct Picked {
    const Candidate* candidate = nullptr;  // null: nobody
    Attempt attempt;
    std::uint64_t number = 0;  // of this pair of account and model
    std::size_t step = 0;
    bool is_affine = false;  // the account served this conversation before
    Policy* policy = nullptr;
    Nobody nobody;
};

}  // namespace parley::routing
