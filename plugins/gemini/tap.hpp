// tap.hpp: watches a relayed reply without changing it: is it whole, did it fail, what did it cost.
#pragma once

#include <string_view>

#include "chunks.hpp"
#include "errors.hpp"
#include "parley/dialect.h"
#include "parley/sdk/json.hpp"
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

    void feed(std::string_view bytes, bool eof, parley_tap& io);
    // The error that ends a broken stream, in the stream's own form.
    void fail(const parley_error& error, sdk::Out& out);

private:
    enum class Form { stream, json, opaque };

    void feed_stream(std::string_view bytes, bool eof, parley_tap& io);
    void feed_json(std::string_view bytes, bool eof, parley_tap& io);
    void feed_opaque(std::string_view bytes, bool eof, parley_tap& io);
    void on_chunk(std::string_view json, parley_tap& io);
    void report(std::string_view json, parley_tap& io);

    Form form_;
    ChunkSplitter splitter_;
    sdk::JsonTop top_;
    UsageCounters usage_;
    Told told_;
    bool wants_array_ = false;
    bool any_chunk_ = false;
    bool has_reason_ = false;
};

}  // namespace parley::gemini
