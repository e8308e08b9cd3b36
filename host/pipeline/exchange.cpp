// pipeline/exchange.cpp: the way of a request, room by room.
#include "pipeline/exchange.hpp"

#include <algorithm>
#include <array>

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

void Exchange::client_gone(void* self) {
    auto* exchange = static_cast<Exchange*>(self);
    exchange->gone_ = true;
    const http::Stream::Ptr client(&exchange->client_.stream());
    exchange->stop_attempts();
    client->cancel();
}

void Exchange::end(const Error& why) {
    end_ = why;
    stop_attempts();
}

// Whatever it waits for ends now, and with that the exchange may end under our hands.
void Exchange::stop_attempts() {
    bool ended = false;
    ended_ = &ended;
    if (first_) first_->stop_waiting();
    if (!ended && first_) first_->cancel();
    if (!ended && second_) second_->stop_waiting();
    if (!ended && second_) second_->cancel();
    if (!ended) ended_ = nullptr;
}

// A provider is called by who may be served there; all others may be called by anyone.
bool Exchange::may_call(const plugins::Instance& instance) const {
    const auto& all = world_->instances;
    const auto is_it = [&](const auto& each) { return each.get() == &instance; };
    if (std::none_of(all.begin(), all.end(), is_it)) return false;
    const bool is_provider = plugins::view(instance.component().kind) == PARLEY_KIND_PROVIDER;
    if (!is_provider || course_ == nullptr) return true;
    bool has_shown = false;
    const std::array<const Attempt*, 2> attempts{first_ ? &*first_ : nullptr, second_.get()};
    for (const Attempt* attempt : attempts) {
        if (attempt == nullptr) continue;
        if (&attempt->candidate().place->provider->instance() == &instance) return true;
        has_shown = has_shown || attempt->has_shown();
    }
    if (has_shown) return false;
    const FilterChain* filters = world_->filters.of(terms().route);
    const bool may_turn = filters != nullptr && filters->wants_requests;
    return may_turn || course_->leads_to(instance);
}

}  // namespace parley::pipeline
