// crossings.hpp: the bundled dialects as the host has them, and requests and replies in each.
//
// Everything is made from one conversation and one reply: the others are what the dialects write
// of them.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/arena.hpp"
#include "pipeline/crossing.hpp"
#include "plugins/registry.hpp"

namespace parley::support {

// Those that translate, both ways.
const std::vector<std::string>& dialects();
const plugins::Dialect& dialect(std::string_view id);

// An agent's request of about so many bytes, as a client of a dialect sends it.
class Request {
public:
    Request(std::string_view id, std::size_t bytes);
    // What a client of Chat says in `chat_body`, as a client of that dialect says it.
    Request(std::string_view id, std::string chat_body);
    Request(const Request&) = delete;
    Request& operator=(const Request&) = delete;

    const parley_call& call() const { return call_; }

    std::string_view body() const { return body_; }

private:
    std::string path_ = "/v1/chat/completions";
    std::string query_;
    std::string body_;
    parley_http_request http_ = plugins::sized<parley_http_request>();
    parley_call call_ = plugins::sized<parley_call>();
};

enum class Said { text, reasoning, arguments };

// The canonical events of a reply with so many deltas that are all alike, from kFirstDelta on.
std::vector<parley_event> reply(Said said, int deltas);
constexpr std::size_t kFirstDelta = 3;

// Writes a stream in a dialect.
class EventWriter {
public:
    explicit EventWriter(const plugins::Dialect& dialect);
    EventWriter(const EventWriter&) = delete;
    EventWriter& operator=(const EventWriter&) = delete;

    // The bytes of this event, until the next; throws when the dialect refuses.
    std::string_view write(const parley_event& e);

private:
    base::Arena arena_;
    base::Bytes out_;
    plugins::Outlet outlet_;
    parley_request request_ = plugins::sized<parley_request>();
    parley_target target_ = plugins::sized<parley_target>();
    parley_codec_open open_ = plugins::sized<parley_codec_open>();
    plugins::Encoder encoder_;
};

// That reply as an upstream of a dialect sends it: what opens it, the bytes of each delta, what
// ends it. A dialect that does not send such deltas leaves them empty.
struct Stream {
    std::string start;
    std::vector<std::string> deltas;
    std::string end;

    std::string all() const;
};

Stream stream(std::string_view id, Said said, int deltas);

// An exchange whose reply is about to come.
class Exchange {
public:
    Exchange(std::string_view client, std::string_view upstream, const Request& request);

    // Must be kept until the last feed.
    pipeline::Crossing& crossing() { return crossing_; }

    // Both throw when the crossing refuses.
    void open();
    void feed(std::string_view bytes, bool eof = false);

private:
    base::Arena arena_;
    parley_http_reply_head head_ = plugins::sized<parley_http_reply_head>();
    pipeline::Crossing crossing_;
};

}  // namespace parley::support
