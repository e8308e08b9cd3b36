// accounts/callers.hpp: who may ask us. Keys are kept as digests only.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "accounts/budget.hpp"
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

    // No keys are configured: only local clients are let in, and they need none.
    bool is_open() const { return callers_.empty(); }

    // The caller that a key proves, or null. Takes the same time whatever the key.
    const Caller* find(std::string_view key) const;

    // By its name, for those who know it already.
    const Caller* find_by_name(std::string_view name) const;

    template <class Use>
    void each(Use&& use) const {
        for (const auto& [start, entry] : callers_) use(entry.caller);
    }

private:
    struct Entry {
        base::Digest digest;
        Caller caller;
    };

    static std::uint64_t next_number();

    std::uint64_t number_ = next_number();
    // By the digest's first bytes, which tell nothing about the key.
    std::unordered_multimap<std::uint64_t, Entry> callers_;
};

}  // namespace parley::accounts
