// pipeline/exchange.cpp: the way of a request, room by room.
#include "pipeline/exchange.hpp"

namespace parley::pipeline {

using base::Error;
using base::Result;
using base::Task;

Exchange::Exchange(Lane& lane, http::Client& client)
    : lane_(lane),
      client_(client),
      world_(lane.world()),
      arena_(lane.world()->config.limits.exchange_bytes_max),
      id_(lane.next_id()),
      started_ms_(lane.loop().now_ms()),
      reply_(client, id_) {
    lane_.underway().add(*this);
}

Exchange::~Exchange() {
    client_.stream().unwatch();
    if (ended_ != nullptr) *ended_ = true;
    if (is_admitted_) asked_.caller->budget->end();
}

Task<void> Exchange::run() {
    const Result<void> served = co_await serve();
    if (served) {
        record(nullptr);
        co_return;
    }
    const Error error = end_ ? *end_ : served.error();
    co_await refuse(error);
    record(&error);
}

Task<Result<void>> Exchange::serve() {
    if (auto known = match(); !known) co_return known;
    if (auto caller = authenticate(); !caller) co_return caller;
    if (unproven_ != nullptr) {
        const Result<void> proven = co_await prove_key();
        if (!proven) co_return proven;
    }
    const std::uint32_t operation = asked_.call.operation;
    if (operation == PARLEY_OPERATION_MODELS || operation == PARLEY_OPERATION_MODEL) {
        co_return co_await show_models();
    }
    const Result<void> whole = co_await read();
    if (!whole) co_return whole;
    if (auto route = resolve(); !route) co_return route;
    if (auto admitted = admit(); !admitted) co_return admitted;
    co_return co_await try_accounts();
}

Task<Result<void>> Exchange::read() {
    Result<std::string_view> body = co_await client_.read_body();
    if (!body) co_return std::move(body).error();
    asked_.http.body = plugins::bytes(*body);
    read_ms_ = lane_.loop().now_ms();
    client_.stream().watch(this, client_gone);
    if (is_over()) co_return client_left();
    co_return Result<void>();
}

}  // namespace parley::pipeline
