// details.hpp: reasoning as several places tell it beside its words, and want it back:
//   "reasoning_details": [{"type":"reasoning.text","text":…,"signature":…,"index":0},
//                         {"type":"reasoning.summary","summary":…}, {"type":"reasoning.encrypted",
//                         "data":…,"id":…}]
// A stream tells a block in pieces. What goes back are whole blocks, in the spelling they came in:
// a signature is of all the words.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "parley/sdk/json.hpp"

namespace parley::openai {

// The family of their seal; its data is the array. Nobody but the place reads it.
inline constexpr std::string_view kDetailsFamily = "reasoning-details";

// What one element of the array says; raw JSON.
struct DetailWords {
    std::string_view text;  // a string, or empty
    bool summary = false;
    bool begins = false;  // another block than the words before it
};

class Details {
public:
    // The next value is an element. `whole`: it is a block, and not a piece of one.
    DetailWords take(sdk::JsonReader& r, bool whole);

    bool empty() const { return blocks_.empty(); }

    // The array, which is then forgotten.
    std::string settle();

private:
    struct Block {
        std::string type;
        std::string words;                                         // the insides of a JSON string
        std::vector<std::pair<std::string, std::string>> members;  // raw, in the order of arrival
    };

    static bool goes_on(const Block& block, const Block& piece);

    std::vector<Block> blocks_;
};

}  // namespace parley::openai
