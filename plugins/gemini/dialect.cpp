#include "dialect.hpp"

#include <algorithm>

#include "errors.hpp"
#include "models.hpp"
#include "parley/sdk/owned.hpp"
#include "read_request.hpp"
#include "request.hpp"
#include "write_request.hpp"

namespace parley::gemini {

using sdk::str;
using sdk::view;

std::span<const parley_route> Dialect::routes() {
    return all_routes();
}

// Two routes are asked for by clients of other dialects too. Google's own libraries say who they
// are; keys are none of a plugin's business.
uint32_t Dialect::match(const parley_call& call) {
    const auto* first = call.http->headers;
    const bool is_google =
        std::any_of(first, first + call.http->header_count, [](const parley_header& header) {
            const std::string_view name = view(header.name);
            constexpr std::string_view kPrefix = "x-goog-";
            return name.size() > kPrefix.size() &&
                   std::equal(kPrefix.begin(), kPrefix.end(), name.begin(), [](char a, char b) {
                       return a == (b >= 'A' && b <= 'Z' ? b + 32 : b);
                   });
        });
    return is_google ? 3 : route_of(call).is_shared ? 0 : 1;
}

void Dialect::peek(const parley_call& call, sdk::Arena& arena, parley_peek& out) {
    const RouteInfo& route = route_of(call);
    out.model = arena.copy(model_of(call));
    if (route.is_stream) out.flags = PARLEY_PEEK_STREAM | PARLEY_PEEK_WANTS_USAGE;
    sdk::Owned owned;
    const std::string_view body = view(call.http->body);
    for (const std::string_view key : {"\"cachedContent\"", "\"cached_content\""}) {
        owned.add_all(key, body, "cachedContent");
    }
    // Of what they call files, those that were uploaded; the rest is open to everyone.
    for (const std::string_view key : {"\"fileUri\"", "\"file_uri\""}) {
        sdk::TextFinder(key).feed(body, [&](std::string_view uri) {
            if (uri.find("files/") != uri.npos) owned.add(uri, "contents");
        });
    }
    owned.move_to(out, arena);
}

void Dialect::retarget(const parley_call& call,
                       const parley_peek& peek,
                       std::string_view model,
                       sdk::Arena& arena,
                       parley_retarget& io) {
    retarget_request(call, peek, model, arena, io);
}

void Dialect::encode_error(const parley_call*,
                           const parley_error& error,
                           sdk::Arena& arena,
                           parley_http_reply& reply,
                           sdk::Out& out) {
    write_error(error, arena, reply, out);
}

void Dialect::decode_error(const parley_http_reply_head& head,
                           std::string_view body,
                           sdk::Arena& arena,
                           parley_error& out) {
    read_error(head, body, arena, out);
}

void Dialect::encode_models(const parley_call& call,
                            std::span<const parley_model* const> models,
                            sdk::Arena&,
                            parley_http_reply& reply,
                            sdk::Out& out) {
    write_models(call, models, reply, out);
}

const parley_request* Dialect::decode_request(const parley_call& call, sdk::Arena& arena) {
    return read_request(call, arena);
}

void Dialect::encode_request(const parley_request& request,
                             const parley_target& target,
                             sdk::Arena& arena,
                             parley_encoded_request& head,
                             sdk::Out& out) {
    write_request(request, target, arena, head, out);
}

void Dialect::encode_count(const parley_call&,
                           uint64_t input_tokens,
                           sdk::Arena&,
                           parley_http_reply& reply,
                           sdk::Out& out) {
    reply.status = 200;
    reply.content_type = str("application/json; charset=UTF-8");
    out.write("{\"totalTokens\":" + std::to_string(input_tokens) + "}");
}

}  // namespace parley::gemini
