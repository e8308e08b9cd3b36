// A one-thread HTTP/1.1 upstream on loopback in the OpenAI chat shape, for the macro bench. The
// model name in the request (bench-1k, -10k, -100k, -sse, -pace, -hold) chooses the answer.

#include <algorithm>
#include <deque>
#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "answers.hpp"
#include "net.hpp"
#include "request_reader.hpp"

namespace bench {
namespace {

struct Connection {
    Fd socket;
    RequestReader reader;

    const Answer* answer = nullptr;  // null while a request is being read
    std::size_t write_index = 0;
    std::size_t write_offset = 0;
    std::string stamped;
    std::int64_t due_ns = 0;
    bool waits_for_room = false;
    bool is_in_turn = false;
};

class Upstream {
public:
    Upstream(std::uint16_t port, int writes_per_turn)
        : listener_(listen_on(port)), writes_per_turn_(writes_per_turn) {
        epoll_.add(listener_, EPOLLIN, &listener_);
        epoll_.add(timer_.fd(), EPOLLIN, &timer_);
    }

    std::uint16_t port() const { return port_of(listener_); }

    [[noreturn]] void run() {
        epoll_event events[256];
        for (;;) {
            const int count = epoll_.wait(events, turn_.empty() ? -1 : 0);
            for (int i = 0; i < count; ++i) {
                dispatch(events[i]);
            }
            take_turns();
            arm_timer();
            left_.clear();
        }
    }

private:
    void take_turns() {
        for (auto left = turn_.size(); left > 0; --left) {
            Connection* connection = turn_.front();
            turn_.pop_front();
            if (connection != nullptr) {
                connection->is_in_turn = false;
                advance(*connection);
            }
        }
    }

    void dispatch(const epoll_event& event) {
        if (event.data.ptr == &listener_) {
            accept_all();
        } else if (event.data.ptr == &timer_) {
            timer_.acknowledge();
            fire_due();
        } else {
            auto& connection = *static_cast<Connection*>(event.data.ptr);
            if ((event.events & EPOLLOUT) != 0 && connection.socket.is_open()) {
                wait_for_room(connection, false);
                advance(connection);
            }
            if ((event.events & ~static_cast<std::uint32_t>(EPOLLOUT)) != 0 &&
                connection.socket.is_open()) {
                read_some(connection);
            }
        }
    }

    void accept_all() {
        for (;;) {
            const int fd = accept4(listener_.get(), nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
            if (fd < 0) {
                return;
            }
            auto connection = std::make_unique<Connection>();
            connection->socket = Fd(fd);
            set_no_delay(connection->socket);
            epoll_.add(connection->socket, EPOLLIN, connection.get());
            Connection* key = connection.get();
            connections_.emplace(key, std::move(connection));
        }
    }

    // The memory stays until the end of the turn, as this turn's events may still point at it.
    void leave(Connection& connection) {
        connection.socket.close();
        due_.erase({connection.due_ns, &connection});
        if (connection.is_in_turn) {
            std::replace(
                turn_.begin(), turn_.end(), &connection, static_cast<Connection*>(nullptr));
        }
        auto found = connections_.find(&connection);
        left_.push_back(std::move(found->second));
        connections_.erase(found);
    }

    void read_some(Connection& connection) {
        Buffer& in = connection.reader.in();
        in.make_room();
        const auto got = recv(connection.socket.get(), in.free_space(), in.free_bytes(), 0);
        if (got <= 0) {
            if (got == 0 || (errno != EAGAIN && errno != EINTR)) {
                leave(connection);
            }
            return;
        }
        in.produce(static_cast<std::size_t>(got));
        if (connection.answer == nullptr) {
            advance(connection);
        } else if (in.size() > RequestReader::kBodyBytesMax) {
            leave(connection);
        }
    }

    // Reads and answers as many requests as the connection's bytes and room allow.
    void advance(Connection& connection) {
        while (connection.socket.is_open() && has_answer(connection) && write_answer(connection)) {
            if (connection.answer->closes || connection.reader.wants_close()) {
                leave(connection);
            }
            connection.answer = nullptr;
        }
    }

    bool has_answer(Connection& connection) const {
        if (connection.answer == nullptr) {
            connection.answer = answer_to(connection.reader);
            connection.write_index = connection.write_offset = 0;
            const bool is_paced =
                connection.answer != nullptr && connection.answer->interval_ns > 0;
            connection.due_ns = is_paced ? now_ns() : 0;
        }
        return connection.answer != nullptr;
    }

    const Answer* answer_to(RequestReader& reader) const {
        switch (reader.next()) {
            case RequestReader::Ask::kNotYet:
                return nullptr;
            case RequestReader::Ask::kMalformed:
                return &answers_.malformed();
            case RequestReader::Ask::kTooLarge:
                return &answers_.too_large();
            case RequestReader::Ask::kList:
                return &answers_.list();
            case RequestReader::Ask::kUnknownPath:
                return &answers_.not_found();
            case RequestReader::Ask::kUnknownModel:
                return &answers_.no_model();
            case RequestReader::Ask::kModel:
                return &answers_.for_model(reader.model());
        }
        return nullptr;
    }

    // True when the whole answer is out; otherwise something is set to come back here.
    bool write_answer(Connection& connection) {
        const Answer& answer = *connection.answer;
        int budget = answer.interval_ns > 0 ? 0 : writes_per_turn_;
        while (connection.write_index < answer.writes.size()) {
            if (answer.interval_ns > 0 && connection.write_offset == 0 &&
                connection.due_ns > now_ns()) {
                due_.insert({connection.due_ns, &connection});
                return false;
            }
            if (!write_one(connection)) {
                return false;
            }
            connection.due_ns += answer.interval_ns;
            if (--budget == 0 && connection.write_index < answer.writes.size()) {
                connection.is_in_turn = true;
                turn_.push_back(&connection);
                return false;
            }
        }
        return !answer.stays_open;
    }

    bool write_one(Connection& connection) {
        const bool is_paced = connection.answer->interval_ns > 0;
        const std::string& text = connection.answer->writes[connection.write_index];
        if (is_paced && connection.write_offset == 0) {
            stamp(text, connection.stamped);
        }
        if (!send_all(connection, is_paced ? connection.stamped : text)) {
            return false;
        }
        connection.write_offset = 0;
        ++connection.write_index;
        return true;
    }

    bool send_all(Connection& connection, std::string_view bytes) {
        while (connection.write_offset < bytes.size()) {
            const auto rest = bytes.substr(connection.write_offset);
            const auto sent = send(connection.socket.get(), rest.data(), rest.size(), MSG_NOSIGNAL);
            if (sent < 0 && errno == EAGAIN) {
                wait_for_room(connection, true);
                return false;
            }
            if (sent < 0) {
                leave(connection);
                return false;
            }
            connection.write_offset += static_cast<std::size_t>(sent);
        }
        return true;
    }

    static void stamp(const std::string& text, std::string& stamped) {
        stamped = text;
        const auto at = stamped.find(std::string(R"(":")").append(kStampMark));
        if (at == std::string::npos) {
            return;
        }
        char digits[kStampDigits + 1];
        std::snprintf(digits, sizeof digits, "%020lld", static_cast<long long>(now_ns()));
        stamped.replace(at + 3 + kStampMark.size(), kStampDigits, digits, kStampDigits);
    }

    void wait_for_room(Connection& connection, bool waits) {
        if (connection.waits_for_room == waits) {
            return;
        }
        connection.waits_for_room = waits;
        std::uint32_t events = EPOLLIN;
        if (waits) {
            events |= EPOLLOUT;
        }
        epoll_.change(connection.socket, events, &connection);
    }

    void fire_due() {
        const auto now = now_ns();
        while (!due_.empty() && due_.begin()->first <= now) {
            Connection* connection = due_.begin()->second;
            due_.erase(due_.begin());
            advance(*connection);
        }
    }

    void arm_timer() {
        if (!due_.empty()) {
            timer_.arm(due_.begin()->first);
        }
    }

    Answers answers_;
    Fd listener_;
    Timer timer_;
    Epoll epoll_;
    int writes_per_turn_;
    std::unordered_map<Connection*, std::unique_ptr<Connection>> connections_;
    std::vector<std::unique_ptr<Connection>> left_;
    std::set<std::pair<std::int64_t, Connection*>> due_;
    std::deque<Connection*> turn_;
};

}  // namespace
}  // namespace bench

int main(int argc, char** argv) {
    std::uint64_t port = 0;
    std::uint64_t writes_per_turn = 0;
    for (int i = 1; i < argc; i += 2) {
        const std::string_view name = argv[i];
        const std::string_view value = i + 1 < argc ? argv[i + 1] : "";
        const auto number = bench::parse_number(value).value_or(UINT64_MAX);
        if (name == "--port" && number < 65536) {
            port = number;
        } else if (name == "--writes-per-turn" && number < 1'000'000) {
            writes_per_turn = number;
        } else {
            std::fprintf(stderr, "usage: %s [--port N] [--writes-per-turn N]\n", argv[0]);
            return 2;
        }
    }
    bench::Upstream upstream(static_cast<std::uint16_t>(port), static_cast<int>(writes_per_turn));
    std::printf("port %u\n", static_cast<unsigned>(upstream.port()));
    std::fflush(stdout);
    upstream.run();
}
