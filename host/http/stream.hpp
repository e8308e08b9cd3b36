// http/stream.hpp: one connection, plain or TLS, without hidden reads or copies.
//
// try_read and try_write move what can be moved now. readable() and writable() wait until it is
// worth trying again. A stream waits for at most one reader and one writer. [loop]
#pragma once

#include <coroutine>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <sys/uio.h>

#include <boost/asio/ip/tcp.hpp>
#include <boost/container/small_vector.hpp>
#include <boost/smart_ptr/intrusive_ptr.hpp>
#include <openssl/ssl.h>

#include "base/bytes.hpp"
#include "base/error.hpp"
#include "base/task.hpp"
#include "http/deadline.hpp"
#include "http/loop.hpp"

namespace parley::http {

// What a try came to. `again` means wait first; `eof` is the far end's orderly end.
enum class Io { ok, again, eof, failed };

// Why a wait ended.
enum class Wake { ready, expired, cancelled };

struct SslFree {
    void operator()(SSL* ssl) const { SSL_free(ssl); }
};

class Stream {
public:
    using Ptr = boost::intrusive_ptr<Stream>;
    using Socket = boost::asio::ip::tcp::socket;

    // Takes a connected socket; with `ssl` the handshake is still to be done.
    static Ptr make(Loop& loop, Socket socket, SSL* ssl = nullptr);

    // Of any kind of connected socket, which it owns from here on.
    static Ptr of(Loop& loop, int descriptor);

    Loop& loop() { return loop_; }

    bool is_tls() const { return ssl_ != nullptr; }

    SSL* ssl() { return ssl_.get(); }

    std::string peer_address() const;

    // Reads at most into.size() bytes; `got` is set when the result is ok.
    Io try_read(std::span<char> into, std::size_t& got);
    // Writes from the buffers; `put` is set when the result is ok and may be less than all.
    Io try_write(std::span<const iovec> from, std::size_t& put);

    base::Task<base::Result<void>> handshake();
    // What goes over it from here on is in TLS, inside of that which it speaks already; the
    // handshake is still to be done.
    void begin_tls(SSL* ssl);

    // Whether a handshake failed because the far end speaks HTTP in the open.
    bool met_plain_http() const { return met_plain_http_; }

    // What goes over it from here on is in the open.
    void leave_tls();

    enum class For { read, write, either };

    struct Wait {
        Stream* stream;
        For what;
        bool await_ready();
        void await_suspend(std::coroutine_handle<> waiter);
        Wake await_resume();
    };

    Wait readable() { return {this, For::read}; }

    Wait writable() { return {this, For::write}; }

    // For who writes and wants to hear an early answer. Counts as reader and writer.
    Wait readable_or_writable() { return {this, For::either}; }

    // Bytes, or the end, can be read now. Takes nothing.
    bool has_input();

    // One deadline: it ends the wait that is going on, or the next one. 0 means none.
    void expire_after(std::uint64_t ms);

    // Ends every wait, now and later, with Wake::cancelled; a watch is told that the far end is
    // gone.
    void cancel();

    bool cancelled() const { return cancelled_; }

    // Calls `gone(owner)` once when the far end has closed or broken the connection. Bytes that
    // arrive instead end the watch. Only while nobody waits in readable().
    using Gone = void (*)(void* owner);
    void watch(void* owner, Gone gone);
    void unwatch();

    // Tells the far end that nothing more will be sent.
    void shutdown_send();
    // Ends the sending side, then the connection. No wait may be going on.
    void close();
    // Ends the connection with a reset: the far end must not take it for an orderly end.
    void reset();

    bool is_open() const { return socket_ >= 0; }

    // What the kernel says of the socket: EPOLLIN, EPOLLOUT and so on.
    void changed(std::uint32_t events);

private:
    Stream(Loop& loop, int socket, SSL* ssl);
    ~Stream();

    Io tls_read_result(int result);
    void hear_of_output();
    void drop_socket();
    void resume(std::coroutine_handle<>& waiter);
    enum class Input { none, bytes, gone };
    Input look();

    friend void intrusive_ptr_add_ref(Stream* s) { ++s->references_; }

    friend void intrusive_ptr_release(Stream* s) {
        if (--s->references_ == 0) delete s;
    }

    Loop& loop_;
    int socket_;
    std::unique_ptr<SSL, SslFree> ssl_;
    Deadline deadline_;
    std::coroutine_handle<> reader_;
    std::coroutine_handle<> writer_;
    void* watcher_ = nullptr;
    Gone gone_ = nullptr;
    int references_ = 0;
    bool hears_of_output_ = false;
    bool far_end_left_ = false;   // behind what can still be read
    bool maybe_readable_ = true;  // no read has emptied the socket since the last change
    bool maybe_writable_ = true;
    bool read_wants_write_ = false;  // the last TLS read waits until something can be written
    bool write_wants_read_ = false;  // the last TLS write waits until something has come
    bool met_plain_http_ = false;
    bool expired_ = false;
    bool cancelled_ = false;
};

// Buffers that go out together, in order, without being joined first.
class Gather {
public:
    void add(std::string_view bytes) {
        if (bytes.empty()) return;
        parts_.push_back({const_cast<char*>(bytes.data()), bytes.size()});
    }

    bool empty() const { return next_ == parts_.size(); }

    std::size_t size() const;

    void clear() {
        parts_.clear();
        next_ = 0;
    }

    // Writes as much as goes at once; ok means all of it.
    Io write_some(Stream& stream);
    // Hands what is left to another gather.
    void move_to(Gather& other);
    // Copies what is left and forgets the buffers.
    void move_to(base::Bytes& rest);

private:
    void advance(std::size_t bytes);

    boost::container::small_vector<iovec, 8> parts_;
    std::size_t next_ = 0;
};

// Writes all of it, waiting as long as the stream's deadline allows; false when that failed.
base::Task<bool> write_all(Stream& stream, Gather& gather);

// Sends nothing more and lets what the far end still sends go by, for a while and up to a bound:
// closed at once, with bytes unread, a connection would be reset and take the reply along.
base::Task<void> pass_over_rest(Stream& stream);

}  // namespace parley::http
