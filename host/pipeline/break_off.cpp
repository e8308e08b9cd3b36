// pipeline/break_off.cpp: exchanges that end early: their client left, or what serves them leaves.
#include <algorithm>
#include <array>

#include "pipeline/exchange.hpp"

namespace parley::pipeline {

using base::Error;

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
