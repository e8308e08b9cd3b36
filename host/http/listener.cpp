#include "http/listener.hpp"

#include <charconv>
#include <exception>
#include <unistd.h>

#include <boost/asio/ip/address.hpp>

#include "base/log.hpp"

namespace parley::http {

namespace asio = boost::asio;
using asio::ip::tcp;
using base::gateway_error;
using base::Result;
using base::Task;

namespace {

// With the limit reached, or out of descriptors, accepting waits this long.
constexpr std::uint64_t kRetryMs = 100;
// While that goes on it is told of so often.
constexpr std::uint64_t kTellMs = 10'000;

base::Error cannot(const std::string& address, const boost::system::error_code& fault) {
    return gateway_error(PARLEY_E_CONFIG, "listen on " + address + ": " + fault.message());
}

// For no longer than it takes to bind: another program of the same user must not come in by it.
void share(tcp::acceptor& acceptor, bool shares) {
    const int value = shares ? 1 : 0;
    ::setsockopt(acceptor.native_handle(), SOL_SOCKET, SO_REUSEPORT, &value, sizeof(value));
}

boost::system::error_code open(tcp::acceptor& acceptor,
                               const tcp::endpoint& endpoint,
                               bool shares_port) {
    boost::system::error_code fault;
    acceptor.open(endpoint.protocol(), fault);
    if (fault) return fault;
    acceptor.set_option(tcp::acceptor::reuse_address(true), fault);
    if (shares_port) share(acceptor, true);
    acceptor.bind(endpoint, fault);
    if (!fault) acceptor.listen(asio::socket_base::max_listen_connections, fault);
    if (shares_port) share(acceptor, false);
    return fault;
}

// Listens already, perhaps with the queue of a service manager that is shorter than ours.
boost::system::error_code adopt(tcp::acceptor& acceptor, const tcp& protocol, int socket) {
    boost::system::error_code fault;
    acceptor.assign(protocol, socket, fault);
    if (fault) {
        ::close(socket);
    } else {
        acceptor.listen(asio::socket_base::max_listen_connections, fault);
    }
    return fault;
}

// Who speaks HTTP in the open where TLS is spoken hears so in the open.
Task<void> refuse_plain_http(Stream& stream) {
    constexpr std::string_view kAnswer =
        "HTTP/1.1 400 Bad Request\r\ncontent-type: text/plain\r\ncontent-length: 39\r\n"
        "connection: close\r\n\r\nhttp: TLS is spoken here; use https://\n";
    stream.leave_tls();
    Gather out;
    out.add(kAnswer);
    const bool sent = co_await write_all(stream, out);
    if (sent) co_await pass_over_rest(stream);
}

}  // namespace

std::string to_text(const tcp::endpoint& endpoint) {
    const std::string host = endpoint.address().to_string();
    const bool v6 = endpoint.address().is_v6();
    return (v6 ? '[' + host + ']' : host) + ':' + std::to_string(endpoint.port());
}

Result<tcp::endpoint> parse_address(std::string_view text) {
    const std::size_t colon = text.rfind(':');
    std::string_view host = colon == text.npos ? "127.0.0.1" : text.substr(0, colon);
    const std::string_view port = colon == text.npos ? text : text.substr(colon + 1);
    if (host.starts_with('[') && host.ends_with(']')) host = host.substr(1, host.size() - 2);
    if (host == "localhost") host = "127.0.0.1";
    if (host.empty() || host == "*") host = "0.0.0.0";
    std::uint16_t number = 0;
    const auto [end, bad] = std::from_chars(port.data(), port.data() + port.size(), number);
    boost::system::error_code fault;
    const auto ip = asio::ip::make_address(std::string(host), fault);
    if (bad != std::errc() || end != port.data() + port.size() || fault) {
        return gateway_error(PARLEY_E_CONFIG,
                             "address \"" + std::string(text) + "\" is not like 127.0.0.1:8317");
    }
    return tcp::endpoint(ip, number);
}

Result<std::shared_ptr<Listener>> Listener::bind(const Place& place,
                                                 std::vector<Loop*> loops,
                                                 Terms terms,
                                                 std::shared_ptr<ConnectionCount> count,
                                                 Serve serve) {
    auto endpoint = parse_address(place.address);
    if (!endpoint) return std::move(endpoint).error();
    tcp::acceptor acceptor(loops.front()->io());
    const auto fault = place.opened < 0 ? open(acceptor, *endpoint, place.shares_port)
                                        : adopt(acceptor, endpoint->protocol(), place.opened);
    if (fault) return cannot(place.address, fault);
    return std::shared_ptr<Listener>(new Listener(std::move(acceptor),
                                                  std::move(loops),
                                                  std::move(terms),
                                                  std::move(count),
                                                  std::move(serve)));
}

Listener::Listener(tcp::acceptor acceptor,
                   std::vector<Loop*> loops,
                   Terms terms,
                   std::shared_ptr<ConnectionCount> count,
                   Serve serve)
    : acceptor_(std::move(acceptor)),
      loops_(std::move(loops)),
      terms_(std::move(terms)),
      count_(std::move(count)),
      serve_(std::move(serve)),
      retry_(loops_.front()->deadlines(), this, [](void* self) {
          static_cast<Listener*>(self)->accept();
      }) {}

std::string Listener::address() const {
    boost::system::error_code fault;
    return to_text(acceptor_.local_endpoint(fault));
}

void Listener::share_port(bool shares) {
    share(acceptor_, shares);
}

void Listener::start() {
    loops_.front()->post([self = shared_from_this()] { self->accept(); });
}

void Listener::stop() {
    stopped_ = true;
    retry_.clear();
    boost::system::error_code ignored;
    acceptor_.close(ignored);
}

void Listener::retire() {
    boost::system::error_code fault;
    acceptor_.non_blocking(true, fault);
    while (!fault) {
        Loop& loop = next_loop();
        tcp::socket socket(loop.io());
        acceptor_.accept(socket, fault);
        if (!fault) accepted(loop, std::move(socket));
    }
    stop();
}

Loop& Listener::next_loop() {
    return *loops_[turn_++ % loops_.size()];
}

void Listener::accept() {
    if (stopped_) return;
    if (count_->load(std::memory_order_relaxed) >= terms_.connections_max) {
        hold_back("limits.connections_max is reached");
        return;
    }
    Loop& loop = next_loop();
    acceptor_.async_accept(loop.io(),
                           [this, self = shared_from_this(), &loop](
                               const boost::system::error_code& fault, tcp::socket socket) {
                               loops_.front()->wake();
                               // One that has come in stays, even when the door was shut behind it.
                               if (!fault) accepted(loop, std::move(socket));
                               if (stopped_) return;
                               fault ? hold_back(fault.message()) : accept();
                           });
}

// Whoever comes waits in the system's queue.
void Listener::hold_back(const std::string& why) {
    retry_.set(kRetryMs);
    const std::uint64_t now_ms = loops_.front()->now_ms();
    if (now_ms < tell_again_ms_) return;
    tell_again_ms_ = now_ms + kTellMs;
    base::log(
        base::LogLevel::warn, "clients wait at the door", {{"address", address()}, {"why", why}});
}

void Listener::accepted(Loop& loop, tcp::socket socket) {
    count_->fetch_add(1, std::memory_order_relaxed);
    loop.post([&loop,
               socket = std::move(socket),
               terms = terms_,
               serve = serve_,
               count = count_]() mutable {
        loop.wake();
        SSL* ssl = nullptr;
        if (terms.tls != nullptr) {
            ssl = SSL_new(terms.tls.get());
            if (ssl == nullptr) {
                base::log(base::LogLevel::error, "connection lost", {{"why", tls_error()}});
                count->fetch_sub(1, std::memory_order_relaxed);
                return;
            }
            SSL_set_accept_state(ssl);
        }
        base::spawn(run(Stream::make(loop, std::move(socket), ssl),
                        terms.handshake_ms,
                        std::move(serve),
                        std::move(count)));
    });
}

Task<void> Listener::run(Stream::Ptr stream,
                         std::uint64_t handshake_ms,
                         Serve serve,
                         std::shared_ptr<ConnectionCount> count) {
    bool ready = true;
    if (stream->is_tls()) {
        stream->expire_after(handshake_ms);
        const Result<void> shaken = co_await stream->handshake();
        ready = shaken.has_value();
        if (!ready) {
            base::log(base::LogLevel::debug,
                      "no TLS with a client",
                      {{"peer", stream->peer_address()}, {"why", shaken.error().message}});
        }
        if (stream->met_plain_http()) co_await refuse_plain_http(*stream);
    }
    try {
        if (ready) {
            co_await serve(stream);
        }
    } catch (const std::exception& fault) {
        // A fault of ours, or no memory: this connection is lost, the others are not.
        base::log(base::LogLevel::error, "connection lost", {{"why", fault.what()}});
    }
    stream->close();
    count->fetch_sub(1, std::memory_order_relaxed);
}

}  // namespace parley::http
