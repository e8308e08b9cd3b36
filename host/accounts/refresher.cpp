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
    // The server may have replaced the token already, and what comes now may be an older one, of
    // another Parley's journal: how the refresh ends tells.
    const bool is_of_store = account.origin.empty() && !account.document.empty();
    entry.is_overtaken = is_of_store && entry.run != nullptr;
    if (!entry.is_overtaken) begin_anew(entry);
}

// With what the account says, whatever went on.
void Refresher::begin_anew(Entry& entry) {
    auto secret = std::make_shared<LiveSecret>(*entry.account->secret);
    if (entry.secret != nullptr) secret->revision = entry.secret->revision + 1;
    end_run(entry);
    entry.is_overtaken = false;
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

// Should it be answered all the same, what was claimed is given back.
void Refresher::end_claim(Entry& entry) {
    if (std::exchange(entry.claim, 0) != 0) --running_;
}

void Refresher::end_run(Entry& entry) {
    end_claim(entry);
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
        if (home_.now_ms() < entry.blocked_until_ms) {
            leave_alone(entry);  // its secret has ended
            schedule(number, entry.blocked_until_ms);
        } else if (!is_busy(entry)) {
            enqueue(number);
        }
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

// ---- what others are told ----

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

void Refresher::rest() {
    if (std::exchange(is_stopped_, true)) return;
    timer_.cancel();
    for (auto& [number, entry] : entries_) end_claim(entry);
    if (running_ != 0) base::log(LogLevel::info, "refreshes may end", {{"refreshes", running_}});
}

void Refresher::stop() {
    rest();
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
