// encoder.hpp: canonical events become replies.
#pragma once

#include <string>
#include <string_view>

#include "grounding.hpp"
#include "logprobs.hpp"
#include "parley/dialect.h"
#include "parley/sdk/plugin.hpp"
#include "parley/sdk/usage.hpp"

namespace parley::gemini {

class Encoder {
public:
    virtual ~Encoder() = default;
    Encoder(const Encoder&) = delete;
    Encoder& operator=(const Encoder&) = delete;

    virtual void encode(const parley_event& event, sdk::Out& out) = 0;

    // All but what another provider's servers did.
    static bool shows(const parley_event& part);

protected:
    Encoder() = default;
};

// A model's reply: a stream of events, a stream that is one array, or one object.
class ReplyEncoder final : public Encoder {
public:
    explicit ReplyEncoder(const parley_codec_open& open);

    void encode(const parley_event& event, sdk::Out& out) override;

private:
    enum class Form { events, array, whole };

    void start(const parley_event& e);
    void part_started(const parley_event& e);
    void seal(const parley_event& e, sdk::Out& out);
    void part_ended(const parley_event& e, sdk::Out& out);
    void text(std::string_view text, bool is_thought, sdk::Out& out);
    void reasoning(const parley_event& e, sdk::Out& out);
    void media(const parley_event& e, sdk::Out& out);
    void call(sdk::Out& out);
    void item(sdk::Out& out);
    void sign_empty_text(std::string_view signature, sdk::Out& out);
    void finish(const parley_event& e, sdk::Out& out);
    void fail(const parley_event& e, sdk::Out& out);
    void join_text();
    void write_logprobs();

    // A chunk is written from begin_part to end_part.
    std::string& begin_part();
    void end_part(sdk::Out& out);
    void begin_chunk();
    void end_chunk(sdk::Out& out);

    Form form_;
    std::string model_;
    std::string tail_;   // what every chunk ends with
    std::string chunk_;  // reused for each delta
    bool any_chunk_ = false;

    // Of the open part.
    uint32_t kind_ = 0;
    uint64_t section_ = 0;
    bool any_delta_ = false;
    bool is_custom_ = false;
    std::string part_id_;
    std::string part_name_;
    std::string arguments_;
    std::string raw_;
    std::string signature_;
    // Of reasoning, waiting for a part that clients send back.
    std::string carried_;

    // Of a whole reply: its parts, and the text that is not among them yet.
    std::string parts_;
    std::string joined_;
    bool joined_is_thought_ = false;

    Grounding grounding_;
    WrittenLogprobs logprobs_;
    sdk::Usage usage_;
};

// The answers to embedContent and batchEmbedContents.
class EmbedEncoder final : public Encoder {
public:
    explicit EmbedEncoder(const parley_codec_open& open);

    void encode(const parley_event& event, sdk::Out& out) override;

private:
    bool is_batch_;
    std::string bytes_;  // of the open part
    std::string vectors_;
    sdk::Usage usage_;
};

Encoder* make_encoder(const parley_codec_open& open);

}  // namespace parley::gemini
