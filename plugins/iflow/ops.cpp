#include "ops.hpp"

#include <algorithm>
#include <array>

#include "envelope.hpp"

namespace parley::iflow {

using sdk::str;
using sdk::view;

namespace {

constexpr std::array kAccept{parley_header{str("accept"), str("application/json"), 0}};

[[noreturn]] void no_key() {
    throw sdk::server_failure(PARLEY_E_UPSTREAM_PROTOCOL, "its reply holds no API key");
}

}  // namespace

sdk::HttpCall user_call(std::string_view url) {
    sdk::HttpCall call;
    call.url = url;
    call.method = "GET";
    call.headers = kAccept;
    call.is_idempotent = true;
    call.reply_max = sdk::kTokenReplyMax;
    return call;
}

// The provider takes the token in the query, and nowhere else.
std::string user_url(std::string_view url, std::string_view token) {
    sdk::Form query;
    query.add("accessToken", token);
    return std::string(url) + (url.find('?') == url.npos ? '?' : '&') + std::string(query.view());
}

sdk::Failure no_answer() {
    return sdk::server_failure(PARLEY_E_UPSTREAM_FAILED, "it does not tell the API key");
}

sdk::SecretText with_user(std::string_view document, const parley_resume& reply) {
    const std::array<std::string_view, 1> sent{sdk::token_in(document)};
    const std::string_view data = data_of(reply, sent);
    const auto key = sdk::member_text(data, "apiKey");
    auto name = sdk::member_text(data, "email");
    if (name.view().empty()) name = sdk::member_text(data, "phone");
    if (key.view().empty() || !sdk::is_plain_token(key.view())) no_key();
    std::vector<sdk::Member> members{{kApiKey, key.view()}};
    if (!name.view().empty()) members.push_back({"email", name.view()});
    return sdk::with_members(document, members);
}

// ---- cookies ----

void CookieKey::start() {
    cookie_ = sdk::member_text(document_.view(), kCookie);
    if (cookie_.view().find("BXAuth=") == std::string_view::npos) {
        throw sdk::Failure(PARLEY_E_INVALID_ARGUMENT, "cookie: it holds no BXAuth=...");
    }
    clock(&CookieKey::ask_name);
}

void CookieKey::ask_name(const parley_resume& now) {
    asked_at_ms_ = now.wall_ms;
    call("GET", {}, &CookieKey::ask_key);
}

void CookieKey::ask_key(const parley_resume& reply) {
    const std::array<std::string_view, 1> sent{cookie_.view()};
    const auto name = sdk::member_text(data_of(reply, sent), "name");
    std::string body;
    sdk::JsonWriter w(body);
    w.begin_object().key("name").string(name.view()).end_object();
    call("POST", body, &CookieKey::read);
}

void CookieKey::read(const parley_resume& reply) {
    const std::array<std::string_view, 1> sent{cookie_.view()};
    const std::string_view data = data_of(reply, sent);
    const auto key = sdk::member_text(data, "apiKey");
    const auto name = sdk::member_text(data, "name");
    const int64_t ends_ms = read_time(sdk::member_text(data, "expireTime").view());
    const bool fits = !key.view().empty() && sdk::is_plain_token(key.view()) && ends_ms != 0;
    if (!fits) no_key();
    // Keys may be given for less than the lead: the next renewal is not at once, all the same.
    constexpr int64_t kHourMs = 3'600'000;
    const int64_t renew_at_ms = std::max(ends_ms - kKeyLeadMs, asked_at_ms_ + kHourMs);
    std::vector<sdk::Member> members{
        {kApiKey, key.view()}, {sdk::kExpiresAtMs, {}, ends_ms}, {kRenewAtMs, {}, renew_at_ms}};
    if (sdk::member_text(document_.view(), "email").view().empty() && !name.view().empty()) {
        members.push_back({"email", name.view()});
    }
    publish(sdk::with_members(document_.view(), members).view());
}

void CookieKey::call(std::string_view method, std::string_view body, Next next) {
    const std::array<parley_header, 2> headers{
        kAccept.front(), {str("cookie"), str(cookie_.view()), PARLEY_HEADER_SECRET}};
    sdk::HttpCall asked;
    asked.url = url_;
    asked.method = method;
    asked.headers = headers;
    asked.reply_max = sdk::kTokenReplyMax;
    if (!body.empty()) {
        asked.content_type = "application/json";
        asked.body = body;
    }
    http(asked, next);
}

}  // namespace parley::iflow
