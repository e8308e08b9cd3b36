// accounts/kept_state.hpp: cool-downs and the day's budgets over a restart and among replicas, as
// documents of the store: "state/cool-downs/<replica>" and "state/budgets/<replica>". Each replica
// writes its own and reads those of the others, so no two write one. [control]
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>

#include "accounts/book.hpp"
#include "accounts/callers.hpp"
#include "base/secret.hpp"
#include "store/ledger.hpp"

namespace parley::accounts {

// Where the cool-downs of all replicas are.
inline constexpr std::string_view kCoolDownPrefix = "state/cool-downs/";

// Takes in what one of these documents says and has not expired.
void restore_cool_downs(Book& book,
                        const base::Secret& document,
                        std::int64_t now_ms,
                        std::int64_t wall_ms);

class KeptState {
public:
    KeptState(std::shared_ptr<store::Ledger> ledger, std::string replica)
        : ledger_(std::move(ledger)), replica_(std::move(replica)) {}

    // Whether a document is one that follow() reads.
    static bool is_state(std::string_view key);

    // Brings back what has not expired: cool-downs that any replica knows of, and what callers have
    // used of their day here. Once, before anybody is served.
    void restore(Book& book, const Callers& callers, std::int64_t now_ms, std::int64_t wall_ms);

    // Writes behind what is different from the last time.
    void keep(const Book& book, const Callers& callers, std::int64_t now_ms, std::int64_t wall_ms);

    // Takes in what other replicas have written since the last time.
    void follow(Book& book, const Callers& callers, std::int64_t now_ms, std::int64_t wall_ms);

private:
    // What another replica has written, as it was taken in.
    struct Theirs {
        std::uint64_t stamp = 0;
        boost::json::object cool_downs;
        std::int64_t day = 0;
        std::map<std::string, Budget::Used, std::less<>> used;  // by the callers' names
    };

    template <class Take>
    void each_of_others(std::string_view prefix, Take&& take);
    void add_up(const Callers& callers, std::int64_t wall_ms) const;

    void write(const std::string& key, const boost::json::object& state, base::Secret& last);

    std::shared_ptr<store::Ledger> ledger_;
    std::string replica_;
    std::map<std::string, Theirs> theirs_;  // by their documents' keys
    bool has_looked_ = false;               // at all of them
    base::Secret last_cool_downs_;
    base::Secret last_budgets_;
};

// What this Parley is called among those on one store.
std::string replica_of(const std::string& configured);

}  // namespace parley::accounts
