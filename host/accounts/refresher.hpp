// accounts/refresher.hpp: keeps the accounts' secrets fresh. One for the process, on one loop: so
// a secret is never renewed twice at a time, whichever loops ask. What is due stands on a heap.
#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <queue>
#include <random>
#include <utility>
#include <vector>

#include <boost/asio/steady_timer.hpp>

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
    // `accounts` are those with a login, each at its number; `world` keeps them alive.
    Refresher(http::Loop& home,
              std::shared_ptr<Outside> outside,
              const config::AccountLimits& limits,
              std::vector<const Account*> accounts,
              std::shared_ptr<const void> world);
    ~Refresher();
    Refresher(const Refresher&) = delete;
    Refresher& operator=(const Refresher&) = delete;

    const std::vector<const Account*>& accounts() const { return accounts_; }

    const config::AccountLimits& limits() const { return limits_; }

    // From now on this loop hears what is new. Before the loops run.
    void tell(Secrets& secrets) { listeners_.push_back(&secrets); }

    // Begins with what is due. Before the loops run.
    void start();

    // A loop waits for a secret: for any that is usable, or for one newer than the revision that
    // was refused. [any thread]
    void ask(Secrets& from, std::size_t number, std::optional<std::uint64_t> refused);

    // Ends what is going on. [home]
    void stop();

    // Nothing is going on, and nobody waits for an end. [home]
    bool is_idle() const { return running_ == 0; }

private:
    struct Entry {
        LiveSecretPtr secret;
        std::uint64_t due_ms = UINT64_MAX;   // by the loops' clock, as everything here
        std::uint64_t blocked_until_ms = 0;  // by a failure
        std::uint64_t forced_until_ms = 0;   // no refresh for a refusal before that
        std::uint32_t failures = 0;          // in a row
        std::optional<base::Error> failure = {};
        std::shared_ptr<OpRun> run = {};
        std::uint64_t began_ms = 0;
        bool is_queued = false;
    };

    // When, and whose: the soonest first.
    using Due = std::pair<std::uint64_t, std::size_t>;

    void answer(Secrets& from, std::size_t number, std::optional<std::uint64_t> refused);
    void schedule(std::size_t number, std::uint64_t due_ms);
    void set_timer();
    void look();
    void enqueue(std::size_t number);
    void begin_some();
    void begin(std::size_t number);
    void ended(std::size_t number, base::Result<base::Secret> result);
    base::Result<LiveSecretPtr> accept(std::size_t number, base::Secret text) const;
    void succeed(std::size_t number, LiveSecretPtr secret);
    void fail(std::size_t number, const base::Error& cause);
    void publish(std::size_t number);
    std::uint64_t renewal_of(const LiveSecret& secret);
    std::uint64_t jitter(std::uint64_t most);

    http::Loop& home_;
    std::shared_ptr<Outside> outside_;
    const config::AccountLimits limits_;
    std::vector<const Account*> accounts_;
    std::shared_ptr<const void> world_;
    std::vector<Secrets*> listeners_;
    std::vector<Entry> entries_;
    std::priority_queue<Due, std::vector<Due>, std::greater<>> heap_;
    std::deque<std::size_t> queue_;  // due, but too many run
    std::uint64_t running_ = 0;
    bool is_stopped_ = false;
    boost::asio::steady_timer timer_;
    std::minstd_rand random_;
};

}  // namespace parley::accounts
