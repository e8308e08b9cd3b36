#include "http/callback.hpp"

#include <set>
#include <utility>

#include "http/client.hpp"
#include "http/percent.hpp"

namespace parley::http {

using base::Result;
using base::Task;

namespace {

constexpr std::uint64_t kConnectionsMax = 16;  // browsers open a few ahead of need

std::shared_ptr<const config::Limits> limits_of_browsers() {
    auto limits = std::make_shared<config::Limits>();
    limits->idle_ms = 5'000;
    limits->head_ms = 5'000;
    limits->body_bytes_max = 64ull * 1024;
    limits->requests_per_connection_max = 16;
    return limits;
}

Task<void> show(Client& client, unsigned status, std::string_view page) {
    client.close_after_reply();
    client.begin_reply(status, Client::Framing::length, page.size());
    client.add_field("content-type", "text/html; charset=utf-8");
    // The address holds the code: nothing keeps it, and nobody is told of it.
    client.add_field("cache-control", "no-store");
    client.add_field("referrer-policy", "no-referrer");
    client.add_field("x-content-type-options", "nosniff");
    client.add_field("content-security-policy", "default-src 'none'; style-src 'unsafe-inline'");
    const bool sent = co_await client.send(page);
    (void)sent;
}

}  // namespace

struct CallbackDoor::Inside {
    Terms terms;
    Came came;  // null once it was told
    std::set<Stream*> streams = {};
    std::shared_ptr<const config::Limits> limits = limits_of_browsers();

    bool is_awaited(const RequestHead& head) const {
        const std::string state = query_value(head.query, "state");
        return base::equal_in_constant_time(state, terms.state.reveal());
    }

    static Task<void> answer(std::shared_ptr<Inside> self, Client& client) {
        const RequestHead& head = client.head();
        const CallbackPages& pages = self->terms.pages;
        if (head.method != "GET" || head.path != self->terms.path) {
            co_await show(client, 404, pages.stranger);
            co_return;
        }
        if (self->came == nullptr || !self->is_awaited(head)) {
            co_await show(client, 400, pages.stranger);
            co_return;
        }
        // One use: from here on nobody else is awaited.
        const Came came = std::exchange(self->came, nullptr);
        base::Secret query{std::string(head.query)};
        const bool is_refused = !query_value(head.query, "error").empty();
        const std::string_view page = is_refused ? pages.refused : pages.came;
        co_await show(client, 200, page);
        came(std::move(query));
    }

    static Task<void> serve(std::shared_ptr<Inside> self, Stream::Ptr stream) {
        Client client(stream, self->limits);
        self->streams.insert(stream.get());
        for (;;) {
            const Client::Next next = co_await client.read_head();
            if (next == Client::Next::end) break;
            if (next == Client::Next::refused) {
                co_await show(client, 400, self->terms.pages.stranger);
            } else {
                co_await answer(self, client);
            }
            if (client.reusable()) continue;
            co_await client.linger();
            break;
        }
        self->streams.erase(stream.get());
    }
};

Result<std::unique_ptr<CallbackDoor>> CallbackDoor::open(Loop& loop, Terms terms, Came came) {
    const unsigned port = terms.port;
    auto inside = std::make_shared<Inside>(Inside{std::move(terms), std::move(came)});
    std::unique_ptr<CallbackDoor> door(new CallbackDoor(std::move(inside)));
    if (auto ok = door->listen(loop, "127.0.0.1:" + std::to_string(port)); !ok) {
        base::Error why = std::move(ok).error();
        why.error_class = PARLEY_E_CONFLICT;
        return why;
    }
    // Not every machine has it.
    (void)door->listen(loop, "[::1]:" + std::to_string(door->port()));
    return door;
}

Result<void> CallbackDoor::listen(Loop& loop, const std::string& address) {
    auto serve = [inside = inside_](Stream::Ptr stream) {
        return Inside::serve(inside, std::move(stream));
    };
    auto bound =
        Listener::bind({address}, {&loop}, {nullptr, kConnectionsMax}, count_, std::move(serve));
    if (!bound) return std::move(bound).error();
    listeners_.push_back(std::move(*bound));
    listeners_.back()->start();
    return {};
}

CallbackDoor::~CallbackDoor() = default;

unsigned CallbackDoor::port() const {
    const std::string address = listeners_.front()->address();
    return static_cast<unsigned>(std::stoul(address.substr(address.rfind(':') + 1)));
}

void CallbackDoor::close() {
    inside_->came = nullptr;
    for (const auto& listener : listeners_) listener->stop();
}

void CallbackDoor::cut() {
    for (Stream* stream : std::set<Stream*>(inside_->streams)) {
        if (inside_->streams.contains(stream)) stream->cancel();
    }
}

bool CallbackDoor::is_empty() const {
    return count_->load() == 0;
}

}  // namespace parley::http
