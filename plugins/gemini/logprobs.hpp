// logprobs.hpp: logprobsResult, read and written.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "parley/sdk/logprobs.hpp"

namespace parley::gemini {

// The tokens of a logprobsResult join the list.
void read_logprobs(std::string_view json, sdk::LogprobList& into);

// What a candidate says of its tokens.
class WrittenLogprobs {
public:
    // The `extra` of a TEXT_DELTA.
    void add(std::string_view extra);

    bool empty() const { return chosen_.empty(); }

    // Appends the logprobsResult of what was added since the last time.
    void write(std::string& out);

    // Appends `,"avgLogprobs":…` of all tokens; nothing when there were none.
    void write_average(std::string& out) const;

private:
    std::string chosen_;
    std::string top_;
    bool any_top_ = false;
    double sum_ = 0;
    uint64_t count_ = 0;
};

}  // namespace parley::gemini
