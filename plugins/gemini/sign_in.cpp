#include "sign_in.hpp"

#include <array>
#include <vector>

#include "wire.hpp"

namespace parley::gemini {

using sdk::Failure;
using sdk::JsonReader;
using sdk::JsonString;
using sdk::str;
using sdk::view;

namespace {

constexpr std::string_view kFreeTier = "free-tier";
constexpr std::string_view kScopes =
    "https://www.googleapis.com/auth/cloud-platform "
    "https://www.googleapis.com/auth/userinfo.email "
    "https://www.googleapis.com/auth/userinfo.profile";
constexpr uint32_t kOnboardTriesMax = 24;
constexpr uint64_t kOnboardWaitMs = 5'000;

sdk::CodeTerms code_terms(const LoginSettings& settings) {
    sdk::CodeTerms code{login_terms(settings, "{}")};
    code.authorize_url = settings.authorize_url;
    code.port = settings.callback_port;
    code.path = "/oauth2callback";
    code.more = {{"response_type", "code"},
                 {"scope", std::string(kScopes)},
                 {"access_type", "offline"},
                 {"prompt", "consent"}};
    code.message = "Log in to Google in the browser.";
    return code;
}

// A project stands there by its id, or as an object that has one.
std::string project_in(std::string_view json) {
    const std::string_view raw = sdk::member_raw(json, "cloudaicompanionProject");
    if (raw.starts_with('{')) return std::string(sdk::member_text(raw, "id").view());
    return std::string(sdk::member_text(json, "cloudaicompanionProject").view());
}

// The tier that an account without one gets.
std::string usual_tier(std::string_view json) {
    std::string tier;
    const std::string_view allowed = sdk::member_raw(json, "allowedTiers");
    JsonReader r(allowed);
    if (!allowed.empty()) {
        each_element(r, [&](JsonReader& one) {
            const std::string_view each = one.raw();
            if (sdk::member_raw(each, "isDefault") == "true") {
                tier = sdk::member_text(each, "id").view();
            }
        });
    }
    return tier.empty() ? "legacy-tier" : tier;
}

[[noreturn]] void no_project(const std::string& why) {
    throw Failure(PARLEY_E_PRECONDITION, "project: " + why);
}

}  // namespace

LoginSettings LoginSettings::read(std::string_view json) {
    const auto text = [&](std::string_view name) {
        return std::string(sdk::member_text(json, name).view());
    };
    LoginSettings made;
    made.is_vertex = sdk::member_raw(json, "vertex") == "true";
    made.project = text("project");
    made.token_url = text("token_url");
    made.client_id = text("client_id");
    made.client_secret = text("client_secret");
    made.authorize_url = text("authorize_url");
    made.user_url = text("user_url");
    made.projects_url = text("projects_url");
    made.assist_url = text("code_assist_url");
    made.callback_port = static_cast<uint32_t>(sdk::member_count(json, "callback_port"));
    return made;
}

bool is_login(std::string_view secret) {
    if (sdk::member_text(secret, "type").view() == "service_account") return false;
    return !sdk::token_in(secret, sdk::kRefreshToken).empty() || !sdk::token_in(secret).empty();
}

sdk::OAuthTerms login_terms(const LoginSettings& settings, std::string_view document) {
    sdk::OAuthTerms terms;
    terms.token_url = settings.token_url.empty() ? kGoogleTokenUrl : settings.token_url;
    terms.client_id = sdk::member_text(document, "client_id").view();
    terms.client_secret = sdk::member_text(document, "client_secret").view();
    if (terms.client_id.empty()) {
        terms.client_id = settings.client_id;
        terms.client_secret = settings.client_secret;
    }
    if (!terms.client_id.empty() && !terms.client_secret.empty()) return terms;
    Failure failure(PARLEY_E_CONFIG,
                    "client_id, client_secret: none are built in; set those of an OAuth client of "
                    "yours for this provider, such as client_secret = \"$GOOGLE_CLIENT_SECRET\"");
    failure.fault = PARLEY_FAULT_GATEWAY;
    failure.scope = PARLEY_SCOPE_ACCOUNT;
    throw failure;
}

SignIn::SignIn(const parley_host* host, LoginSettings settings, const parley_login_ask& ask)
    : CodeLogin(host, code_terms(settings), view(ask.callback_origin)),
      settings_(std::move(settings)) {
    const auto project = sdk::member_text(view(ask.params), "project");
    if (!project.view().empty()) settings_.project = project.view();
}

void SignIn::granted(sdk::SecretText document) {
    document_ = std::move(document);
    get(settings_.user_url, &SignIn::read_user);
}

void SignIn::read_user(const parley_resume& reply) {
    if (reply.head->status != 200) sdk::throw_refusal(reply, {});
    email_ = sdk::member_text(view(reply.bytes), "email").view();
    if (email_.empty()) {
        throw sdk::server_failure(PARLEY_E_UPSTREAM_PROTOCOL,
                                  "it does not say whose account it is");
    }
    if (!settings_.is_vertex) return find_project();
    project_ = settings_.project;
    project_.empty() ? list_projects() : finish();
}

// ---- Code Assist ----

std::string SignIn::metadata() const {
    std::string json;
    sdk::JsonWriter w(json);
    w.begin_object().key("ideType").string("IDE_UNSPECIFIED");
    w.key("platform").string("PLATFORM_UNSPECIFIED").key("pluginType").string("GEMINI");
    if (!settings_.project.empty()) w.key("duetProject").string(settings_.project);
    w.end_object();
    return json;
}

void SignIn::find_project() {
    std::string body;
    sdk::JsonWriter w(body);
    w.begin_object();
    if (!settings_.project.empty()) w.key("cloudaicompanionProject").string(settings_.project);
    w.key("metadata").raw(metadata()).end_object();
    post("loadCodeAssist", body, &SignIn::read_assist);
}

void SignIn::read_assist(const parley_resume& reply) {
    if (reply.head->status != 200) sdk::throw_refusal(reply, {});
    const std::string_view body = view(reply.bytes);
    const std::string_view current = sdk::member_raw(body, "currentTier");
    project_ = project_in(body);
    if (current.starts_with('{')) {
        if (project_.empty()) project_ = settings_.project;
        return project_.empty() ? list_projects() : finish();
    }
    // The account is new there.
    must_onboard_ = true;
    tier_ = usual_tier(body);
    const bool needs_project = tier_ != kFreeTier && settings_.project.empty();
    needs_project ? list_projects() : onboard();
}

void SignIn::onboard() {
    std::string body;
    sdk::JsonWriter w(body);
    w.begin_object().key("tierId").string(tier_);
    // The free tier has a project of its own, and refuses any other.
    if (tier_ != kFreeTier) w.key("cloudaicompanionProject").string(settings_.project);
    w.key("metadata").raw(metadata()).end_object();
    post("onboardUser", body, &SignIn::read_onboarding);
}

void SignIn::read_onboarding(const parley_resume& reply) {
    if (reply.head->status != 200) sdk::throw_refusal(reply, {});
    const std::string_view body = view(reply.bytes);
    if (sdk::member_raw(body, "done") != "true") {
        if (++tries_ == kOnboardTriesMax) {
            throw Failure(PARLEY_E_TIMEOUT, "login: Code Assist does not get ready");
        }
        return timer(kOnboardWaitMs, next(&SignIn::again));
    }
    project_ = project_in(sdk::member_raw(body, "response"));
    if (project_.empty()) project_ = settings_.project;
    if (project_.empty()) no_project("Code Assist tells none; log in again and name one");
    finish();
}

// ---- the account's projects ----

void SignIn::list_projects() {
    get(settings_.projects_url, &SignIn::read_projects);
}

// One is taken; of several a person has to choose.
void SignIn::read_projects(const parley_resume& reply) {
    if (reply.head->status != 200) sdk::throw_refusal(reply, {});
    std::vector<std::string> found;
    JsonReader r(sdk::member_raw(view(reply.bytes), "projects"));
    each_element(r, [&](JsonReader& one) {
        const std::string_view each = one.raw();
        if (sdk::member_text(each, "lifecycleState").view() != "ACTIVE") return;
        found.emplace_back(sdk::member_text(each, "projectId").view());
    });
    if (found.empty()) no_project("the account has none; make one at Google Cloud");
    if (found.size() > 1) {
        std::string names;
        for (const std::string& name : found) names += (names.empty() ? "" : ", ") + name;
        no_project("the account has several; log in again and name one of " + names);
    }
    settings_.project = found.front();
    if (must_onboard_) return onboard();
    project_ = found.front();
    finish();
}

void SignIn::finish() {
    const std::array<sdk::Member, 2> members{sdk::Member{"project_id", project_},
                                             {"email", email_}};
    // The token stays in front.
    const auto with_names = sdk::with_members(document_.view(), members);
    const auto token = sdk::token_in(document_.view());
    const std::array<sdk::Member, 1> front{sdk::Member{sdk::kAccessToken, token}};
    publish(sdk::with_members(with_names.view(), front).view());
}

// ---- requests as whom has logged in ----

void SignIn::get(const std::string& url, Step then) {
    sdk::HttpCall asked;
    asked.url = url;
    asked.method = "GET";
    asked.is_idempotent = true;
    call(asked, then);
}

void SignIn::post(std::string_view method, const std::string& body, Step then) {
    const std::string url = settings_.assist_url + "/v1internal:" + std::string(method);
    sdk::HttpCall asked;
    asked.url = url;
    asked.content_type = "application/json";
    asked.body = body;
    call(asked, then);
}

void SignIn::call(sdk::HttpCall& asked, Step then) {
    sdk::SecretText proof;
    sdk::append_secret("Bearer ", proof);
    sdk::append_secret(sdk::token_in(document_.view()), proof);
    const std::array<parley_header, 2> headers{
        parley_header{str("accept"), str("application/json"), 0},
        {str("authorization"), str(proof.view()), PARLEY_HEADER_SECRET}};
    asked.headers = headers;
    http(asked, next(then));
}

}  // namespace parley::gemini
