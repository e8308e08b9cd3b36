// http/upstream.hpp: connections to upstreams, kept open and reused. One pool on each loop. [loop]
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include <boost/asio/ip/tcp.hpp>

#include "base/error.hpp"
#include "base/task.hpp"
#include "config/egress.hpp"
#include "config/limits.hpp"
#include "http/stream.hpp"
#include "http/tls.hpp"

namespace parley::http {

// Lets whoever owns an exchange end what it is waiting for.
class Cancellation {
public:
    using Hook = void (*)(void* owner);

    void fire() {
        fired_ = true;
        if (hook_ != nullptr) hook_(owner_);
    }

    bool fired() const { return fired_; }

    void hook(void* owner, Hook cancel) {
        owner_ = owner;
        hook_ = cancel;
    }

    void unhook() { hook_ = nullptr; }

private:
    void* owner_ = nullptr;
    Hook hook_ = nullptr;
    bool fired_ = false;
};

class UpstreamPool {
public:
    UpstreamPool(Loop& loop,
                 std::shared_ptr<const config::UpstreamLimits> limits,
                 std::shared_ptr<ClientTls> tls);
    ~UpstreamPool();
    UpstreamPool(const UpstreamPool&) = delete;
    UpstreamPool& operator=(const UpstreamPool&) = delete;

    // Makes pools remember the TLS sessions of this context. Once, before the first use.
    static void keep_sessions(SSL_CTX* context);

    // What holds for connections that are made or kept from now on. Where upstreams are trusted by
    // others than before, the connections that nobody uses are closed.
    void change(std::shared_ptr<const config::UpstreamLimits> limits,
                std::shared_ptr<ClientTls> tls);

    Loop& loop() { return loop_; }

    const config::UpstreamLimits& limits() const { return *limits_; }

    class Origin;

    // A connection on loan. Give it back with release(); otherwise it is closed.
    class Lease {
    public:
        Lease() = default;

        Lease(Origin* origin, Stream::Ptr stream, bool reused)
            : origin_(origin), stream_(std::move(stream)), reused_(reused) {}

        Lease(Lease&& other) noexcept;
        Lease& operator=(Lease&& other) noexcept;
        ~Lease();

        explicit operator bool() const { return stream_ != nullptr; }

        Stream& stream() { return *stream_; }

        const Stream::Ptr& ptr() const { return stream_; }

        // It has served a request before, so it may have been closed by now.
        bool reused() const { return reused_; }

        std::string_view authority() const;

        // The reply was read to its end: keep the connection.
        void release();
        void close();

    private:
        Origin* origin_ = nullptr;
        Stream::Ptr stream_;
        bool reused_ = false;
    };

    // How to get to an origin.
    struct Way {
        Way(std::uint64_t ms, const config::EgressPtr& by) : connect_ms(ms), egress(by) {}

        std::uint64_t connect_ms;  // 0: as the limits say
        const config::EgressPtr& egress;
    };

    // `origin` is "https://host[:port]" or "http://...". With `fresh` no kept connection is used.
    // What `way` refers to must outlive the task.
    base::Task<base::Result<Lease>> acquire(std::string_view origin,
                                            Way way,
                                            bool fresh,
                                            Cancellation& cancellation);

private:
    class Dial;

    base::Result<Origin*> find(std::string_view origin, const config::EgressPtr& egress);

    Loop& loop_;
    std::shared_ptr<const config::UpstreamLimits> limits_;
    std::shared_ptr<ClientTls> tls_;
    std::map<std::string, std::unique_ptr<Origin>, std::less<>> origins_;  // and egress
};

}  // namespace parley::http
