// dialect.hpp: gemini-generate, Google's generateContent and what stands beside it.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "decoder.hpp"
#include "encoder.hpp"
#include "parley/dialect.h"
#include "parley/sdk/plugin.hpp"
#include "tap.hpp"

namespace parley::gemini {

class Dialect {
public:
    using Tap = gemini::Tap;
    using Decoder = gemini::Decoder;
    using Encoder = gemini::Encoder;

    explicit Dialect(const parley_host*) {}

    std::span<const parley_route> routes();
    uint32_t match(const parley_call& call);
    void peek(const parley_call& call, sdk::Arena& arena, parley_peek& out);
    void retarget(const parley_call& call,
                  const parley_peek& peek,
                  std::string_view model,
                  sdk::Arena& arena,
                  parley_retarget& io);

    Tap* tap_open(const parley_tap_open& open) { return new Tap(open); }

    void encode_error(const parley_call* call,
                      const parley_error& error,
                      sdk::Arena& arena,
                      parley_http_reply& reply,
                      sdk::Out& out);
    void decode_error(const parley_http_reply_head& head,
                      std::string_view body,
                      sdk::Arena& arena,
                      parley_error& out);
    void encode_models(const parley_call& call,
                       std::span<const parley_model* const> models,
                       sdk::Arena& arena,
                       parley_http_reply& reply,
                       sdk::Out& out);

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

    Decoder* decoder_open(const parley_codec_open& open) { return make_decoder(open); }

    Encoder* encoder_open(const parley_codec_open& open) { return make_encoder(open); }

    void encode_count(const parley_call& call,
                      uint64_t input_tokens,
                      sdk::Arena& arena,
                      parley_http_reply& reply,
                      sdk::Out& out);
};

}  // namespace parley::gemini
