// tap.hpp: watches a relayed reply: is it whole, did it fail, what did it cost. Of Code Assist's it
// cuts the envelopes, and changes nothing else.
#pragma once

#include <string_view>
#include <vector>

#include "assist.hpp"
#include "chunks.hpp"
#include "errors.hpp"
#include "parley/dialect.h"
#include "parley/sdk/json_top.hpp"
#include "parley/sdk/plugin.hpp"
#include "usage.hpp"

namespace parley::gemini {

// A stream is complete when it ends in order after a finishReason or a blockReason; an array must
// be closed, too. It takes whole chunks only, so what the client has is never cut inside one.
class Tap {
public:
    explicit Tap(const parley_tap_open& open);
    Tap(const Tap&) = delete;
    Tap& operator=(const Tap&) = delete;

    // PARLEY_DECLINED for JSON to who waits for events, and for one object to who waits for an
    // array.
    parley_status feed(std::string_view bytes, bool eof, parley_tap& io);
    // The error that ends a broken stream, in the stream's own form.
    void fail(const parley_error& error, sdk::Out& out);

private:
    enum class Form { stream, json, opaque };

    bool is_of_another_form(std::string_view bytes) const;
    void feed_stream(std::string_view bytes, bool eof, parley_tap& io);
    void feed_json(std::string_view bytes, bool eof, parley_tap& io);
    void read_json(std::string_view bytes, bool eof, parley_tap& io);
    void cut_around(std::string_view inside,
                    std::string_view outer,
                    std::string_view bytes,
                    parley_tap& io);
    void feed_opaque(std::string_view bytes, bool eof, parley_tap& io);
    void on_chunk(std::string_view json, parley_tap& io);
    void report(std::string_view json, parley_tap& io);

    Form form_;
    Wrapping wrapping_ = Wrapping::unknown;  // of a reply of one piece
    std::vector<parley_span> cuts_;
    ChunkSplitter splitter_;
    sdk::JsonTop top_;
    UsageCounters usage_;
    Told told_;
    bool wants_array_ = false;
    bool has_begun_ = false;
    bool any_chunk_ = false;
    bool has_reason_ = false;
};

}  // namespace parley::gemini
