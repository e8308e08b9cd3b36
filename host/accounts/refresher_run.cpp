// accounts/refresher_run.cpp: one refresh, from the claim on its document to what its end means.
#include <algorithm>
#include <chrono>

#include "accounts/refresher.hpp"
#include "base/log.hpp"

namespace parley::accounts {

using base::LogLevel;
using base::Result;

// What is kept for others too is claimed first.
void Refresher::begin(std::size_t number) {
    Entry& entry = entries_.at(number);
    entry.due_ms = UINT64_MAX;
    entry.began_ms = home_.now_ms();
    if (!keeper_.keeps(*entry.account)) return run(number);
    ++running_;
    const std::uint64_t waited_for = ++last_claim_;
    entry.claim = waited_for;
    entry.document = entry.account->document;
    auto late = std::make_shared<boost::asio::steady_timer>(home_.io());
    wait_for_claim(number, waited_for, late);
    auto told =
        [self = std::weak_ptr(self_), &home = home_, late, number, waited_for](Claim claim) {
            home.post([self, late, number, waited_for, claim = std::move(claim)]() mutable {
                late->cancel();
                const auto alive = self.lock();
                if (alive == nullptr) return;  // what was claimed runs out
                (*alive)->home_.wake();
                (*alive)->claimed(number, waited_for, std::move(claim));
            });
        };
    keeper_.claim(*entry.account, *entry.secret, std::move(told));
}

// A store that does not answer holds up no refresh. One that only has much to do is waited for: a
// refresh without a claim may be made twice, and the second ends what the first has brought.
void Refresher::wait_for_claim(std::size_t number, std::uint64_t waited_for, const Timer& late) {
    late->expires_after(std::chrono::milliseconds(static_cast<std::int64_t>(keeper_.wait_ms())));
    late->async_wait([self = std::weak_ptr(self_), late, number, waited_for](
                         const boost::system::error_code& fault) {
        const auto alive = self.lock();
        if (!fault && alive != nullptr) (*alive)->claim_is_late(number, waited_for, late);
    });
}

void Refresher::claim_is_late(std::size_t number, std::uint64_t waited_for, const Timer& late) {
    home_.wake();
    const auto known = entries_.find(number);
    if (known == entries_.end() || known->second.claim != waited_for) return;
    if (keeper_.is_reached()) return wait_for_claim(number, waited_for, late);
    claimed(number, waited_for, {});
}

void Refresher::claimed(std::size_t number, std::uint64_t waited_for, Claim claim) {
    const auto known = entries_.find(number);
    const bool is_wanted = known != entries_.end() && known->second.claim == waited_for;
    if (!is_wanted) {
        const bool is_late = known != entries_.end() && known->second.run != nullptr &&
                             known->second.lease == 0 && known->second.document == claim.document;
        if (!is_late) return keeper_.give_back(claim.document, claim.token);
        known->second.lease = claim.token;
        return;
    }
    Entry& entry = known->second;
    entry.claim = 0;
    --running_;
    entry.lease = claim.token;
    entry.claimed_revision = claim.revision;
    if (claim.elsewhere) {
        take_over(number, std::move(*claim.elsewhere));
    } else if (claim.wait_ms != 0) {
        // What the other one brings is told by the store; should it not, this one goes on.
        constexpr std::uint64_t kLookMs = 1'000;
        schedule(number, home_.now_ms() + std::min(claim.wait_ms, kLookMs));
    } else {
        run(number);
    }
    begin_some();
}

// Another Parley has refreshed it. What has expired meanwhile is what a refresh begins with.
void Refresher::take_over(std::size_t number, base::Secret text) {
    Entry& entry = entries_.at(number);
    auto secret = read_secret(*entry.account->login,
                              std::move(text),
                              entry.secret->revision + 1,
                              outside_->wall_ms(),
                              home_.now_ms());
    if (!secret) return run(number);
    if ((*secret)->is_usable(home_.now_ms())) {
        return succeed(number, std::move(*secret), "secret refreshed elsewhere");
    }
    entry.secret = std::move(*secret);
    run(number);
}

void Refresher::run(std::size_t number) {
    Entry& entry = entries_.at(number);
    const Account& account = *entry.account;
    auto op = account.login->refresh_begin(account.border(*entry.secret));
    if (!op) return fail(number, op.error());
    ++running_;
    const OpBounds bounds{limits_.refresh_ms,
                          limits_.op_call_ms,
                          limits_.op_steps_max,
                          limits_.op_effects_max,
                          account.egress};
    auto told = [this, number](Result<base::Secret> result) {
        --running_;
        entries_.at(number).run = nullptr;
        ended(number, std::move(result));
        begin_some();
    };
    // It may be over before this returns; then there is nothing to hold on to.
    auto run = OpRun::start(home_, outside_, bounds, std::move(*op), std::move(told));
    if (!run->is_over()) entry.run = std::move(run);
}

void Refresher::ended(std::size_t number, Result<base::Secret> result) {
    if (!result) return fail(number, result.error());
    const Entry& entry = entries_.at(number);
    const Account& account = *entry.account;
    auto secret = read_secret(*account.login,
                              std::move(*result),
                              entry.secret->revision + 1,
                              outside_->wall_ms(),
                              home_.now_ms());
    if (!secret) return fail(number, secret.error());
    if (keeper_.keeps(account)) return keep(number, std::move(*secret));
    come_into_force(number, std::move(*secret));
}

// The server may have replaced what it was renewed by, so what came is in force from now on, even
// where it has expired already.
void Refresher::come_into_force(std::size_t number, LiveSecretPtr secret) {
    if (secret->is_usable(home_.now_ms())) {
        return succeed(number, std::move(secret), "secret refreshed");
    }
    entries_.at(number).secret = std::move(secret);
    fail(number,
         base::upstream_error(PARLEY_E_UPSTREAM_FAILED, "the new secret has expired already"));
}

// Nobody uses a secret before it lasts: a server that sees it knows that the one before was
// replaced, and takes that one, should it come again, for stolen.
void Refresher::keep(std::size_t number, LiveSecretPtr secret) {
    Entry& entry = entries_.at(number);
    entry.kept = secret;
    ++running_;
    auto late = std::make_shared<boost::asio::steady_timer>(home_.io());
    wait_for_store(number, secret, late);
    auto told =
        [self = std::weak_ptr(self_), &home = home_, late, number, secret](bool is_in_force) {
            home.post([self, late, number, secret, is_in_force] {
                late->cancel();
                const auto alive = self.lock();
                if (alive == nullptr) return;
                (*alive)->home_.wake();
                (*alive)->lasts(number, secret, is_in_force);
            });
        };
    keeper_.keep(*entry.account, *entry.secret, *secret, entry.claimed_revision, std::move(told));
}

// A store that does not answer keeps it from nobody. One that only has much to do is waited for, as
// with a claim: should this process end before the document has the new one, others ask with the
// old one again, and may as long as nobody has used what came of it.
void Refresher::wait_for_store(std::size_t number, const LiveSecretPtr& secret, const Timer& late) {
    late->expires_after(std::chrono::milliseconds(static_cast<std::int64_t>(keeper_.wait_ms())));
    late->async_wait([self = std::weak_ptr(self_), late, number, secret](
                         const boost::system::error_code& fault) {
        const auto alive = self.lock();
        if (!fault && alive != nullptr) (*alive)->store_is_late(number, secret, late);
    });
}

void Refresher::store_is_late(std::size_t number, const LiveSecretPtr& secret, const Timer& late) {
    home_.wake();
    if (keeper_.is_reached()) return wait_for_store(number, secret, late);
    lasts(number, secret, true);
}

void Refresher::lasts(std::size_t number, const LiveSecretPtr& secret, bool is_in_force) {
    const auto known = entries_.find(number);
    if (known == entries_.end() || known->second.kept != secret) return;
    Entry& entry = known->second;
    entry.kept = nullptr;
    --running_;
    if (entry.is_overtaken && !is_in_force) {
        begin_anew(entry);
        publish(number);
    } else {
        entry.is_overtaken = false;
        come_into_force(number, secret);
    }
    begin_some();
}

void Refresher::succeed(std::size_t number, LiveSecretPtr secret, const char* how) {
    Entry& entry = entries_.at(number);
    give_back(entry);
    entry.is_overtaken = false;
    entry.secret = std::move(secret);
    forgive(entry);
    entry.failures = 0;
    entry.failure.reset();
    entry.blocked_until_ms = 0;
    base::log(LogLevel::info,
              how,
              {{"account", entry.account->id},
               {"revision", entry.secret->revision},
               {"took_ms", home_.now_ms() - entry.began_ms}});
    schedule(number, renewal_of(*entry.secret));
    publish(number);
}

// Where only a new login helps, nothing is tried again before the account is configured anew.
void Refresher::fail(std::size_t number, const base::Error& cause) {
    Entry& entry = entries_.at(number);
    if (entry.is_overtaken) {
        begin_anew(entry);
        return publish(number);
    }
    give_back(entry);
    const Account& account = *entry.account;
    const bool is_final =
        cause.error_class == PARLEY_E_UNAUTHENTICATED && cause.scope == PARLEY_SCOPE_ACCOUNT;
    entry.failure = no_secret(account, cause);
    if (is_final) {
        entry.blocked_until_ms = UINT64_MAX;
        base::log(LogLevel::error,
                  "account quarantined",
                  {{"account", account.id}, {"why", cause.message}});
    } else {
        constexpr std::uint32_t kDoublingsMax = 20;
        const std::uint64_t grown_ms = limits_.refresh_retry_min_ms
                                       << std::min(entry.failures++, kDoublingsMax);
        const std::uint64_t wait_ms =
            std::max(std::min(grown_ms, limits_.refresh_retry_max_ms), cause.retry_after_ms);
        const std::uint64_t until_ms = home_.now_ms() + wait_ms + jitter(wait_ms / 5);
        entry.blocked_until_ms = until_ms;
        base::log(LogLevel::warn,
                  "refresh failed",
                  {{"account", account.id},
                   {"why", cause.message},
                   {"again_in_ms", until_ms - home_.now_ms()}});
    }
    // The old secret may end before.
    const std::uint64_t end_ms = entry.secret->usable_until_ms;
    const bool ends_before = entry.secret->is_usable(home_.now_ms());
    const std::uint64_t next_ms = entry.blocked_until_ms;
    schedule(number, ends_before ? std::min(end_ms, next_ms) : next_ms);
    leave_alone(entry);
    publish(number);
}

// What was held against an account for its secret is over with the next one.
void Refresher::forgive(const Entry& entry) {
    Health& health = entry.account->state->health;
    if (health.cool_down().error_class == PARLEY_E_UNAUTHENTICATED) health.clear();
}

// An account without a secret is not worth an attempt before it can have one.
void Refresher::leave_alone(const Entry& entry) {
    if (entry.secret->is_usable(home_.now_ms())) return;
    const auto now_ms = static_cast<std::int64_t>(home_.now_ms());
    const auto until_ms = static_cast<std::int64_t>(
        std::min<std::uint64_t>(entry.blocked_until_ms, std::uint64_t{CoolDown::kEndless}));
    Health& health = entry.account->state->health;
    health.count_failure(now_ms, PARLEY_E_UNAUTHENTICATED, entry.failure->message);
    health.cool({until_ms, until_ms, PARLEY_E_UNAUTHENTICATED, 0}, now_ms);
}

}  // namespace parley::accounts
