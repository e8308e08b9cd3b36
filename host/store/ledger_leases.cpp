// store/ledger_leases.cpp: who of several may change what. A lease that was taken lasts until it is
// given back, or store.lease_ms beyond the end of this process.
#include <random>

#include "base/log.hpp"
#include "store/ledger_shared.hpp"

namespace parley::store {

using base::LogLevel;
using base::Result;
using plugins::Cancel;
using plugins::Lease;

namespace {

constexpr std::string_view kLeasePrefix = "refresh/";
// So often a lease is renewed within its time.
constexpr std::uint64_t kRenewals = 3;

// Tells processes apart, also two of one machine.
const std::string& own_name() {
    static const std::string name = [] {
        std::random_device source;
        return "parley-" + std::to_string(source()) + std::to_string(source());
    }();
    return name;
}

}  // namespace

void Ledger::Shared::answer_claims() {
    for (;;) {
        std::pair<std::string, Claimed> next;
        {
            const std::lock_guard held(mutex);
            if (claims.empty()) return;
            next = std::move(claims.front());
            claims.pop_front();
        }
        look_after_leases();
        auto lease = answer_claim(next.first);
        const std::lock_guard speaking(voice);
        if (!is_silent) next.second(std::move(lease));
    }
}

// Who has the lease knows the document as it is.
Result<Lease> Ledger::Shared::answer_claim(const std::string& key) {
    if (!store.is_open()) {
        return base::gateway_error(PARLEY_E_OVERLOADED, "the store is not open");
    }
    Lease lease;
    if (store.can(PARLEY_STORE_LEASE)) {
        auto taken = take_lease(key);
        if (!taken || taken->is_taken) return taken;
        lease = *taken;
    }
    if (auto ok = read_one(key); !ok) {
        const std::lock_guard held(mutex);
        if (lease.token != 0) returns.emplace_back(key, lease.token);
        return std::move(ok).error();
    }
    return lease;
}

// A connection that broke says nothing of the lease: whoever asks again for what is its own has it.
Result<Lease> Ledger::Shared::take_lease(const std::string& key) {
    const std::string name = std::string(kLeasePrefix) + key;
    const auto take = [&](const Cancel& cancel) {
        return store.lease(name, own_name(), limits.lease_ms, cancel);
    };
    const auto asked = Clock::now();
    auto taken = call(take);
    if (!taken) taken = call(take);
    if (!taken || taken->is_taken) return taken;
    const std::lock_guard held(mutex);
    Held& lease = leases[key];
    lease.claims = lease.token == taken->token ? lease.claims + 1 : 1;
    lease.token = taken->token;
    lease.renew_at = asked + ms(limits.lease_ms / kRenewals);
    return taken;
}

// Before anything else: what a lease was taken for comes into the store, and the lease goes back.
// Each that is held has to be renewed in time, so on a slow store none may wait for all others.
void Ledger::Shared::look_after_leases() {
    std::set<std::string> keys = begun();
    while (!keys.empty()) {
        if (auto ok = write_next(keys); !ok) break;  // the next step tells
        renew_leases();
    }
    give_back_leases();
    renew_leases();
}

// The documents under our leases that can be written.
std::set<std::string> Ledger::Shared::begun() const {
    const std::lock_guard held(mutex);
    std::set<std::string> keys;
    if (is_read_only || Clock::now() < again) return keys;
    for (const auto& [key, lease] : leases) {
        if (pending.contains(key) && is_ready(key)) keys.insert(key);
    }
    return keys;
}

// What a lease protects may last longer than it.
void Ledger::Shared::renew_leases() {
    std::vector<std::pair<std::string, Held>> due;
    {
        const std::lock_guard held(mutex);
        for (const auto& [key, lease] : leases) {
            if (lease.renew_at <= Clock::now()) due.emplace_back(key, lease);
        }
    }
    for (auto& [key, lease] : due) {
        const std::string name = std::string(kLeasePrefix) + key;
        const auto asked = Clock::now();
        const auto renewed = call([&, token = lease.token](const Cancel& cancel) {
            return store.renew(name, token, limits.lease_ms, cancel);
        });
        const bool is_lost = renewed && renewed->is_taken;
        const std::lock_guard held(mutex);
        const auto known = leases.find(key);
        if (known == leases.end() || known->second.token != lease.token) continue;
        if (is_lost) {
            leases.erase(known);
            base::log(LogLevel::warn, "lease lost while it was needed", {{"document", key}});
        } else {
            known->second.renew_at = asked + ms(limits.lease_ms / kRenewals);
        }
    }
}

void Ledger::Shared::give_back_leases() {
    std::deque<std::pair<std::string, std::uint64_t>> back;
    {
        const std::lock_guard held(mutex);
        back.swap(returns);
    }
    for (const auto& [key, token] : back) {
        {
            const std::lock_guard held(mutex);
            if (pending.contains(key) && !is_read_only) {
                returns.emplace_back(key, token);
                continue;
            }
            const auto known = leases.find(key);
            if (known != leases.end() && known->second.token == token) {
                if (--known->second.claims != 0) continue;
                leases.erase(known);
            }
        }
        const std::string name = std::string(kLeasePrefix) + key;
        // One that cannot be given back runs out.
        call([&, token = token](const Cancel& cancel) {
            return store.release(name, token, cancel);
        });
    }
}

}  // namespace parley::store
