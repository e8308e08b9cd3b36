// command/seen_health.hpp: how it goes with accounts: as the Parley that runs says, and where none
// does, what of cool-downs was kept in the store.
#pragma once

#include <string>
#include <vector>

#include <boost/json/object.hpp>

#include "accounts/book.hpp"
#include "command/known_accounts.hpp"

namespace parley::command {

class SeenHealth {
public:
    static base::Result<SeenHealth> look(const Options& options, KnownAccounts& known);

    bool is_live() const { return is_live_; }

    // Of "provider/label": one of each worker that serves it.
    std::vector<boost::json::object> of(const std::string& account) const;

private:
    bool is_live_ = false;
    std::vector<boost::json::object> workers_;  // accounts by name
};

// Brings the cool-downs that were kept into a book. What cannot be read is said.
void bring_kept_cool_downs(store::Opened& store, accounts::Book& book, std::int64_t now_ms);

}  // namespace parley::command
