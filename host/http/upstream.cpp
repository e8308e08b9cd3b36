// http/upstream.cpp: resolve, connect, handshake, keep.
#include "http/upstream.hpp"

#include <boost/asio/ip/address.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/url/parse.hpp>
#include <boost/url/url_view.hpp>
#include <openssl/x509v3.h>

namespace parley::http {

namespace asio = boost::asio;
using asio::ip::tcp;
using base::Result;
using base::Task;
using base::upstream_error;

struct SessionFree {
    void operator()(SSL_SESSION* session) const { SSL_SESSION_free(session); }
};

class UpstreamPool::Origin {
public:
    Origin(UpstreamPool& pool, std::string host, std::uint16_t port, bool tls)
        : pool_(pool), resolver_(pool.loop_.io()), host_(std::move(host)), port_(port), tls_(tls) {
        const bool standard = port_ == (tls_ ? 443 : 80);
        const bool v6 = host_.find(':') != std::string::npos;
        authority_ = v6 ? '[' + host_ + ']' : host_;
        if (!standard) authority_ += ':' + std::to_string(port_);
    }

    ~Origin() {
        for (auto& kept : idle_) kept->stream->close();
    }

    UpstreamPool& pool() { return pool_; }

    const std::string& host() const { return host_; }

    const std::string& authority() const { return authority_; }

    bool tls() const { return tls_; }

    std::uint64_t& open() { return open_; }

    // A kept connection that is still good, or null. The most recent one is the best.
    Stream::Ptr take_idle() {
        while (!idle_.empty()) {
            const std::unique_ptr<Idle> kept = std::move(idle_.back());
            idle_.pop_back();
            kept->stream->unwatch();
            if (kept->alive) return kept->stream;
            drop(kept->stream);
        }
        return nullptr;
    }

    void keep(Stream::Ptr stream) {
        const config::UpstreamLimits& limits = *pool_.limits_;
        if (idle_.size() >= limits.idle_connections_max) {
            drop(stream);
            return;
        }
        stream->expire_after(0);
        idle_.push_back(std::make_unique<Idle>(*this, std::move(stream)));
        Idle& kept = *idle_.back();
        kept.deadline.set(limits.idle_connection_ms);
        kept.stream->watch(&kept, [](void* idle) { static_cast<Idle*>(idle)->end(); });
    }

    void drop(const Stream::Ptr& stream) {
        stream->close();
        --open_;
    }

    // What was proven by certificates before has to be proven again.
    void distrust() {
        session.reset();
        while (const Stream::Ptr kept = take_idle()) drop(kept);
    }

    // Null when the upstream speaks plain HTTP.
    Result<SSL*> new_ssl();
    Task<Result<tcp::resolver::results_type>> resolve(Cancellation& cancellation,
                                                      std::uint64_t timeout_ms);

    std::unique_ptr<SSL_SESSION, SessionFree> session;

private:
    // A connection that waits for work, watched for its end.
    struct Idle {
        Origin& origin;
        Stream::Ptr stream;
        Deadline deadline;
        bool alive = true;

        Idle(Origin& o, Stream::Ptr s)
            : origin(o),
              stream(std::move(s)),
              deadline(o.pool_.loop_.deadlines(), this, [](void* self) {
                  static_cast<Idle*>(self)->end();
              }) {}

        // It may be the one that is being kept right now, so it is only marked when it is not
        // in the list yet.
        void end() {
            alive = false;
            auto& list = origin.idle_;
            for (auto it = list.begin(); it != list.end(); ++it) {
                if (it->get() != this) continue;
                const std::unique_ptr<Idle> self = std::move(*it);
                list.erase(it);
                self->stream->unwatch();
                self->origin.drop(self->stream);
                return;
            }
        }
    };

    UpstreamPool& pool_;
    tcp::resolver resolver_;
    std::string host_;
    std::string authority_;
    std::uint16_t port_;
    bool tls_;
    std::uint64_t open_ = 0;
    std::vector<std::unique_ptr<Idle>> idle_;
    tcp::resolver::results_type addresses_;
    std::uint64_t addresses_until_ms_ = 0;
};

namespace {

// Where an origin hangs on its SSL, for the session callback.
int origin_index() {
    static const int index = SSL_get_ex_new_index(0, nullptr, nullptr, nullptr, nullptr);
    return index;
}

// Turns one completion of Asio into an awaitable with a deadline and a cancellation.
template <class Object>
class Completion {
public:
    Completion(Loop& loop, Object& object, std::uint64_t timeout_ms, Cancellation& cancellation)
        : loop_(loop),
          object_(object),
          cancellation_(cancellation),
          deadline_(loop.deadlines(), this, [](void* self) {
              auto* c = static_cast<Completion*>(self);
              c->timed_out_ = true;
              c->object_.cancel();
          }) {
        deadline_.set(timeout_ms);
        cancellation_.hook(this,
                           [](void* self) { static_cast<Completion*>(self)->object_.cancel(); });
    }

    ~Completion() { cancellation_.unhook(); }

    bool await_ready() const { return done_; }

    void await_suspend(std::coroutine_handle<> waiter) { waiter_ = waiter; }

    void await_resume() const {}

    void complete(const boost::system::error_code& fault) {
        loop_.wake();
        done_ = true;
        fault_ = fault;
        if (waiter_) waiter_.resume();
    }

    // What went wrong, or success.
    Result<void> outcome(const std::string& what) const {
        if (!fault_) return {};
        if (cancellation_.fired()) return upstream_error(PARLEY_E_CANCELLED, "client left");
        if (timed_out_) return upstream_error(PARLEY_E_TIMEOUT, what + ": timed out");
        return upstream_error(PARLEY_E_UPSTREAM_FAILED, what + ": " + fault_.message());
    }

private:
    Loop& loop_;
    Object& object_;
    Cancellation& cancellation_;
    Deadline deadline_;
    std::coroutine_handle<> waiter_;
    boost::system::error_code fault_;
    bool done_ = false;
    bool timed_out_ = false;
};

}  // namespace

Result<SSL*> UpstreamPool::Origin::new_ssl() {
    if (!tls_) return nullptr;
    const Result<SSL_CTX*> context = pool_.tls_->context();
    if (!context) return context.error();
    SSL* ssl = SSL_new(*context);
    if (ssl == nullptr) return base::gateway_error(PARLEY_E_INTERNAL, "tls: " + tls_error());
    SSL_set_connect_state(ssl);
    boost::system::error_code not_an_address;
    asio::ip::make_address(host_, not_an_address);
    if (not_an_address) {
        SSL_set_tlsext_host_name(ssl, host_.c_str());
        SSL_set1_host(ssl, host_.c_str());
    } else {
        X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(ssl), host_.c_str());
    }
    SSL_set_ex_data(ssl, origin_index(), this);
    if (session != nullptr) SSL_set_session(ssl, session.get());
    return ssl;
}

Task<Result<tcp::resolver::results_type>> UpstreamPool::Origin::resolve(Cancellation& cancellation,
                                                                        std::uint64_t timeout_ms) {
    Loop& loop = pool_.loop_;
    if (loop.now_ms() < addresses_until_ms_) co_return addresses_;
    // An address needs no resolver, which would start a thread.
    boost::system::error_code not_an_address;
    const auto address = asio::ip::make_address(host_, not_an_address);
    if (!not_an_address) {
        addresses_ = tcp::resolver::results_type::create(tcp::endpoint(address, port_), host_, "");
        addresses_until_ms_ = UINT64_MAX;
        co_return addresses_;
    }
    Completion<tcp::resolver> completion(loop, resolver_, timeout_ms, cancellation);
    tcp::resolver::results_type found;
    resolver_.async_resolve(
        host_,
        std::to_string(port_),
        tcp::resolver::numeric_service,
        [&](const boost::system::error_code& fault, tcp::resolver::results_type results) {
            found = std::move(results);
            completion.complete(fault);
        });
    co_await completion;
    Result<void> outcome = completion.outcome("resolve " + host_);
    if (!outcome) co_return std::move(outcome).error();
    addresses_ = found;
    addresses_until_ms_ = loop.now_ms() + pool_.limits_->name_ttl_ms;
    co_return found;
}

UpstreamPool::UpstreamPool(Loop& loop,
                           std::shared_ptr<const config::UpstreamLimits> limits,
                           std::shared_ptr<ClientTls> tls)
    : loop_(loop), limits_(std::move(limits)), tls_(std::move(tls)) {}

void UpstreamPool::change(std::shared_ptr<const config::UpstreamLimits> limits,
                          std::shared_ptr<ClientTls> tls) {
    limits_ = std::move(limits);
    if (tls_ == tls) return;
    tls_ = std::move(tls);
    for (const auto& [name, origin] : origins_) {
        if (origin->tls()) origin->distrust();
    }
}

void UpstreamPool::keep_sessions(SSL_CTX* context) {
    SSL_CTX_sess_set_new_cb(context, [](SSL* ssl, SSL_SESSION* session) {
        auto* origin = static_cast<Origin*>(SSL_get_ex_data(ssl, origin_index()));
        if (origin == nullptr) return 0;
        origin->session.reset(session);
        return 1;
    });
}

UpstreamPool::~UpstreamPool() = default;

Result<UpstreamPool::Origin*> UpstreamPool::find(std::string_view origin) {
    if (const auto it = origins_.find(origin); it != origins_.end()) return it->second.get();
    const auto url = boost::urls::parse_uri(origin);
    const bool known = url && (url->scheme() == "http" || url->scheme() == "https");
    if (!known || url->host().empty()) {
        return base::gateway_error(PARLEY_E_CONFIG, "upstream: origin is not an http or https url");
    }
    const bool tls = url->scheme() == "https";
    std::uint16_t port = url->port_number();
    if (port == 0) port = tls ? 443 : 80;
    auto made = std::make_unique<Origin>(*this, url->host_address(), port, tls);
    return origins_.emplace(std::string(origin), std::move(made)).first->second.get();
}

Task<Result<UpstreamPool::Lease>> UpstreamPool::acquire(std::string_view name,
                                                        std::uint64_t connect_ms,
                                                        bool fresh,
                                                        Cancellation& cancellation) {
    Result<Origin*> found = find(name);
    if (!found) co_return std::move(found).error();
    Origin& origin = **found;
    if (!fresh) {
        if (Stream::Ptr kept = origin.take_idle()) co_return Lease(&origin, std::move(kept), true);
    }
    if (origin.open() >= limits_->connections_max) {
        co_return base::gateway_error(PARLEY_E_OVERLOADED,
                                      "upstream: connection limit to " + origin.authority());
    }
    ++origin.open();
    const std::uint64_t timeout_ms = connect_ms != 0 ? connect_ms : limits_->connect_ms;
    Result<Stream::Ptr> connected = co_await connect(origin, timeout_ms, cancellation);
    if (!connected) {
        --origin.open();
        co_return std::move(connected).error();
    }
    co_return Lease(&origin, std::move(*connected), false);
}

Task<Result<Stream::Ptr>> UpstreamPool::connect(Origin& origin,
                                                std::uint64_t connect_ms,
                                                Cancellation& cancellation) {
    const std::uint64_t end_ms = loop_.now_ms() + connect_ms;
    const auto left_ms = [&] {
        return std::max<std::int64_t>(1, static_cast<std::int64_t>(end_ms - loop_.now_ms()));
    };
    Result<tcp::resolver::results_type> addresses =
        co_await origin.resolve(cancellation, connect_ms);
    if (!addresses) co_return std::move(addresses).error();
    Result<void> outcome = upstream_error(PARLEY_E_UPSTREAM_FAILED, "connect: no address");
    tcp::socket socket(loop_.io());
    for (const auto& entry : *addresses) {
        socket = tcp::socket(loop_.io());
        Completion<tcp::socket> completion(loop_, socket, left_ms(), cancellation);
        socket.async_connect(entry.endpoint(), [&](const boost::system::error_code& fault) {
            completion.complete(fault);
        });
        co_await completion;
        outcome = completion.outcome("connect " + origin.authority());
        if (outcome || cancellation.fired()) break;
    }
    if (!outcome) co_return std::move(outcome).error();
    const Result<SSL*> ssl = origin.new_ssl();
    if (!ssl) co_return ssl.error();
    Stream::Ptr stream = Stream::make(loop_, std::move(socket), *ssl);
    if (stream->is_tls()) {
        stream->expire_after(left_ms());
        cancellation.hook(stream.get(), [](void* s) { static_cast<Stream*>(s)->cancel(); });
        Result<void> shaken = co_await stream->handshake();
        cancellation.unhook();
        stream->expire_after(0);
        if (!shaken) {
            stream->close();
            auto why = std::move(shaken).error();
            why.message = "connect " + origin.authority() + ": " + why.message;
            co_return why;
        }
    }
    co_return stream;
}

UpstreamPool::Lease::Lease(Lease&& other) noexcept
    : origin_(std::exchange(other.origin_, nullptr)),
      stream_(std::move(other.stream_)),
      reused_(other.reused_) {}

UpstreamPool::Lease& UpstreamPool::Lease::operator=(Lease&& other) noexcept {
    if (this == &other) return *this;
    close();
    origin_ = std::exchange(other.origin_, nullptr);
    stream_ = std::move(other.stream_);
    reused_ = other.reused_;
    return *this;
}

UpstreamPool::Lease::~Lease() {
    close();
}

std::string_view UpstreamPool::Lease::authority() const {
    return origin_->authority();
}

void UpstreamPool::Lease::release() {
    if (stream_ == nullptr) return;
    std::exchange(origin_, nullptr)->keep(std::move(stream_));
}

void UpstreamPool::Lease::close() {
    if (stream_ == nullptr) return;
    std::exchange(origin_, nullptr)->drop(stream_);
    stream_.reset();
}

}  // namespace parley::http
