// reply_in.hpp: an upstream's reply becomes canonical events: what both dialects have in common.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "errors.hpp"
#include "parley/dialect.h"
#include "parley/sdk/custom_tool.hpp"
#include "parley/sdk/emitter.hpp"
#include "parley/sdk/json.hpp"
#include "parley/sdk/logprobs.hpp"
#include "parley/sdk/sse.hpp"
#include "parley/sdk/stop_cutter.hpp"
#include "parley/sdk/tool_names.hpp"

namespace parley::openai {

// Chat Completions; Responses has name spaces as well.
inline constexpr sdk::NameRules kChatNames{};
inline constexpr sdk::NameRules kResponsesNames{.has_name_spaces = true};

// How many stop sequences a request can name; Responses has no place for any.
inline constexpr std::size_t kChatStopsMax = 4;

// One reply, a stream or a body, whatever was announced: some servers answer in the other form.
class Decoder {
public:
    virtual ~Decoder() = default;
    Decoder(const Decoder&) = delete;
    Decoder& operator=(const Decoder&) = delete;

    void decode(std::string_view bytes, bool eof, const parley_sink& sink);

protected:
    Decoder(const parley_codec_open& open, sdk::Emitter::Ends ends, std::size_t stops_taken)
        : emit_(ends), cutter_(*open.request, stops_taken) {}

    // An event with data.
    virtual void on_event(const sdk::SseEvent& event) = 0;
    // The whole reply.
    virtual void on_body(std::string_view json) = 0;

    // A stream ended without its terminal event. What is not finished here was cut.
    virtual void on_end() {}

    // Text of a part, as far as the client's stop sequences let it through.
    void text(uint64_t key, std::string_view text, std::string_view extra = {});
    // No text comes before something else.
    void settle_text();

    // The upstream says that it failed: an object or a string, which may be empty.
    void report(std::string_view said);
    // It broke the dialect's rules.
    void garbage(std::string_view what);

    // What a string stands for; valid until the next call.
    std::string_view plain(const sdk::JsonString& s);

    sdk::Emitter emit_;

private:
    enum class Form { unknown, stream, body };

    void sniff(std::string_view bytes);
    void read_stream(std::string_view bytes, bool eof);

    sdk::StopCutter cutter_;
    sdk::LogprobList logprobs_;  // of text that the cutter holds
    uint64_t cut_key_ = 0;
    Form form_ = Form::unknown;
    sdk::SseSplitter splitter_;
    std::string carried_;  // bytes of an event or body that is not whole
    std::string scratch_;
};

// What stands in for a custom tool's free text, or is it, on its way into a call's part.
class CallArguments {
public:
    CallArguments(uint64_t key, bool unwraps) : key_(key), unwraps_(unwraps) {}

    void feed(sdk::Emitter& emit, std::string_view fragment) {
        size_ += fragment.size();
        json_.feed(fragment);
        if (!unwraps_) {
            emit.arguments(key_, fragment);
            return;
        }
        input_.feed(fragment, [&](std::string_view text) { emit.arguments(key_, text); });
    }

    // All of it is there.
    void end(sdk::Emitter& emit, bool complete = true) {
        if (unwraps_ && complete) {
            input_.end([&](std::string_view text) { emit.arguments(key_, text); });
        }
        emit.end(key_, complete);
    }

    bool unwraps() const { return unwraps_; }

    // As the upstream writes it: is it a JSON value, and how long has it become.
    bool is_whole() const { return json_.is_whole(); }

    std::size_t size() const { return size_; }

private:
    uint64_t key_;
    bool unwraps_;
    std::size_t size_ = 0;
    sdk::JsonEnd json_;
    sdk::CustomInput input_;
};

// Whether the value of a member "error" says that there is one.
bool says_error(std::string_view value);

std::unique_ptr<Decoder> make_chat_decoder(const parley_codec_open& open);
std::unique_ptr<Decoder> make_responses_decoder(const parley_codec_open& open);
// Answers that are one small body: vectors and counts of tokens.
std::unique_ptr<Decoder> make_embeddings_decoder(const parley_codec_open& open);
std::unique_ptr<Decoder> make_count_decoder(const parley_codec_open& open);

}  // namespace parley::openai
