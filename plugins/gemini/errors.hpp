// errors.hpp: Google's error object, written and read.
#pragma once

#include <string>
#include <string_view>

#include "parley/http.h"
#include "parley/sdk/plugin.hpp"

namespace parley::gemini {

// What an error says, in the upstream's words. What it does not say is empty or 0.
struct Told {
    std::string message;
    std::string status;  // "RESOURCE_EXHAUSTED"
    std::string reason;  // of ErrorInfo: "API_KEY_INVALID"
    std::string quota;   // the quotaId of the first violation
    std::string field;   // of the first violation of BadRequest
    uint64_t http = 0;   // "code"
    uint64_t retry_ms = 0;
    bool zero_quota = false;  // a violated quota has the limit 0
};

// Reads {"error":{…}}, with or without a list around it, as far as it goes.
Told read_told(std::string_view json);

// The class that the words tell, or 0. `status` is the HTTP status.
int class_of(const Told& told, uint64_t status);

// How the words stand in a parley_error whose texts `told` owns.
void fill_error(const Told& told, parley_error& out);

// {"code":…,"message":…,"status":…}, with details when there is more to tell.
std::string error_object(const parley_error& error);

// A whole error reply.
void write_error(const parley_error& error,
                 sdk::Arena& arena,
                 parley_http_reply& reply,
                 sdk::Out& out);

// Reads a whole error reply.
void read_error(const parley_http_reply_head& head,
                std::string_view body,
                sdk::Arena& arena,
                parley_error& out);

}  // namespace parley::gemini
