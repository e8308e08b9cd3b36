#include "manage/front.hpp"

#include <algorithm>
#include <utility>

#include <boost/json/serialize.hpp>

#include "manage/webhook.hpp"
#include "pipeline/exchange.hpp"

namespace parley::manage {

using base::Task;
using http::Client;
using http::FieldId;

namespace {

Task<void> reply(Client& client, unsigned status, std::string_view type, std::string_view body) {
    client.begin_reply(status, Client::Framing::length, body.size());
    if (!type.empty()) client.add_field("content-type", type);
    const bool sent = co_await client.send(body);
    (void)sent;
}

bool is_local_origin(std::string_view origin) {
    const std::size_t scheme = origin.find("://");
    if (scheme == origin.npos) return false;
    std::string_view host = origin.substr(scheme + 3);
    host =
        host.starts_with('[') ? host.substr(0, host.find(']') + 1) : host.substr(0, host.find(':'));
    return host == "localhost" || host == "127.0.0.1" || host == "[::1]";
}

// Whether exchanges can be served, and what is not as it should be. A store that is away keeps
// nobody from being served, unless nobody knows who may be.
std::pair<unsigned, std::string> readiness(const pipeline::World& world, bool is_draining) {
    if (is_draining) return {503, "{\"status\":\"draining\"}"};
    const bool is_ready = !world.registry.dialects().empty() && !world.router.places().empty();
    if (!is_ready) return {503, "{\"status\":\"no provider is loaded\"}"};
    if (world.stored.ledger == nullptr) return {200, "{\"status\":\"ready\"}"};
    const store::Reach reach = world.stored.ledger->reach();
    const bool is_shut = world.stored.may_hold_more && world.callers.is_open();
    if (is_shut) {
        const boost::json::object told{
            {"status", "the store, which may hold client keys, has not been read yet"},
            {"store", reach.why}};
        return {503, boost::json::serialize(told)};
    }
    if (reach.is_good) return {200, "{\"status\":\"ready\"}"};
    const boost::json::object told{
        {"status", "degraded"}, {"store", reach.why}, {"not_stored_yet", reach.pending}};
    return {200, boost::json::serialize(told)};
}

// A client is listed as long as its connection is served, however that ends.
class Present {
public:
    Present(std::set<Client*>& all, Client& client) : all_(all), client_(client) {
        all_.insert(&client_);
    }

    Present(const Present&) = delete;
    Present& operator=(const Present&) = delete;

    ~Present() { all_.erase(&client_); }

private:
    std::set<Client*>& all_;
    Client& client_;
};

}  // namespace

Task<void> Front::serve(http::Stream::Ptr stream) {
    Client client(std::move(stream), lane_.limits());
    const Present present(clients_, client);
    if (is_draining()) client.last_call(last_call_ms_);
    for (;;) {
        client.change(lane_.limits());
        const Client::Next next = co_await client.read_head();
        if (next == Client::Next::end) break;
        if (is_draining()) client.close_after_reply();
        if (next == Client::Next::refused) {
            co_await refuse(client);
        } else {
            co_await answer(client);
        }
        if (client.reusable() && !is_draining()) continue;
        co_await client.linger();
        break;
    }
}

Task<void> Front::answer(Client& client) {
    if (!apply_cors(client)) {
        client.close_after_reply();
        co_await reply(client, 403, "text/plain", "cors: this origin is not allowed");
        co_return;
    }
    const bool answered = co_await answer_own_page(client);
    if (answered) co_return;
    while (lane_.underway().is_held()) co_await lane_.underway().gate();
    {
        pipeline::Exchange exchange(lane_, client);
        co_await exchange.run();
    }
    lane_.underway().look();
}

Task<bool> Front::answer_own_page(Client& client) {
    const http::RequestHead& head = client.head();
    const bool reading = head.method == "GET" || head.method == "HEAD";
    if (head.method == "OPTIONS") {
        co_await reply(client, 204, "", "");
        co_return true;
    }
    if (is_for_webhook(head, *lane_.world())) {
        co_await answer_webhook(client, lane_.world());
        co_return true;
    }
    if (!reading) co_return false;
    if (head.path == "/healthz") {
        co_await reply(client, 200, "application/json", "{\"status\":\"ok\"}");
        co_return true;
    }
    if (head.path == "/readyz") {
        const auto [status, body] = readiness(*lane_.world(), is_draining());
        co_await reply(client, status, "application/json", body);
        co_return true;
    }
    if (head.path == "/") {
        constexpr std::string_view kHello = "{\"name\":\"parley\",\"version\":\"" PARLEY_VERSION
                                            "\",\"models\":\"/v1/models\",\"health\":\"/healthz\"}";
        co_await reply(client, 200, "application/json", kHello);
        co_return true;
    }
    co_return false;
}

// A head that could not be read has no dialect; its status says what a client can know.
Task<void> Front::refuse(Client& client) {
    const base::Error& error = client.error();
    const unsigned status =
        error.http_status != 0 ? error.http_status : base::http_status_of(error.error_class);
    client.close_after_reply();
    co_await reply(client, status, "text/plain", error.message + "\n");
    pipeline::Outcome outcome;
    outcome.peer = client.peer_address();
    outcome.status = status;
    outcome.error = &error;
    lane_.recorder().record(outcome);
}

bool Front::apply_cors(Client& client) {
    const http::RequestHead& head = client.head();
    const std::string_view origin = head.get(FieldId::origin);
    if (origin.empty()) return true;
    const pipeline::World& world = *lane_.world();
    const auto& allowed = world.config.server.cors_origins;
    const bool any = std::find(allowed.begin(), allowed.end(), "*") != allowed.end();
    const bool named = std::find(allowed.begin(), allowed.end(), origin) != allowed.end();
    // Without client keys a page of any site could use the accounts: only local pages may.
    if (world.callers.is_open() && !is_local_origin(origin)) return false;
    if (!any && !named) return head.method != "OPTIONS";
    client.always_add("access-control-allow-origin", any ? "*" : origin);
    client.always_add("access-control-expose-headers", "*");
    if (!any) client.always_add("vary", "origin");
    if (head.method != "OPTIONS") return true;
    client.always_add("access-control-allow-methods", "GET, POST, DELETE, OPTIONS");
    const std::string_view asked = head.get(FieldId::access_control_request_headers);
    if (!asked.empty()) client.always_add("access-control-allow-headers", asked);
    client.always_add("access-control-max-age", "86400");
    return true;
}

void Front::drain(std::uint64_t last_call_ms) {
    last_call_ms_ = last_call_ms;
    for (Client* client : clients_) client->last_call(last_call_ms);
}

void Front::cut() {
    for (Client* client : std::set<Client*>(clients_)) {
        if (clients_.contains(client)) client->stream().cancel();
    }
}

}  // namespace parley::manage
