#include "manage/control.hpp"

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

#include "http/client.hpp"

namespace parley::manage {

namespace json = boost::json;

using base::Task;
using http::Client;

namespace {

json::object in_json(const base::Error& error) {
    return {{"error", {{"class", base::name_of(error.error_class)}, {"message", error.message}}}};
}

}  // namespace

void Control::add(std::string method, std::string path, Route route) {
    rows_.push_back({std::move(method), std::move(path), std::move(route), {}});
}

void Control::add_slow(std::string method, std::string path, SlowRoute route) {
    rows_.push_back({std::move(method), std::move(path), {}, std::move(route)});
}

Task<void> Control::serve(http::Stream::Ptr stream) {
    Client client(std::move(stream), limits_);
    for (;;) {
        const Client::Next next = co_await client.read_head();
        if (next == Client::Next::end) co_return;
        Answer answer = client.error();
        if (next == Client::Next::request) {
            const base::Result<std::string_view> body = co_await client.read_body();
            if (body) {
                answer = co_await this->answer(client.head().method, client.head().path, *body);
            } else {
                answer = body.error();
            }
        }
        const bool is_good = answer.has_value();
        const unsigned status = is_good ? 200 : base::http_status_of(answer.error().error_class);
        const std::string text =
            json::serialize(is_good ? *answer : in_json(answer.error())) + '\n';
        client.begin_reply(status, Client::Framing::length, text.size());
        client.add_field("content-type", "application/json");
        const bool sent = co_await client.send(text);
        if (!sent || !client.reusable()) co_return;
    }
}

Task<Control::Answer> Control::answer(std::string_view method,
                                      std::string_view path,
                                      std::string_view body) const {
    for (const Row& row : rows_) {
        if (row.method != method || row.path != path) continue;
        boost::system::error_code fault;
        const json::value asked = body.empty() ? json::object() : json::parse(body, fault);
        if (fault || !asked.is_object()) {
            co_return base::client_error(PARLEY_E_INVALID_ARGUMENT,
                                         "body: a JSON object was expected");
        }
        if (row.route) co_return row.route(asked.get_object());
        Answer told = co_await row.slow(asked.get_object());
        co_return told;
    }
    co_return unknown(method, path);
}

base::Error Control::unknown(std::string_view method, std::string_view path) const {
    std::string message = std::string(method) + ' ' + std::string(path) + " is not known; known:";
    for (const Row& row : rows_) message += ' ' + row.method + ' ' + row.path;
    return base::client_error(PARLEY_E_NOT_FOUND, std::move(message));
}

}  // namespace parley::manage
