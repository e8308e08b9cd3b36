// accounts/kept_state.hpp: cool-downs and the day's budgets over a restart, as documents of the
// store: "state/cool-downs/<replica>" and "state/budgets/<replica>". [control]
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "accounts/book.hpp"
#include "accounts/callers.hpp"
#include "base/secret.hpp"
#include "store/ledger.hpp"

namespace parley::accounts {

class KeptState {
public:
    KeptState(std::shared_ptr<store::Ledger> ledger, std::string replica)
        : ledger_(std::move(ledger)), replica_(std::move(replica)) {}

    // Brings back what has not expired: cool-downs that any replica knows of, and what callers have
    // used of their day here. Once, before anybody is served.
    void restore(Book& book, const Callers& callers, std::int64_t now_ms, std::int64_t wall_ms);

    // Writes behind what is different from the last time.
    void keep(const Book& book, const Callers& callers, std::int64_t now_ms, std::int64_t wall_ms);

private:
    void write(const std::string& key, const boost::json::object& state, base::Secret& last);

    std::shared_ptr<store::Ledger> ledger_;
    std::string replica_;
    base::Secret last_cool_downs_;
    base::Secret last_budgets_;
};

// What this Parley is called among those on one store.
std::string replica_of(const std::string& configured);

}  // namespace parley::accounts
