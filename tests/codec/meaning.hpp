// meaning.hpp: what a reply says, however it is spelled.
#pragma once

#include <ostream>
#include <string>
#include <vector>

#include "codec.hpp"

namespace parley::codec {

// What every dialect can say of a reply.
struct Meaning {
    std::string text;
    std::string reasoning;
    std::string calls;
    std::string finish;
    std::string usage;

    bool operator==(const Meaning&) const = default;
};

std::ostream& operator<<(std::ostream& out, const Meaning& m);

Meaning meaning_of(const std::vector<Event>& events);

// "text: one <> other" for each field that differs; cut short, since replies are long.
std::string differences(const Meaning& wanted, const Meaning& got);

}  // namespace parley::codec
