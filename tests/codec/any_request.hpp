// any_request.hpp: talks by chance, as careless clients send them.
#pragma once

#include "made_request.hpp"

namespace parley::codec {

struct AnyRequest {
    uint32_t seed = 0;
    std::string client = "openai-chat";
    // With one more, the same talk goes on; it always ends with the user.
    uint32_t turns = 3;
    // Names and ids that every wire takes; results that fit their calls.
    bool careful = false;
    // Whose seals stand in the history; empty: nobody's.
    std::string seals = {};

    Decoded make() const;
};

// What the results of `make` have in seals contains this, so that it can be searched for.
inline constexpr const char* kSealMark = "U0VBTA";

}  // namespace parley::codec
