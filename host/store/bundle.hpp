// store/bundle.hpp: what a command writes into a store, together where that takes it so: one round
// trip, one commit. A command that is killed has written whole bundles.
#pragma once

#include <cstdint>
#include <functional>
#include <vector>

#include "store/opened.hpp"

namespace parley::store {

class Bundle {
public:
    // What came of one; an error that this returns ends the whole.
    using Told =
        std::function<base::Result<void>(const plugins::DocumentWrite&, const base::Result<void>&)>;
    // Something is there that was not expected. Whether it is written all the same, over what is
    // there now, or is done with.
    using Look = std::function<base::Result<bool>(plugins::DocumentWrite&)>;

    Bundle(Opened& into, Told told, Look look)
        : into_(into), told_(std::move(told)), look_(std::move(look)) {}

    // Writes what is full.
    base::Result<void> add(plugins::DocumentWrite write);
    // Writes what is left.
    base::Result<void> end();

private:
    using Writes = std::vector<plugins::DocumentWrite>;

    enum class Outcome : std::uint8_t { kTaken, kInTheWay, kAlone };

    Outcome write_together(const Writes& writes);
    base::Result<Writes> look_at(Writes writes);
    base::Result<void> write_alone(plugins::DocumentWrite& write);

    Opened& into_;
    const Told told_;
    const Look look_;
    Writes writes_;
    std::uint64_t bytes_ = 0;
};

}  // namespace parley::store
