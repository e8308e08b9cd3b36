// live/stock.hpp: the store beside the house. Its accounts are part of every World; what others
// change there makes a new one; and what the house learns is kept there. [control]
#pragma once

#include <atomic>
#include <memory>
#include <optional>

#include "accounts/kept_state.hpp"
#include "http/deadline.hpp"
#include "live/house.hpp"
#include "store/account_reader.hpp"
#include "store/ledger.hpp"

namespace parley::live {

class Stock {
public:
    // Reads what is known on this machine and then, for store.start_ms at most, the store. Null
    // when there is none.
    static base::Result<std::unique_ptr<Stock>> open(
        const config::Config& config,
        const plugins::Catalogue& catalogue,
        const std::shared_ptr<plugins::HostServices>& services,
        const supervisor::Parent& parent);
    // Ends before the house does.
    ~Stock();
    Stock(const Stock&) = delete;
    Stock& operator=(const Stock&) = delete;

    // What a World is made with now.
    pipeline::Stored stored();

    // Brings cool-downs and budgets of the last run back. From now on the house follows what others
    // change, and what it knows is kept now and then.
    void serve(House& house);
    // Looks at the store now: how many documents others have changed, once they are taken over.
    base::Task<base::Result<std::uint64_t>> look();
    // Keeps what is known at the end. False: the store does not let go of a thread.
    bool close();

private:
    Stock(std::unique_ptr<store::Ledger> ledger,
          const std::string& replica,
          const config::StoreLimits& limits);

    // Has this worker and all beside it look at the store. [any thread]
    void look_everywhere();
    void changed(std::atomic<bool>& what);
    void follow();
    void follow_state();
    void keep_state();

    std::shared_ptr<store::Ledger> ledger_;
    store::AccountReader accounts_;
    accounts::KeptState state_;
    const config::StoreLimits limits_;
    bool was_read_;  // once, on this machine; known to a thread of the ledger
    std::atomic<bool> was_given_unread_{false};  // the house counts with keys that it cannot see
    std::atomic<House*> house_{nullptr};
    // What is posted may come after the end of this.
    const std::shared_ptr<Stock*> self_ = std::make_shared<Stock*>(this);
    std::atomic<bool> is_changed_{false};
    std::atomic<bool> is_state_changed_{false};
    std::atomic<bool> has_other_keys_{false};  // client keys among that
    std::optional<http::Deadline> keep_again_;
};

}  // namespace parley::live
