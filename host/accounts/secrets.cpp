#include "accounts/secrets.hpp"

#include <algorithm>
#include <utility>

#include "accounts/refresher.hpp"

namespace parley::accounts {

using base::Result;

namespace {

// Any revision will do.
constexpr std::uint64_t kNone = UINT64_MAX;

base::Error gone() {
    auto why = base::gateway_error(PARLEY_E_UPSTREAM_FAILED, "the account was taken away");
    why.scope = PARLEY_SCOPE_ACCOUNT;
    why.advice = PARLEY_ADVICE_OTHER_ACCOUNT;
    return why;
}

bool is_beyond(const LiveSecret& secret, std::uint64_t revision) {
    return revision == kNone || secret.revision > revision;
}

}  // namespace

Secrets::Secrets(http::Loop& loop, Refresher* refresher) : loop_(loop), refresher_(refresher) {
    if (refresher_ == nullptr) return;
    adopt(refresher_->standing());
    refresher_->tell(*this);
}

Secrets::~Secrets() = default;

LiveSecretPtr Secrets::usable(const Account& account) const {
    // The account's own needs no owner: who asks holds the account.
    if (account.login == nullptr) return {LiveSecretPtr(), account.secret.get()};
    const auto slot = slots_.find(account.number);
    if (slot == slots_.end()) return nullptr;
    const LiveSecretPtr& secret = slot->second.last.secret;
    return secret->is_usable(loop_.now_ms()) ? secret : nullptr;
}

void Secrets::adopt(const Standing& standing) {
    wait_ms_ = standing.wait_ms;
    std::erase_if(slots_, [](const auto& s) { return s.second.is_gone && s.second.waits.empty(); });
    for (auto& [number, slot] : slots_) slot.is_gone = true;
    for (const auto& [number, news] : standing.all) slots_[number].is_gone = false;
    // Exchanges that began with an account may end with it, as long as its secret is good.
    Standing news = standing;
    for (const auto& [number, slot] : slots_) {
        if (slot.is_gone) news.all.push_back({number, {slot.last.secret, gone(), UINT64_MAX}});
    }
    for (const auto& [number, of] : news.all) hear(number, of);
}

base::Error no_secret(const Account& account, const base::Error& cause) {
    base::Error why = cause;
    why.message = "account " + account.id + ": no usable secret: " + cause.message;
    why.code.clear();
    why.param.clear();
    why.http_status = 0;
    why.scope = PARLEY_SCOPE_ACCOUNT;
    why.advice = PARLEY_ADVICE_OTHER_ACCOUNT;
    switch (cause.error_class) {
        case PARLEY_E_TIMEOUT:
        case PARLEY_E_OVERLOADED:
        case PARLEY_E_CONFIG:
        case PARLEY_E_INTERNAL:
            break;
        case PARLEY_E_RATE_LIMITED:
            why.error_class = PARLEY_E_OVERLOADED;
            break;
        default:
            // Whatever the account did wrong, the client did not.
            why.error_class = PARLEY_E_UPSTREAM_FAILED;
            break;
    }
    // The upstream was not asked, so nothing is held against it.
    why.fault = PARLEY_FAULT_GATEWAY;
    return why;
}

Secrets::Wait Secrets::fresh(const Account& account, http::Cancellation& by) {
    return {*this, account, kNone, by};
}

Secrets::Wait Secrets::renewed(const Account& account,
                               const LiveSecret& refused,
                               http::Cancellation& by) {
    return {*this, account, refused.revision, by};
}

std::optional<Result<LiveSecretPtr>> Secrets::known(const Account& account,
                                                    std::uint64_t beyond) const {
    const auto slot = slots_.find(account.number);
    if (slot == slots_.end()) return no_secret(account, gone());
    const News& last = slot->second.last;
    const std::uint64_t now_ms = loop_.now_ms();
    if (last.secret->is_usable(now_ms) && is_beyond(*last.secret, beyond)) return last.secret;
    if (!last.failure || now_ms >= last.stands_until_ms) return std::nullopt;
    base::Error why = *last.failure;
    const bool ends = last.stands_until_ms != UINT64_MAX;
    if (ends) why.retry_after_ms = last.stands_until_ms - now_ms;
    return why;
}

void Secrets::hear(std::size_t number, const News& news) {
    const auto slot = slots_.find(number);
    if (slot == slots_.end()) return;
    slot->second.last = news;
    // Other accounts may come while one is still being refreshed: who waits for it goes on waiting.
    const bool is_told = news.failure.has_value() || news.secret->is_usable(loop_.now_ms());
    const auto concerns = [&](const Wait& wait) {
        return is_told && (news.failure.has_value() || is_beyond(*news.secret, wait.beyond_));
    };
    Result<LiveSecretPtr> with = news.secret;
    if (news.failure) with = *news.failure;
    end_waits(slot->second, with, concerns);
}

void Secrets::deny_renewal(std::size_t number, const base::Error& why) {
    const auto slot = slots_.find(number);
    if (slot == slots_.end()) return;
    end_waits(slot->second, why, [](const Wait& wait) { return wait.beyond_ != kNone; });
}

// Who is woken may wait again, and may end others that wait.
template <class Concerns>
void Secrets::end_waits(Slot& slot, const Result<LiveSecretPtr>& with, Concerns&& concerns) {
    std::deque<Wait*>& waits = slot.waits;
    for (std::size_t left = waits.size(); left != 0 && !waits.empty(); --left) {
        Wait* wait = waits.front();
        waits.pop_front();
        if (concerns(*wait)) {
            wait->end(with);
        } else {
            waits.push_back(wait);
        }
    }
}

void Secrets::forget(Wait& wait) {
    const auto slot = slots_.find(wait.account_.number);
    if (slot != slots_.end()) std::erase(slot->second.waits, &wait);
}

Secrets::Wait::Wait(Secrets& all,
                    const Account& account,
                    std::uint64_t beyond,
                    http::Cancellation& by)
    : all_(all),
      account_(account),
      beyond_(beyond),
      cancellation_(by),
      deadline_(all.loop_.deadlines(), this, [](void* self) {
          auto& wait = *static_cast<Wait*>(self);
          wait.end(no_secret(
              wait.account_,
              base::upstream_error(PARLEY_E_TIMEOUT, "not within accounts.refresh_wait_ms")));
      }) {}

Secrets::Wait::~Wait() {
    all_.forget(*this);
}

bool Secrets::Wait::await_ready() {
    result_ = all_.known(account_, beyond_);
    return result_.has_value();
}

void Secrets::Wait::await_suspend(std::coroutine_handle<> waiter) {
    waiter_ = waiter;
    auto& waits = all_.slots_.at(account_.number).waits;  // where known() has looked
    const bool is_asked_for = !waits.empty() && beyond_ == kNone;
    waits.push_back(this);
    deadline_.set(all_.wait_ms_);
    cancellation_.hook(this, [](void* self) {
        static_cast<Wait*>(self)->end(base::client_error(PARLEY_E_CANCELLED, "client left"));
    });
    if (is_asked_for) return;
    const auto refused = beyond_ == kNone ? std::nullopt : std::optional(beyond_);
    all_.refresher_->ask(all_, account_.number, refused);
}

Result<LiveSecretPtr> Secrets::Wait::await_resume() {
    return std::move(*result_);
}

void Secrets::Wait::end(Result<LiveSecretPtr> with) {
    if (result_) return;
    result_ = std::move(with);
    deadline_.clear();
    cancellation_.unhook();
    all_.forget(*this);
    waiter_.resume();
}

}  // namespace parley::accounts
