// http/upstream.cpp: resolve, connect, handshake, keep.
#include "http/upstream.hpp"

#include <algorithm>

#include <boost/asio/ip/address.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/url/parse.hpp>
#include <boost/url/url_view.hpp>
#include <openssl/x509v3.h>

#include "http/liveness.hpp"
#include "http/tunnel.hpp"

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
    Origin(UpstreamPool& pool,
           std::string host,
           std::uint16_t port,
           bool tls,
           config::EgressPtr egress)
        : pool_(pool),
          resolver_(pool.loop_.io()),
          host_(std::move(host)),
          port_(port),
          tls_(tls),
          egress_(std::move(egress)) {
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

    std::uint16_t port() const { return port_; }

    // Certificates stand at its door, or at its proxy's.
    bool tls() const {
        return tls_ || (egress_ != nullptr && egress_->kind == config::Egress::Kind::https);
    }

    // Null: straight.
    const config::Egress* egress() const { return egress_.get(); }

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
    // Null when there is no proxy, or it is spoken to in the open.
    Result<SSL*> new_proxy_ssl();
    // Of the proxy where there is one.
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
    config::EgressPtr egress_;
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

namespace {

// A client's side that believes nobody but this host.
Result<SSL*> new_client(ClientTls& tls, const std::string& host) {
    const Result<SSL_CTX*> context = tls.context();
    if (!context) return context.error();
    SSL* ssl = SSL_new(*context);
    if (ssl == nullptr) return base::gateway_error(PARLEY_E_INTERNAL, "tls: " + tls_error());
    SSL_set_connect_state(ssl);
    boost::system::error_code not_an_address;
    asio::ip::make_address(host, not_an_address);
    if (not_an_address) {
        SSL_set_tlsext_host_name(ssl, host.c_str());
        SSL_set1_host(ssl, host.c_str());
    } else {
        X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(ssl), host.c_str());
    }
    return ssl;
}

}  // namespace

Result<SSL*> UpstreamPool::Origin::new_ssl() {
    if (!tls_) return nullptr;
    Result<SSL*> made = new_client(*pool_.tls_, host_);
    if (!made) return made;
    SSL_set_ex_data(*made, origin_index(), this);
    if (session != nullptr) SSL_set_session(*made, session.get());
    return made;
}

Result<SSL*> UpstreamPool::Origin::new_proxy_ssl() {
    const bool is_sealed = egress_ != nullptr && egress_->kind == config::Egress::Kind::https;
    if (!is_sealed) return nullptr;
    return new_client(*pool_.tls_, egress_->host);
}

Task<Result<tcp::resolver::results_type>> UpstreamPool::Origin::resolve(Cancellation& cancellation,
                                                                        std::uint64_t timeout_ms) {
    Loop& loop = pool_.loop_;
    if (loop.now_ms() < addresses_until_ms_) co_return addresses_;
    const std::string& host = egress_ != nullptr ? egress_->host : host_;
    const std::uint16_t port = egress_ != nullptr ? egress_->port : port_;
    // An address needs no resolver, which would start a thread.
    boost::system::error_code not_an_address;
    const auto address = asio::ip::make_address(host, not_an_address);
    if (!not_an_address) {
        addresses_ = tcp::resolver::results_type::create(tcp::endpoint(address, port), host, "");
        addresses_until_ms_ = UINT64_MAX;
        co_return addresses_;
    }
    Completion<tcp::resolver> completion(loop, resolver_, timeout_ms, cancellation);
    tcp::resolver::results_type found;
    resolver_.async_resolve(
        host,
        std::to_string(port),
        tcp::resolver::numeric_service,
        [&](const boost::system::error_code& fault, tcp::resolver::results_type results) {
            found = std::move(results);
            completion.complete(fault);
        });
    co_await completion;
    Result<void> outcome = completion.outcome("resolve " + host);
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

Result<UpstreamPool::Origin*> UpstreamPool::find(std::string_view origin,
                                                 const config::EgressPtr& egress) {
    std::string both;
    std::string_view key = origin;
    if (egress != nullptr) {
        both.append(origin).append(" ").append(egress->key);
        key = both;
    }
    if (const auto it = origins_.find(key); it != origins_.end()) return it->second.get();
    const auto url = boost::urls::parse_uri(origin);
    const bool known = url && (url->scheme() == "http" || url->scheme() == "https");
    if (!known || url->host().empty()) {
        return base::gateway_error(PARLEY_E_CONFIG, "upstream: origin is not an http or https url");
    }
    const bool tls = url->scheme() == "https";
    std::uint16_t port = url->port_number();
    if (port == 0) port = tls ? 443 : 80;
    auto made = std::make_unique<Origin>(*this, url->host_address(), port, tls, egress);
    return origins_.emplace(std::string(key), std::move(made)).first->second.get();
}

// One new connection, within one deadline: to the origin, or to a proxy and through it.
class UpstreamPool::Dial {
public:
    Dial(Origin& origin, std::uint64_t timeout_ms, Cancellation& cancellation)
        : origin_(origin),
          loop_(origin.pool().loop_),
          cancellation_(cancellation),
          end_ms_(loop_.now_ms() + timeout_ms) {}

    Task<Result<Stream::Ptr>> run() {
        Result<void> done = co_await reach();
        if (done && origin_.egress() != nullptr) done = co_await pass_proxy();
        if (done) done = co_await meet_upstream();
        if (done) co_return std::move(stream_);
        if (stream_ != nullptr) stream_->close();
        base::Error why = std::move(done).error();
        why.message = hop_ + why.message;
        co_return why;
    }

private:
    std::uint64_t left_ms() const {
        return end_ms_ > loop_.now_ms() ? end_ms_ - loop_.now_ms() : 1;
    }

    // What is connected to first: whoever stands there.
    Task<Result<void>> reach() {
        const config::Egress* proxy = origin_.egress();
        if (proxy != nullptr) hop_ = "proxy " + proxy->name + ": ";
        Result<tcp::resolver::results_type> addresses =
            co_await origin_.resolve(cancellation_, left_ms());
        if (!addresses) co_return std::move(addresses).error();
        const std::string what = proxy != nullptr ? "connect" : "connect " + origin_.authority();
        Result<void> outcome = upstream_error(PARLEY_E_UPSTREAM_FAILED, what + ": no address");
        tcp::socket socket(loop_.io());
        // One that does not answer leaves time for the next.
        std::uint64_t untried = addresses->size();
        for (const auto& entry : *addresses) {
            socket = tcp::socket(loop_.io());
            const std::uint64_t share_ms = std::max<std::uint64_t>(left_ms() / untried--, 1);
            Completion<tcp::socket> completion(loop_, socket, share_ms, cancellation_);
            socket.async_connect(entry.endpoint(), [&](const boost::system::error_code& fault) {
                completion.complete(fault);
            });
            co_await completion;
            outcome = completion.outcome(what);
            if (outcome || cancellation_.fired()) break;
        }
        if (!outcome) co_return outcome;
        Result<SSL*> ssl = proxy != nullptr ? origin_.new_proxy_ssl() : origin_.new_ssl();
        if (!ssl) co_return std::move(ssl).error();
        notice_death(socket.native_handle(), origin_.pool().limits_->connect_ms);
        stream_ = Stream::make(loop_, std::move(socket), *ssl);
        if (proxy == nullptr) hop_ = "connect " + origin_.authority() + ": ";
        co_return co_await shake_hands();
    }

    Task<Result<void>> pass_proxy() {
        begin_wait();
        Result<void> open =
            co_await open_tunnel(stream_, *origin_.egress(), origin_.host(), origin_.port());
        end_wait();
        co_return open;
    }

    // Behind a proxy the upstream's own TLS begins now.
    Task<Result<void>> meet_upstream() {
        if (origin_.egress() == nullptr) co_return Result<void>();
        Result<SSL*> ssl = origin_.new_ssl();
        if (!ssl) co_return std::move(ssl).error();
        if (*ssl == nullptr) co_return Result<void>();
        hop_ = "connect " + origin_.authority() + " by proxy " + origin_.egress()->name + ": ";
        stream_->begin_tls(*ssl);
        co_return co_await shake_hands();
    }

    Task<Result<void>> shake_hands() {
        if (!stream_->is_tls()) co_return Result<void>();
        begin_wait();
        Result<void> shaken = co_await stream_->handshake();
        end_wait();
        co_return shaken;
    }

    void begin_wait() {
        stream_->expire_after(left_ms());
        cancellation_.hook(stream_.get(), [](void* s) { static_cast<Stream*>(s)->cancel(); });
    }

    void end_wait() {
        cancellation_.unhook();
        stream_->expire_after(0);
    }

    Origin& origin_;
    Loop& loop_;
    Cancellation& cancellation_;
    const std::uint64_t end_ms_;
    Stream::Ptr stream_;
    std::string hop_;  // which one an error is about, with a colon
};

Task<Result<UpstreamPool::Lease>> UpstreamPool::acquire(std::string_view name,
                                                        Way way,
                                                        bool fresh,
                                                        Cancellation& cancellation) {
    Result<Origin*> found = find(name, way.egress);
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
    const std::uint64_t timeout_ms = way.connect_ms != 0 ? way.connect_ms : limits_->connect_ms;
    Dial dial(origin, timeout_ms, cancellation);
    Result<Stream::Ptr> connected = co_await dial.run();
    if (!connected) {
        --origin.open();
        co_return std::move(connected).error();
    }
    co_return Lease(&origin, std::move(*connected), false);
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
