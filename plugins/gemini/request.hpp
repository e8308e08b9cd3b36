// request.hpp: routes, what routing needs of a request, and the few bytes that change on its way.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "parley/dialect.h"
#include "parley/sdk/plugin.hpp"

namespace parley::gemini {

struct RouteInfo {
    std::string_view version;     // "v1beta"
    std::string_view collection;  // "models" or "tunedModels"
    std::string_view method;      // "generateContent"; empty for lists of models
    bool is_stream = false;
    bool is_shared = false;  // clients of other dialects ask there too
};

std::span<const parley_route> all_routes();

const RouteInfo& route_of(const parley_call& call);

// The model that the path names, without "models/" in front.
std::string model_of(const parley_call& call);

// "models/x", unless the name says what it is: "tunedModels/x".
std::string resource_of(std::string_view model);

// "/v1beta/models/x:generateContent", percent-encoded.
std::string path_to(std::string_view version, std::string_view model, std::string_view method);

// The client asks for events; otherwise a stream is one JSON array.
bool wants_events(std::string_view query);

// The request asks for a list of embeddings, not for one.
bool is_batch_embed(const parley_request& request);

void retarget_request(const parley_call& call,
                      const parley_peek& peek,
                      std::string_view model,
                      sdk::Arena& arena,
                      parley_retarget& io);

}  // namespace parley::gemini
