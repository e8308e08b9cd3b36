// decoder.hpp: replies become canonical events.
#pragma once

#include <string>
#include <string_view>

#include "chunks.hpp"
#include "parley/dialect.h"
#include "parley/sdk/emitter.hpp"
#include "usage.hpp"

namespace parley::gemini {

class Decoder {
public:
    virtual ~Decoder() = default;
    Decoder(const Decoder&) = delete;
    Decoder& operator=(const Decoder&) = delete;

    void decode(std::string_view bytes, bool eof, const parley_sink& sink);

protected:
    Decoder() : emitter_(sdk::Emitter::Ends::marked) {}

    // The members of a chunk that stand at its top; views into it.
    struct Chunk {
        std::string_view candidates;
        std::string_view usage;
        std::string_view error;
        std::string_view feedback;
        std::string_view total_tokens;
        std::string_view embeddings;   // one or a list
        std::string_view predictions;  // of Vertex AI, instead
        sdk::JsonString model;
        sdk::JsonString id;
        sdk::JsonString created;
    };

    virtual void on_chunk(const Chunk& chunk) = 0;
    // The reply ended in order; false when it may not end here.
    virtual bool on_end() = 0;

    void start(const Chunk& chunk);

    sdk::Emitter emitter_;
    ChunkSplitter splitter_;
    UsageCounters usage_;
    std::string reply_id_;

private:
    static constexpr std::size_t kHeldBytesMax = std::size_t{64} * 1024 * 1024;

    void read_chunk(std::string_view json);
    void garbage(std::string_view what);

    std::string held_;  // from the start of the unfinished piece on
};

// For the operation of the request that it answers.
Decoder* make_decoder(const parley_codec_open& open);

}  // namespace parley::gemini
