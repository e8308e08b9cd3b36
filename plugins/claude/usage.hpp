// usage.hpp: token counts. The wire counts cached input apart, the canonical form within the total.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "parley/abi.h"
#include "parley/sdk/json.hpp"

namespace parley::claude {

// What the usage objects of one reply have told so far. A member that is absent or null keeps what
// was told before.
class Counts {
public:
    // The next value, an object or something else that is passed over.
    void read(sdk::JsonReader& r);

    parley_usage usage() const;

    // "service_tier" in the upstream's words; empty: not told.
    const std::string& tier() const { return tier_; }

private:
    void read_details(sdk::JsonReader& r);

    std::optional<uint64_t> input_;
    std::optional<uint64_t> cache_read_;
    std::optional<uint64_t> cache_write_;
    std::optional<uint64_t> output_;
    std::optional<uint64_t> thinking_;
    std::string tier_;
};

// The counters that RESPONSE_STARTED told already, of its `extra`.
parley_usage usage_hint(std::string_view extra);

// {"input_tokens":…,"output_tokens":…}; `tier` may be empty.
void write_usage(sdk::JsonWriter& w, const parley_usage& usage, std::string_view tier = {});

}  // namespace parley::claude
