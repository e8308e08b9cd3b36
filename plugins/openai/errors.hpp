// errors.hpp: OpenAI's error object, written and read. Both dialects share it.
#pragma once

#include <string>
#include <string_view>

#include "parley/dialect.h"
#include "parley/sdk/plugin.hpp"

namespace parley::openai {

// What an error says, in the upstream's words. What it does not say is empty.
struct Told {
    std::string message;
    std::string type;
    std::string code;
    std::string param;
    uint64_t retry_after_ms = 0;
    uint64_t retry_at_ms = 0;
};

// Reads a string, or an object of any of the shapes that OpenAI and compatible servers use, as far
// as it goes.
Told read_told(std::string_view json);

// The class that the words alone tell, or 0.
int class_of(const Told& told);

// The same for an error inside of a reply that began well, where there is nothing but words.
int class_without_status(const Told& told);

// {"message":…,"type":…,"param":…,"code":…}: all four keys are always present.
std::string error_object(const parley_error& error);

// What to tell of it behind the first byte: there is no header any more, and some clients look for
// the words in which the API itself says how long to wait.
std::string last_message(const parley_error& error);

// The code that clients act on, or empty for null.
std::string_view error_code(const parley_error& error);

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

}  // namespace parley::openai
