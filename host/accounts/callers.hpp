// accounts/callers.hpp: who may ask us. Keys are kept as digests only.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "accounts/budget.hpp"
#include "accounts/key_checks.hpp"
#include "base/digest.hpp"
#include "config/config.hpp"

namespace parley::accounts {

struct Caller {
    Caller() = default;
    explicit Caller(const config::ClientKey& key, std::shared_ptr<Budget> kept = nullptr);

    // Names that a caller may not ask for are not known to it either.
    bool may_ask(std::string_view model) const;

    std::string name;
    std::vector<std::string> models;  // patterns; empty: all
    std::vector<std::string> excluded_models;
    config::CallerLimits limits;
    std::shared_ptr<Budget> budget = std::make_shared<Budget>();
};

class Callers {
public:
    // What those of the same name have used in `before` goes on.
    explicit Callers(const std::vector<config::ClientKey>& keys, const Callers* before = nullptr);

    // Not the number of any other Callers of this process, from 1.
    std::uint64_t number() const { return number_; }

    // There are no keys, not even disabled ones: only local clients are let in, and they need none.
    bool is_open() const { return is_open_; }

    // Who a key may be of. Takes the same time whatever the key.
    struct Found {
        const Caller* caller = nullptr;                 // null: nobody's
        std::shared_ptr<HashedKey> unproven = nullptr;  // what is to be checked before it counts
    };

    Found find(std::string_view key) const;

    KeyChecks& checks() const { return *checks_; }

    // By its name, for those who know it already.
    const Caller* find_by_name(std::string_view name) const;

    template <class Use>
    void each(Use&& use) const {
        for (const auto& [start, entry] : callers_) use(entry.caller);
        for (const auto& [id, entry] : hashed_) use(entry.caller);
    }

private:
    struct Entry {
        base::Digest digest;
        Caller caller;
    };

    struct HashedEntry {
        std::shared_ptr<HashedKey> key;
        Caller caller;
    };

    static std::uint64_t next_number();
    std::shared_ptr<HashedKey> hashed(const std::string& text, const Callers* before) const;

    std::uint64_t number_ = next_number();
    bool is_open_;
    // By the digest's first bytes, which tell nothing about the key.
    std::unordered_multimap<std::uint64_t, Entry> callers_;
    std::map<std::string, HashedEntry, std::less<>> hashed_;  // by the id of the key
    std::shared_ptr<KeyChecks> checks_;
};

}  // namespace parley::accounts
