// reply.hpp: a model's reply, part by part.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "decoder.hpp"
#include "parley/sdk/logprobs.hpp"
#include "parley/sdk/stop_cutter.hpp"
#include "parley/sdk/tool_names.hpp"
#include "partial_args.hpp"

namespace parley::gemini {

class ReplyDecoder final : public Decoder {
public:
    explicit ReplyDecoder(const parley_codec_open& open);

private:
    // A part as the wire has it; views into the chunk.
    struct WirePart {
        sdk::JsonString text;
        sdk::JsonString signature;
        std::string_view call;
        std::string_view media;
        std::string_view item;  // the substance of what a tool of the provider did
        std::string_view item_kind;
        bool is_thought = false;
    };

    // A call waits until another part starts: what repeats it replaces it.
    struct Call {
        std::string id;
        std::string name;
        std::string args;
        std::string signature;
        PartialArgs partial;
        bool is_partial = false;
        bool goes_on = false;
    };

    void on_chunk(const Chunk& chunk) override;
    bool on_end() override;

    void candidate(sdk::JsonReader& r);
    void content(std::string_view json);
    void part(std::string_view json);
    void text(const WirePart& p);
    void call(const WirePart& p);
    void flush_call();
    void media(const WirePart& p);
    void item(std::string_view json, const WirePart& p);
    void feedback(std::string_view json);

    // Opens the next part after closing the open one.
    uint64_t next(uint32_t kind);
    void close();
    void say_text(std::string_view text);
    void flush_text();
    std::string unique_id(const Call& call);
    std::string_view plain(const sdk::JsonString& s);

    sdk::ToolNames names_;
    sdk::StopCutter cutter_;
    bool is_stream_;
    uint64_t key_ = 0;  // of the open part, or of the last one
    uint64_t next_ = 0;
    uint32_t kind_ = 0;  // of the open part; 0: none is open
    bool is_sealed_ = false;
    std::string mime_;
    sdk::LogprobList logprobs_;  // of text that is to come
    bool has_call_ = false;
    bool has_whole_call_ = false;
    Call call_;
    std::vector<std::string> ids_;
    bool had_candidate_ = false;
    std::string finish_;
    std::string finish_extra_;
    uint32_t finish_kind_ = 0;
    std::string text_;  // reused for each delta
};

}  // namespace parley::gemini
