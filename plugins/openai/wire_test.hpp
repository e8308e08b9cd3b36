// wire_test.hpp: what the two dialects of OpenAI demand of a stream, and how their SDKs read one.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include <boost/json.hpp>

namespace parley::codec {

struct WireEvent {
    std::string name;  // of the "event:" line
    std::string data;
};

// Splits a stream; every event must end with a blank line.
std::vector<WireEvent> wire_events(std::string_view bytes);

// What is wrong with a stream of chunks; empty if nothing.
std::string chat_fault(std::string_view bytes);
// What is wrong with a stream of response events; empty if nothing.
std::string responses_fault(std::string_view bytes);
// What is wrong with a response object; empty if nothing.
std::string response_fault(const boost::json::object& response);

// The whole reply that a client makes of a stream: a chat.completion, a response.
boost::json::object chat_accumulated(std::string_view bytes);
boost::json::object responses_accumulated(std::string_view bytes);

}  // namespace parley::codec
