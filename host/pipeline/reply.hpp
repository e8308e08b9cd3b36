// pipeline/reply.hpp: what a client is told, and what of it has gone out. [loop]
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/error.hpp"
#include "base/task.hpp"
#include "http/client.hpp"
#include "http/loop.hpp"
#include "plugins/border.hpp"

namespace parley::pipeline {

class Reply {
public:
    using Framing = http::Client::Framing;

    // `id` names the exchange; everything must outlive the reply.
    Reply(http::Client& client, std::string_view id) : client_(client), id_(id) {}

    // Something has gone out, or is about to.
    bool begun() const { return client_.reply_begun(); }

    // What suits this client for a body of unknown length.
    Framing stream_framing() const { return client_.stream_framing(); }

    void begin(unsigned status, Framing framing, std::uint64_t length = 0);
    void add_field(std::string_view name, std::string_view value);

    // Says from here on who serves, in the reply that may come.
    void show_route(std::string route) { route_ = std::move(route); }

    // The field that names the exchange, where the upstream has not named it.
    void add_id() { add_field("x-request-id", id_); }

    // Under both names that clients know, where no upstream's fields pass.
    void add_ids() {
        add_id();
        add_field("request-id", id_);
    }

    // A failure is the client that left.
    base::Task<base::Result<void>> write(http::Gather& bytes);
    base::Task<base::Result<void>> write(std::string_view bytes);
    // A whole reply that a dialect composed.
    base::Task<base::Result<void>> compose(const plugins::Composed& reply);
    // Whoever has heard the end of a reply may leave before its framing ends: no failure.
    base::Task<void> end();
    // A reply that has begun and cannot go on ends with these words, if its framing has room for
    // them, or else breaks.
    base::Task<void> break_off(std::string_view words);

    unsigned status() const { return status_; }  // 0: none was sent

    std::uint64_t bytes() const { return bytes_; }

    std::uint64_t first_byte_ms() const { return first_byte_ms_; }  // by the loop's clock; 0: none

private:
    http::Client& client_;
    const std::string_view id_;
    std::string route_;  // empty: it is not told
    unsigned status_ = 0;
    std::uint64_t bytes_ = 0;
    std::uint64_t first_byte_ms_ = 0;
};

// The failure of everything that goes on for a client who is gone.
base::Error client_left();

}  // namespace parley::pipeline
