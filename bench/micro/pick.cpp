// micro/pick.cpp: one pick among many accounts, and what they cost while idle.
#include <deque>
#include <iostream>
#include <malloc.h>
#include <string>

#include <benchmark/benchmark.h>

#include "accounts/book.hpp"
#include "routing/place.hpp"
#include "routing/pool.hpp"
#include "support/allocations.hpp"

namespace {

using namespace parley;

struct Yard {
    config::RoutingLimits limits;
    accounts::Book book;
    std::deque<accounts::Account> accounts;
    routing::Place place;
    routing::Affinity affinity{1 << 20, 3'600'000};

    explicit Yard(std::int64_t count) {
        place.state = book.open(accounts::Book::id_of_provider("p"));
        for (std::int64_t i = 0; i < count; ++i) {
            accounts::Account& account = accounts.emplace_back();
            account.id = "p/" + std::to_string(i);
            account.weight = static_cast<std::uint32_t>(1 + i % 5);
            account.state = book.open(account.id);
        }
    }

    routing::Pool open(const std::string& policy) {
        std::vector<routing::Candidate> candidates;
        for (const auto& account : accounts) candidates.push_back({&place, &account, "m"});
        return {std::move(candidates), routing::find_policy(policy), 7, {limits, affinity}};
    }
};

std::uint64_t next(std::uint64_t& random) {
    random ^= random << 13;
    random ^= random >> 7;
    random ^= random << 17;
    return random;
}

// A pick, its attempt and its end. `cooling` per cent of the accounts are left alone.
void pick(benchmark::State& state, const std::string& policy, int cooling, bool with_sessions) {
    Yard yard(state.range(0));
    const routing::Pool pool = yard.open(policy);
    routing::Ask ask;
    ask.now_ms = 1'000'000;
    for (std::size_t i = 0; i < yard.accounts.size(); ++i) {
        if (static_cast<int>(i % 100) >= cooling) continue;
        yard.accounts[i].state->health.cool(
            {ask.now_ms + 3'600'000, ask.now_ms + 3'600'000, PARLEY_E_RATE_LIMITED, 0}, ask.now_ms);
    }
    std::uint64_t random = 88172645463325252ULL;
    const auto once = [&] {
        ask.random = next(random);
        if (with_sessions) ask.session = 1 + ask.random % 1'000;
        routing::Picked picked = pool.pick(ask);
        picked.attempt.succeed(ask.now_ms);
        benchmark::DoNotOptimize(picked.candidate);
    };
    // Until each pair of account and model is known.
    for (std::int64_t i = 0; i < 50 * state.range(0) && i < 500'000; ++i) once();
    for (auto& account : yard.accounts) account.state->open("m", 8);
    const std::size_t before = support::allocations();
    for (auto _ : state) once();
    state.counters["allocations"] = benchmark::Counter(
        static_cast<double>(support::allocations() - before), benchmark::Counter::kAvgIterations);
}

// Bytes of the heap for each account: its live state, and its place in the pool of one model.
void memory(benchmark::State& state) {
    const auto count = static_cast<std::size_t>(state.range(0));
    const auto used = [] { return static_cast<double>(mallinfo2().uordblks); };
    std::vector<std::shared_ptr<accounts::State>> states;
    states.reserve(count);
    Yard yard(state.range(0));
    for (auto _ : state) {
        const double start = used();
        for (std::size_t i = 0; i < count; ++i)
            states.push_back(std::make_shared<accounts::State>(1));
        const double held = used();
        const routing::Pool pool = yard.open("headroom");
        const auto each = static_cast<double>(count);
        state.counters["state_bytes"] = (held - start) / each;
        state.counters["pool_bytes"] = static_cast<double>(pool.bytes()) / each;
        states.clear();
    }
}

void register_all() {
    for (const std::string& policy : routing::policy_names()) {
        benchmark::RegisterBenchmark(("pick/" + policy).c_str(), pick, policy, 0, false)
            ->Arg(1)
            ->Arg(100)
            ->Arg(10'000);
        benchmark::RegisterBenchmark(
            ("pick_half_cooling/" + policy).c_str(), pick, policy, 50, false)
            ->Arg(100)
            ->Arg(10'000);
    }
    benchmark::RegisterBenchmark("pick_affine", pick, "headroom", 0, true)->Arg(100)->Arg(10'000);
    benchmark::RegisterBenchmark("memory", memory)->Arg(10'000)->Iterations(1);
}

const bool g_registered = (register_all(), true);

}  // namespace
