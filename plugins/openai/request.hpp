// request.hpp: what routing needs of a request, and the few bytes that change on its way.
#pragma once

#include <string_view>

#include "parley/dialect.h"
#include "parley/sdk/plugin.hpp"

namespace parley::openai {

// How a request of some route is read.
struct RequestKind {
    std::string_view default_model;    // for routes whose model is optional
    bool chat_stream_options = false;  // has stream_options.include_usage
    bool carries_reasoning = false;  // its history may hold what a translated model was sealed with
};

void peek_request(const parley_call& call,
                  const RequestKind& kind,
                  sdk::Arena& arena,
                  parley_peek& out);

void retarget_request(const parley_call& call,
                      const RequestKind& kind,
                      const parley_peek& peek,
                      std::string_view model,
                      sdk::Arena& arena,
                      parley_retarget& io);

}  // namespace parley::openai
