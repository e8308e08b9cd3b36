// encoder.hpp: canonical events become a reply for the client, a stream or whole.
#pragma once

#include <string>
#include <string_view>

#include "parley/dialect.h"
#include "parley/sdk/fold.hpp"
#include "parley/sdk/json.hpp"
#include "parley/sdk/plugin.hpp"

namespace parley::claude {

// What a client of this wire is given for a reply's id and for a call's. An upstream that tells no
// id still answers with messages that can be told apart.
std::string message_id(std::string_view id, const parley_request& request);
std::string tool_use_id(std::string_view id);

// How a seal travels: in the block of the reasoning itself, or in a block of its own.
enum class Carrier { none, signature, redacted };

Carrier carrier_of(uint64_t scheme, std::string_view family, bool has_text);

// {"type":"tool_use",…,"input":{}} as it starts, or with the arguments as an object.
std::string tool_use_block(std::string_view id,
                           std::string_view name,
                           std::string_view extra,
                           std::string_view input);
// Arguments as the object that this wire wants; of cut ones nothing is shown.
std::string input_object(std::string_view arguments, bool complete);
// The citation as this wire spells it; empty when it cannot.
std::string citation_json(std::string_view url, std::string_view title, std::string_view extra);
// The item's block in this wire's spelling; empty when the item is of another.
std::string item_block(std::string_view extra);
// {"stop_reason":…,"stop_sequence":…}, the latter null when there is none, without the braces.
void write_stop(sdk::JsonWriter& w,
                uint32_t finish,
                std::string_view stop_sequence,
                std::string_view extra);

// Writes a folded reply as one message.
void write_whole(const sdk::FoldedReply& reply, const parley_codec_open& open, std::string& json);

// Whether the client shall not see what the model thought.
bool hides_reasoning(const parley_request& request);

class Encoder {
public:
    explicit Encoder(const parley_codec_open& open);

    void encode(const parley_event& event, sdk::Out& out);
    bool shows(const parley_event& part) const;

private:
    void stream(const parley_event& event);
    void start(const parley_event& event);
    void start_part(const parley_event& event);
    void reasoning(const parley_event& event);
    void arguments(std::string_view fragment);
    void seal(const parley_event& event);
    void end_part(const parley_event& event);
    void finish(const parley_event& event);

    void event(std::string_view name, std::string_view json);
    void open_block(std::string_view block);
    void open_call();
    void close_block();
    // The text of a delta stands between these.
    void begin_delta(std::string_view type, std::string_view member);
    void end_delta();
    void delta(std::string_view type, std::string_view member, std::string_view text);

    parley_codec_open open_;
    bool hides_reasoning_;
    std::string bytes_;  // of this call
    std::string json_;
    sdk::Fold fold_;
    sdk::Usage usage_;

    // The open part.
    uint64_t blocks_ = 0;  // on the wire so far; the open one's index is one less
    bool block_open_ = false;
    bool is_custom_ = false;
    bool has_delta_ = false;
    uint64_t section_ = 0;
    std::string call_id_;  // of a call that has not been written yet
    std::string call_name_;
    std::string extra_;  // of a call or item
};

}  // namespace parley::claude
