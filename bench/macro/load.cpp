// A one-thread load generator for the macro bench: closed loop, or open loop with every request
// timed from when it was due, so that a slow answer cannot hide the ones behind it.

#include <deque>
#include <memory>
#include <string>
#include <vector>

#include "hold.hpp"
#include "load_options.hpp"
#include "net.hpp"
#include "reply_reader.hpp"
#include "results.hpp"

namespace bench {
namespace {

struct Connection {
    Fd socket;
    ReplyReader reader;
    bool is_busy = false;
    bool has_content = false;
    std::size_t sent_bytes = 0;
    std::int64_t due_ns = 0;
    std::int64_t sent_ns = 0;
};

class Load {
public:
    explicit Load(const Options& options)
        : options_(options),
          request_(make_request(options)),
          expected_{options.body_bytes_min, options.events},
          scratch_(std::make_unique_for_overwrite<char[]>(kScratchBytes)) {
        for (std::uint64_t i = 0; i < options.connections; ++i) {
            connections_.push_back(std::make_unique<Connection>());
        }
        if (is_open_loop()) {
            epoll_.add(timer_.fd(), EPOLLIN, nullptr);
        }
    }

    Results run() {
        for (auto& connection : connections_) {
            rest(*connection);
        }
        start_ns_ = last_ns_ = now_ns();
        epoll_event events[256];
        while (true) {
            issue(now_ns());
            if (busy_ == 0 && !may_start(now_ns())) {
                break;
            }
            const int count = epoll_.wait(events, kTickMs);
            for (int i = 0; i < count; ++i) {
                dispatch(events[i]);
            }
            if (!sweep(now_ns())) {
                break;
            }
        }
        results_.elapsed_ns = last_ns_ - start_ns_;
        return std::move(results_);
    }

private:
    static constexpr std::size_t kScratchBytes = std::size_t{256} * 1024;
    static constexpr int kTickMs = 50;
    static constexpr std::int64_t kMs = 1'000'000;

    bool is_open_loop() const { return options_.rate > 0; }

    std::int64_t due_of(std::uint64_t index) const {
        const double offset_s = static_cast<double>(index) / static_cast<double>(options_.rate);
        return start_ns_ + static_cast<std::int64_t>(offset_s * 1e9);
    }

    // Whether a further request belongs to the run; in open loop it may be due in the future.
    bool may_start(std::int64_t now) const {
        if (options_.count > 0) {
            return started_ < options_.count;
        }
        const auto end_ns = start_ns_ + static_cast<std::int64_t>(options_.duration_ms) * kMs;
        return (is_open_loop() ? due_of(started_) : now) < end_ns;
    }

    void issue(std::int64_t now) {
        for (auto tries = idle_.size(); tries > 0 && may_start(now); --tries) {
            const auto due = is_open_loop() ? due_of(started_) : now;
            if (due > now) {
                timer_.arm(due);
                return;
            }
            Connection& connection = *idle_.front();
            idle_.pop_front();
            start(connection, due, now);
        }
    }

    void start(Connection& connection, std::int64_t due, std::int64_t now) {
        if (!connection.socket.is_open() && !open(connection, now)) {
            return;
        }
        ++started_;
        ++busy_;
        connection.is_busy = true;
        connection.has_content = false;
        connection.sent_bytes = 0;
        connection.due_ns = due;
        connection.sent_ns = now;
        connection.reader.reset();
        send_rest(connection);
    }

    bool open(Connection& connection, std::int64_t now) {
        connection.socket = connect_to(options_.address);
        if (!connection.socket.is_open()) {
            ++started_;
            ++results_.requests;
            ++results_.faults[static_cast<std::size_t>(Fault::kConnect)];
            last_ns_ = now;
            waiting_.push_back(&connection);
            return false;
        }
        set_non_blocking(connection.socket);
        epoll_.add(connection.socket, EPOLLIN, &connection);
        return true;
    }

    void rest(Connection& connection) {
        connection.is_busy = false;
        idle_.push_back(&connection);
    }

    void dispatch(const epoll_event& event) {
        if (event.data.ptr == nullptr) {
            timer_.acknowledge();
            issue(now_ns());
            return;
        }
        auto& connection = *static_cast<Connection*>(event.data.ptr);
        if ((event.events & EPOLLOUT) != 0) {
            epoll_.change(connection.socket, EPOLLIN, &connection);
            send_rest(connection);
        }
        if ((event.events & ~static_cast<std::uint32_t>(EPOLLOUT)) != 0 &&
            connection.socket.is_open()) {
            receive(connection);
        }
    }

    void send_rest(Connection& connection) {
        while (connection.sent_bytes < request_.size()) {
            const auto sent = send(connection.socket.get(),
                                   request_.data() + connection.sent_bytes,
                                   request_.size() - connection.sent_bytes,
                                   MSG_NOSIGNAL);
            if (sent < 0 && errno == EAGAIN) {
                epoll_.change(connection.socket, EPOLLIN | EPOLLOUT, &connection);
                return;
            }
            if (sent < 0) {
                // A reply may have come before the refusal to read on; receive() sees either.
                connection.sent_bytes = request_.size();
                return;
            }
            connection.sent_bytes += static_cast<std::size_t>(sent);
        }
    }

    void receive(Connection& connection) {
        const auto got = recv(connection.socket.get(), scratch_.get(), kScratchBytes, 0);
        if (got < 0 && (errno == EAGAIN || errno == EINTR)) {
            return;
        }
        const auto now = now_ns();
        if (!connection.is_busy) {
            // Idle, it may be closed by the other side; bytes that nobody asked for may not come.
            if (got > 0) {
                ++results_.faults[static_cast<std::size_t>(Fault::kFraming)];
            }
            connection.socket.close();
            return;
        }
        auto status = ReplyReader::Status::kMore;
        if (got > 0) {
            const std::string_view bytes(scratch_.get(), static_cast<std::size_t>(got));
            status = connection.reader.feed(bytes, now, expected_, results_.lag);
        } else {
            status = connection.reader.end_of_connection(expected_);
        }
        if (!connection.has_content && connection.reader.body_bytes() > 0) {
            connection.has_content = true;
            results_.first_content.add(now - connection.due_ns);
        }
        if (status != ReplyReader::Status::kMore) {
            finish(connection, connection.reader.fault(), now);
        }
    }

    void finish(Connection& connection, Fault fault, std::int64_t now) {
        ++results_.requests;
        --busy_;
        last_ns_ = now;
        results_.events += connection.reader.events();
        results_.body_bytes += connection.reader.body_bytes();
        if (fault == Fault::kNone) {
            results_.latency.add(now - connection.due_ns);
            results_.service.add(now - connection.sent_ns);
        } else {
            ++results_.faults[static_cast<std::size_t>(fault)];
            if (fault == Fault::kStatus) {
                results_.bad_status = connection.reader.http_status();
            }
        }
        if (fault != Fault::kNone || connection.reader.must_close()) {
            connection.socket.close();
            ++results_.reconnects;
        }
        rest(connection);
        issue(now);
    }

    // False when the run must end although not all is done.
    bool sweep(std::int64_t now) {
        if (now - swept_ns_ < kTickMs * kMs) {
            return true;
        }
        swept_ns_ = now;
        for (Connection* connection : std::exchange(waiting_, {})) {
            rest(*connection);
        }
        const auto timeout_ns = static_cast<std::int64_t>(options_.timeout_ms) * kMs;
        for (auto& connection : connections_) {
            if (connection->is_busy && now - connection->sent_ns > timeout_ns) {
                finish(*connection, Fault::kTimeout, now);
            }
        }
        const auto end_ns = start_ns_ + static_cast<std::int64_t>(options_.duration_ms) * kMs;
        const bool is_over = options_.duration_ms > 0 && now > end_ns + timeout_ns;
        if (is_open_loop() && is_over) {
            for (; may_start(now); ++started_) {
                ++results_.faults[static_cast<std::size_t>(Fault::kUnsent)];
            }
        }
        return results_.latency.count() > 0 || results_.errors() < kHopelessErrors;
    }

    static constexpr std::uint64_t kHopelessErrors = 1000;

    const Options& options_;
    const std::string request_;
    const ReplyReader::Expected expected_;
    std::unique_ptr<char[]> scratch_;
    Epoll epoll_;
    Timer timer_;
    std::vector<std::unique_ptr<Connection>> connections_;
    std::deque<Connection*> idle_;
    std::vector<Connection*> waiting_;  // to try connecting again at the next tick
    std::uint64_t started_ = 0;
    std::uint64_t busy_ = 0;
    std::int64_t start_ns_ = 0;
    std::int64_t last_ns_ = 0;
    std::int64_t swept_ns_ = 0;
    Results results_;
};

}  // namespace
}  // namespace bench

int main(int argc, char** argv) {
    bench::Options options;
    const std::string wrong = bench::parse_options(argc, argv, options);
    if (!wrong.empty()) {
        std::fprintf(stderr, "bench_load: %s\n\n%s", wrong.c_str(), bench::kUsage);
        return 2;
    }
    if (options.hold > 0) {
        return bench::hold_streams(options);
    }
    bench::print_results(options, bench::Load(options).run());
    return 0;
}
