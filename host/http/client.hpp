// http/client.hpp: one client's connection. It reads requests and writes replies; what they mean is
// the service's business. [loop]
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "base/bytes.hpp"
#include "base/error.hpp"
#include "base/task.hpp"
#include "config/limits.hpp"
#include "http/chunked.hpp"
#include "http/head.hpp"
#include "http/stream.hpp"

namespace parley::http {

class Client {
public:
    Client(Stream::Ptr stream, std::shared_ptr<const config::Limits> limits);

    Loop& loop() { return stream_->loop(); }

    Stream& stream() { return *stream_; }

    const config::Limits& limits() const { return *limits_; }

    // What holds for the requests that follow. Between requests.
    void change(const std::shared_ptr<const config::Limits>& limits) {
        if (limits_ != limits) limits_ = limits;
    }

    const std::string& peer_address() const { return peer_address_; }

    // It comes from this machine.
    bool is_local() const;

    // ---- reading ----

    enum class Next { request, end, refused };
    // Waits for the next request's head. `refused` leaves the reason in error().
    base::Task<Next> read_head();

    const base::Error& error() const { return error_; }

    const RequestHead& head() const { return head_; }

    // Reads the body, decoded from its transfer and content codings. Views into head() stay valid.
    base::Task<base::Result<std::string_view>> read_body();

    std::string_view body() const { return body_; }

    // What the last request on this connection proved, for whoever checks such proofs: a client
    // sends the same key with every request.
    struct Acquaintance {
        std::string proof;
        std::uint64_t checked_by = 0;  // 0: nobody; numbers are not used again
        const void* who = nullptr;
    };

    Acquaintance& acquaintance() { return acquaintance_; }

    // ---- replying ----

    // How a reply's body is delimited.
    enum class Framing { length, chunked, close };
    // What suits this client for a body of unknown length.
    Framing stream_framing() const;

    // Starts a reply: status line and framing. Add fields, then send.
    void begin_reply(unsigned status, Framing framing, std::uint64_t length = 0);
    void add_field(std::string_view name, std::string_view value);
    // A field of every reply to the current request, whoever writes it.
    void always_add(std::string_view name, std::string_view value);

    bool reply_begun() const { return reply_begun_; }

    // Sends what begin_reply prepared together with the first bytes of the body. False: the client
    // is gone. The bytes must stay valid until then.
    base::Task<bool> send(std::string_view body);
    // The same for several pieces that go out as one.
    base::Task<bool> send(Gather& body);
    // Ends a chunked body. A reply without body is sent by begin_reply and end_reply alone.
    base::Task<bool> end_reply();

    // More can be added to the reply that is going on.
    bool can_append() const { return framing_ != Framing::length; }

    // The reply cannot be completed: the client must notice.
    void break_reply();

    // True when the connection can take another request.
    bool reusable() const;
    // After the last reply: lets the client read it even when it is still sending.
    base::Task<void> linger();

    // For a drain: the current reply is the last one.
    void close_after_reply() { keep_alive_ = false; }

    // For a drain: one more request, when it comes within ms (1 at least). What has arrived
    // already is served in any case.
    void last_call(std::uint64_t ms);

    // True between requests.
    bool is_idle() const { return idle_; }

private:
    base::Task<base::Result<void>> fill(base::Bytes& into);
    base::Task<base::Result<void>> read_sized(std::uint64_t length);
    base::Task<base::Result<void>> read_chunked();
    base::Result<void> inflate_body();
    base::Error too_large() const;
    base::Result<void> too_slow();
    void leave_body();
    base::Task<bool> skip_unread();
    base::Task<bool> send_continue();
    base::Task<Io> send_slowly(base::Bytes unsent);
    void end_request();
    Next refuse(base::Error error);

    Stream::Ptr stream_;
    std::shared_ptr<const config::Limits> limits_;
    std::string peer_address_;
    base::Bytes in_;          // the head, then what came with it
    base::Bytes body_bytes_;  // the body when it did not fit there
    base::Bytes pipelined_;   // what came behind a chunked body
    std::size_t head_size_ = 0;
    std::size_t taken_ = 0;  // bytes of in_ that belong to this request
    RequestHead head_;
    std::string_view body_;
    base::Error error_;
    Acquaintance acquaintance_;
    base::Bytes reply_head_;
    base::Bytes standing_fields_;
    std::uint64_t requests_ = 0;
    std::uint64_t unread_bytes_ = 0;  // of a body that was left, still to come
    std::uint64_t window_bytes_ = 0;  // body bytes since the rate was last looked at
    Framing framing_ = Framing::length;
    bool body_read_ = false;
    bool reply_begun_ = false;
    bool keep_alive_ = true;
    bool broken_ = false;
    bool idle_ = true;
    std::uint64_t last_call_ms_ = 0;  // 0: none was made
};

}  // namespace parley::http
