// pipeline/crossing.hpp: one exchange between a client and an upstream of different dialects, or of
// one dialect that the upstream wants to hear from us.
//
// The request crosses once, before it is sent; the reply crosses event by event, as it arrives.
// [loop]
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "base/arena.hpp"
#include "base/bytes.hpp"
#include "base/error.hpp"
#include "config/limits.hpp"
#include "parley/dialect.h"
#include "parley/sdk/usage.hpp"
#include "pipeline/filtering.hpp"
#include "pipeline/losses.hpp"
#include "pipeline/restored.hpp"
#include "plugins/codec.hpp"

namespace parley::pipeline {

// What a strict route makes of a warning.
base::Error refusal_of_loss(const parley_warning& lost);

class Crossing final : private plugins::EventSink, private Filtering::Outlet {
public:
    // Everything must outlive the crossing, but for the carriage.
    Crossing(const plugins::Dialect& client,
             const plugins::Dialect& upstream,
             const parley_call& call,
             base::Arena& arena,
             const Carriage& carriage,
             const config::Limits& limits);
    ~Crossing() = default;

    // ---- the request ----

    // Where a request goes, and what becomes of it that the way there cannot carry.
    struct Terms {
        std::string_view model;   // the upstream's name
        std::string_view traits;  // of the model
        bool strict = false;      // what would be warned of is refused
        bool lenient = false;     // what would be refused is warned of, where that is safe
        // What it becomes in place of the client's; null: that.
        const parley_request* request = nullptr;
        bool may_relay = false;  // what the filters leave as it is need not be translated
    };

    // What the request passes on its way, and its reply. Before translate().
    void pass_through(Filtering& filtering) { filtering_ = &filtering; }

    // Client's bytes to the canonical form, and that to the upstream's. Texts stay in the arena.
    base::Result<void> translate(const Terms& terms);

    // The same for a request that went as it was: the reply alone crosses, from whole to stream.
    base::Result<void> read(std::string_view model);

    // What the filters made of the request. Unless it goes on, it was not translated.
    const Ruling& ruling() const { return ruling_; }

    // The filters have read the request, and it may go as it came.
    bool is_relayed() const { return is_relayed_; }

    const plugins::EncodedRequest& encoded() const { return encoded_; }

    // The traits that would have been right, by what the upstream said of the request: a JSON
    // object; empty when it is for the client to hear.
    std::string correct_traits(const base::Error& told) const {
        return plugins::correct_traits(upstream_, *request_, target_, told, arena_);
    }

    // What has not survived so far, of the reply and of the request.
    Losses losses() const;

    // The client's stream is one JSON array instead of server-sent events.
    bool streams_array() const { return (request_->flags & PARLEY_REQUEST_STREAM_ARRAY) != 0; }

    // ---- the reply ----

    // Before anything is written for the client. `client_model` must outlive the crossing.
    base::Result<void> speak(bool client_streams, std::string_view client_model);
    // Before the first bytes of the upstream. `head` must outlive the crossing.
    base::Result<void> listen(const parley_http_reply_head& head, bool upstream_streams);

    // What the reply has come to. Numbered like a tap's states.
    enum class State : std::uint32_t {
        silent = PARLEY_TAP_OPEN,        // nothing that a client would see
        content = PARLEY_TAP_CONTENT,    // out() may go to the client
        finished = PARLEY_TAP_COMPLETE,  // out() holds the end
        failed = PARLEY_TAP_FAILED,      // error() says why
    };

    // The upstream's next bytes. A failure is the plugin's, or an upstream's garbage.
    base::Result<void> feed(std::string_view bytes, bool eof);

    State state() const { return state_; }

    // The reply ended before the upstream's did.
    bool is_cut_short() const { return state_ == State::finished && !grammar().ended(); }

    // In place of an upstream's reply: what a filter responds.
    base::Result<void> respond() { return filtering_->respond(ruling_, *this); }

    // What has been written for the client and not been taken yet.
    base::Bytes& out() { return out_; }

    const base::Error& error() const { return error_; }

    const parley_usage& usage() const { return usage_; }

    // PARLEY_FINISH_*; 0: it has not finished.
    unsigned finish() const { return finish_; }

    // The stream breaks here: the client's own error event joins out().
    void break_off(const base::Error& error);
    // The client's keep-alive in out().
    void ping();

    // The answer to a count of tokens: the upstream's, or a guess when it cannot count.
    base::Result<plugins::Composed> count() const;

    // The upstream's dialect, or its provider, has no way to count: no request is made.
    bool must_guess() const { return must_guess_; }

    // What kept the request from being planned; true: it is a count, and a guess will do, which a
    // strict route does not take.
    bool guesses_after(const base::Error& refusal);

private:
    base::Result<void> refuse_losses() const;
    base::Result<void> filter(const Terms& terms);
    parley_status take(const parley_event& event) override;
    parley_status pass(const parley_event& event) override;
    bool write(const parley_event& event);
    void lose(std::string_view code, std::string_view field);
    Seal seal_of(const parley_event& event) const;
    bool write_seal(const parley_event& event);
    void remember(const parley_event& event);
    void fail(const parley_event& event);

    const plugins::Dialect& client_;
    const plugins::Dialect& upstream_;
    const parley_call& call_;
    base::Arena& arena_;
    const Carriage carriage_;
    std::vector<Stashed> thoughts_;   // since the last call
    std::string call_id_;             // of the open part; empty: it is no call
    Filtering* filtering_ = nullptr;  // null: no filter wants to see anything
    Ruling ruling_;
    const parley_request* request_ = nullptr;
    parley_target target_ = plugins::sized<parley_target>();
    parley_codec_open decoder_open_ = plugins::sized<parley_codec_open>();
    parley_codec_open encoder_open_ = plugins::sized<parley_codec_open>();
    plugins::EncodedRequest encoded_;
    Losses lost_;  // of the reply
    plugins::Decoder decoder_;
    plugins::Encoder encoder_;
    base::Bytes out_;
    plugins::Outlet outlet_;
    State state_ = State::silent;
    unsigned finish_ = 0;
    bool must_guess_ = false;
    bool is_strict_ = false;
    bool is_relayed_ = false;
    bool is_of_reply_ = false;  // the request went as it was
    base::Error error_;
    base::Error fault_;  // of the encoder; its message is empty when there is none
    sdk::Usage usage_;
};

}  // namespace parley::pipeline
