// chance.hpp: random inputs that come again from their seed.
//
// PARLEY_PROPERTY_RUNS says how many seeds a property is tried with, PARLEY_PROPERTY_SEED tries
// one; PARLEY_PROPERTY_ALL goes on behind a failure.
#pragma once

#include <cstdint>
#include <cstdlib>
#include <initializer_list>
#include <random>
#include <string>
#include <string_view>

#include <gtest/gtest.h>

namespace parley::codec {

class Chance {
public:
    explicit Chance(uint32_t seed) : random_(seed) {}

    uint32_t below(uint32_t n) { return static_cast<uint32_t>(random_() % n); }

    bool one_in(uint32_t n) { return below(n) == 0; }

    template <class T>
    T of(std::initializer_list<T> all) {
        return *(all.begin() + below(static_cast<uint32_t>(all.size())));
    }

    // At most so many pieces of all planes; valid UTF-8, sometimes empty.
    std::string text(uint32_t most);

    // Never empty, and more than space.
    std::string words(uint32_t most = 6) { return "w" + text(most); }

    // One JSON value, spelled as a careless model spells it.
    std::string json(int depth = 3);
    std::string json_object(int depth = 3);
    // A JSON Schema of an object.
    std::string schema(int depth = 2);

    // Letters, digits, _ and -; up to 64 of them.
    std::string legal_name();
    // Whatever a client may call its tools.
    std::string any_name();
    std::string call_id();

private:
    std::string json_string();

    std::mt19937 random_;
    uint32_t ids_ = 0;
};

// Tries a property with `runs` seeds; it stops at the first for which it does not hold.
template <class Property>
void for_seeds(uint32_t runs, Property property) {
    const char* one = std::getenv("PARLEY_PROPERTY_SEED");
    const char* many = std::getenv("PARLEY_PROPERTY_RUNS");
    if (many != nullptr) runs = static_cast<uint32_t>(std::strtoul(many, nullptr, 10));
    uint32_t seed = one == nullptr ? 0 : static_cast<uint32_t>(std::strtoul(one, nullptr, 10));
    const uint32_t end = one == nullptr ? runs : seed + 1;
    for (; seed < end; ++seed) {
        SCOPED_TRACE("PARLEY_PROPERTY_SEED=" + std::to_string(seed));
        property(seed);
        if (testing::Test::HasFailure() && std::getenv("PARLEY_PROPERTY_ALL") == nullptr) return;
    }
}

}  // namespace parley::codec
