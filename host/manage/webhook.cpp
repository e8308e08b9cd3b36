#include "manage/webhook.hpp"

#include "base/digest.hpp"
#include "base/hex.hpp"
#include "base/secret.hpp"

namespace parley::manage {

using base::Result;
using base::Task;
using http::Client;
using http::FieldId;

namespace {

constexpr std::string_view kPath = "/hooks/store";
constexpr std::string_view kBearer = "Bearer ";
constexpr unsigned kAccepted = 202;
constexpr std::string_view kSha256 = "sha256=";

std::string_view without(std::string_view text, std::string_view prefix) {
    return text.starts_with(prefix) ? text.substr(prefix.size()) : text;
}

// What a git server says of the body, in hex; empty: nothing.
std::string_view signature_of(const http::RequestHead& head) {
    for (const std::string_view name :
         {"x-hub-signature-256", "x-hub-signature", "x-gitea-signature"}) {
        const std::string_view value = head.get(name);
        // GitHub sends one of SHA-1 beside it.
        if (!value.empty() && !value.starts_with("sha1=")) return without(value, kSha256);
    }
    return {};
}

std::string_view token_of(const http::RequestHead& head) {
    const std::string_view bearer = head.get(FieldId::authorization);
    if (bearer.starts_with(kBearer)) return bearer.substr(kBearer.size());
    return head.get("x-gitlab-token");
}

}  // namespace

bool is_for_webhook(const http::RequestHead& head, const pipeline::World& world) {
    return head.path == kPath && head.method == "POST" && world.stored.look &&
           !world.config.store.webhook_secret.empty();
}

Result<void> check_webhook(const http::RequestHead& head,
                           std::string_view body,
                           std::string_view secret,
                           bool is_private) {
    const std::string_view signature = signature_of(head);
    const std::string_view token = token_of(head);
    if (signature.empty() && token.empty()) {
        return base::client_error(PARLEY_E_UNAUTHENTICATED,
                                  "no proof: x-hub-signature-256, x-gitlab-token or authorization: "
                                  "Bearer was expected, made with store.webhook_secret");
    }
    if (signature.empty() && !is_private) {
        return base::client_error(PARLEY_E_FORBIDDEN,
                                  "a secret that others can read on its way: sign the body with "
                                  "it, or come over TLS");
    }
    const bool is_proven = signature.empty()
                               ? base::equal_in_constant_time(token, secret)
                               : base::equal_in_constant_time(
                                     signature, base::to_hex(base::hmac_sha256(secret, body)));
    if (is_proven) return {};
    return base::client_error(PARLEY_E_UNAUTHENTICATED, "made with another secret");
}

Task<void> answer_webhook(Client& client, std::shared_ptr<const pipeline::World> world) {
    const Result<std::string_view> body = co_await client.read_body();
    const bool is_private = client.stream().is_tls() || client.is_local();
    const std::string_view secret = world->config.store.webhook_secret.reveal();
    const Result<void> proof =
        body ? check_webhook(client.head(), *body, secret, is_private) : Result<void>(body.error());
    std::string text = "{\"status\":\"asked\"}\n";
    unsigned status = kAccepted;
    if (proof) {
        world->stored.look();
    } else {
        const base::Error& why = proof.error();
        status = why.http_status != 0 ? why.http_status : base::http_status_of(why.error_class);
        text = why.message + '\n';
        client.close_after_reply();
    }
    client.begin_reply(status, Client::Framing::length, text.size());
    client.add_field("content-type", proof ? "application/json" : "text/plain");
    const bool sent = co_await client.send(text);
    (void)sent;
}

}  // namespace parley::manage
