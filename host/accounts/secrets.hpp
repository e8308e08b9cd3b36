// accounts/secrets.hpp: the secrets in force, as one loop knows them. The refresher tells every
// loop what is new, so who asks here takes no lock and waits only for a secret that is not there.
// [loop]
#pragma once

#include <coroutine>
#include <cstdint>
#include <deque>
#include <optional>
#include <unordered_map>
#include <vector>

#include "accounts/account.hpp"
#include "base/error.hpp"
#include "http/deadline.hpp"
#include "http/loop.hpp"
#include "http/upstream.hpp"

namespace parley::accounts {

class Refresher;

// What the refresher has to say of an account: a secret, or why there is none.
struct News {
    LiveSecretPtr secret;
    std::optional<base::Error> failure = {};
    std::uint64_t stands_until_ms = 0;  // of a failure: before that nothing is tried
};

// The secrets in force of all accounts that a refresher renews.
struct Standing {
    struct Of {
        std::size_t number = 0;  // Account::number
        News news;
    };

    std::vector<Of> all;
    std::uint64_t wait_ms = 0;  // how long a request waits for one
};

// Why a request cannot be sent, as its client hears it: the account is to blame, not the client.
base::Error no_secret(const Account& account, const base::Error& cause);

class Secrets {
public:
    // Without a refresher secrets stay as they are.
    Secrets(http::Loop& loop, Refresher* refresher);
    ~Secrets();
    Secrets(const Secrets&) = delete;
    Secrets& operator=(const Secrets&) = delete;

    // The secret of an account that can be used now, or null: then fresh() waits for one.
    LiveSecretPtr usable(const Account& account) const;

    // A wait for one secret: a value to be awaited once. The client that leaves ends it.
    class Wait {
    public:
        Wait(Secrets& all, const Account& account, std::uint64_t beyond, http::Cancellation& by);
        Wait(const Wait&) = delete;
        Wait& operator=(const Wait&) = delete;
        ~Wait();

        bool await_ready();
        void await_suspend(std::coroutine_handle<> waiter);
        base::Result<LiveSecretPtr> await_resume();

    private:
        friend class Secrets;
        void end(base::Result<LiveSecretPtr> with);

        Secrets& all_;
        const Account& account_;
        const std::uint64_t beyond_;
        http::Cancellation& cancellation_;
        http::Deadline deadline_;
        std::coroutine_handle<> waiter_;
        std::optional<base::Result<LiveSecretPtr>> result_;
    };

    // The secret in force, once it is usable.
    Wait fresh(const Account& account, http::Cancellation& by);

    // One that is newer than `refused`, which the upstream does not take any more.
    Wait renewed(const Account& account, const LiveSecret& refused, http::Cancellation& by);

    // Other accounts from now on; whoever waits for one that is none of them hears so.
    void adopt(const Standing& standing);

    // From the refresher: what holds from now on.
    void hear(std::size_t number, const News& news);
    // From the refresher: the secret in force stays, whatever the upstream thinks of it.
    void deny_renewal(std::size_t number, const base::Error& why);

    http::Loop& loop() { return loop_; }

private:
    struct Slot {
        News last;
        std::deque<Wait*> waits;
        bool is_gone = false;  // none of the accounts any more
    };

    template <class Concerns>
    static void end_waits(Slot& slot, const base::Result<LiveSecretPtr>& with, Concerns&& concerns);

    void forget(Wait& wait);

    // What can be said without waiting.
    std::optional<base::Result<LiveSecretPtr>> known(const Account& account,
                                                     std::uint64_t beyond) const;

    http::Loop& loop_;
    Refresher* refresher_;
    std::unordered_map<std::size_t, Slot> slots_;  // by Account::number
    std::uint64_t wait_ms_ = 0;
};

}  // namespace parley::accounts
