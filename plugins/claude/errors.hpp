// errors.hpp: Anthropic's error object, written and read.
#pragma once

#include <string>
#include <string_view>

#include "parley/dialect.h"
#include "parley/sdk/plugin.hpp"

namespace parley::claude {

// Clients that are told so say again what the other end should have kept.
constexpr std::string_view kNoThreads = "thread_unsupported_request";

// What an error says, in the upstream's words. What it does not say is empty.
struct Told {
    std::string type;
    std::string message;
    std::string code;  // of the details
};

// Reads {"type":"error","error":{…}} or what compatible servers send instead.
Told read_told(std::string_view json);

// The class that the words alone tell, or 0.
int class_of(const Told& told);

// {"type":"error","error":{"type":…,"message":…},"request_id":…}, that where it is known.
std::string error_body(const parley_error& error, std::string_view exchange_id = {});

// A whole error reply. `call` may be null.
void write_error(const parley_call* call,
                 const parley_error& error,
                 sdk::Arena& arena,
                 parley_http_reply& reply,
                 sdk::Out& out);

// Reads a whole error reply.
void read_error(const parley_http_reply_head& head,
                std::string_view body,
                sdk::Arena& arena,
                parley_error& out);

}  // namespace parley::claude
