// tap.hpp: watches a relayed reply without changing it: is it whole, did it fail, what did it cost.
#pragma once

#include <string_view>

#include "errors.hpp"
#include "parley/dialect.h"
#include "parley/sdk/json_top.hpp"
#include "parley/sdk/plugin.hpp"
#include "parley/sdk/sse.hpp"
#include "usage.hpp"

namespace parley::claude {

// It takes whole events only, so what the client has is never cut inside one.
class Tap {
public:
    explicit Tap(const parley_tap_open& open);

    // PARLEY_DECLINED for a whole message to who waits for a stream.
    parley_status feed(std::string_view bytes, bool eof, parley_tap& io);
    // The error event that ends a broken stream.
    void fail(const parley_error& error, sdk::Out& out);

private:
    enum class Form { stream, json, unknown, declined };

    void sniff(std::string_view bytes);
    void feed_json(std::string_view bytes, bool eof, parley_tap& io);
    void feed_stream(std::string_view bytes, bool eof, parley_tap& io);
    void on_event(const sdk::SseEvent& event, parley_tap& io);
    void read_message(sdk::JsonReader& r);
    void make(std::string_view container);
    void report(std::string_view said, parley_tap& io);

    Form form_ = Form::unknown;
    bool wants_stream_;
    bool says_stream_;
    sdk::SseSplitter splitter_;
    sdk::JsonTop top_;
    Counts counts_;
    Told told_;
    std::string made_;
    parley_str made_view_{};
};

}  // namespace parley::claude
