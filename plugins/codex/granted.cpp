#include "granted.hpp"

#include <array>

#include "claims.hpp"

namespace parley::codex {

Identity identity_in(std::string_view document) {
    const Claims of_id = claims_of(sdk::token_in(document, "id_token"));
    const Claims of_access = claims_of(sdk::token_in(document));
    const auto known = [&](std::string_view name, std::string Claims::*member) {
        std::string text(sdk::member_text(document, name).view());
        if (text.empty()) text = of_id.*member;
        return text.empty() ? of_access.*member : text;
    };
    Identity who;
    who.account_id = known("account_id", &Claims::account_id);
    who.user = known("user", &Claims::user);
    who.email = known("email", &Claims::email);
    who.plan = known("plan", &Claims::plan);
    if (who.user.empty()) who.user = who.email;
    return who;
}

sdk::SecretText named(std::string_view document) {
    const Identity who = identity_in(document);
    if (who.account_id.empty()) {
        throw sdk::server_failure(PARLEY_E_UPSTREAM_PROTOCOL,
                                  "its tokens are of no account of ChatGPT");
    }
    const std::array<sdk::Member, 4> members{sdk::Member{"account_id", who.account_id},
                                             {"user", who.user},
                                             {"email", who.email},
                                             {"plan", who.plan}};
    return sdk::with_members_behind_tokens(document, members);
}

sdk::OAuthTerms terms_of(const Settings& settings) {
    sdk::OAuthTerms terms;
    terms.token_url = settings.issuer + "/oauth/token";
    terms.client_id = settings.client_id;
    terms.refresh_scope = "openid profile email";
    terms.is_401_final = true;
    terms.kept = {"id_token"};
    return terms;
}

}  // namespace parley::codex
