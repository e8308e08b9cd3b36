// signatures.hpp: thoughtSignature, which carries Google's state of a thought or our envelope.
#pragma once

#include <string_view>
#include <vector>

#include "parley/abi.h"

namespace parley::gemini {

// What the API takes in place of a signature that nobody has.
inline constexpr std::string_view kSentinel = "skip_thought_signature_validator";
inline constexpr std::string_view kSentinelJson = "\"skip_thought_signature_validator\"";

inline bool is_sentinel(std::string_view signature) {
    return signature == kSentinel || signature == "context_engineering_is_the_way_to_go";
}

// "pl1." in base64: an envelope of the host.
inline constexpr std::string_view kEnvelope = "cGwxL";

// The JSON strings of a body that are envelopes: no upstream may see them. The body is not parsed:
// a quote before the mark that is not escaped opens a string, and a key before it says which.
inline std::vector<parley_span> carried_signatures(std::string_view body) {
    std::vector<parley_span> spans;
    std::size_t at = body.find("\"cGwxL");
    for (; at != body.npos; at = body.find("\"cGwxL", at + 1)) {
        const std::size_t end = body.find('"', at + 1);
        if (end == body.npos) break;
        const std::string_view before = body.substr(0, at);
        const std::size_t colon = before.find_last_not_of(" \t\r\n");
        if (colon == before.npos || before[colon] != ':') continue;
        const std::size_t quote = before.find_last_not_of(" \t\r\n", colon - 1);
        if (quote == before.npos || quote == 0) continue;
        const std::string_view key = before.substr(0, quote + 1);
        const bool signs =
            key.ends_with("\"thoughtSignature\"") || key.ends_with("\"thought_signature\"");
        if (signs) spans.push_back({at, end + 1 - at});
    }
    return spans;
}

}  // namespace parley::gemini
