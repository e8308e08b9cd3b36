// plugins/codec.hpp: between two dialects: canonical requests and events through the border.
#pragma once

#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/arena.hpp"
#include "base/bytes.hpp"
#include "base/error.hpp"
#include "parley/sdk/grammar.hpp"
#include "plugins/border.hpp"

namespace parley::plugins {

// Bytes that a dialect wrote, between slices that it borrowed from where they stood.
class Rope {
public:
    explicit Rope(std::size_t bytes_max);
    Rope(const Rope&) = delete;
    Rope& operator=(const Rope&) = delete;

    const parley_out* border() const { return &out_; }

    std::size_t size() const { return size_; }

    // Calls `each(std::string_view)` for the pieces in their order.
    template <class Each>
    void for_each(Each each) const {
        for (const Piece& piece : pieces_) {
            each(piece.borrowed != nullptr ? std::string_view(piece.borrowed, piece.size)
                                           : own_.view().substr(piece.at, piece.size));
        }
    }

private:
    struct Piece {
        const char* borrowed;  // null: own_ from `at` on
        std::size_t at;
        std::size_t size;
    };

    bool has_room(std::size_t size);

    base::Bytes own_;
    std::vector<Piece> pieces_;
    std::size_t size_ = 0;
    std::size_t bytes_max_;
    parley_out out_;
};

// A request in the upstream's dialect. Text lives in the arena that it was encoded with.
struct EncodedRequest {
    explicit EncodedRequest(std::size_t bytes_max) : body(bytes_max) {}

    parley_encoded_request head = sized<parley_encoded_request>();
    Rope body;
};

base::Result<const parley_request*> decode_request(const Dialect& dialect,
                                                   const parley_call& call,
                                                   base::Arena& arena);
base::Result<void> encode_request(const Dialect& dialect,
                                  const parley_request& request,
                                  const parley_target& target,
                                  base::Arena& arena,
                                  EncodedRequest& out);
// What would have been right in target.traits, by an upstream's refusal of the request: a JSON
// object; empty when the refusal is the client's to hear.
std::string correct_traits(const Dialect& dialect,
                           const parley_request& request,
                           const parley_target& target,
                           const base::Error& told,
                           base::Arena& arena);
// The client's reply to a count of tokens.
base::Result<Composed> encode_count(const Dialect& dialect,
                                    const parley_call& call,
                                    std::uint64_t input_tokens,
                                    base::Arena& arena);

// Whether a client, or an upstream, of this dialect can be translated for.
bool translates_clients(const Dialect& dialect);
bool translates_upstreams(const Dialect& dialect);

// Where a decoder's events go, in the order that the grammar allows.
class EventSink {
public:
    explicit EventSink(base::Arena& arena);
    EventSink(const EventSink&) = delete;
    EventSink& operator=(const EventSink&) = delete;

    const parley_sink* border() const { return &sink_; }

    // Checks an event and passes it on.
    parley_status emit(const parley_event& event);

    // What the plugin did wrong; null if nothing.
    const char* breach() const { return breach_; }

    const sdk::GrammarChecker& grammar() const { return grammar_; }

protected:
    ~EventSink() = default;
    // Takes an event that may stand where it does.
    virtual parley_status take(const parley_event& event) = 0;

private:
    base::Arena& arena_;
    sdk::GrammarChecker grammar_;
    const char* breach_ = nullptr;
    parley_sink sink_ = sized<parley_sink>();
};

// Reads an upstream's reply.
class Decoder {
public:
    Decoder() = default;
    Decoder(const Decoder&) = delete;
    Decoder& operator=(const Decoder&) = delete;
    ~Decoder();

    base::Result<void> open(const Dialect& dialect, const parley_codec_open& open);
    base::Result<void> decode(std::string_view bytes,
                              bool eof,
                              const EventSink& sink,
                              base::Arena& arena);

private:
    const Dialect* dialect_ = nullptr;
    parley_session* session_ = nullptr;
};

// Writes a client's reply.
class Encoder {
public:
    Encoder() = default;
    Encoder(const Encoder&) = delete;
    Encoder& operator=(const Encoder&) = delete;
    ~Encoder();

    bool is_open() const { return session_ != nullptr; }

    base::Result<void> open(const Dialect& dialect, const parley_codec_open& open);
    base::Result<void> encode(const parley_event& event, const Outlet& out, base::Arena& arena);

    // The dialect has no room for what the last event began.
    bool has_declined() const { return has_declined_; }

private:
    bool has_declined_ = false;
    const Dialect* dialect_ = nullptr;
    parley_session* session_ = nullptr;
};

}  // namespace parley::plugins
