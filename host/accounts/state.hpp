// accounts/state.hpp: the live side of an account: it outlives configurations, so that a reload
// forgets nothing. About 120 bytes while the account is idle.
#pragma once

#include <atomic>
#include <cstdint>
#include <string>
#include <string_view>

#include "accounts/health.hpp"

namespace parley::accounts {

class State {
public:
    // One model of the account.
    struct Model {
        explicit Model(std::string_view model) : name(model) {}

        Health health;
        const std::string name;  // the upstream's
        Model* next = nullptr;
    };

    explicit State(std::uint32_t number) : number_(number) {}

    State(const State&) = delete;
    State& operator=(const State&) = delete;
    ~State();

    // The same as long as the host runs; from 1.
    std::uint32_t number() const { return number_; }

    Health health;

    // Null as long as nothing is known of the model.
    Model* find(std::string_view model) const;
    // Makes it when there is none; null when the account has `models_max` already.
    Model* open(std::string_view model, std::size_t models_max);

    Model* first() const { return first_.load(std::memory_order_acquire); }

private:
    std::atomic<Model*> first_{nullptr};
    std::atomic<std::uint32_t> model_count_{0};
    const std::uint32_t number_;
};

}  // namespace parley::accounts
