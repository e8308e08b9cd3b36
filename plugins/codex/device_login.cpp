#include "device_login.hpp"

#include <algorithm>
#include <vector>

#include "granted.hpp"

namespace parley::codex {

using sdk::view;

namespace {

constexpr uint64_t kPollMs = 5'000;  // where the server says nothing
constexpr uint64_t kPollMsMax = 60'000;
constexpr uint64_t kLifeMs = 900'000;

}  // namespace

void DeviceLogin::start() {
    std::string json;
    sdk::JsonWriter(json).begin_object().key("client_id").string(terms_.client_id).end_object();
    post("/api/accounts/deviceauth/usercode", json, &DeviceLogin::tell, Failures::end_the_op);
}

void DeviceLogin::post(std::string_view path, std::string_view json, Next next, Failures failures) {
    const std::string url = issuer_ + std::string(path);
    const parley_header accept{sdk::str("accept"), sdk::str("application/json"), 0};
    sdk::HttpCall call;
    call.url = url;
    call.headers = {&accept, 1};
    call.content_type = "application/json";
    call.body = json;
    call.reply_max = sdk::kTokenReplyMax;
    http(call, next, failures);
}

void DeviceLogin::tell(const parley_resume& reply) {
    const std::string_view body = view(reply.bytes);
    if (reply.head->status == 404) {
        throw sdk::Failure(PARLEY_E_UNSUPPORTED,
                           "login: devices are not allowed to log in there; log in by a browser");
    }
    if (reply.head->status != 200) sdk::throw_refusal(reply, {});
    device_id_ = sdk::member_text(body, "device_auth_id");
    user_code_ = sdk::member_text(body, "user_code").view();
    if (user_code_.empty()) user_code_ = sdk::member_text(body, "usercode").view();
    if (device_id_.view().empty() || user_code_.empty()) {
        throw sdk::server_failure(PARLEY_E_UPSTREAM_PROTOCOL, "its reply holds no device code");
    }
    const uint64_t told_s = sdk::member_count(body, "interval");
    poll_ms_ = told_s == 0 ? kPollMs : std::min(told_s, kPollMsMax / 1000) * 1000;
    left_ms_ = kLifeMs;
    const std::string url = issuer_ + "/codex/device";
    show_user({url,
               user_code_,
               "Open this page in a browser, log in to ChatGPT and type the code.",
               left_ms_},
              &DeviceLogin::wait);
}

void DeviceLogin::wait(const parley_resume&) {
    if (left_ms_ < poll_ms_) {
        throw sdk::Failure(PARLEY_E_TIMEOUT, "login: the code was not typed in time");
    }
    left_ms_ -= poll_ms_;
    timer(poll_ms_, &DeviceLogin::poll);
}

void DeviceLogin::poll(const parley_resume&) {
    sdk::SecretText json;
    json.text().reserve(2 * (device_id_.view().size() + user_code_.size()) + 64);
    sdk::JsonWriter w(json.text());
    w.begin_object().key("device_auth_id").string(device_id_.view());
    w.key("user_code").string(user_code_).end_object();
    post("/api/accounts/deviceauth/token", json.view(), &DeviceLogin::hear, Failures::are_seen);
}

void DeviceLogin::hear(const parley_resume& reply) {
    // What breaks on the way is asked again at the next turn.
    if (reply.head == nullptr) return wait(reply);
    const uint32_t status = reply.head->status;
    if (status == 429) poll_ms_ = std::min(poll_ms_ * 2, kPollMsMax);
    const bool is_waiting = status == 403 || status == 404 || status == 429 || status >= 500;
    if (is_waiting) return wait(reply);
    if (status != 200) {
        const std::vector<std::string_view> sent{device_id_.view()};
        sdk::throw_refusal(reply, sent);
    }
    const std::string_view body = view(reply.bytes);
    code_ = sdk::member_text(body, "authorization_code");
    verifier_ = sdk::member_text(body, "code_verifier");
    if (code_.view().empty() || verifier_.view().empty()) {
        throw sdk::server_failure(PARLEY_E_UPSTREAM_PROTOCOL, "its reply holds no code");
    }
    clock(&DeviceLogin::trade);
}

void DeviceLogin::trade(const parley_resume& now) {
    asked_at_ms_ = now.wall_ms;
    sdk::Form form;
    form.add("grant_type", "authorization_code").add("code", code_.view());
    form.add("redirect_uri", issuer_ + "/deviceauth/callback").add("client_id", terms_.client_id);
    form.add("code_verifier", verifier_.view());
    sdk::with_token_call(
        terms_, form, [&](const sdk::HttpCall& call) { http(call, &DeviceLogin::read); });
}

void DeviceLogin::read(const parley_resume& reply) {
    if (reply.head->status != 200) {
        const std::vector<std::string_view> sent{code_.view(), verifier_.view()};
        sdk::throw_refusal(reply, sent);
    }
    const auto document = sdk::granted_document("{}", terms_, view(reply.bytes), asked_at_ms_);
    publish(named(document.view()).view());
}

}  // namespace parley::codex
