#include "errors.hpp"

#include <algorithm>
#include <array>
#include <charconv>

#include "parley/sdk/headers.hpp"
#include "parley/sdk/too_long.hpp"
#include "wire.hpp"

namespace parley::gemini {

using sdk::JsonReader;
using sdk::JsonString;
using sdk::str;
using sdk::view;

namespace {

struct Row {
    int error_class;
    uint32_t http;
    std::string_view status;
    std::string_view reason;  // of ErrorInfo; empty: none is written
};

constexpr std::string_view kSpent = "QUOTA_EXHAUSTED";

// What a class is called here; the first row of a status says what the status means.
constexpr std::array kRows{
    Row{PARLEY_E_INVALID_ARGUMENT, 400, "INVALID_ARGUMENT", ""},
    Row{PARLEY_E_UNSUPPORTED, 400, "INVALID_ARGUMENT", ""},
    Row{PARLEY_E_CONTEXT_TOO_LONG, 400, "INVALID_ARGUMENT", ""},
    Row{PARLEY_E_TOO_LARGE, 400, "INVALID_ARGUMENT", ""},
    Row{PARLEY_E_CONTENT_BLOCKED, 400, "INVALID_ARGUMENT", ""},
    Row{PARLEY_E_INVALID_ARGUMENT, 400, "OUT_OF_RANGE", ""},
    Row{PARLEY_E_UNAUTHENTICATED, 401, "UNAUTHENTICATED", ""},
    Row{PARLEY_E_FORBIDDEN, 403, "PERMISSION_DENIED", ""},
    Row{PARLEY_E_NOT_FOUND, 404, "NOT_FOUND", ""},
    Row{PARLEY_E_CONFLICT, 409, "ABORTED", ""},
    Row{PARLEY_E_CONFLICT, 409, "ALREADY_EXISTS", ""},
    Row{PARLEY_E_PRECONDITION, 400, "FAILED_PRECONDITION", ""},
    Row{PARLEY_E_RATE_LIMITED, 429, "RESOURCE_EXHAUSTED", "RATE_LIMIT_EXCEEDED"},
    Row{PARLEY_E_QUOTA_EXHAUSTED, 429, "RESOURCE_EXHAUSTED", kSpent},
    Row{PARLEY_E_PAYMENT_REQUIRED, 429, "RESOURCE_EXHAUSTED", kSpent},
    Row{PARLEY_E_OVERLOADED, 503, "UNAVAILABLE", ""},
    Row{PARLEY_E_TIMEOUT, 504, "DEADLINE_EXCEEDED", ""},
    Row{PARLEY_E_CANCELLED, 499, "CANCELLED", ""},
    Row{PARLEY_E_UPSTREAM_FAILED, 500, "INTERNAL", ""},
    Row{PARLEY_E_UPSTREAM_FAILED, 500, "UNKNOWN", ""},
    Row{PARLEY_E_UPSTREAM_FAILED, 500, "DATA_LOSS", ""},
    Row{PARLEY_E_UPSTREAM_PROTOCOL, 502, "INTERNAL", ""},
    Row{PARLEY_E_NOT_IMPLEMENTED, 400, "UNIMPLEMENTED", ""},
};

constexpr Row kOther{0, 500, "INTERNAL", ""};

const Row& row_of(const parley_error& error) {
    for (const Row& row : kRows) {
        if (row.error_class == error.error_class) return row;
    }
    return kOther;
}

// The status told, unless clients of this dialect do not know it or would not try again after it.
uint32_t status_of(const parley_error& error) {
    const bool foreign =
        error.http_status == 402 || error.http_status == 413 || error.http_status == 529;
    return error.http_status == 0 || foreign ? row_of(error).http : error.http_status;
}

bool has_any(std::string_view text, std::initializer_list<std::string_view> words) {
    return std::any_of(words.begin(), words.end(), [&](std::string_view word) {
        return text.find(word) != text.npos;
    });
}

// "34.4s" or "900ms"; 0 for anything else.
uint64_t duration_ms(std::string_view text) {
    constexpr double kSecondsMax = 1e9;
    double amount = 0;
    const auto [end, fault] = std::from_chars(text.data(), text.data() + text.size(), amount);
    if (fault != std::errc() || amount < 0 || amount > kSecondsMax) return 0;
    const std::string_view unit = text.substr(static_cast<std::size_t>(end - text.data()));
    if (unit.starts_with("ms")) return static_cast<uint64_t>(amount);
    return unit.empty() || unit.starts_with("s") ? static_cast<uint64_t>(amount * 1000) : 0;
}

// "Please retry in 34.4s."
uint64_t retry_in_words_ms(std::string_view message) {
    for (const std::string_view words : {"retry in ", "try again in "}) {
        const std::size_t at = message.find(words);
        if (at != message.npos) return duration_ms(message.substr(at + words.size()));
    }
    return 0;
}

void read_violation(JsonReader& r, Told& told) {
    each_member(r, [&](const JsonString& key, JsonReader& value) {
        if (is(key, "quotaId") && told.quota.empty()) {
            told.quota = read_word(value).text();
        } else if (is(key, "quotaValue")) {
            told.zero_quota = read_word(value).raw == "0" || told.zero_quota;
        } else if (is(key, "field") && told.field.empty()) {
            told.field = read_word(value).text();
        } else {
            value.skip();
        }
    });
}

// ErrorInfo, RetryInfo, QuotaFailure, BadRequest: their members do not clash.
void read_detail(JsonReader& r, Told& told) {
    each_member(r, [&](const JsonString& key, JsonReader& value) {
        if (is(key, "reason")) {
            told.reason = read_word(value).text();
        } else if (is(key, "retryDelay")) {
            told.retry_ms = duration_ms(read_word(value).text());
        } else if (is(key, "violations") || is(key, "fieldViolations")) {
            each_element(value, [&](JsonReader& one) { read_violation(one, told); });
        } else {
            value.skip();
        }
    });
}

void read_inner(JsonReader& r, Told& told) {
    if (r.peek() == '"') {
        told.message = read_word(r).text();
        return;
    }
    each_member(r, [&](const JsonString& key, JsonReader& value) {
        if (is(key, "message")) {
            told.message = read_word(value).text();
        } else if (is(key, "status")) {
            told.status = read_word(value).text();
        } else if (is(key, "code")) {
            value.read_count(told.http);
        } else if (is(key, "details")) {
            each_element(value, [&](JsonReader& detail) { read_detail(detail, told); });
        } else {
            value.skip();
        }
    });
}

// Longer than that Google's clients do not wait.
constexpr uint64_t kLongMs = 300'000;

// Quotas of a day come back tomorrow at the earliest, those of a plan never by waiting.
bool is_for_long(const Told& told) {
    return has_any(told.quota, {"PerDay", "Daily"}) || told.zero_quota ||
           has_any(told.message, {"limit: 0,", "limit: 0\n"}) ||
           told.message.ends_with("limit: 0") || told.reason == kSpent || told.retry_ms > kLongMs;
}

}  // namespace

Told read_told(std::string_view json) {
    Told told;
    JsonReader r(json);
    bool first = true;
    each_element(r, [&](JsonReader& one) {
        if (!std::exchange(first, false)) {
            one.skip();
            return;
        }
        each_member(one, [&](const JsonString& key, JsonReader& value) {
            if (key.raw == "error") {
                read_inner(value, told);
            } else if (key.raw == "message" || key.raw == "detail") {
                const JsonString text = read_word(value);
                if (told.message.empty()) told.message = text.text();
            } else {
                value.skip();
            }
        });
    });
    if (told.retry_ms == 0) told.retry_ms = retry_in_words_ms(told.message);
    return told;
}

int class_of(const Told& told, uint64_t status) {
    const std::string_view reason = told.reason;
    if (reason.starts_with("API_KEY_") && has_any(reason, {"INVALID", "EXPIRED"})) {
        return PARLEY_E_UNAUTHENTICATED;
    }
    if (has_any(told.message, {"API key not valid", "API key expired", "API Key not found"})) {
        return PARLEY_E_UNAUTHENTICATED;
    }
    if (sdk::says_too_long(told.message)) return PARLEY_E_CONTEXT_TOO_LONG;
    if (status == 402) return PARLEY_E_PAYMENT_REQUIRED;
    if (status == 413) return PARLEY_E_TOO_LARGE;
    if (told.status == "RESOURCE_EXHAUSTED" || (told.status.empty() && status == 429)) {
        return is_for_long(told) ? PARLEY_E_QUOTA_EXHAUSTED : PARLEY_E_RATE_LIMITED;
    }
    for (const Row& row : kRows) {
        if (row.status == told.status) return row.error_class;
    }
    return 0;
}

void fill_error(const Told& told, parley_error& out) {
    const int known = class_of(told, told.http);
    out.error_class = known != 0 ? known : PARLEY_E_UPSTREAM_FAILED;
    out.fault = PARLEY_FAULT_UPSTREAM;
    out.http_status = static_cast<uint32_t>(told.http);
    out.retry_after_ms = told.retry_ms;
    out.message =
        told.message.empty() ? str("upstream: failed and gave no reason") : str(told.message);
    if (known == PARLEY_E_UNAUTHENTICATED) out.http_status = 401;
    out.param = str(told.field);
}

namespace {

// There is no other word for it; clients and proxies look for these.
std::string message_of(const parley_error& error) {
    std::string message(view(error.message));
    const bool is_too_long = error.error_class == PARLEY_E_CONTEXT_TOO_LONG;
    const bool is_own = has_any(message, {"exceeds the maximum number of tokens"});
    if (!is_too_long || is_own) return message;
    const auto [tokens, limit] = sdk::how_much_too_long(message);
    if (limit != 0) {
        return "The input token count (" + std::to_string(tokens) +
               ") exceeds the maximum number of tokens allowed (" + std::to_string(limit) + ").";
    }
    return "The input token count exceeds the maximum number of tokens allowed: " + message;
}

}  // namespace

std::string error_object(const parley_error& error) {
    const Row& row = row_of(error);
    std::string json;
    sdk::JsonWriter w(json);
    w.begin_object().key("code").number(status_of(error));
    w.key("message").string(message_of(error)).key("status").string(row.status);
    const bool has_details =
        !row.reason.empty() || error.retry_after_ms != 0 || error.param.len != 0;
    if (!has_details) {
        w.end_object();
        return json;
    }
    w.key("details").begin_array();
    // Google's clients try again unless a quota has such a name.
    const bool is_brief = error.retry_after_ms != 0 && error.retry_after_ms <= kLongMs;
    if (row.reason == kSpent && !is_brief) {
        w.begin_object().key("@type").string("type.googleapis.com/google.rpc.QuotaFailure");
        w.key("violations").begin_array().begin_object();
        w.key("quotaId").string("GatewayRequestsPerDay").end_object().end_array().end_object();
    }
    if (!row.reason.empty()) {
        w.begin_object().key("@type").string("type.googleapis.com/google.rpc.ErrorInfo");
        w.key("reason").string(row.reason).key("domain").string("gateway");
        w.key("metadata").begin_object().end_object().end_object();
    }
    if (error.retry_after_ms != 0) {
        const uint64_t ms = error.retry_after_ms;
        std::string delay = std::to_string(ms / 1000);
        if (ms % 1000 != 0) delay += '.' + std::to_string(1000 + ms % 1000).substr(1);
        w.begin_object().key("@type").string("type.googleapis.com/google.rpc.RetryInfo");
        w.key("retryDelay").string(delay + 's').end_object();
    }
    if (error.param.len != 0) {
        w.begin_object().key("@type").string("type.googleapis.com/google.rpc.BadRequest");
        w.key("fieldViolations").begin_array().begin_object();
        w.key("field").string(view(error.param));
        w.key("description").string(view(error.message)).end_object().end_array().end_object();
    }
    w.end_array().end_object();
    return json;
}

void write_error(const parley_error& error,
                 sdk::Arena& arena,
                 parley_http_reply& reply,
                 sdk::Out& out) {
    reply.status = status_of(error);
    reply.content_type = str("application/json; charset=UTF-8");
    out.write("{\"error\":" + error_object(error) + "}");
    if (error.retry_after_ms == 0) return;
    auto* headers = arena.array<parley_header>(1);
    const uint64_t seconds = (error.retry_after_ms + 999) / 1000;
    headers[0] = {str("retry-after"), arena.copy(std::to_string(seconds)), 0};
    reply.headers = headers;
    reply.header_count = 1;
}

void read_error(const parley_http_reply_head& head,
                std::string_view body,
                sdk::Arena& arena,
                parley_error& out) {
    const std::size_t start = body.find_first_not_of(" \t\r\n");
    const bool json = start != body.npos && (body[start] == '{' || body[start] == '[');
    Told told = json ? read_told(body) : Told();
    if (told.message.empty()) {
        told.message = "upstream returned HTTP " + std::to_string(head.status);
    }
    if (told.retry_ms == 0) told.retry_ms = duration_ms(sdk::header(head, "retry-after"));
    out.error_class = class_of(told, head.status);
    out.fault = PARLEY_FAULT_UPSTREAM;
    out.http_status = head.status;
    out.retry_after_ms = told.retry_ms;
    out.message = arena.copy(told.message);
    // A bad key is a bad request here and nowhere else.
    if (out.error_class == PARLEY_E_UNAUTHENTICATED) out.http_status = 401;
    out.param = arena.copy(told.field);
}

}  // namespace parley::gemini
