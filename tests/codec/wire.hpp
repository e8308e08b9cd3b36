// wire.hpp: what each dialect demands of a stream and of a request, by rules that know nothing of
// the codecs; and how the SDKs of OpenAI read a stream.
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

// A member that is a string; empty if there is none.
std::string text_at(const boost::json::object& o, const char* key);

// Splits a stream; every event must end with a blank line.
std::vector<WireEvent> wire_events(std::string_view bytes);

// What is wrong with a stream of chunks; empty if nothing.
std::string chat_fault(std::string_view bytes);
// What is wrong with a stream of response events; empty if nothing.
std::string responses_fault(std::string_view bytes);
// What is wrong with a stream of message events; empty if nothing.
std::string messages_fault(std::string_view bytes);
// What is wrong with a stream of generated content; empty if nothing.
std::string gemini_fault(std::string_view bytes);
// By the id of the dialect.
std::string stream_fault(const std::string& dialect, std::string_view bytes);

// What is wrong with the body of a request to an upstream of this dialect; empty if nothing.
std::string request_fault(const std::string& dialect, std::string_view body);

// What is wrong with a response object; empty if nothing.
std::string response_fault(const boost::json::object& response);

// The whole reply that a client makes of a stream: a chat.completion, a response.
boost::json::object chat_accumulated(std::string_view bytes);
boost::json::object responses_accumulated(std::string_view bytes);

}  // namespace parley::codec
