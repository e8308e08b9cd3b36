// parley/sdk/oauth_ops.hpp: the ops of logins by OAuth 2: a code that a browser brings back
// (RFC 6749, 4.1), a code that a person types elsewhere (RFC 8628), and the refresh of what they
// granted. Each makes a document of tokens, see oauth.hpp; a login that must ask further before the
// document is whole overrides granted().
#pragma once

#include <algorithm>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "parley/sdk/oauth.hpp"

namespace parley::sdk {

// What all three need to know of a token server.
struct OAuthTerms {
    std::string token_url = {};
    std::string client_id = {};
    std::string client_secret = {};  // empty: the client is public
    bool is_basic = false;           // the client proves itself in a header, too
    bool is_json = false;            // takes JSON in the place of forms
    bool is_400_final = false;       // refuses what it will not take again with 400 and any word
    bool is_401_final = false;       // likewise
    std::string refresh_scope = {};  // what a refresh asks for; empty: what was granted
    // Texts of the reply that the document keeps, such as "scope".
    std::vector<std::string> kept = {};
};

// Calls `given(call)` with a request to the token server; all that it holds lives that long.
template <class Given>
void with_token_call(const OAuthTerms& terms, const Form& form, Given&& given) {
    SecretText basic;
    std::vector<parley_header> headers{{str("accept"), str("application/json"), 0}};
    if (terms.is_basic) {
        SecretText pair;
        append_secret(terms.client_id, pair);
        append_secret(":", pair);
        append_secret(terms.client_secret, pair);
        append_secret("Basic ", basic);
        append_secret(base64(pair.view()).view(), basic);
        headers.push_back({str("authorization"), str(basic.view()), PARLEY_HEADER_SECRET});
    }
    const SecretText json = terms.is_json ? as_json(form) : SecretText();
    HttpCall call;
    call.url = terms.token_url;
    call.content_type = terms.is_json ? "application/json" : kFormType;
    call.body = terms.is_json ? json.view() : form.view();
    call.headers = headers;
    call.reply_max = kTokenReplyMax;
    given(call);
}

// The document that a grant makes of another one, or of "{}".
inline SecretText granted_document(std::string_view old,
                                   const OAuthTerms& terms,
                                   std::string_view reply,
                                   int64_t asked_at_ms) {
    const Grant grant = read_grant(reply);
    const std::string_view before = token_in(old, kRefreshToken);
    const std::string_view fresh = grant.refresh_token.view();
    // Servers need not tell how long a token holds (RFC 6749, 5.1); then a refusal does.
    const int64_t ends_ms = grant.life_ms == 0 ? 0 : asked_at_ms + grant.life_ms;
    std::vector<SecretText> texts;
    std::vector<Member> members{{kAccessToken, grant.access_token.view()},
                                {kExpiresAtMs, {}, ends_ms},
                                {kRefreshToken, fresh.empty() ? before : fresh}};
    texts.reserve(terms.kept.size());
    for (const std::string& name : terms.kept) {
        texts.push_back(member_text(reply, name));
        if (!texts.back().view().empty()) members.push_back({name, texts.back().view()});
    }
    return with_members(old, members);
}

// From a document to one with fresh tokens.
class TokenRefresh : public Steps<TokenRefresh> {
public:
    TokenRefresh(OAuthTerms terms, std::string_view document)
        : terms_(std::move(terms)), document_(document) {}

    ~TokenRefresh() override { wipe(terms_.client_secret.data(), terms_.client_secret.size()); }

protected:
    // What else the document keeps of the reply that granted it.
    virtual SecretText completed(SecretText document, std::string_view) { return document; }

    // The document is whole unless there is more to ask.
    virtual void granted(SecretText document) { publish(document.view()); }

    const OAuthTerms& terms() const { return terms_; }

private:
    void start() override { clock(&TokenRefresh::ask); }

    void ask(const parley_resume& now) {
        asked_at_ms_ = now.wall_ms;
        const std::string_view token = token_in(document_.view(), kRefreshToken);
        if (token.empty()) {
            Failure failure(PARLEY_E_UNAUTHENTICATED, "refresh_token: the account has none");
            failure.fault = PARLEY_FAULT_GATEWAY;
            failure.scope = PARLEY_SCOPE_ACCOUNT;
            throw failure;
        }
        Form form;
        form.add("grant_type", "refresh_token").add("refresh_token", token);
        form.add("client_id", terms_.client_id);
        if (!terms_.client_secret.empty()) form.add("client_secret", terms_.client_secret);
        if (!terms_.refresh_scope.empty()) form.add("scope", terms_.refresh_scope);
        // Not idempotent: a token that was used may be good for nothing, and asking twice tell on
        // the whole family.
        with_token_call(
            terms_, form, [&](const HttpCall& call) { http(call, &TokenRefresh::read); });
    }

    void read(const parley_resume& reply) {
        if (reply.head->status != 200) {
            const std::vector<std::string_view> sent{token_in(document_.view(), kRefreshToken),
                                                     terms_.client_secret};
            const uint32_t status = reply.head->status;
            const bool is_final =
                (terms_.is_400_final && status == 400) || (terms_.is_401_final && status == 401);
            throw_refusal(reply, sent, is_final);
        }
        const std::string_view body = view(reply.bytes);
        granted(completed(granted_document(document_.view(), terms_, body, asked_at_ms_), body));
    }

    OAuthTerms terms_;
    SecretText document_;
    int64_t asked_at_ms_ = 0;  // by our own clock, which the token's end is counted by
};

// A browser goes to the provider and comes back with a code.
struct CodeTerms : OAuthTerms {
    std::string authorize_url = {};
    std::string redirect_name = "redirect_uri";
    uint32_t port = 0;      // of the callback; 0: the host's own
    std::string path = {};  // of the callback
    bool has_pkce = true;
    bool sends_state = false;  // the token server wants to see it, too
    std::vector<std::pair<std::string, std::string>> more = {};  // of the authorize request
    std::string message = {};                                    // what to do, for people
};

class CodeLogin : public Steps<CodeLogin> {
public:
    // `origin` is where the host hears a browser come back, unless the terms have a port.
    CodeLogin(const parley_host* host, CodeTerms terms, std::string_view origin)
        : host_(host), terms_(std::move(terms)) {
        redirect_ = terms_.port == 0 ? std::string(origin)
                                     : "http://localhost:" + std::to_string(terms_.port);
        if (redirect_.empty()) {
            throw Failure(PARLEY_E_UNSUPPORTED, "no place for a browser to come back to");
        }
        redirect_ += terms_.path;
    }

    ~CodeLogin() override { wipe(terms_.client_secret.data(), terms_.client_secret.size()); }

protected:
    virtual SecretText completed(SecretText document, std::string_view) { return document; }

    virtual void granted(SecretText document) { publish(document.view()); }

    const CodeTerms& terms() const { return terms_; }

private:
    void start() override { random(kProofBytes, &CodeLogin::ask); }

    void ask(const parley_resume& drawn) {
        proof_ = make_proof(host_, view(drawn.bytes));
        Form query;
        query.add("client_id", terms_.client_id).add(terms_.redirect_name, redirect_);
        for (const auto& [name, value] : terms_.more) query.add(name, value);
        if (terms_.has_pkce) {
            query.add("code_challenge", proof_.challenge).add("code_challenge_method", "S256");
        }
        query.add("state", proof_.state);
        const std::string url = terms_.authorize_url + '?' + std::string(query.view());
        show_user({url, {}, terms_.message}, &CodeLogin::shown);
        await_callback({terms_.port, terms_.path, proof_.state}, &CodeLogin::come_back);
    }

    void shown(const parley_resume&) {}

    void come_back(const parley_resume& back) {
        const std::string_view query = view(back.query);
        const SecretText error = query_value(query, "error");
        if (!error.view().empty()) {
            const SecretText why = query_value(query, "error_description");
            std::string what = "login: refused: " + std::string(error.view());
            if (!why.view().empty()) what += ": " + std::string(why.view());
            throw Failure(PARLEY_E_UNAUTHENTICATED, std::move(what));
        }
        code_ = query_value(query, "code");
        // Some pages give both in one, "code#state".
        std::string& code = code_.text();
        code.resize(std::min(code.find('#'), code.size()));
        if (code_.view().empty()) {
            throw Failure(PARLEY_E_INVALID_ARGUMENT, "login: the browser brought no code back");
        }
        clock(&CodeLogin::trade);
    }

    void trade(const parley_resume& now) {
        asked_at_ms_ = now.wall_ms;
        Form form;
        form.add("grant_type", "authorization_code").add("code", code_.view());
        form.add("redirect_uri", redirect_).add("client_id", terms_.client_id);
        if (!terms_.client_secret.empty()) form.add("client_secret", terms_.client_secret);
        if (terms_.has_pkce) form.add("code_verifier", proof_.verifier.view());
        if (terms_.sends_state) form.add("state", proof_.state);
        with_token_call(terms_, form, [&](const HttpCall& call) { http(call, &CodeLogin::read); });
    }

    void read(const parley_resume& reply) {
        if (reply.head->status != 200) {
            const std::vector<std::string_view> sent{
                code_.view(), proof_.verifier.view(), terms_.client_secret};
            throw_refusal(reply, sent);
        }
        const std::string_view body = view(reply.bytes);
        granted(completed(granted_document("{}", terms_, body, asked_at_ms_), body));
    }

    const parley_host* host_;
    CodeTerms terms_;
    std::string redirect_;
    Proof proof_;
    SecretText code_;
    int64_t asked_at_ms_ = 0;
};

// A person opens a page, types a code there, and the token server is asked until that is done.
struct DeviceTerms : OAuthTerms {
    std::string device_url = {};
    std::string scope = {};
    bool has_pkce = false;
    std::string message = {};  // what to do, for people
    // The document before there are tokens: what the login was begun with.
    std::string document = "{}";
};

class DeviceLogin : public Steps<DeviceLogin> {
public:
    DeviceLogin(const parley_host* host, DeviceTerms terms)
        : host_(host), terms_(std::move(terms)) {}

protected:
    virtual void granted(SecretText document) { publish(document.view()); }

private:
    static constexpr uint64_t kPollMs = 5'000;    // where the server says nothing
    static constexpr uint64_t kLifeMs = 900'000;  // likewise
    static constexpr uint64_t kSlowerMs = 5'000;  // RFC 8628, 3.5

    void start() override { random(kProofBytes, &DeviceLogin::ask); }

    void ask(const parley_resume& drawn) {
        proof_ = make_proof(host_, view(drawn.bytes));
        Form form;
        form.add("client_id", terms_.client_id).add("scope", terms_.scope);
        if (terms_.has_pkce) {
            form.add("code_challenge", proof_.challenge).add("code_challenge_method", "S256");
        }
        OAuthTerms at = terms_;
        at.token_url = terms_.device_url;
        with_token_call(at, form, [&](const HttpCall& call) { http(call, &DeviceLogin::tell); });
    }

    void tell(const parley_resume& reply) {
        const std::string_view body = view(reply.bytes);
        if (reply.head->status != 200) throw_refusal(reply, {});
        device_code_ = member_text(body, "device_code");
        std::string url(member_text(body, "verification_uri_complete").view());
        if (url.empty()) url = member_text(body, "verification_uri").view();
        const std::string code(member_text(body, "user_code").view());
        if (device_code_.view().empty() || url.empty()) {
            throw server_failure(PARLEY_E_UPSTREAM_PROTOCOL, "its reply holds no device code");
        }
        if (const uint64_t s = member_count(body, "interval"); s != 0) poll_ms_ = s * 1000;
        if (const uint64_t s = member_count(body, "expires_in"); s != 0) left_ms_ = s * 1000;
        show_user({url, code, terms_.message, left_ms_}, &DeviceLogin::wait);
    }

    void wait(const parley_resume&) {
        if (left_ms_ < poll_ms_) {
            throw Failure(PARLEY_E_TIMEOUT, "login: the code was not typed in time");
        }
        left_ms_ -= poll_ms_;
        timer(poll_ms_, &DeviceLogin::look);
    }

    void look(const parley_resume&) { clock(&DeviceLogin::poll); }

    void poll(const parley_resume& now) {
        asked_at_ms_ = now.wall_ms;
        Form form;
        form.add("grant_type", "urn:ietf:params:oauth:grant-type:device_code");
        form.add("client_id", terms_.client_id).add("device_code", device_code_.view());
        if (terms_.has_pkce) form.add("code_verifier", proof_.verifier.view());
        with_token_call(terms_, form, [&](const HttpCall& call) {
            http(call, &DeviceLogin::read, Failures::are_seen);
        });
    }

    void read(const parley_resume& reply) {
        // What breaks on the way is asked again at the next turn.
        if (reply.head == nullptr) return wait(reply);
        const uint32_t status = reply.head->status;
        if (status == 200) {
            return granted(
                granted_document(terms_.document, terms_, view(reply.bytes), asked_at_ms_));
        }
        const std::string code = read_refusal(view(reply.bytes)).code;
        if (code == "slow_down" || status == 429) {
            poll_ms_ += kSlowerMs;
            return wait(reply);
        }
        if (code == "authorization_pending" || status >= 500) return wait(reply);
        const std::vector<std::string_view> sent{device_code_.view(), proof_.verifier.view()};
        throw_refusal(reply, sent);
    }

    const parley_host* host_;
    DeviceTerms terms_;
    Proof proof_;
    SecretText device_code_;
    uint64_t poll_ms_ = kPollMs;
    uint64_t left_ms_ = kLifeMs;
    int64_t asked_at_ms_ = 0;
};

}  // namespace parley::sdk
