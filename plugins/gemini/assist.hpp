// assist.hpp: Code Assist, which serves accounts that logged in: the same requests and replies, in
// envelopes of their own below /v1internal.
#pragma once

#include <string>
#include <string_view>

#include "parley/provider.h"
#include "parley/sdk/plugin.hpp"

namespace parley::gemini {

// What attributes say of an account that is served there: {"place": "code-assist"}.
inline constexpr std::string_view kPlaceAttribute = "place";
inline constexpr std::string_view kAssistPlace = "code-assist";

struct AssistAccount {
    bool is_one = false;
    std::string project;
};

AssistAccount assist_account(std::string_view attributes);

// "/v1internal:generateContent" for "/v1beta/models/m:generateContent". Throws Failure for what is
// not served there.
std::string assist_path(const parley_plan_ask& ask);

// Puts a body into {"model": ..., "project": ..., "request": ...}.
void wrap(const parley_plan_ask& ask,
          std::string_view project,
          std::string_view body,
          sdk::Arena& arena,
          parley_amendment& out);

// A reply out of {"response": ..., "traceId": ...}; one without such an envelope as it is.
std::string_view unwrapped(std::string_view json);

// How far the beginning of a reply tells whether it stands in an envelope.
enum class Wrapping { unknown, none, envelope };
Wrapping wrapping_of(std::string_view beginning);

// Throws Failure unless what is to be counted stands side by side in the body, as `place` wants it.
void check_count(const parley_plan_ask& ask, std::string_view place);

}  // namespace parley::gemini
