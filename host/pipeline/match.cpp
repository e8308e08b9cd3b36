// pipeline/match.cpp: method and path -> dialect and operation.
#include "http/percent.hpp"
#include "pipeline/exchange.hpp"

namespace parley::pipeline {

using base::Result;
using plugins::str;

namespace {

// Fields that prove who the client is; plugins have no business with them.
bool carries_key(http::FieldId id, std::string_view name) {
    return id == http::FieldId::authorization || id == http::FieldId::cookie ||
           id == http::FieldId::proxy_authorization ||
           http::equals_ignoring_case(name, "x-api-key") ||
           http::equals_ignoring_case(name, "x-goog-api-key") ||
           http::equals_ignoring_case(name, "api-key");
}

}  // namespace

Result<void> Exchange::match() {
    const http::RequestHead& head = client_.head();
    asked_.headers.reserve(head.fields.size());
    for (const http::Field& f : head.fields) {
        if (!carries_key(f.id, f.name)) asked_.headers.push_back({str(f.name), str(f.value), 0});
    }
    const std::string_view method = head.method == "HEAD" ? std::string_view("GET") : head.method;
    asked_.http.method = str(method);
    asked_.http.path = str(head.path);
    asked_.http.query = str(arena_.copy(http::without_keys(head.query)));
    asked_.http.headers = asked_.headers.data();
    asked_.http.header_count = static_cast<uint32_t>(asked_.headers.size());
    asked_.call.http = &asked_.http;
    asked_.call.content_type = str(head.content_type);
    asked_.call.exchange_id = str(id_);

    std::vector<plugins::Registry::Match> claims;
    world_->registry.match(method, head.path, claims);
    std::uint32_t best_score = 0;
    for (const auto& claim : claims) {
        parley_call asked = asked_.call;
        asked.route = claim.route->number;
        asked.operation = claim.route->operation;
        const std::uint32_t score = claims.size() == 1 ? 1 : claim.dialect->match(asked);
        if (score <= best_score) continue;
        best_score = score;
        asked_.dialect = claim.dialect;
        asked_.call.route = asked.route;
        asked_.call.operation = asked.operation;
        asked_.call.path_model = str(arena_.copy(http::percent_decoded(claim.path_model)));
    }
    if (asked_.dialect != nullptr) return {};
    std::string allowed;
    const bool other_method = world_->registry.knows_path(head.path, allowed);
    auto error = base::client_error(
        PARLEY_E_NOT_FOUND, "no such path: " + std::string(method) + ' ' + std::string(head.path));
    error.code = "unknown_url";
    if (head.upgrade) {
        error.message = "websocket: not offered here; use http";
        error.http_status = 426;
    } else if (other_method) {
        error.message =
            "method " + std::string(head.method) + " is not allowed here; use " + allowed;
        error.http_status = 405;
        client_.always_add("allow", allowed);
    }
    return error;
}

}  // namespace parley::pipeline
