// dialect.hpp: what openai-chat and openai-responses have in common as dialects.
#pragma once

#include <span>
#include <string_view>

#include "count.hpp"
#include "errors.hpp"
#include "models.hpp"
#include "parley/dialect.h"
#include "parley/sdk/plugin.hpp"
#include "reply_in.hpp"
#include "reply_out.hpp"
#include "request.hpp"
#include "tap.hpp"

namespace parley::openai {

// A route and how its requests and replies are read.
struct Route {
    parley_route route;
    RequestKind request;
    std::unique_ptr<Tap> (*make_tap)(const parley_tap_open&);
};

class Dialect {
public:
    using Tap = openai::Tap;
    using Decoder = openai::Decoder;
    using Encoder = openai::Encoder;

    void peek(const parley_call& call, sdk::Arena& arena, parley_peek& out) {
        peek_request(call, kind(call), arena, out);
    }

    void retarget(const parley_call& call,
                  const parley_peek& peek,
                  std::string_view model,
                  sdk::Arena& arena,
                  parley_retarget& io) {
        retarget_request(call, kind(call), peek, model, arena, io);
        // Upstreams are asked where they expect it.
        const std::string_view path = sdk::view(call.http->path);
        if (path.starts_with(kVersion)) return;
        io.path = arena.copy(std::string(kVersion) + std::string(path));
        io.query = call.http->query;
    }

    Tap* tap_open(const parley_tap_open& open) { return row(*open.call).make_tap(open).release(); }

    void encode_error(const parley_call* call,
                      const parley_error& error,
                      sdk::Arena& arena,
                      parley_http_reply& reply,
                      sdk::Out& out) {
        write_error(call, error, arena, reply, out);
    }

    void decode_error(const parley_http_reply_head& head,
                      std::string_view body,
                      sdk::Arena& arena,
                      parley_error& out) {
        read_error(head, body, arena, out);
    }

    std::span<const parley_route> routes() { return routes_; }

protected:
    // Clients are often given an address without the version, and then ask without it.
    explicit Dialect(std::span<const Route> table) : table_(table) {
        for (const Route& row : table_) routes_.push_back(row.route);
        for (const Route& row : table_) {
            parley_route& bare = routes_.emplace_back(row.route);
            bare.number += static_cast<uint32_t>(table_.size());
            bare.path = sdk::str(sdk::view(bare.path).substr(kVersion.size()));
        }
    }

private:
    static constexpr std::string_view kVersion = "/v1";

    const Route& row(const parley_call& call) const { return table_[call.route % table_.size()]; }

    const RequestKind& kind(const parley_call& call) const { return row(call).request; }

    std::span<const Route> table_;
    std::vector<parley_route> routes_;
};

// Chat Completions, and the routes that are passed on as they are.
class Chat final : public Dialect {
public:
    explicit Chat(const parley_host*);

    void encode_models(const parley_call& call,
                       std::span<const parley_model* const> models,
                       sdk::Arena&,
                       parley_http_reply& reply,
                       sdk::Out& out) {
        write_models(call, models, reply, out);
    }

    const parley_request* decode_request(const parley_call& call, sdk::Arena& arena);
    void encode_request(const parley_request& request,
                        const parley_target& target,
                        sdk::Arena& arena,
                        parley_encoded_request& head,
                        sdk::Out& out);
    std::string_view correct_traits(const parley_request& request,
                                    const parley_target& target,
                                    const parley_error& told,
                                    sdk::Arena& arena);
    Decoder* decoder_open(const parley_codec_open& open);
    Encoder* encoder_open(const parley_codec_open& open);
};

class Responses final : public Dialect {
public:
    explicit Responses(const parley_host*);

    const parley_request* decode_request(const parley_call& call, sdk::Arena& arena);
    void encode_request(const parley_request& request,
                        const parley_target& target,
                        sdk::Arena& arena,
                        parley_encoded_request& head,
                        sdk::Out& out);
    std::string_view correct_traits(const parley_request& request,
                                    const parley_target& target,
                                    const parley_error& told,
                                    sdk::Arena& arena);
    Decoder* decoder_open(const parley_codec_open& open);
    Encoder* encoder_open(const parley_codec_open& open);

    void encode_count(const parley_call&,
                      uint64_t input_tokens,
                      sdk::Arena&,
                      parley_http_reply& reply,
                      sdk::Out& out) {
        write_count(input_tokens, reply, out);
    }
};

}  // namespace parley::openai
