// accounts/refresher.hpp: keeps the accounts' secrets fresh. One for the process, on one loop: so
// a secret is never renewed twice at a time, whichever loops ask, and with a store that has leases
// by one process alone. What is due stands on a heap.
#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <queue>
#include <random>
#include <unordered_map>
#include <utility>
#include <vector>

#include <boost/asio/steady_timer.hpp>

#include "accounts/keeper.hpp"
#include "accounts/op_run.hpp"
#include "accounts/secrets.hpp"
#include "config/limits.hpp"

namespace parley::accounts {

// What an account's secret says, as the secret that is in force from now on.
base::Result<LiveSecretPtr> read_secret(const plugins::Login& login,
                                        base::Secret text,
                                        std::uint64_t revision,
                                        std::int64_t wall_ms,
                                        std::uint64_t now_ms);

class Refresher {
public:
    // `accounts` are those with a login; `world` keeps them alive. The keeper's ledger may outlive
    // this, `home` outlives both.
    Refresher(http::Loop& home,
              std::shared_ptr<Outside> outside,
              const config::AccountLimits& limits,
              std::vector<const Account*> accounts,
              std::shared_ptr<const void> world,
              Keeper keeper = Keeper());
    ~Refresher();
    Refresher(const Refresher&) = delete;
    Refresher& operator=(const Refresher&) = delete;

    // What holds of all accounts. [home]
    Standing standing() const;

    // What the accounts of another configuration need.
    struct Change {
        std::shared_ptr<Outside> outside;
        config::AccountLimits limits;
        std::vector<const Account*> accounts;
        std::shared_ptr<const void> world;
        Keeper keeper = Keeper();
    };

    // Goes on with other accounts. Those that were there keep the secret in force, unless another
    // one has been configured since. [home]
    void adopt(Change change);

    // From now on this loop hears what is new. Before the loops run.
    void tell(Secrets& secrets) { listeners_.push_back(&secrets); }

    // Begins with what is due. Before the loops run.
    void start();

    // A loop waits for a secret: for any that is usable, or for one newer than the revision that
    // was refused. [any thread]
    void ask(Secrets& from, std::size_t number, std::optional<std::uint64_t> refused);

    // Begins nothing more. What goes on may end: a server that has replaced a token tells the new
    // one once. [home]
    void rest();
    // Ends what is going on. [home]
    void stop();

    // Nothing is going on, and nobody waits for an end. [home]
    bool is_idle() const { return running_ == 0; }

private:
    struct Entry {
        const Account* account = nullptr;
        base::Secret configured = {};  // what its configuration said
        LiveSecretPtr secret = {};
        std::uint64_t due_ms = UINT64_MAX;   // by the loops' clock, as everything here
        std::uint64_t blocked_until_ms = 0;  // by a failure
        std::uint64_t forced_until_ms = 0;   // no refresh for a refusal before that
        std::uint32_t failures = 0;          // in a row
        std::optional<base::Error> failure = {};
        std::shared_ptr<OpRun> run = {};
        std::uint64_t claim = 0;                            // that is waited for; 0: none
        std::optional<std::int64_t> claimed_revision = {};  // of its document then
        std::uint64_t lease = 0;                            // to be given back; 0: none
        LiveSecretPtr kept = {};                            // new, and on its way to where it lasts
        std::string document = {};                          // whose lease it is
        std::uint64_t began_ms = 0;
        bool is_queued = false;
        bool is_overtaken = false;  // its document says another secret since the run began
    };

    // When, and whose: the soonest first. Numbers are those of Account.
    using Due = std::pair<std::uint64_t, std::size_t>;
    using Timer = std::shared_ptr<boost::asio::steady_timer>;

    void take_up(const Account& account);
    void begin_anew(Entry& entry);
    void begin_with(Entry& entry, LiveSecretPtr secret);
    void end_claim(Entry& entry);
    void end_run(Entry& entry);
    News news_of(const Entry& entry) const;
    void answer(Secrets& from, std::size_t number, std::optional<std::uint64_t> refused);
    void schedule(std::size_t number, std::uint64_t due_ms);
    void set_timer();
    void look();
    void enqueue(std::size_t number);
    void begin_some();
    void begin(std::size_t number);
    void wait_for_claim(std::size_t number, std::uint64_t waited_for, const Timer& late);
    void claim_is_late(std::size_t number, std::uint64_t waited_for, const Timer& late);
    void claimed(std::size_t number, std::uint64_t waited_for, Claim claim);
    void take_over(std::size_t number, base::Secret text);
    void run(std::size_t number);
    void give_back(Entry& entry);
    void ended(std::size_t number, base::Result<base::Secret> result);
    void keep(std::size_t number, LiveSecretPtr secret);
    void wait_for_store(std::size_t number, const LiveSecretPtr& secret, const Timer& late);
    void store_is_late(std::size_t number, const LiveSecretPtr& secret, const Timer& late);
    void lasts(std::size_t number, const LiveSecretPtr& secret, bool is_in_force);
    // Not to be begun anew.
    static bool is_busy(const Entry& entry);
    void come_into_force(std::size_t number, LiveSecretPtr secret);
    void succeed(std::size_t number, LiveSecretPtr secret, const char* how);
    void leave_alone(const Entry& entry);
    static void forgive(const Entry& entry);
    void fail(std::size_t number, const base::Error& cause);
    void publish(std::size_t number);
    std::uint64_t renewal_of(const LiveSecret& secret);
    std::uint64_t jitter(std::uint64_t most);

    http::Loop& home_;
    std::shared_ptr<Outside> outside_;
    config::AccountLimits limits_;
    std::shared_ptr<const void> world_;
    Keeper keeper_;
    std::uint64_t last_claim_ = 0;
    std::vector<Secrets*> listeners_;
    std::unordered_map<std::size_t, Entry> entries_;
    std::priority_queue<Due, std::vector<Due>, std::greater<>> heap_;
    std::deque<std::size_t> queue_;  // due, but too many run
    std::uint64_t running_ = 0;
    bool is_stopped_ = false;
    // Timers and the store may have something to say after the end of this.
    const std::shared_ptr<Refresher*> self_ = std::make_shared<Refresher*>(this);
    boost::asio::steady_timer timer_;
    std::minstd_rand random_;
};

}  // namespace parley::accounts
