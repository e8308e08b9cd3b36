// pipeline/authenticate.cpp: who is asking?
#include "base/secret.hpp"
#include "http/percent.hpp"
#include "pipeline/exchange.hpp"

namespace parley::pipeline {

using base::Result;
using http::FieldId;

namespace {

// The key from wherever the client's kind puts it; the first place that has one counts.
std::string_view key_of(const http::RequestHead& head, std::string& from_query) {
    std::string_view bearer = head.get(FieldId::authorization);
    if (!bearer.empty()) {
        constexpr std::string_view kScheme = "bearer ";
        const bool has_scheme =
            bearer.size() > kScheme.size() &&
            http::equals_ignoring_case(bearer.substr(0, kScheme.size()), kScheme);
        if (has_scheme) bearer.remove_prefix(kScheme.size());
        return bearer;
    }
    for (const std::string_view name : {"x-api-key", "x-goog-api-key", "api-key"}) {
        if (const std::string_view key = head.get(name); !key.empty()) return key;
    }
    for (const std::string_view name : {"key", "auth_token"}) {
        from_query = http::query_value(head.query, name);
        if (!from_query.empty()) return from_query;
    }
    return {};
}

}  // namespace

Result<void> Exchange::authenticate() {
    const accounts::Callers& callers = world_->callers;
    if (callers.is_open()) {
        if (client_.is_local()) return {};
        return base::client_error(
            PARLEY_E_FORBIDDEN, "no client keys are configured, so only local clients are served");
    }
    std::string from_query;
    const std::string_view key = key_of(client_.head(), from_query);
    if (key.empty()) {
        return base::client_error(PARLEY_E_UNAUTHENTICATED,
                                  "no client key: send it as \"authorization: Bearer KEY\"");
    }
    http::Client::Acquaintance& known = client_.acquaintance();
    const bool same =
        known.checked_by == callers.number() && base::equal_in_constant_time(known.proof, key);
    if (same) {
        asked_.caller = static_cast<const accounts::Caller*>(known.who);
        return {};
    }
    const accounts::Caller* caller = callers.find(key);
    if (caller == nullptr) {
        return base::client_error(PARLEY_E_UNAUTHENTICATED, "the client key is not known");
    }
    known = {std::string(key), callers.number(), caller};
    asked_.caller = caller;
    return {};
}

}  // namespace parley::pipeline
