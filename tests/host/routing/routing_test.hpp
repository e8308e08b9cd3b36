// routing_test.hpp: a pool of accounts with a clock and chance that tests move.
#pragma once

#include <cmath>
#include <deque>
#include <map>
#include <string>
#include <vector>

#include "accounts/book.hpp"
#include "routing/place.hpp"
#include "routing/pool.hpp"

namespace parley::routing {

class Yard {
public:
    config::RoutingLimits limits;
    std::int64_t now_ms = 1'000'000;

    accounts::Account& add(std::int32_t priority = 0, std::uint32_t weight = 1) {
        accounts::Account& account = accounts_.emplace_back();
        account.id = "p/" + std::to_string(accounts_.size());
        account.priority = priority;
        account.weight = weight;
        account.state = book_.open(account.id);
        return account;
    }

    void add_many(int count) {
        for (int i = 0; i < count; ++i) add();
    }

    // After all accounts are there.
    Pool& open(std::string_view policy) { return open_with(find_policy(policy)); }

    Pool& open_with(const Pool::PolicyOf& policy_of) {
        place_.state = book_.open(accounts::Book::id_of_provider("p"));
        affinity_ = std::make_unique<Affinity>(limits.affinity_bytes_max, limits.affinity_ms);
        std::vector<Candidate> candidates;
        for (const auto& account : accounts_) candidates.push_back({&place_, &account, "m"});
        pool_ = std::make_unique<Pool>(
            std::move(candidates), policy_of, 7, PoolSettings{limits, *affinity_});
        return *pool_;
    }

    std::uint64_t random() {
        seed_ ^= seed_ << 13;
        seed_ ^= seed_ >> 7;
        seed_ ^= seed_ << 17;
        return seed_ * 0x2545'F491'4F6C'DD1D;
    }

    Ask ask() {
        Ask made;
        made.now_ms = now_ms;
        made.random = random();
        return made;
    }

    Picked pick() { return pool_->pick(ask()); }

    Picked pick(std::uint64_t session) {
        Ask of_session = ask();
        of_session.session = session;
        return pool_->pick(of_session);
    }

    // Index of the account in the order of add(); -1: nobody.
    int index(const Picked& picked) const {
        if (picked.candidate == nullptr) return -1;
        return static_cast<int>(picked.candidate->account->state->number()) - 1;
    }

    // How often each account was picked, with attempts that succeed at once.
    std::map<int, int> count(int picks) {
        std::map<int, int> counts;
        for (int i = 0; i < picks; ++i) {
            Picked picked = pick();
            ++counts[index(picked)];
            picked.attempt.succeed(now_ms);
        }
        return counts;
    }

    accounts::Account& account(int i) { return accounts_[static_cast<std::size_t>(i)]; }

    accounts::Health& health(int i) { return account(i).state->health; }

    void cool(int i, std::int64_t ms, int error_class = PARLEY_E_RATE_LIMITED) {
        const auto probe = std::min<std::int64_t>(ms, static_cast<std::int64_t>(limits.probe_ms));
        health(i).cool({now_ms + ms, now_ms + probe, error_class, 0}, now_ms);
    }

    Place& place() { return place_; }

    Pool& pool() { return *pool_; }

    accounts::Book& book() { return book_; }

private:
    accounts::Book book_;
    std::deque<accounts::Account> accounts_;
    Place place_;
    std::unique_ptr<Affinity> affinity_;
    std::unique_ptr<Pool> pool_;
    std::uint64_t seed_ = 0x1234'5678'9ABC'DEF1;
};

}  // namespace parley::routing
