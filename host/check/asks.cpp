#include "check/asks.hpp"

#include "base/arena.hpp"

namespace parley::check {

using plugins::Instance;
using plugins::sized;
using plugins::str;

namespace {

constexpr std::size_t kArenaBytes = std::size_t{16} * 1024 * 1024;
constexpr std::int64_t kExpiredMs = 1'699'913'600'000;  // a day before the world's clock begins

const parley_login& login_of(const Instance& made) {
    return *static_cast<const parley_login*>(made.component().table);
}

}  // namespace

parley_account account_with(std::string_view secret) {
    auto account = sized<parley_account>();
    account.id = account.label = str("main");
    account.secret = str(secret);
    return account;
}

parley_exchange exchange_of_checks() {
    auto exchange = sized<parley_exchange>();
    exchange.flags = PARLEY_EXCHANGE_STREAM;
    exchange.operation = PARLEY_OPERATION_GENERATE;
    exchange.id = str("x-1");
    exchange.caller = str("me");
    exchange.dialect = str("checks");
    exchange.model = exchange.route = str("a-model");
    return exchange;
}

Ask::Ask(parley_str dialect, std::string_view secret)
    : account(account_with(secret)),
      http(sized<parley_http_request>()),
      ask(sized<parley_plan_ask>()) {
    http.method = str("POST");
    http.path = str("/v1/anything");
    ask.operation = PARLEY_OPERATION_GENERATE;
    ask.attempt = 1;
    ask.dialect = dialect;
    ask.model = str("a-model");
    ask.path = http.path;
    ask.account = &account;
    ask.client = &http;
}

base::Result<parley_op*> begin_login(const Instance& made, std::string_view params) {
    if (!PARLEY_HAS(&login_of(made), parley_login, login_begin)) {
        return base::client_error(PARLEY_E_UNSUPPORTED, "it has no login_begin");
    }
    auto ask = sized<parley_login_ask>();
    ask.provider = made.component().id;
    ask.params = str(params);
    ask.callback_origin = str("http://127.0.0.1:8317");
    base::Arena arena(kArenaBytes);
    parley_error error = plugins::cleared_error(arena);
    parley_op* op = nullptr;
    if (login_of(made).login_begin(made.get(), &ask, &op, &error) >= 0) return op;
    return plugins::from_border(error);
}

base::Result<parley_op*> begin_refresh(const Instance& made, std::string_view secret) {
    if (!PARLEY_HAS(&login_of(made), parley_login, refresh_begin)) {
        return base::client_error(PARLEY_E_UNSUPPORTED, "it has no refresh_begin");
    }
    auto account = account_with(secret);
    account.expires_at_ms = kExpiredMs;
    base::Arena arena(kArenaBytes);
    parley_error error = plugins::cleared_error(arena);
    parley_op* op = nullptr;
    if (login_of(made).refresh_begin(made.get(), &account, &op, &error) >= 0) return op;
    return plugins::from_border(error);
}

}  // namespace parley::check
