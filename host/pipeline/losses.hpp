// pipeline/losses.hpp: what did not survive an exchange, as x-parley-warnings and the log tell it.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "parley/request.h"

namespace parley::pipeline {

class Losses {
public:
    // Once is enough, however often it happens.
    void add(const parley_warning& warning);
    void add(const parley_warning* const* warnings, std::uint64_t count);
    void add(const Losses& others);

    bool empty() const { return all_.empty(); }

    // "code;field, code", what a client misses most in front. Those for which 1 KiB has no room are
    // counted at the end: "and_others;12". Empty: everything survived.
    std::string text() const;

private:
    struct Loss {
        unsigned rank;  // 0 is the gravest
        std::string text;
    };

    void add(Loss loss);

    std::vector<Loss> all_;
    std::uint64_t others_ = 0;  // beyond those
};

}  // namespace parley::pipeline
