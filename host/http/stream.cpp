// http/stream.cpp: sockets are read and written here and nowhere else.
#include "http/stream.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <netdb.h>
#include <sys/socket.h>
#include <unistd.h>

#include <openssl/err.h>

namespace parley::http {

namespace {

constexpr std::size_t kIovMax = 64;  // more than that in one call gains nothing

// A TLS record; smaller pieces are joined up to this size before they are encrypted.
constexpr std::size_t kTlsRecordBytes = 16 * 1024;

constexpr std::size_t kLingerBytesMax = 1024 * 1024;
constexpr std::uint64_t kLingerMs = 2'000;

Io tls_outcome(int ssl_error) {
    const bool waits = ssl_error == SSL_ERROR_WANT_READ || ssl_error == SSL_ERROR_WANT_WRITE;
    if (waits) return Io::again;
    return ssl_error == SSL_ERROR_ZERO_RETURN ? Io::eof : Io::failed;
}

Io from_errno() {
    return errno == EAGAIN || errno == EWOULDBLOCK ? Io::again : Io::failed;
}

}  // namespace

Stream::Ptr Stream::make(Loop& loop, Socket socket, SSL* ssl) {
    boost::system::error_code fault;
    socket.non_blocking(true, fault);
    socket.native_non_blocking(true, fault);
    socket.set_option(boost::asio::ip::tcp::no_delay(true), fault);
    const int descriptor = socket.release(fault);
    return Ptr(new Stream(loop, fault ? -1 : descriptor, ssl));
}

Stream::Ptr Stream::of(Loop& loop, int descriptor) {
    const int flags = ::fcntl(descriptor, F_GETFL, 0);
    ::fcntl(descriptor, F_SETFL, flags | O_NONBLOCK);
    return Ptr(new Stream(loop, descriptor, nullptr));
}

Stream::Stream(Loop& loop, int socket, SSL* ssl)
    : loop_(loop), socket_(socket), ssl_(ssl), deadline_(loop.deadlines(), this, [](void* self) {
          auto* stream = static_cast<Stream*>(self);
          const Ptr alive(stream);
          stream->expired_ = true;
          stream->resume(stream->reader_);
          stream->resume(stream->writer_);
      }) {
    if (socket_ >= 0 && !loop_.readiness().add(socket_, *this)) drop_socket();
    if (ssl_ != nullptr) SSL_set_fd(ssl_.get(), socket_);
}

Stream::~Stream() {
    drop_socket();
}

void Stream::drop_socket() {
    if (socket_ < 0) return;
    loop_.readiness().forget(*this);
    ::close(std::exchange(socket_, -1));
}

std::string Stream::peer_address() const {
    sockaddr_storage address{};
    socklen_t size = sizeof(address);
    if (::getpeername(socket_, reinterpret_cast<sockaddr*>(&address), &size) != 0) return {};
    std::array<char, NI_MAXHOST> host{};
    const int fault = ::getnameinfo(reinterpret_cast<const sockaddr*>(&address),
                                    size,
                                    host.data(),
                                    host.size(),
                                    nullptr,
                                    0,
                                    NI_NUMERICHOST);
    return fault == 0 ? std::string(host.data()) : std::string();
}

Io Stream::try_read(std::span<char> into, std::size_t& got) {
    if (!maybe_readable_) return Io::again;
    if (ssl_ != nullptr) {
        ERR_clear_error();
        const int size = static_cast<int>(std::min<std::size_t>(into.size(), 1 << 30));
        read_wants_write_ = false;
        const int result = SSL_read(ssl_.get(), into.data(), size);
        if (result > 0) {
            got = static_cast<std::size_t>(result);
            return Io::ok;
        }
        const Io io = tls_read_result(result);
        maybe_readable_ = io != Io::again;
        return io;
    }
    const ssize_t n = ::recv(socket_, into.data(), into.size(), 0);
    if (n > 0) {
        got = static_cast<std::size_t>(n);
        // A short read leaves nothing behind but, perhaps, the end.
        maybe_readable_ = got == into.size() || far_end_left_;
        return Io::ok;
    }
    if (n == 0) return Io::eof;
    const Io io = from_errno();
    maybe_readable_ = io != Io::again;
    return io;
}

Io Stream::try_write(std::span<const iovec> from, std::size_t& put) {
    if (ssl_ != nullptr) {
        std::array<char, kTlsRecordBytes> record;
        std::string_view piece(static_cast<const char*>(from[0].iov_base), from[0].iov_len);
        if (from.size() > 1 && piece.size() < record.size()) {
            std::size_t filled = 0;
            for (const iovec& part : from) {
                const std::size_t n = std::min(part.iov_len, record.size() - filled);
                std::memcpy(record.data() + filled, part.iov_base, n);
                filled += n;
            }
            piece = {record.data(), filled};
        }
        ERR_clear_error();
        const int size = static_cast<int>(std::min<std::size_t>(piece.size(), 1 << 30));
        write_wants_read_ = false;
        const int result = SSL_write(ssl_.get(), piece.data(), size);
        if (result > 0) {
            put = static_cast<std::size_t>(result);
            return Io::ok;
        }
        const int why = SSL_get_error(ssl_.get(), result);
        write_wants_read_ = why == SSL_ERROR_WANT_READ;
        const Io io = tls_outcome(why);
        maybe_writable_ = maybe_writable_ && io != Io::again;
        return io == Io::eof ? Io::failed : io;
    }
    msghdr message{};
    message.msg_iov = const_cast<iovec*>(from.data());
    message.msg_iovlen = std::min(from.size(), kIovMax);
    const ssize_t n = ::sendmsg(socket_, &message, MSG_NOSIGNAL);
    if (n >= 0) {
        put = static_cast<std::size_t>(n);
        return Io::ok;
    }
    const Io io = from_errno();
    maybe_writable_ = maybe_writable_ && io != Io::again;
    return io;
}

Io Stream::tls_read_result(int result) {
    const int why = SSL_get_error(ssl_.get(), result);
    read_wants_write_ = why == SSL_ERROR_WANT_WRITE;
    return tls_outcome(why);
}

void Stream::begin_tls(SSL* ssl) {
    if (ssl_ == nullptr) {
        SSL_set_fd(ssl, socket_);
    } else {
        BIO* outer = BIO_new(BIO_f_ssl());
        BIO_set_ssl(outer, ssl_.release(), BIO_CLOSE);
        SSL_set_bio(ssl, outer, outer);
    }
    ssl_.reset(ssl);
}

void Stream::leave_tls() {
    ssl_.reset();
    maybe_readable_ = maybe_writable_ = true;
    read_wants_write_ = write_wants_read_ = false;
}

base::Task<base::Result<void>> Stream::handshake() {
    for (;;) {
        ERR_clear_error();
        const int result = SSL_do_handshake(ssl_.get());
        if (result == 1) {
            read_wants_write_ = false;
            co_return base::Result<void>();
        }
        if (tls_read_result(result) != Io::again) {
            const unsigned long code = ERR_get_error();
            met_plain_http_ = ERR_GET_REASON(code) == SSL_R_HTTP_REQUEST;
            const char* reason = code == 0 ? nullptr : ERR_reason_error_string(code);
            const long verified = SSL_get_verify_result(ssl_.get());
            std::string why = reason == nullptr ? "connection closed" : reason;
            if (verified != X509_V_OK) why = X509_verify_cert_error_string(verified);
            co_return base::upstream_error(PARLEY_E_UPSTREAM_PROTOCOL, "tls handshake: " + why);
        }
        maybe_readable_ = maybe_readable_ && read_wants_write_;
        maybe_writable_ = maybe_writable_ && !read_wants_write_;
        Wait wait = read_wants_write_ ? writable() : readable();
        const Wake wake = co_await wait;
        if (wake != Wake::ready) {
            co_return base::upstream_error(PARLEY_E_TIMEOUT, "tls handshake: timed out");
        }
    }
}

bool Stream::Wait::await_ready() {
    const Stream& s = *stream;
    if (s.cancelled_ || s.expired_) return true;
    const bool read = what != For::write && s.maybe_readable_;
    const bool write = what != For::read && s.maybe_writable_;
    return read || write;
}

void Stream::Wait::await_suspend(std::coroutine_handle<> waiter) {
    if (what != For::write) stream->reader_ = waiter;
    if (what != For::read) stream->writer_ = waiter;
    // A TLS read may have to wait for a write, and the other way round.
    const bool for_write = what != For::read && !stream->write_wants_read_;
    const bool for_read = what != For::write && stream->read_wants_write_;
    if (for_write || for_read) stream->hear_of_output();
}

Wake Stream::Wait::await_resume() {
    if (what == For::either) stream->reader_ = stream->writer_ = nullptr;
    if (stream->cancelled_) return Wake::cancelled;
    return stream->expired_ ? Wake::expired : Wake::ready;
}

void Stream::hear_of_output() {
    if (hears_of_output_ || socket_ < 0) return;
    hears_of_output_ = true;
    loop_.readiness().add_output(socket_, *this);
}

void Stream::changed(std::uint32_t events) {
    const Ptr alive(this);
    const bool ended = (events & (EPOLLRDHUP | EPOLLHUP | EPOLLERR)) != 0;
    const bool input = ended || (events & EPOLLIN) != 0;
    const bool output = ended || (events & EPOLLOUT) != 0;
    far_end_left_ = far_end_left_ || ended;
    maybe_readable_ = maybe_readable_ || input;
    maybe_writable_ = maybe_writable_ || output;
    const bool is_read = reader_ != nullptr;
    if (ssl_ != nullptr) {
        // Whoever waits for the one may need the other.
        if (write_wants_read_ || read_wants_write_) maybe_readable_ = maybe_writable_ = true;
        resume(reader_);
        resume(writer_);
    } else {
        if (input) resume(reader_);
        if (output) resume(writer_);
    }
    // A reader sees the end itself.
    if (is_read || !input || watcher_ == nullptr || look() != Input::gone) return;
    void* owner = std::exchange(watcher_, nullptr);
    gone_(owner);
}

void Stream::resume(std::coroutine_handle<>& waiter) {
    if (!waiter) return;
    std::exchange(waiter, nullptr).resume();
}

// Looks without taking.
Stream::Input Stream::look() {
    char byte = 0;
    if (ssl_ != nullptr) {
        ERR_clear_error();
        read_wants_write_ = false;
        const int result = SSL_peek(ssl_.get(), &byte, 1);
        if (result > 0) return Input::bytes;
        if (tls_read_result(result) != Io::again) return Input::gone;
    } else {
        const ssize_t n = ::recv(socket_, &byte, 1, MSG_PEEK);
        if (n > 0) return Input::bytes;
        if (n == 0 || from_errno() != Io::again) return Input::gone;
    }
    maybe_readable_ = false;
    return Input::none;
}

bool Stream::has_input() {
    return maybe_readable_ && look() != Input::none;
}

void Stream::expire_after(std::uint64_t ms) {
    expired_ = false;
    deadline_.set(ms);
}

void Stream::cancel() {
    const Ptr alive(this);
    cancelled_ = true;
    resume(reader_);
    resume(writer_);
    if (void* owner = std::exchange(watcher_, nullptr); owner != nullptr) gone_(owner);
}

void Stream::watch(void* owner, Gone gone) {
    watcher_ = owner;
    gone_ = gone;
    // The kernel tells of the end of a connection; that of TLS is among the bytes.
    const bool may_have_ended = ssl_ != nullptr ? maybe_readable_ : far_end_left_;
    if (!may_have_ended || look() != Input::gone) return;
    watcher_ = nullptr;
    gone(owner);
}

void Stream::unwatch() {
    watcher_ = nullptr;
}

void Stream::shutdown_send() {
    if (ssl_ != nullptr && SSL_is_init_finished(ssl_.get())) SSL_shutdown(ssl_.get());
    ::shutdown(socket_, SHUT_WR);
}

void Stream::close() {
    if (!is_open()) return;
    deadline_.clear();
    if (ssl_ != nullptr && SSL_is_init_finished(ssl_.get())) SSL_shutdown(ssl_.get());
    ::shutdown(socket_, SHUT_RDWR);
    drop_socket();
}

void Stream::reset() {
    if (!is_open()) return;
    const linger at_once{1, 0};
    ::setsockopt(socket_, SOL_SOCKET, SO_LINGER, &at_once, sizeof(at_once));
    deadline_.clear();
    drop_socket();
}

std::size_t Gather::size() const {
    std::size_t total = 0;
    for (std::size_t i = next_; i < parts_.size(); ++i) total += parts_[i].iov_len;
    return total;
}

void Gather::advance(std::size_t bytes) {
    while (bytes != 0) {
        iovec& part = parts_[next_];
        const std::size_t n = std::min(bytes, part.iov_len);
        part.iov_base = static_cast<char*>(part.iov_base) + n;
        part.iov_len -= n;
        bytes -= n;
        if (part.iov_len == 0) ++next_;
    }
}

Io Gather::write_some(Stream& stream) {
    while (!empty()) {
        std::size_t put = 0;
        const Io io = stream.try_write(
            std::span<const iovec>(parts_.data() + next_, parts_.size() - next_), put);
        if (io != Io::ok) return io;
        advance(put);
    }
    clear();
    return Io::ok;
}

void Gather::move_to(Gather& other) {
    for (; next_ < parts_.size(); ++next_) other.parts_.push_back(parts_[next_]);
    clear();
}

void Gather::move_to(base::Bytes& rest) {
    for (; next_ < parts_.size(); ++next_) {
        rest.append({static_cast<const char*>(parts_[next_].iov_base), parts_[next_].iov_len});
    }
    clear();
}

base::Task<bool> write_all(Stream& stream, Gather& gather) {
    for (;;) {
        const Io io = gather.write_some(stream);
        if (io == Io::ok) co_return true;
        if (io != Io::again) co_return false;
        const Wake wake = co_await stream.writable();
        if (wake != Wake::ready) co_return false;
    }
}

base::Task<void> pass_over_rest(Stream& stream) {
    stream.shutdown_send();
    stream.expire_after(kLingerMs);
    std::size_t total = 0;
    while (total < kLingerBytesMax) {
        std::size_t got = 0;
        const Io io = stream.try_read(stream.loop().scratch(), got);
        total += got;
        if (io == Io::ok) continue;
        if (io != Io::again) co_return;
        const Wake wake = co_await stream.readable();
        if (wake != Wake::ready) co_return;
    }
}

}  // namespace parley::http
