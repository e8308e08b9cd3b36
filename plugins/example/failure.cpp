// failure.cpp: how to fail. A good reply is bent the way a bad place would.
#include <array>

#include "provider.hpp"

namespace parley::example {

namespace {

struct Refusal {
    std::string_view model;
    uint32_t status;
    std::string_view type;
    std::string_view code;
    std::string_view message;
};

constexpr std::array kRefusals{
    Refusal{"example-401", 401, "invalid_request_error", "invalid_api_key", "The key is wrong."},
    Refusal{"example-429", 429, "requests", "rate_limit_exceeded", "Please try again in 2s."},
    Refusal{"example-500", 500, "server_error", "", "The server had an error."},
    Refusal{"example-503", 503, "server_error", "server_is_overloaded", "The server is busy."},
};

constexpr std::string_view kPage =
    "<html><head><title>502 Bad Gateway</title></head><body>Bad Gateway</body></html>\n";

// All four members, always.
std::string error_object(const Refusal& refusal, std::string_view param = {}) {
    const auto or_null = [](std::string_view text) { return text.empty() ? "null" : quote(text); };
    return fill(R"({"message":%,"type":%,"param":%,"code":%})",
                quote(refusal.message),
                quote(refusal.type),
                or_null(param),
                or_null(refusal.code));
}

Reply make_refusal(const Refusal& refusal, std::string_view param = {}) {
    Reply reply;
    reply.status = refusal.status;
    reply.pieces = {fill("{\"error\":%}", error_object(refusal, param))};
    if (refusal.status == 429) reply.headers = {{sdk::str("retry-after"), sdk::str("2"), 0}};
    return reply;
}

Reply make_page(uint32_t status) {
    Reply reply;
    reply.status = status;
    reply.content_type = "text/html";
    reply.pieces = {std::string(kPage)};
    return reply;
}

// Only so many events of a stream, or bytes of a body, and then silence or the end.
void stop(Reply& reply, std::size_t events, std::size_t bytes, parley_status ending) {
    if (reply.is_stream()) {
        reply.pieces.resize(events);
    } else {
        reply.pieces[0].resize(bytes);
    }
    reply.ending = ending;
}

// This event in place of the third and all that follow.
void swerve(Reply& reply, const std::string& event) {
    reply.pieces.resize(2);
    reply.pieces.push_back(event);
}

}  // namespace

Reply refuse(const sdk::Failure& failure) {
    return make_refusal({"", 400, "invalid_request_error", failure.code, failure.message},
                        failure.param);
}

void fail(const Wire& wire, const Question& question, Reply& reply) {
    const std::string_view model = question.model;
    for (const Refusal& refusal : kRefusals) {
        if (refusal.model == model) reply = make_refusal(refusal);
    }
    const Refusal broken{model, 200, "server_error", "server_error", "The server had an error."};
    if (model == "example-slow") {
        reply.pace_ms = 500;
    } else if (model == "example-stall") {
        stop(reply, 1, 0, PARLEY_AGAIN);
    } else if (model == "example-cut") {
        stop(reply, 3, reply.pieces[0].size() / 2, PARLEY_CLOSED);
    } else if (model == "example-html") {
        reply = make_page(502);
    } else if (model == "example-garbage" && reply.is_stream()) {
        swerve(reply, fill("data: %\n", kPage));
    } else if (model == "example-garbage") {
        reply = make_page(200);
    } else if (model == "example-error" && reply.is_stream()) {
        swerve(reply, wire.write_error(question, 2, error_object(broken)));
    } else if (model == "example-error") {
        reply = make_refusal(broken);
    }
}

}  // namespace parley::example
