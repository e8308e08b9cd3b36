#include "accounts/secrets.hpp"

#include <algorithm>
#include <utility>

#include "accounts/refresher.hpp"

namespace parley::accounts {

using base::Result;

namespace {

// Any revision will do.
constexpr std::uint64_t kNone = UINT64_MAX;

bool is_beyond(const LiveSecret& secret, std::uint64_t revision) {
    return revision == kNone || secret.revision > revision;
}

}  // namespace

Secrets::Secrets(http::Loop& loop, Refresher* refresher) : loop_(loop), refresher_(refresher) {
    if (refresher_ == nullptr) return;
    for (const Account* account : refresher_->accounts()) {
        slots_.push_back({{account->secret}, {}});
    }
    refresher_->tell(*this);
}

Secrets::~Secrets() = default;

LiveSecretPtr Secrets::usable(const Account& account) const {
    // The account's own needs no owner: who asks holds the account.
    if (account.login == nullptr) return {LiveSecretPtr(), account.secret.get()};
    const LiveSecretPtr& secret = slots_[account.number].last.secret;
    return secret->is_usable(loop_.now_ms()) ? secret : nullptr;
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
    const News& last = slots_[account.number].last;
    const std::uint64_t now_ms = loop_.now_ms();
    if (last.secret->is_usable(now_ms) && is_beyond(*last.secret, beyond)) return last.secret;
    if (!last.failure || now_ms >= last.stands_until_ms) return std::nullopt;
    base::Error why = *last.failure;
    const bool ends = last.stands_until_ms != UINT64_MAX;
    if (ends) why.retry_after_ms = last.stands_until_ms - now_ms;
    return why;
}

void Secrets::hear(std::size_t number, const News& news) {
    slots_[number].last = news;
    const auto concerns = [&](const Wait& wait) {
        return news.failure.has_value() || is_beyond(*news.secret, wait.beyond_);
    };
    Result<LiveSecretPtr> with = news.secret;
    if (news.failure) with = *news.failure;
    end_waits(number, with, concerns);
}

void Secrets::deny_renewal(std::size_t number, const base::Error& why) {
    end_waits(number, why, [](const Wait& wait) { return wait.beyond_ != kNone; });
}

// Who is woken may wait again, and may end others that wait.
template <class Concerns>
void Secrets::end_waits(std::size_t number,
                        const Result<LiveSecretPtr>& with,
                        Concerns&& concerns) {
    std::deque<Wait*>& waits = slots_[number].waits;
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
    std::erase(all_.slots_[account_.number].waits, this);
}

bool Secrets::Wait::await_ready() {
    result_ = all_.known(account_, beyond_);
    return result_.has_value();
}

void Secrets::Wait::await_suspend(std::coroutine_handle<> waiter) {
    waiter_ = waiter;
    auto& waits = all_.slots_[account_.number].waits;
    const bool is_asked_for = !waits.empty() && beyond_ == kNone;
    waits.push_back(this);
    deadline_.set(all_.refresher_->limits().refresh_wait_ms);
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
    std::erase(all_.slots_[account_.number].waits, this);
    waiter_.resume();
}

}  // namespace parley::accounts
