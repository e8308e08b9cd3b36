// pipeline/race.cpp: a first attempt that says nothing for long gets company.
#include "pipeline/race.hpp"

#include "pipeline/exchange.hpp"

namespace parley::pipeline {

using base::Result;
using base::Task;

void Race::decide(Runner& one) {
    winner = &one;
    Runner& left = other(one);
    if (left.is_running()) left.attempt->abandon();
}

// Nothing is touched behind the news: the race may be over by then, and gone.
Task<void> begin(Race& race, Runner& runner) {
    Result<void> done = co_await runner.attempt->run();
    runner.done.emplace(std::move(done));
    race.news.tell();
}

// Only what is whole in our hands, and can be asked twice without harm, is asked twice. A large
// body is translated by another thread, and two of them would share the exchange's memory.
std::uint64_t Exchange::hedges_after_ms() const {
    const std::uint64_t of_route = terms().limits.hedge_ms;
    const std::uint64_t after_ms = of_route != 0 ? of_route : world_->config.failover.hedge_ms;
    if (after_ms == 0) return 0;
    const std::uint32_t operation = asked_.call.operation;
    const bool is_harmless =
        operation == PARLEY_OPERATION_GENERATE || operation == PARLEY_OPERATION_EMBED;
    const bool is_small = asked_.body().size() <= world_->config.limits.loop_bytes_max;
    return is_harmless && is_small && owner_ == 0 && has_more() && !reply_.begun() ? after_ms : 0;
}

Task<Result<void>> Exchange::run_race(std::uint64_t after_ms) {
    if (tried_.size() == 1) lane_.hedges().earn(world_->config.failover);
    Race race;
    race_ = &race;
    race.first.attempt = attempt_;
    base::spawn(begin(race, race.first));
    http::Deadline late(lane_.loop().deadlines(), &race, [](void* told) {
        auto& of = *static_cast<Race*>(told);
        of.is_late = true;
        of.news.tell();
    });
    late.set(after_ms);
    for (;;) {
        weigh(race, race.first);
        weigh(race, race.second);
        if (race.is_over()) break;
        if (std::exchange(race.is_late, false)) begin_second(race);
        if (race.is_over()) continue;
        co_await race.news;
    }
    race_ = nullptr;
    attempt_ = race.winner->attempt;
    Runner& left = race.other(*race.winner);
    if (left.done && !left.is_settled) left.attempt->settle(*left.done);
    co_return std::move(*race.winner->done);
}

void Exchange::begin_second(Race& race) {
    const bool may = race.first.is_running() && race.winner == nullptr && !is_over() &&
                     !race.first.attempt->has_shown() && !reply_.begun() && has_more();
    if (!may || !lane_.hedges().take()) return;
    if (asked_.caller != nullptr && !asked_.caller->budget->take_attempt(world_->config.failover))
        return;
    routing::Picked picked = pick(true);
    // The next step of a route is for when this one has failed.
    if (picked.candidate == nullptr || picked.step != step_) return;
    tried_.push_back(picked.number);
    const plugins::Dialect& spoken = *dialect_for(*picked.candidate->place);
    second_ = std::make_unique<Attempt>(*this, std::move(picked), spoken);
    race.second.attempt = second_.get();
    base::spawn(begin(race, race.second));
}

// Whether what one has come to is the answer, or the other is waited for.
void Exchange::weigh(Race& race, Runner& runner) {
    if (!runner.done || runner.is_settled || race.winner != nullptr) return;
    Runner& other = race.other(runner);
    const Attempt& attempt = *runner.attempt;
    if (runner.done->has_value()) {
        // Where a filter sends it is for the first to say.
        runner.is_settled = &runner == &race.second && attempt.elsewhere() != nullptr;
        if (!runner.is_settled) race.decide(runner);
        return;
    }
    const bool may_go_on = !is_over() && !attempt.has_shown() && !attempt.is_filtered_out() &&
                           (other.is_running() || other.done) && !other.is_settled;
    if (!may_go_on || !is_of_account(attempt, runner.done->error())) return race.decide(runner);
    runner.attempt->settle(*runner.done);
    runner.is_settled = true;
}

void Exchange::claim(const Attempt& attempt) {
    if (race_ == nullptr || race_->winner != nullptr) return;
    Runner& runner = &attempt == race_->first.attempt ? race_->first : race_->second;
    race_->decide(runner);
    show_route(attempt.candidate());
}

bool Exchange::is_racing() const {
    return race_ != nullptr && race_->winner == nullptr && race_->first.is_running() &&
           race_->second.is_running();
}

}  // namespace parley::pipeline
