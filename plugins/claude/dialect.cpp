#include "dialect.hpp"

#include <array>

#include "errors.hpp"
#include "models.hpp"
#include "parley/sdk/headers.hpp"
#include "peek.hpp"
#include "read_request.hpp"
#include "write_request.hpp"

namespace parley::claude {

using sdk::str;

namespace {

constexpr parley_route route(uint32_t number,
                             uint32_t operation,
                             std::string_view method,
                             std::string_view path) {
    return {sizeof(parley_route), operation, number, 0, str(method), str(path)};
}

constexpr std::array kRoutes{
    route(0, PARLEY_OPERATION_GENERATE, "POST", "/v1/messages"),
    route(1, PARLEY_OPERATION_COUNT_TOKENS, "POST", "/v1/messages/count_tokens"),
    route(2, PARLEY_OPERATION_MODELS, "GET", "/v1/models"),
    route(3, PARLEY_OPERATION_MODEL, "GET", "/v1/models/{model}"),
};

}  // namespace

std::span<const parley_route> Messages::routes() {
    return kRoutes;
}

// Others list models on the same path; who speaks this dialect says so in each request.
uint32_t Messages::match(const parley_call& call) {
    const bool shared =
        call.operation == PARLEY_OPERATION_MODELS || call.operation == PARLEY_OPERATION_MODEL;
    if (!shared) return 1;
    return sdk::header(*call.http, "anthropic-version").empty() ? 0 : 2;
}

void Messages::peek(const parley_call& call, sdk::Arena& arena, parley_peek& out) {
    peek_request(call, arena, out);
}

void Messages::retarget(const parley_call& call,
                        const parley_peek& peek,
                        std::string_view model,
                        sdk::Arena& arena,
                        parley_retarget& io) {
    retarget_request(call, peek, model, arena, io);
}

void Messages::encode_error(const parley_call* call,
                            const parley_error& error,
                            sdk::Arena& arena,
                            parley_http_reply& reply,
                            sdk::Out& out) {
    write_error(call, error, arena, reply, out);
}

void Messages::decode_error(const parley_http_reply_head& head,
                            std::string_view body,
                            sdk::Arena& arena,
                            parley_error& out) {
    read_error(head, body, arena, out);
}

void Messages::encode_models(const parley_call& call,
                             std::span<const parley_model* const> models,
                             sdk::Arena&,
                             parley_http_reply& reply,
                             sdk::Out& out) {
    write_models(call, models, reply, out);
}

void Messages::encode_count(const parley_call&,
                            uint64_t input_tokens,
                            sdk::Arena&,
                            parley_http_reply& reply,
                            sdk::Out& out) {
    write_count(input_tokens, reply, out);
}

const parley_request* Messages::decode_request(const parley_call& call, sdk::Arena& arena) {
    return read_request(call, arena);
}

void Messages::encode_request(const parley_request& request,
                              const parley_target& target,
                              sdk::Arena& arena,
                              parley_encoded_request& head,
                              sdk::Out& out) {
    write_request(request, target, arena, head, out);
}

}  // namespace parley::claude
