// pipeline/pick.cpp: one candidate after the other gets the request, until one serves it.
#include <algorithm>
#include <functional>

#include "pipeline/exchange.hpp"
#include "routing/rules.hpp"

namespace parley::pipeline {

using base::Result;
using base::Task;

namespace {

// Of a body, how its prompt begins: enough to tell system prompts and tools apart.
constexpr std::size_t kPrefixBytes = 1024;

// A wait that SDKs do not sit out by themselves.
constexpr std::uint64_t kWorthWaitingMs = 60'000;

std::uint64_t hash_of(std::string_view caller, std::string_view text) {
    if (text.empty()) return 0;
    const std::hash<std::string_view> hash;
    return (hash(text) ^ (hash(caller) * 0x9E3779B97F4A7C15ULL)) | 1;
}

std::size_t size_of(const routing::Course& course) {
    std::size_t size = 0;
    for (const auto& pool : course.steps()) {
        for (const auto& tier : pool->tiers()) size += tier->size();
    }
    return size;
}

}  // namespace

Task<Result<void>> Exchange::try_accounts() {
    while (pick_next()) {
        const std::uint64_t hedge_ms = hedges_after_ms();
        Result<void> served;
        if (hedge_ms == 0)
            served = co_await attempt_->run();
        else
            served = co_await run_race(hedge_ms);
        if (attempt_->elsewhere() != nullptr && served) {
            const Ruling elsewhere = *attempt_->elsewhere();
            const Result<void> turned = turn(elsewhere);
            if (!turned) co_return turned;
            continue;
        }
        attempt_->settle(served);
        if (served) co_return served;
        const base::Error error = served.error();
        if (!goes_on(error)) co_return error;
        if (!may_retry()) co_return error;
    }
    if (!rejection_.message.empty()) {
        drop_attempts();
        co_return rejection_;
    }
    const base::Error* last = tried_.empty() ? nullptr : &attempt_->failure();
    co_return exhausted(last);
}

parley_exchange Exchange::described() const {
    auto exchange = plugins::sized<parley_exchange>();
    exchange.flags = asked_.wants_stream() ? PARLEY_EXCHANGE_STREAM : 0;
    exchange.operation = asked_.call.operation;
    exchange.id = plugins::str(id_);
    exchange.caller = plugins::str(asked_.caller_name());
    exchange.dialect = plugins::str(asked_.dialect->id());
    exchange.model = asked_.peek.model;
    exchange.route = plugins::str(terms().route);
    exchange.session_key = asked_.peek.session_key;
    return exchange;
}

// `is_aside`: for an attempt beside another one, with which the conversation stays.
routing::Picked Exchange::pick(bool is_aside) {
    routing::Ask ask;
    ask.now_ms = lane_.now_ms();
    ask.random = lane_.random();
    ask.attempt = static_cast<unsigned>(tried_.size() + 1);
    ask.step = step_;
    ask.tried = tried_;
    ask.unfit = unfit_;
    ask.owner = owner_;
    ask.session = hash_of(asked_.caller_name(), plugins::view(asked_.peek.session_key));
    ask.prefix = hash_of(asked_.caller_name(), asked_.body().substr(0, kPrefixBytes));
    ask.is_aside = is_aside;
    const parley_exchange exchange = described();
    ask.exchange = &exchange;
    base::Error aside;
    ask.rejection = is_aside ? &aside : &rejection_;
    return course_->pick(ask);
}

bool Exchange::pick_next() {
    routing::Picked picked = pick(false);
    if (picked.candidate == nullptr) {
        nobody_ = picked.nobody;
        return false;
    }
    tried_.push_back(picked.number);
    step_ = picked.step;
    show_route(*picked.candidate);
    const plugins::Dialect& spoken = *dialect_for(*picked.candidate->place);
    attempt_ = &first_.emplace(*this, std::move(picked), spoken);
    second_.reset();
    return true;
}

void Exchange::drop_attempts() {
    attempt_ = nullptr;
    first_.reset();
    second_.reset();
}

void Exchange::show_route(const routing::Candidate& who) {
    if (world_->config.server.show_route) {
        reply_.show_route(who.place->name + '/' + who.account->label);
    }
}

bool Exchange::has_more() const {
    if (owner_ != 0) return tried_.empty();
    const std::uint64_t of_route = terms().limits.attempts_max;
    const std::uint64_t most = of_route != 0 ? of_route : world_->config.failover.attempts_max;
    return tried_.size() < std::min<std::uint64_t>(most, size_of(*course_));
}

// Whether another account may do better, and the client need not know of this one.
bool Exchange::goes_on(const base::Error& error) {
    if (is_over() || attempt_->has_shown() || !has_more()) return false;
    if (attempt_->is_filtered_out()) return false;
    if (course_->falls_through(error.error_class, step_)) {
        ++step_;
        return true;
    }
    return is_of_account(*attempt_, error);
}

// Whether another account may do better.
bool Exchange::is_of_account(const Attempt& attempt, const base::Error& error) const {
    if (const parley_verdict* verdict = attempt.verdict()) {
        return routing::rule_of(routing::fault_of(*verdict)).guilty != routing::Guilty::kNobody;
    }
    // It never went out: what one provider cannot be asked for, or asked by us, another can.
    return error.error_class == PARLEY_E_UNSUPPORTED || error.fault != PARLEY_FAULT_CLIENT;
}

// Whether the caller has not used up what its requests have earned.
bool Exchange::may_retry() {
    if (asked_.caller == nullptr) return true;
    is_budget_spent_ = !asked_.caller->budget->take_attempt(world_->config.failover);
    return !is_budget_spent_;
}

// Nobody is left to try. `last` is how the latest attempt failed; null: there was none.
base::Error Exchange::exhausted(const base::Error* last) {
    using routing::Reason;
    const auto count = [&](Reason r) { return nobody_.count[static_cast<std::size_t>(r)]; };
    const std::string name = "the model \"" + std::string(asked_.model()) + '"';
    const bool any_fit = count(Reason::kUnfit) < size_of(*course_);
    if (last == nullptr && !any_fit) {
        const auto& first = course_->steps().front()->tiers().front()->candidate(0);
        return base::client_error(PARLEY_E_UNSUPPORTED,
                                  name + " is served by " + first.place->provider->name() +
                                      ", which does not speak " + std::string(asked_.dialect->id()),
                                  "model");
    }
    if (last != nullptr && (!routing::is_limit(last->error_class) || size_of(*course_) == 1))
        return *last;
    drop_attempts();
    std::string why;
    for (std::size_t r = 0; r < routing::kReasons; ++r) {
        const auto reason = static_cast<Reason>(r);
        if (nobody_.count[r] == 0 || reason == Reason::kUnfit) continue;
        why += (why.empty() ? ": " : ", ") + std::to_string(nobody_.count[r]) + ' ' +
               routing::words_of(reason);
    }
    // Where all need a new login, waiting helps nobody.
    const bool is_over = count(Reason::kOver) + count(Reason::kUnfit) == size_of(*course_);
    auto error = base::gateway_error(is_over ? PARLEY_E_UPSTREAM_FAILED : PARLEY_E_RATE_LIMITED,
                                     "no account can serve " + name + " now" + why);
    const std::int64_t left_ms = nobody_.free_ms - lane_.now_ms();
    if (nobody_.free_ms != 0) error.retry_after_ms = std::max<std::int64_t>(left_ms, 1);
    if (is_over || error.retry_after_ms > kWorthWaitingMs)
        client_.always_add("x-should-retry", "false");
    return error;
}

bool Exchange::has_canonical_form() const {
    const std::uint32_t operation = asked_.call.operation;
    return operation == PARLEY_OPERATION_GENERATE || operation == PARLEY_OPERATION_COUNT_TOKENS ||
           operation == PARLEY_OPERATION_EMBED;
}

// The dialect in which a place is spoken to: the client's own where it can be, otherwise the
// first of the place's that can be translated to; null when there is none.
const plugins::Dialect* Exchange::dialect_for(const routing::Place& place) const {
    if (place.provider->speaks(asked_.dialect->id())) return asked_.dialect;
    if (!has_canonical_form() || !plugins::translates_clients(*asked_.dialect)) return nullptr;
    for (const parley_str id : place.provider->dialects()) {
        const plugins::Dialect* spoken = world_->registry.find(plugins::view(id));
        if (spoken != nullptr && plugins::translates_upstreams(*spoken)) return spoken;
    }
    return nullptr;
}

}  // namespace parley::pipeline
