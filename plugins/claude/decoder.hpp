// decoder.hpp: a reply of the upstream, a stream or whole, becomes canonical events.
#pragma once

#include <deque>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "parley/dialect.h"
#include "parley/sdk/custom_tool.hpp"
#include "parley/sdk/emitter.hpp"
#include "parley/sdk/sse.hpp"
#include "parley/sdk/tool_names.hpp"
#include "usage.hpp"
#include "words.hpp"

namespace parley::claude {

// Whether the request's schema travels as a forced tool, since the model takes none as it is.
bool sends_schema_as_tool(const parley_request& request, const parley_target& target);

class Decoder {
public:
    explicit Decoder(const parley_codec_open& open);

    void decode(std::string_view bytes, bool eof, const parley_sink& sink);

private:
    enum class Form { unknown, stream, whole };

    // What a content block of the wire is, in between.
    enum class Kind { text, reasoning, call, custom, schema, item, dropped };

    struct Block {
        uint64_t index = 0;  // the wire's
        uint64_t key = 0;    // the emitter's
        Kind kind = Kind::text;
        bool stopped = false;
        bool has_input = false;    // some of it came in deltas
        std::string seal;          // told when the block is over
        uint32_t seal_scheme = 0;  // PARLEY_SEAL_*
        std::string raw;           // of an item; of a call its first input
        std::string input;         // of an item, as far as it came
        sdk::CustomInput custom;
    };

    void feed_stream(std::string_view bytes, bool eof);
    void feed_whole(std::string_view bytes, bool eof);
    void on_event(const sdk::SseEvent& event);

    // Messages.
    void begin(std::string_view message);
    void read_delta(std::string_view delta);
    void finish();
    void read_whole(std::string_view json);
    void read_usage(std::string_view json);
    void read_stop(std::string_view json);

    // Blocks.
    void start_block(uint64_t index, std::string_view block);
    void start_text(Block& block, std::string_view json);
    void start_reasoning(Block& block, std::string_view json);
    void start_call(Block& block, std::string_view json);
    void start_item(Block& block, std::string_view json, std::string_view type);
    void delta(uint64_t index, std::string_view delta);
    bool add(Block& block, std::string_view type, std::string_view text);
    Block* block_for(uint64_t index, std::string_view delta_type);
    void input(Block& block, std::string_view fragment);
    void citation(Block& block, std::string_view json);
    void stop_block(uint64_t index);
    void stop(Block& block);
    void settle(Block& block);
    void tell_item(Block& block);
    void end_stopped();
    Block* find(uint64_t index);

    void garbage(const char* what);
    void fail(std::string_view error);
    std::string_view plain(const sdk::JsonString& s);

    sdk::Emitter emitter_{sdk::Emitter::Ends::marked};
    sdk::ToolNames names_;
    bool schema_as_tool_;
    bool counts_tokens_;
    Form form_ = Form::unknown;
    sdk::SseSplitter splitter_;
    std::string held_;     // bytes of an unfinished event, or of a whole reply
    std::string scratch_;  // the text of the string in hand
    std::deque<Block> blocks_;
    std::vector<Block*> open_;
    std::vector<uint64_t> stopped_;  // keys of blocks whose parts have not been ended yet
    std::set<std::string, std::less<>> call_ids_;
    Counts counts_;
    std::string id_;
    std::string stop_reason_;
    std::string stop_sequence_;
    std::string stop_details_;  // raw JSON object, or empty
};

}  // namespace parley::claude
