// usage.hpp: token counts. The wire counts cached input apart, the canonical form within the total.
#pragma once

#include <string>
#include <string_view>

#include "parley/abi.h"
#include "parley/sdk/json.hpp"
#include "parley/sdk/usage.hpp"

namespace parley::claude {

// What the usage objects of one reply have told so far. A member that is absent or null keeps what
// was told before.
class Counts {
public:
    // The next value, an object or something else that is passed over.
    void read(sdk::JsonReader& r);

    sdk::Usage usage() const;

    // "service_tier" in the upstream's words; empty: not told.
    const std::string& tier() const { return tier_; }

private:
    void read(sdk::JsonReader& r, uint64_t parley_usage::*counter, uint32_t bit);
    void read_details(sdk::JsonReader& r);

    sdk::Usage told_;  // its input_total is what the wire calls so
    std::string tier_;
};

// The counters that RESPONSE_STARTED told already, of its `extra`.
sdk::Usage usage_hint(std::string_view extra);

// {"input_tokens":…,"output_tokens":…}; `tier` may be empty.
void write_usage(sdk::JsonWriter& w, const sdk::Usage& usage, std::string_view tier = {});

}  // namespace parley::claude
