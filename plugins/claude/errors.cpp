#include "errors.hpp"

#include <algorithm>
#include <array>

#include "json_text.hpp"
#include "parley/sdk/headers.hpp"
#include "parley/sdk/too_long.hpp"

namespace parley::claude {

using sdk::JsonReader;
using sdk::JsonString;
using sdk::str;
using sdk::view;

namespace {

struct Row {
    int error_class;
    uint32_t status;
    std::string_view type;
    bool always = false;  // clients act on just this status
};

// The first row of a class or type counts.
constexpr std::array kRows{
    Row{PARLEY_E_INVALID_ARGUMENT, 400, "invalid_request_error"},
    Row{PARLEY_E_UNSUPPORTED, 400, "invalid_request_error"},
    Row{PARLEY_E_CONTEXT_TOO_LONG, 400, "invalid_request_error", true},
    Row{PARLEY_E_CONTENT_BLOCKED, 400, "invalid_request_error"},
    Row{PARLEY_E_PRECONDITION, 400, "invalid_request_error"},
    Row{PARLEY_E_NOT_IMPLEMENTED, 400, "invalid_request_error", true},
    Row{PARLEY_E_UNAUTHENTICATED, 401, "authentication_error"},
    Row{PARLEY_E_PAYMENT_REQUIRED, 402, "billing_error", true},
    Row{PARLEY_E_FORBIDDEN, 403, "permission_error"},
    Row{PARLEY_E_NOT_FOUND, 404, "not_found_error"},
    Row{PARLEY_E_CONFLICT, 409, "conflict_error"},
    Row{PARLEY_E_TOO_LARGE, 413, "request_too_large"},
    Row{PARLEY_E_RATE_LIMITED, 429, "rate_limit_error", true},
    Row{PARLEY_E_QUOTA_EXHAUSTED, 429, "rate_limit_error", true},
    Row{PARLEY_E_TIMEOUT, 504, "timeout_error"},
    Row{PARLEY_E_OVERLOADED, 529, "overloaded_error", true},
    Row{PARLEY_E_UPSTREAM_FAILED, 500, "api_error"},
    Row{PARLEY_E_UPSTREAM_PROTOCOL, 502, "api_error"},
};

constexpr Row kOther{0, 500, "api_error"};

// Longer than that no SDK sits still.
constexpr uint64_t kWorthWaitingMs = 60'000;

const Row& row_of(const parley_error& error) {
    for (const Row& row : kRows) {
        if (row.error_class == error.error_class) return row;
    }
    return kOther;
}

uint32_t status_of(const parley_error& error) {
    const Row& row = row_of(error);
    const bool fits = error.http_status / 100 == row.status / 100;
    return fits && !row.always ? error.http_status : row.status;
}

bool says(std::string_view message, std::string_view words) {
    return message.find(words) != message.npos;
}

// Limits of an organisation's own that come as rate limits or bad requests.
bool is_spent(const Told& told) {
    return told.code == "enforced_spend_limit_reached" ||
           told.code == "contract_spend_limit_reached" || told.code == "ramp_limit_exceeded" ||
           says(told.message, "reached your specified API usage limits");
}

// Clients look for these words, and for the numbers, to fold their history.
std::string too_long(std::string_view message) {
    if (says(message, "prompt is too long")) return std::string(message);
    const auto [tokens, limit] = sdk::how_much_too_long(message);
    if (limit == 0) return "prompt is too long: " + std::string(message);
    return "prompt is too long: " + std::to_string(tokens) + " tokens > " + std::to_string(limit) +
           " maximum";
}

std::string message_of(const parley_error& error) {
    const std::string_view message = view(error.message);
    if (error.error_class == PARLEY_E_CONTEXT_TOO_LONG) return too_long(message);
    const std::string_view param = view(error.param);
    if (param.empty() || says(message, param)) return std::string(message);
    return std::string(param) + ": " + std::string(message);
}

}  // namespace

Told read_told(std::string_view json) {
    Told told;
    if (!is_json(json)) return told;
    Members outer(json);
    const std::string_view inner = outer.take("error");
    Members error(inner.starts_with('{') ? inner : json);
    told.type = error.text("type");
    told.message = error.text("message");
    if (told.message.empty()) told.message = outer.text("message");
    if (told.message.empty()) told.message = outer.text("detail");
    JsonString word;
    if (inner.starts_with('"') && JsonReader(inner).read_string(word)) told.message = word.text();
    Members details(error.take("details"));
    told.code = details.text("error_code");
    if (told.code.empty()) told.code = error.text("code");
    return told;
}

// Types say more than the status does, and some words more than the type.
int class_of(const Told& told) {
    if (sdk::says_too_long(told.message)) return PARLEY_E_CONTEXT_TOO_LONG;
    if (says(told.message, "credit balance is too low")) return PARLEY_E_PAYMENT_REQUIRED;
    if (is_spent(told)) return PARLEY_E_QUOTA_EXHAUSTED;
    for (const Row& row : kRows) {
        if (row.type == told.type) return row.error_class;
    }
    return told.type == kOther.type ? PARLEY_E_UPSTREAM_FAILED : 0;
}

std::string error_body(const parley_error& error, std::string_view exchange_id) {
    std::string json;
    sdk::JsonWriter w(json);
    w.begin_object().key("type").string("error").key("error").begin_object();
    w.key("type").string(row_of(error).type).key("message").string(message_of(error));
    if (view(error.code) == kNoThreads) {
        w.key("details").begin_object().key("error_code").string(kNoThreads);
        w.key("unsupported").begin_array().string("thread").end_array().end_object();
    }
    w.end_object();
    if (!exchange_id.empty()) w.key("request_id").string(exchange_id);
    w.end_object();
    return json;
}

void write_error(const parley_call* call,
                 const parley_error& error,
                 sdk::Arena& arena,
                 parley_http_reply& reply,
                 sdk::Out& out) {
    reply.status = status_of(error);
    reply.content_type = str("application/json");
    const bool is_named = call != nullptr && PARLEY_REACHES(call, parley_call, exchange_id);
    out.write(error_body(error, is_named ? view(call->exchange_id) : std::string_view()));
    auto* headers = arena.array<parley_header>(2);
    reply.headers = headers;
    const uint64_t wait_ms = error.retry_after_ms;
    if (wait_ms != 0) {
        const parley_str seconds = arena.copy(std::to_string((wait_ms + 999) / 1000));
        headers[reply.header_count++] = {str("retry-after"), seconds, 0};
    }
    // Without it clients would try a status of 429 again and again.
    const bool is_brief = wait_ms != 0 && wait_ms <= kWorthWaitingMs;
    if (error.error_class == PARLEY_E_QUOTA_EXHAUSTED && !is_brief) {
        headers[reply.header_count++] = {str("x-should-retry"), str("false"), 0};
    }
}

void read_error(const parley_http_reply_head& head,
                std::string_view body,
                sdk::Arena& arena,
                parley_error& out) {
    Told told = read_told(body);
    if (told.message.empty()) {
        told.message = "upstream returned HTTP " + std::to_string(head.status);
    }
    out.error_class = class_of(told);
    out.fault = PARLEY_FAULT_UPSTREAM;
    out.http_status = head.status;
    out.retry_after_ms = sdk::retry_after_ms(head);
    out.message = arena.copy(told.message);
    out.code = arena.copy(told.code);
}

}  // namespace parley::claude
