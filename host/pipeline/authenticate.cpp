// pipeline/authenticate.cpp: who is asking?
#include <coroutine>
#include <mutex>

#include "base/secret.hpp"
#include "http/percent.hpp"
#include "pipeline/exchange.hpp"

namespace parley::pipeline {

using base::Result;
using base::Task;
using http::FieldId;

namespace {

// The key from wherever the client's kind puts it; the first place that has one counts.
std::string_view key_of(const http::RequestHead& head, std::string& from_query) {
    std::string_view bearer = head.get(FieldId::authorization);
    if (!bearer.empty()) {
        constexpr std::string_view kScheme = "bearer ";
        const bool has_scheme =
            bearer.size() > kScheme.size() &&
            http::equals_ignoring_case(bearer.substr(0, kScheme.size()), kScheme);
        if (has_scheme) bearer.remove_prefix(kScheme.size());
        return bearer;
    }
    for (const std::string_view name : {"x-api-key", "x-goog-api-key", "api-key"}) {
        if (const std::string_view key = head.get(name); !key.empty()) return key;
    }
    for (const std::string_view name : {"key", "auth_token"}) {
        from_query = http::query_value(head.query, name);
        if (!from_query.empty()) return from_query;
    }
    return {};
}

base::Error unknown_key() {
    return base::client_error(PARLEY_E_UNAUTHENTICATED, "the client key is not known");
}

// Keys that may be in a store which was never read: who may ask is not known yet.
base::Error store_unread() {
    constexpr std::uint64_t kAgainMs = 1'000;
    auto why = base::gateway_error(PARLEY_E_OVERLOADED,
                                   "the store, which may hold client keys, has not been read yet");
    why.retry_after_ms = kAgainMs;
    return why;
}

// A wait for the check of a key: a value to be awaited once.
class KeyProof {
public:
    KeyProof(const World& world,
             http::Loop& loop,
             std::shared_ptr<accounts::HashedKey> against,
             base::Secret key)
        : world_(world), loop_(loop), against_(std::move(against)), key_(std::move(key)) {}

    KeyProof(const KeyProof&) = delete;
    KeyProof& operator=(const KeyProof&) = delete;

    ~KeyProof() {
        const std::lock_guard lock(state_->mutex);
        state_->waiter = nullptr;
    }

    bool await_ready() const { return false; }

    bool await_suspend(std::coroutine_handle<> waiter) {
        state_->waiter = waiter;
        auto then = [state = state_, &loop = loop_](bool fits) {
            const std::lock_guard lock(state->mutex);
            if (state->waiter == nullptr) return;
            state->fits = fits;
            loop.post([state] { resume(*state); });
        };
        const std::uint64_t most = world_.config.limits.key_checks_max;
        is_waiting_ = world_.callers.checks().check(against_, key_, most, std::move(then));
        return is_waiting_;
    }

    Result<bool> await_resume() const {
        if (is_waiting_) return state_->fits;
        auto busy = base::gateway_error(
            PARLEY_E_OVERLOADED, "too many client keys are being checked for the first time");
        busy.retry_after_ms = kBusyMs;
        return busy;
    }

private:
    static constexpr std::uint64_t kBusyMs = 1'000;

    struct State {
        std::mutex mutex;
        std::coroutine_handle<> waiter;
        bool fits = false;
    };

    static void resume(State& state) {
        if (state.waiter != nullptr) state.waiter.resume();
    }

    const World& world_;
    http::Loop& loop_;
    const std::shared_ptr<accounts::HashedKey> against_;
    const base::Secret key_;
    const std::shared_ptr<State> state_ = std::make_shared<State>();
    bool is_waiting_ = false;
};

}  // namespace

Result<void> Exchange::authenticate() {
    const accounts::Callers& callers = world_->callers;
    const bool may_be_others = world_->stored.may_hold_more;
    if (callers.is_open()) {
        if (may_be_others) return store_unread();
        if (client_.is_local()) return {};
        return base::client_error(
            PARLEY_E_FORBIDDEN, "no client keys are configured, so only local clients are served");
    }
    std::string from_query;
    const std::string_view key = key_of(client_.head(), from_query);
    if (key.empty()) {
        return base::client_error(PARLEY_E_UNAUTHENTICATED,
                                  "no client key: send it as \"authorization: Bearer KEY\"");
    }
    http::Client::Acquaintance& known = client_.acquaintance();
    const bool same =
        known.checked_by == callers.number() && base::equal_in_constant_time(known.proof, key);
    if (same) {
        asked_.caller = static_cast<const accounts::Caller*>(known.who);
        return {};
    }
    const accounts::Callers::Found found = callers.find(key);
    if (found.caller == nullptr) return may_be_others ? store_unread() : unknown_key();
    asked_.caller = found.caller;
    unproven_ = found.unproven;
    known = {std::string(key), unproven_ == nullptr ? callers.number() : 0, found.caller};
    return {};
}

Task<Result<void>> Exchange::prove_key() {
    http::Client::Acquaintance& known = client_.acquaintance();
    KeyProof proof(*world_, lane_.loop(), unproven_, base::Secret(known.proof));
    const Result<bool> fits = co_await proof;
    if (!fits) co_return fits.error();
    if (*fits) {
        known.checked_by = world_->callers.number();
        co_return Result<void>();
    }
    known = {};
    asked_.caller = nullptr;
    co_return unknown_key();
}

}  // namespace parley::pipeline
