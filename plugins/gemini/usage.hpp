// usage.hpp: usageMetadata, read and written.
#pragma once

#include <cstdint>
#include <string_view>

#include "parley/abi.h"
#include "parley/sdk/json.hpp"
#include "parley/sdk/usage.hpp"

namespace parley::gemini {

// Google counts apart what the canonical totals add up, and may tell each counter in a chunk of its
// own; later values replace earlier ones.
class UsageCounters {
public:
    // What is absent or null stays as it was.
    void read(sdk::JsonReader& r);

    sdk::Usage usage() const;

private:
    struct Counter {
        uint64_t value = 0;
        bool known = false;
    };

    Counter prompt_;
    Counter tool_prompt_;
    Counter cached_;
    Counter candidates_;
    Counter thoughts_;
    sdk::Usage finer_;  // what Google tells by modality
};

// Writes the members of a usageMetadata object with its braces.
void write_usage(sdk::JsonWriter& w, const sdk::Usage& usage);

}  // namespace parley::gemini
