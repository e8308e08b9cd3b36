// codecs.cpp: which codec serves which operation of the two dialects.
#include "dialect.hpp"
#include "embeddings.hpp"
#include "requests.hpp"

namespace parley::openai {

namespace {

bool embeds(const parley_codec_open& open) {
    return open.request->operation == PARLEY_OPERATION_EMBED;
}

}  // namespace

// ---- openai-chat ----

const parley_request* Chat::decode_request(const parley_call& call, sdk::Arena& arena) {
    if (call.operation == PARLEY_OPERATION_EMBED) return read_embeddings_request(call, arena);
    const std::string_view path = sdk::view(call.http->path);
    const bool is_chat = path.ends_with("/chat/completions");
    const bool is_text = !is_chat && path.ends_with("/completions");
    return is_text ? read_text_request(call, arena) : read_chat_request(call, arena);
}

void Chat::encode_request(const parley_request& request,
                          const parley_target& target,
                          sdk::Arena& arena,
                          parley_encoded_request& head,
                          sdk::Out& out) {
    if (request.operation == PARLEY_OPERATION_EMBED) {
        write_embeddings_request(request, target, head, out);
    } else {
        write_chat_request(request, target, arena, head, out);
    }
}

Decoder* Chat::decoder_open(const parley_codec_open& open) {
    return (embeds(open) ? make_embeddings_decoder(open) : make_chat_decoder(open)).release();
}

Encoder* Chat::encoder_open(const parley_codec_open& open) {
    if (embeds(open)) return make_embeddings_encoder(open).release();
    const bool is_text = sdk::view(open.request->dialect_version) == kTextVersion;
    return (is_text ? make_text_encoder(open) : make_chat_encoder(open)).release();
}

// ---- openai-responses ----

const parley_request* Responses::decode_request(const parley_call& call, sdk::Arena& arena) {
    return read_responses_request(call, arena);
}

void Responses::encode_request(const parley_request& request,
                               const parley_target& target,
                               sdk::Arena& arena,
                               parley_encoded_request& head,
                               sdk::Out& out) {
    write_responses_request(request, target, arena, head, out);
}

Decoder* Responses::decoder_open(const parley_codec_open& open) {
    const bool counts = open.request->operation == PARLEY_OPERATION_COUNT_TOKENS;
    return (counts ? make_count_decoder(open) : make_responses_decoder(open)).release();
}

Encoder* Responses::encoder_open(const parley_codec_open& open) {
    return make_responses_encoder(open).release();
}

}  // namespace parley::openai
