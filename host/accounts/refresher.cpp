#include "accounts/refresher.hpp"

#include <algorithm>
#include <chrono>
#include <unordered_set>

#include "base/log.hpp"

namespace parley::accounts {

using base::LogLevel;
using base::Result;

Refresher::Refresher(http::Loop& home,
                     std::shared_ptr<Outside> outside,
                     const config::AccountLimits& limits,
                     std::vector<const Account*> accounts,
                     std::shared_ptr<const void> world,
                     Keeper keeper)
    : home_(home),
      outside_(std::move(outside)),
      limits_(limits),
      world_(std::move(world)),
      keeper_(std::move(keeper)),
      timer_(home.io()),
      random_(std::random_device()()) {
    for (const Account* account : accounts) {
        Entry& entry = entries_[account->number];
        entry.account = account;
        entry.configured = account->secret->text;
        entry.secret = account->secret;
    }
}

Refresher::~Refresher() = default;

void Refresher::start() {
    for (auto& [number, entry] : entries_) begin_with(entry, entry.secret);
    home_.post([this] { look(); });
}

Standing Refresher::standing() const {
    Standing standing;
    standing.wait_ms = limits_.refresh_wait_ms;
    for (const auto& [number, entry] : entries_) standing.all.push_back({number, news_of(entry)});
    return standing;
}

// ---- other accounts ----

void Refresher::adopt(Change change) {
    home_.wake();
    const auto before = std::exchange(world_, std::move(change.world));  // to the end of this
    outside_ = std::move(change.outside);
    limits_ = change.limits;
    keeper_ = std::move(change.keeper);
    std::unordered_set<std::size_t> stay;
    for (const Account* account : change.accounts) stay.insert(account->number);
    for (auto& [number, entry] : entries_) {
        if (!stay.contains(number)) end_run(entry);
    }
    std::erase_if(entries_, [&](const auto& known) { return !stay.contains(known.first); });
    for (const Account* account : change.accounts) take_up(*account);
    look();
}

// A document that says what a refresh has written there brings nothing new.
void Refresher::take_up(const Account& account) {
    const LiveSecret& configured = *account.secret;
    Entry& entry = entries_[account.number];
    const bool is_new = entry.account == nullptr;
    const bool is_known =
        !is_new && (configured.text == entry.configured || configured.text == entry.secret->text ||
                    (entry.kept != nullptr && configured.text == entry.kept->text));
    entry.account = &account;
    entry.configured = configured.text;
    if (is_known) return;
    auto secret = std::make_shared<LiveSecret>(configured);
    if (!is_new) secret->revision = entry.secret->revision + 1;
    end_run(entry);
    entry.failure.reset();
    entry.failures = 0;
    entry.blocked_until_ms = 0;
    entry.forced_until_ms = 0;
    forgive(entry);
    begin_with(entry, std::move(secret));
}

void Refresher::begin_with(Entry& entry, LiveSecretPtr secret) {
    const bool is_due = !secret->is_usable(home_.now_ms());
    entry.secret = std::move(secret);
    schedule(entry.account->number, is_due ? home_.now_ms() : renewal_of(*entry.secret));
}

void Refresher::end_run(Entry& entry) {
    if (std::exchange(entry.claim, 0) != 0) --running_;
    if (std::exchange(entry.kept, nullptr) != nullptr) --running_;
    give_back(entry);
    if (entry.run == nullptr) return;
    std::exchange(entry.run, nullptr)->cancel();
    --running_;
}

void Refresher::give_back(Entry& entry) {
    keeper_.give_back(entry.document, std::exchange(entry.lease, 0));
}

void Refresher::ask(Secrets& from, std::size_t number, std::optional<std::uint64_t> refused) {
    home_.post([this, &from, number, refused] { answer(from, number, refused); });
}

void Refresher::answer(Secrets& from, std::size_t number, std::optional<std::uint64_t> refused) {
    home_.wake();
    const auto known = entries_.find(number);
    if (known == entries_.end()) return;  // adopt() has told who waits
    Entry& entry = known->second;
    if (is_busy(entry) || is_stopped_) return;
    const std::uint64_t now_ms = home_.now_ms();
    const bool is_newer = !refused || entry.secret->revision > *refused;
    const bool is_there = is_newer && entry.secret->is_usable(now_ms);
    if (is_there || now_ms < entry.blocked_until_ms) {
        publish(number);
        return;
    }
    if (refused && now_ms < entry.forced_until_ms) {
        auto why = no_secret(*entry.account,
                             base::upstream_error(PARLEY_E_UPSTREAM_FAILED,
                                                  "the upstream refuses it, though it is new"));
        from.loop().post([&from, number, why = std::move(why)] {
            from.loop().wake();
            from.deny_renewal(number, why);
        });
        return;
    }
    if (refused) entry.forced_until_ms = now_ms + limits_.refresh_again_ms;
    enqueue(number);
    begin_some();
}

// ---- what is due ----

void Refresher::schedule(std::size_t number, std::uint64_t due_ms) {
    entries_.at(number).due_ms = due_ms;
    if (due_ms != UINT64_MAX) heap_.emplace(due_ms, number);
    set_timer();
}

// What stands on the heap with another time than its account's was replaced.
void Refresher::set_timer() {
    const auto was_replaced = [this](const Due& due) {
        const auto known = entries_.find(due.second);
        return known == entries_.end() || known->second.due_ms != due.first;
    };
    while (!heap_.empty() && was_replaced(heap_.top())) heap_.pop();
    if (heap_.empty() || is_stopped_) return;
    using std::chrono::milliseconds;
    const auto due = milliseconds(static_cast<std::int64_t>(heap_.top().first));
    const std::chrono::steady_clock::time_point at{due};
    if (timer_.expiry() == at) return;
    timer_.expires_at(at);
    timer_.async_wait([this](const boost::system::error_code& fault) {
        if (!fault) look();
    });
}

void Refresher::look() {
    home_.wake();
    while (!heap_.empty() && heap_.top().first <= home_.now_ms()) {
        const auto [due_ms, number] = heap_.top();
        heap_.pop();
        const auto known = entries_.find(number);
        if (known == entries_.end() || known->second.due_ms != due_ms) continue;
        Entry& entry = known->second;
        entry.due_ms = UINT64_MAX;
        if (!is_busy(entry)) enqueue(number);
    }
    begin_some();
    set_timer();
}

bool Refresher::is_busy(const Entry& entry) {
    return entry.run != nullptr || entry.claim != 0 || entry.kept != nullptr || entry.is_queued;
}

void Refresher::enqueue(std::size_t number) {
    entries_.at(number).is_queued = true;
    queue_.push_back(number);
}

void Refresher::begin_some() {
    while (!queue_.empty() && running_ < limits_.refreshes_max && !is_stopped_) {
        const std::size_t number = queue_.front();
        queue_.pop_front();
        const auto known = entries_.find(number);
        if (known == entries_.end() || !known->second.is_queued) continue;
        known->second.is_queued = false;
        begin(number);
    }
}

// ---- one refresh ----

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
    auto secret = accept(number, std::move(*result));
    if (!secret) return fail(number, secret.error());
    if (keeper_.keeps(*entries_.at(number).account)) return keep(number, std::move(*secret));
    succeed(number, std::move(*secret), "secret refreshed");
}

// Nobody uses a secret before it lasts: a server that sees it knows that the one before was
// replaced, and takes that one, should it come again, for stolen.
void Refresher::keep(std::size_t number, LiveSecretPtr secret) {
    Entry& entry = entries_.at(number);
    entry.kept = secret;
    ++running_;
    auto late = std::make_shared<boost::asio::steady_timer>(
        home_.io(), std::chrono::milliseconds(static_cast<std::int64_t>(keeper_.wait_ms())));
    // A store that does not answer keeps it from nobody.
    auto end = [self = std::weak_ptr(self_), number, secret] {
        const auto alive = self.lock();
        if (alive == nullptr) return;
        (*alive)->home_.wake();
        (*alive)->lasts(number, secret);
    };
    late->async_wait([late, end](const boost::system::error_code& fault) {
        if (!fault) end();
    });
    auto told = [&home = home_, late, end] {
        home.post([late, end] {
            late->cancel();
            end();
        });
    };
    keeper_.keep(*entry.account, *entry.secret, *secret, entry.claimed_revision, std::move(told));
}

void Refresher::lasts(std::size_t number, const LiveSecretPtr& secret) {
    const auto known = entries_.find(number);
    if (known == entries_.end() || known->second.kept != secret) return;
    known->second.kept = nullptr;
    --running_;
    succeed(number, secret, "secret refreshed");
    begin_some();
}

Result<LiveSecretPtr> Refresher::accept(std::size_t number, base::Secret text) const {
    const Entry& entry = entries_.at(number);
    const Account& account = *entry.account;
    const std::uint64_t revision = entry.secret->revision + 1;
    auto secret =
        read_secret(*account.login, std::move(text), revision, outside_->wall_ms(), home_.now_ms());
    if (secret && !(*secret)->is_usable(home_.now_ms())) {
        return base::upstream_error(PARLEY_E_UPSTREAM_FAILED, "the new secret has expired already");
    }
    return secret;
}

void Refresher::succeed(std::size_t number, LiveSecretPtr secret, const char* how) {
    Entry& entry = entries_.at(number);
    give_back(entry);
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
        schedule(number, until_ms);
        base::log(LogLevel::warn,
                  "refresh failed",
                  {{"account", account.id},
                   {"why", cause.message},
                   {"again_in_ms", until_ms - home_.now_ms()}});
    }
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
        std::min<std::uint64_t>(entry.blocked_until_ms, std::uint64_t{INT64_MAX}));
    Health& health = entry.account->state->health;
    health.count_failure(now_ms, PARLEY_E_UNAUTHENTICATED, entry.failure->message);
    health.cool({until_ms, until_ms, PARLEY_E_UNAUTHENTICATED, 0}, now_ms);
}

News Refresher::news_of(const Entry& entry) const {
    return {entry.secret, entry.failure, entry.blocked_until_ms};
}

void Refresher::publish(std::size_t number) {
    const News news = news_of(entries_.at(number));
    for (Secrets* secrets : listeners_) {
        secrets->loop().post([secrets, number, news] {
            secrets->loop().wake();
            secrets->hear(number, news);
        });
    }
}

void Refresher::stop() {
    is_stopped_ = true;
    timer_.cancel();
    for (auto& [number, entry] : entries_) end_run(entry);
}

// ---- when ----

// Ahead of its end by the lead, or by a fifth of a short life, and up to a fifth of that earlier.
std::uint64_t Refresher::renewal_of(const LiveSecret& secret) {
    if (!secret.is_refreshable || secret.usable_until_ms == LiveSecret::kAlways) return UINT64_MAX;
    const std::uint64_t now_ms = home_.now_ms();
    const std::uint64_t left_ms =
        secret.usable_until_ms > now_ms ? secret.usable_until_ms - now_ms : 0;
    const std::uint64_t lead_ms = std::min(limits_.refresh_lead_ms, left_ms / 5);
    const std::uint64_t at_ms = secret.usable_until_ms - lead_ms;
    const std::uint64_t wished_ms = secret.refresh_from_ms != 0 ? secret.refresh_from_ms : at_ms;
    return std::max(now_ms, wished_ms - std::min(wished_ms, jitter(lead_ms / 5)));
}

std::uint64_t Refresher::jitter(std::uint64_t most) {
    return most == 0 ? 0 : std::uniform_int_distribution<std::uint64_t>(0, most)(random_);
}

Result<LiveSecretPtr> read_secret(const plugins::Login& login,
                                  base::Secret text,
                                  std::uint64_t revision,
                                  std::int64_t wall_ms,
                                  std::uint64_t now_ms) {
    auto facts = login.parse(text.reveal());
    if (!facts) return std::move(facts).error();
    // From the wall clock to the loops': that one is not set by anybody.
    const auto by_loop = [&](std::int64_t at_ms) {
        const std::int64_t ahead_ms = at_ms - wall_ms;
        const auto now = static_cast<std::int64_t>(now_ms);
        return static_cast<std::uint64_t>(std::max<std::int64_t>(1, now + ahead_ms));
    };
    auto secret = std::make_shared<LiveSecret>();
    secret->text = std::move(text);
    secret->attributes = std::move(facts->attributes);
    secret->revision = revision;
    secret->is_refreshable = facts->is_refreshable;
    secret->expires_at_ms = facts->expires_at_ms;
    if (facts->is_pending) {
        secret->usable_until_ms = 0;
    } else if (facts->expires_at_ms != 0) {
        secret->usable_until_ms = by_loop(facts->expires_at_ms);
    }
    if (facts->refresh_at_ms != 0) secret->refresh_from_ms = by_loop(facts->refresh_at_ms);
    return LiveSecretPtr(std::move(secret));
}

}  // namespace parley::accounts
