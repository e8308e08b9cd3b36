// client_calls.hpp: calls of tools that the client runs and that its dialect has items for.
#pragma once

#include <string>
#include <string_view>

#include "parley/request.h"

namespace parley::openai {

struct ClientCall {
    std::string_view tool;       // "local_shell", as in the client's own list of tools
    std::string_view item;       // "local_shell_call"
    std::string_view id_prefix;  // of the item
    std::string_view member;     // that holds what is to be done
    std::string_view missing;    // what the item must have and models do not say
};

// When the client listed the tool as one of these; null otherwise.
const ClientCall* client_call(const parley_request& request, std::string_view name);

// `"action":{…}`; empty when the arguments are no JSON object.
std::string client_call_member(const ClientCall& call, std::string_view arguments);

}  // namespace parley::openai
