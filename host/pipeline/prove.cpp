// pipeline/prove.cpp: what the account proves itself by, when that has to be waited for.
#include "pipeline/attempt.hpp"
#include "pipeline/exchange.hpp"

namespace parley::pipeline {

using accounts::LiveSecretPtr;
using accounts::Secrets;
using base::Result;

Attempt::Task Attempt::wait_for_secret() {
    const accounts::Account& account = *candidate_.account;
    Secrets::Wait wait = exchange_.lane().secrets().fresh(account, cancellation_);
    Result<LiveSecretPtr> secret = co_await wait;
    if (!secret) co_return std::move(secret).error();
    secret_ = std::move(*secret);
    account_ = account.border(*secret_);
    co_return Result<void>();
}

// The upstream refused the secret, and a new one may help: once, and only while the client has
// seen nothing.
bool Attempt::may_renew() const {
    const bool is_refused = verdict_ && verdict_->error.advice == PARLEY_ADVICE_REFRESH;
    return is_refused && candidate_.account->login != nullptr && !is_renewed_ && !has_shown_ &&
           !is_off();
}

// Waits for a secret that is newer than the refused one, and begins anew with it.
Attempt::Task Attempt::renew() {
    const accounts::Account& account = *candidate_.account;
    is_renewed_ = true;
    source_.reset();
    Secrets::Wait wait = exchange_.lane().secrets().renewed(account, *secret_, cancellation_);
    Result<LiveSecretPtr> secret = co_await wait;
    // What is told of the old secret says nothing of the new one.
    start_over();
    if (!secret) co_return std::move(secret).error();
    secret_ = std::move(*secret);
    account_ = account.border(*secret_);
    co_return Result<void>();
}

}  // namespace parley::pipeline
