// tap.hpp: watches a relayed reply without changing it: is it whole, did it fail, what did it cost.
#pragma once

#include <memory>
#include <string_view>
#include <vector>

#include "errors.hpp"
#include "owned.hpp"
#include "parley/dialect.h"
#include "parley/sdk/json_top.hpp"
#include "parley/sdk/plugin.hpp"
#include "parley/sdk/sse.hpp"

namespace parley::openai {

// Bodies that are not streams, and the part of streams that both dialects share. It takes whole
// events only, so what the client has is never cut inside one.
class Tap {
public:
    explicit Tap(const parley_tap_open& open);
    virtual ~Tap() = default;
    Tap(const Tap&) = delete;
    Tap& operator=(const Tap&) = delete;

    // PARLEY_DECLINED for a whole answer of a model to who waits for a stream.
    parley_status feed(std::string_view bytes, bool eof, parley_tap& io);
    // The error event that ends a broken stream.
    void fail(const parley_error& error, sdk::Out& out);

protected:
    // One event with data, before any that ended the reply. True: the client did not ask for it,
    // cut it.
    virtual bool on_event(const sdk::SseEvent& event, parley_tap& io) = 0;
    // Whether a stream that ended in order, without its terminal event, may count as complete.
    virtual bool complete_at_end() const = 0;
    virtual void write_failure(const parley_error& error, sdk::Out& out);

    // Reports what an error says, an object or a string; it may be empty.
    void report(std::string_view said, parley_tap& io);
    // Whether the value of a member "error" says that there is one.
    static bool is_error(std::string_view value);
    [[noreturn]] static void garbage(const char* what);

    // Whether replies make what only their account knows.
    virtual bool makes_owned() const { return false; }

    // Something of the kind; `raw` may stand in quotes.
    void make(std::string_view raw);

    bool usage_added() const { return usage_added_; }

private:
    enum class Form { stream, json, opaque, unknown, declined };

    void sniff(std::string_view bytes);
    void feed_json(std::string_view bytes, bool eof, parley_tap& io);
    void tell_made(parley_tap& io);
    void feed_opaque(std::string_view bytes, bool eof, parley_tap& io);
    void feed_stream(std::string_view bytes, bool eof, parley_tap& io);

    Form form_;
    bool model_answers_;
    bool usage_added_;
    bool wants_stream_;
    bool says_stream_ = false;
    sdk::SseSplitter splitter_;
    sdk::JsonTop top_;
    sdk::TextFinder sealed_{kEncryptedKey};  // in a reply of one piece
    std::vector<parley_span> cuts_;
    std::vector<std::string> made_;
    std::vector<parley_str> made_views_;
    Told told_;
};

std::unique_ptr<Tap> make_chat_tap(const parley_tap_open& open);
std::unique_ptr<Tap> make_responses_tap(const parley_tap_open& open);
// Streams of the other routes: pictures, speech, transcripts.
std::unique_ptr<Tap> make_event_tap(const parley_tap_open& open);

}  // namespace parley::openai
