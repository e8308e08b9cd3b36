#include "errors.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include "parley/sdk/headers.hpp"
#include "parley/sdk/json.hpp"
#include "parley/sdk/too_long.hpp"

namespace parley::openai {

using sdk::JsonReader;
using sdk::JsonString;
using sdk::str;
using sdk::view;

namespace {

struct Row {
    int error_class;
    uint32_t status;
    std::string_view type;
    std::string_view code;
};

// What a class is called here; codes without a vendor's source are ours and stable.
constexpr std::array kRows{
    Row{PARLEY_E_INVALID_ARGUMENT, 400, "invalid_request_error", ""},
    Row{PARLEY_E_UNSUPPORTED, 400, "invalid_request_error", "unsupported_value"},
    Row{PARLEY_E_NOT_FOUND, 404, "invalid_request_error", "model_not_found"},
    Row{PARLEY_E_UNAUTHENTICATED, 401, "invalid_request_error", "invalid_api_key"},
    Row{PARLEY_E_FORBIDDEN, 403, "invalid_request_error", "model_not_allowed"},
    Row{PARLEY_E_RATE_LIMITED, 429, "requests", "rate_limit_exceeded"},
    Row{PARLEY_E_QUOTA_EXHAUSTED, 429, "insufficient_quota", "insufficient_quota"},
    Row{PARLEY_E_PAYMENT_REQUIRED, 429, "insufficient_quota", "insufficient_quota"},
    Row{PARLEY_E_CONTEXT_TOO_LONG, 400, "invalid_request_error", "context_length_exceeded"},
    Row{PARLEY_E_CONTENT_BLOCKED, 400, "invalid_request_error", "content_policy_violation"},
    Row{PARLEY_E_TOO_LARGE, 413, "invalid_request_error", "request_too_large"},
    Row{PARLEY_E_OVERLOADED, 503, "server_error", "server_is_overloaded"},
    Row{PARLEY_E_UPSTREAM_FAILED, 502, "server_error", "bad_gateway"},
    Row{PARLEY_E_UPSTREAM_PROTOCOL, 502, "server_error", "bad_gateway"},
    Row{PARLEY_E_TIMEOUT, 504, "server_error", "timeout"},
    Row{PARLEY_E_CONFLICT, 409, "invalid_request_error", "conflict"},
    Row{PARLEY_E_PRECONDITION, 400, "invalid_request_error", ""},
};

constexpr Row kOther{0, 500, "server_error", "internal_error"};

// Longer than that no SDK sits still.
constexpr uint64_t kWorthWaitingMs = 60'000;

const Row& row_of(const parley_error& error) {
    for (const Row& row : kRows) {
        if (row.error_class == error.error_class) return row;
    }
    return kOther;
}

// The status told, unless clients of this dialect do not know it.
uint32_t status_of(const parley_error& error) {
    const bool foreign = error.http_status == 402 || error.http_status == 529;
    return error.http_status == 0 || foreign ? row_of(error).status : error.http_status;
}

// Codex goes on trying unless it reads the words that its own backend uses.
bool is_codex(const parley_call* call) {
    if (call == nullptr) return false;
    return sdk::header(*call->http, "originator").starts_with("codex");
}

std::string usage_limit(const parley_error& error) {
    std::string json;
    sdk::JsonWriter w(json);
    w.begin_object().key("type").string("usage_limit_reached");
    w.key("message").string(view(error.message)).key("param").null().key("code").null();
    if (error.retry_after_ms != 0) {
        w.key("resets_in_seconds").number(static_cast<int64_t>(error.retry_after_ms / 1000));
    }
    if (error.retry_at_ms != 0) {
        w.key("resets_at").number(static_cast<int64_t>((error.retry_at_ms + 999) / 1000));
    }
    w.end_object();
    return json;
}

// "try again in 1.2s", "Please retry in 900ms"
uint64_t wait_in_words(std::string_view message) {
    for (const std::string_view words : {"try again in ", "retry in "}) {
        const std::size_t at = message.find(words);
        if (at == message.npos) continue;
        std::string_view rest = message.substr(at + words.size());
        const std::size_t digits = std::min(rest.find_first_not_of("0123456789."), rest.size());
        const std::string_view unit = rest.substr(digits);
        const double unit_ms = unit.starts_with("ms") ? 1 : unit.starts_with('s') ? 1000 : 0;
        std::string_view amount = rest.substr(0, digits);
        if (amount.ends_with('.')) amount.remove_suffix(1);
        if (unit_ms != 0) return sdk::wait_ms(amount, unit_ms);
    }
    return 0;
}

void read_text(JsonReader& r, std::string& out) {
    JsonString text;
    if (r.peek() == '"') {
        if (r.read_string(text)) out = text.text();
        return;
    }
    const std::string_view raw = r.raw();
    if (raw != "null" && !raw.starts_with('{') && !raw.starts_with('[')) out = raw;
}

bool read_field(JsonReader& r, const JsonString& key, Told& told) {
    if (key.equals("message"))
        read_text(r, told.message);
    else if (key.equals("type"))
        read_text(r, told.type);
    else if (key.equals("code"))
        read_text(r, told.code);
    else if (key.equals("param"))
        read_text(r, told.param);
    else if (key.equals("resets_in_seconds"))
        told.retry_after_ms = sdk::wait_ms(r.raw(), 1000);
    else if (key.equals("resets_at"))
        told.retry_at_ms = sdk::moment_ms(r.raw());
    else
        return false;
    return true;
}

void read_inner(JsonReader& r, Told& told) {
    JsonString key;
    r.enter_object();
    while (r.next_key(key)) {
        if (!read_field(r, key, told)) r.skip();
    }
}

// ["body","messages",0,"content"] -> messages.0.content
void read_place(JsonReader& r, std::string& out) {
    if (r.peek() != '[') {
        r.skip();
        return;
    }
    r.enter_array();
    while (r.next_item()) {
        std::string_view step = r.raw();
        if (step.size() > 1 && step.front() == '"') step = step.substr(1, step.size() - 2);
        if (step == "body") continue;
        if (!out.empty()) out += '.';
        out += step;
    }
}

// FastAPI: a text, or a list of {"loc":…,"msg":"…"}, of which the first is enough.
void read_detail(JsonReader& r, Told& told) {
    if (r.peek() != '[') {
        read_text(r, told.message);
        return;
    }
    JsonReader list(r.raw());
    JsonString key;
    list.enter_array();
    if (!list.next_item() || list.peek() != '{') return;
    list.enter_object();
    while (list.next_key(key)) {
        if (key.equals("msg"))
            read_text(list, told.message);
        else if (key.equals("loc"))
            read_place(list, told.param);
        else
            list.skip();
    }
}

bool is_status(std::string_view text) {
    constexpr std::size_t kDigits = 3;
    return text.size() == kDigits && text >= "400" && text <= "999";
}

// {"error":{…}}, {"error":"…"}, {"detail":…}, {"message":"…"}, {"object":"error",…}: what is inside
// of "error" counts for more than what stands beside it.
Told read_object(JsonReader& r) {
    Told told;
    Told inner;
    std::string word;
    std::string status;
    JsonString key;
    r.enter_object();
    while (r.next_key(key)) {
        if (key.equals("error") && r.peek() == '{')
            read_inner(r, inner);
        else if (key.equals("error"))
            read_text(r, word);
        else if (key.equals("detail"))
            read_detail(r, told);
        else if (key.equals("msg"))
            read_text(r, word);
        else if (key.equals("status") && r.peek() == '"')  // a number repeats that of HTTP
            read_text(r, status);
        else if (!read_field(r, key, told))
            r.skip();
    }
    if (told.message.empty()) told.message = std::move(word);
    if (told.code.empty() && is_status(status)) told.code = std::move(status);
    for (auto part : {&Told::message, &Told::type, &Told::code, &Told::param}) {
        if (!(inner.*part).empty()) told.*part = std::move(inner.*part);
    }
    told.retry_after_ms = std::max(told.retry_after_ms, inner.retry_after_ms);
    told.retry_at_ms = std::max(told.retry_at_ms, inner.retry_at_ms);
    if (told.retry_after_ms == 0) told.retry_after_ms = wait_in_words(told.message);
    return told;
}

}  // namespace

Told read_told(std::string_view json) {
    Told told;
    JsonReader r(json);
    // One vendor wraps its errors into a list.
    if (r.peek() == '[' && (!r.enter_array() || !r.next_item())) return told;
    if (r.peek() == '{') return read_object(r);
    read_text(r, told.message);
    return told;
}

// Codes and types say more than the status does.
int class_of(const Told& told) {
    struct Word {
        std::string_view word;
        int error_class;
    };

    constexpr Word kWords[] = {
        {"context_length_exceeded", PARLEY_E_CONTEXT_TOO_LONG},
        {"insufficient_quota", PARLEY_E_QUOTA_EXHAUSTED},
        {"credit_balance_exhausted", PARLEY_E_QUOTA_EXHAUSTED},
        {"usage_limit_reached", PARLEY_E_QUOTA_EXHAUSTED},
        {"usage_not_included", PARLEY_E_QUOTA_EXHAUSTED},
        {"rate_limit_exceeded", PARLEY_E_RATE_LIMITED},
        {"model_not_found", PARLEY_E_NOT_FOUND},
        {"invalid_api_key", PARLEY_E_UNAUTHENTICATED},
        {"model_not_allowed", PARLEY_E_FORBIDDEN},
        {"unsupported_country_region_territory", PARLEY_E_FORBIDDEN},
        {"server_is_overloaded", PARLEY_E_OVERLOADED},
        {"slow_down", PARLEY_E_OVERLOADED},
        {"content_policy_violation", PARLEY_E_CONTENT_BLOCKED},
        {"content_filter", PARLEY_E_CONTENT_BLOCKED},
        {"invalid_prompt", PARLEY_E_CONTENT_BLOCKED},
        {"cyber_policy", PARLEY_E_CONTENT_BLOCKED},
        {"bio_policy", PARLEY_E_CONTENT_BLOCKED},
        {"request_too_large", PARLEY_E_TOO_LARGE},
    };
    for (const std::string_view said : {std::string_view(told.code), std::string_view(told.type)}) {
        for (const Word& word : kWords) {
            if (word.word == said) return word.error_class;
        }
    }
    if (told.message.find("allocated quota exceeded") != told.message.npos) {
        return PARLEY_E_QUOTA_EXHAUSTED;
    }
    return sdk::says_too_long(told.message) ? PARLEY_E_CONTEXT_TOO_LONG : 0;
}

// Types are less exact than codes, and some servers give the status for a code.
int class_without_status(const Told& told) {
    struct Word {
        std::string_view word;
        int error_class;
    };

    constexpr Word kWords[] = {
        {"invalid_request_error", PARLEY_E_INVALID_ARGUMENT},
        {"authentication_error", PARLEY_E_UNAUTHENTICATED},
        {"permission_error", PARLEY_E_FORBIDDEN},
        {"not_found_error", PARLEY_E_NOT_FOUND},
        {"rate_limit_error", PARLEY_E_RATE_LIMITED},
        {"requests", PARLEY_E_RATE_LIMITED},
        {"tokens", PARLEY_E_RATE_LIMITED},
        {"overloaded_error", PARLEY_E_OVERLOADED},
        {"service_unavailable_error", PARLEY_E_OVERLOADED},
        {"timeout_error", PARLEY_E_TIMEOUT},
        {"timeout", PARLEY_E_TIMEOUT},
        {"conflict", PARLEY_E_CONFLICT},
        {"400", PARLEY_E_INVALID_ARGUMENT},
        {"401", PARLEY_E_UNAUTHENTICATED},
        {"402", PARLEY_E_PAYMENT_REQUIRED},
        {"403", PARLEY_E_FORBIDDEN},
        {"404", PARLEY_E_NOT_FOUND},
        {"408", PARLEY_E_TIMEOUT},
        {"409", PARLEY_E_CONFLICT},
        {"413", PARLEY_E_TOO_LARGE},
        {"422", PARLEY_E_INVALID_ARGUMENT},
        {"429", PARLEY_E_RATE_LIMITED},
        {"503", PARLEY_E_OVERLOADED},
        {"504", PARLEY_E_TIMEOUT},
        {"529", PARLEY_E_OVERLOADED},
    };
    if (const int known = class_of(told); known != 0) return known;
    for (const std::string_view said : {std::string_view(told.code), std::string_view(told.type)}) {
        for (const Word& word : kWords) {
            if (word.word == said) return word.error_class;
        }
    }
    return PARLEY_E_UPSTREAM_FAILED;
}

// An upstream's own code, but for the classes whose codes clients act on: those are told in the
// words that they know.
std::string_view error_code(const parley_error& error) {
    Told told;
    told.code = view(error.code);
    const Row& row = row_of(error);
    const bool is_acted_upon = error.error_class == PARLEY_E_CONTEXT_TOO_LONG ||
                               error.error_class == PARLEY_E_OVERLOADED ||
                               error.error_class == PARLEY_E_RATE_LIMITED ||
                               row.type == "insufficient_quota";
    if (told.code.empty()) return row.code;
    return is_acted_upon && class_of(told) != error.error_class ? row.code : view(error.code);
}

// Clients look for these words and for the numbers, where they do not go by the code.
std::string error_message(const parley_error& error) {
    const std::string_view told = view(error.message);
    const bool is_too_long = error.error_class == PARLEY_E_CONTEXT_TOO_LONG;
    const bool is_own =
        told.find("context length") != told.npos || told.find("context window") != told.npos;
    if (!is_too_long || is_own) return std::string(told);
    const auto [tokens, limit] = sdk::how_much_too_long(told);
    if (limit == 0) return std::string(told);
    return "This model's maximum context length is " + std::to_string(limit) +
           " tokens. However, your messages resulted in " + std::to_string(tokens) + " tokens.";
}

std::string last_message(const parley_error& error) {
    if (error.retry_after_ms == 0) return error_message(error);
    const uint64_t seconds = (error.retry_after_ms + 999) / 1000;
    return error_message(error) + ", try again in " + std::to_string(seconds) + "s";
}

std::string error_object(const parley_error& error) {
    std::string json;
    sdk::JsonWriter w(json);
    w.begin_object().key("message").string(error_message(error));
    w.key("type").string(row_of(error).type).key("param");
    error.param.len == 0 ? w.null() : w.string(view(error.param));
    const std::string_view code = error_code(error);
    w.key("code");
    code.empty() ? w.null() : w.string(code);
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
    const bool limit = row_of(error).type == "insufficient_quota" && is_codex(call);
    out.write("{\"error\":" + (limit ? usage_limit(error) : error_object(error)) + "}");
    auto* headers = arena.array<parley_header>(3);
    reply.headers = headers;
    const auto add = [&](std::string_view name, parley_str value) {
        headers[reply.header_count++] = {str(name), value, 0};
    };
    if (error.retry_after_ms != 0) {
        const uint64_t seconds = (error.retry_after_ms + 999) / 1000;
        add("retry-after", arena.copy(std::to_string(seconds)));
        add("retry-after-ms", arena.copy(std::to_string(error.retry_after_ms)));
    }
    // SDKs try a status of 429 again, unless they are told that it does not help.
    const bool is_brief = error.retry_after_ms != 0 && error.retry_after_ms <= kWorthWaitingMs;
    if (row_of(error).type == "insufficient_quota" && !is_brief) {
        add("x-should-retry", str("false"));
    }
}

void read_error(const parley_http_reply_head& head,
                std::string_view body,
                sdk::Arena& arena,
                parley_error& out) {
    const std::size_t start = body.find_first_not_of(" \t\r\n");
    const bool json = start != body.npos && (body[start] == '{' || body[start] == '[');
    Told told = json ? read_told(body) : Told();
    if (told.message.empty())
        told.message = "upstream returned HTTP " + std::to_string(head.status);
    out.error_class = class_of(told);
    out.fault = PARLEY_FAULT_UPSTREAM;
    out.http_status = head.status;
    out.retry_after_ms = sdk::retry_after_ms(head);
    if (out.retry_after_ms == 0) out.retry_after_ms = told.retry_after_ms;
    out.retry_at_ms = told.retry_at_ms;
    out.message = arena.copy(told.message);
    out.code = arena.copy(told.code);
    out.param = arena.copy(told.param);
}

}  // namespace parley::openai
