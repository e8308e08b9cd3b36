#include "pipeline/underway.hpp"

#include <algorithm>

#include "pipeline/exchange.hpp"

namespace parley::pipeline {

namespace {

// What an exchange may call grows less while it goes on, and nobody says when.
constexpr std::uint64_t kLookAgainMs = http::Deadline::kTickMs;

Exchange& exchange_of(ListedExchange& listed) {
    return static_cast<Exchange&>(listed);
}

}  // namespace

Underway::Underway(http::Loop& loop)
    : look_again_(
          loop.deadlines(), this, [](void* self) { static_cast<Underway*>(self)->look(); }) {}

// With each, others may come or go.
void Underway::end(const World& world, const base::Error& why) {
    const auto next = [&] {
        return std::find_if(all_.begin(), all_.end(), [&](ListedExchange& listed) {
            const Exchange& exchange = exchange_of(listed);
            return &exchange.world() == &world && !exchange.is_over();
        });
    };
    for (auto each = next(); each != all_.end(); each = next()) exchange_of(*each).end(why);
}

void Underway::hold(Instances those, Told told) {
    held_.emplace(Held{std::move(those), std::move(told)});
    tell();
}

void Underway::tell() {
    if (held_->is_still) return;
    std::uint64_t users = 0;
    for (ListedExchange& listed : all_) {
        const Exchange& exchange = exchange_of(listed);
        users += std::any_of(held_->those.begin(), held_->those.end(), [&](const auto* instance) {
            return exchange.may_call(*instance);
        });
    }
    held_->is_still = users == 0;
    if (!held_->is_still) look_again_.set(kLookAgainMs);
    held_->told(users);
}

void Underway::release() {
    held_.reset();
    look_again_.clear();
    for (const std::coroutine_handle<> waiter : std::exchange(waiting_, {})) waiter.resume();
}

}  // namespace parley::pipeline
