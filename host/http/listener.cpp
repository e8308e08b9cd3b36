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

base::Error cannot(const std::string& address, const boost::system::error_code& fault) {
    return gateway_error(PARLEY_E_CONFIG, "listen on " + address + ": " + fault.message());
}

boost::system::error_code open(tcp::acceptor& acceptor, const tcp::endpoint& endpoint) {
    boost::system::error_code fault;
    acceptor.open(endpoint.protocol(), fault);
    if (fault) return fault;
    acceptor.set_option(tcp::acceptor::reuse_address(true), fault);
    acceptor.bind(endpoint, fault);
    if (!fault) acceptor.listen(asio::socket_base::max_listen_connections, fault);
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

Result<std::shared_ptr<Listener>> Listener::bind(const std::string& address,
                                                 std::vector<Loop*> loops,
                                                 Terms terms,
                                                 std::shared_ptr<ConnectionCount> count,
                                                 Serve serve,
                                                 int opened) {
    auto endpoint = parse_address(address);
    if (!endpoint) return std::move(endpoint).error();
    tcp::acceptor acceptor(loops.front()->io());
    const auto fault =
        opened < 0 ? open(acceptor, *endpoint) : adopt(acceptor, endpoint->protocol(), opened);
    if (fault) return cannot(address, fault);
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
        retry_.set(kRetryMs);
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
                               fault ? retry_.set(kRetryMs) : accept();
                           });
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
