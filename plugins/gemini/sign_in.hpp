// sign_in.hpp: logins of people at Google: whose account it is, and the project that Code Assist
// serves it in, which is found or made after the tokens are there.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "parley/sdk/oauth_ops.hpp"

namespace parley::gemini {

inline constexpr std::string_view kGoogleTokenUrl = "https://oauth2.googleapis.com/token";

// What the settings say of logins.
struct LoginSettings {
    bool is_vertex = false;
    std::string project;  // empty: the account's own
    std::string token_url;
    std::string client_id;
    std::string client_secret;
    std::string authorize_url;
    std::string user_url;
    std::string projects_url;
    std::string assist_url;
    uint32_t callback_port = 0;

    static LoginSettings read(std::string_view json);
};

// A document of tokens, rather than the key of a service account.
bool is_login(std::string_view secret);

// The client of the settings, unless the document names the one that it was granted to. Throws
// Failure where there is none.
sdk::OAuthTerms login_terms(const LoginSettings& settings, std::string_view document);

class SignIn final : public sdk::CodeLogin {
public:
    SignIn(const parley_host* host, LoginSettings settings, const parley_login_ask& ask);

private:
    using Step = void (SignIn::*)(const parley_resume&);

    static Next next(Step then) { return static_cast<Next>(then); }

    void granted(sdk::SecretText document) override;
    void read_user(const parley_resume& reply);
    void find_project();
    void read_assist(const parley_resume& reply);
    void onboard();
    void read_onboarding(const parley_resume& reply);

    void again(const parley_resume&) { onboard(); }

    void list_projects();
    void read_projects(const parley_resume& reply);
    void finish();

    void get(const std::string& url, Step then);
    void post(std::string_view method, const std::string& body, Step then);
    void call(sdk::HttpCall& asked, Step then);
    std::string metadata() const;

    LoginSettings settings_;
    sdk::SecretText document_;
    std::string email_;
    std::string project_;
    std::string tier_;  // what a new account gets
    bool must_onboard_ = false;
    uint32_t tries_ = 0;
};

}  // namespace parley::gemini
