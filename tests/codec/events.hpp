// events.hpp: canonical streams for tests: made by hand, by chance, and told in a few words.
#pragma once

#include <random>

#include "codec.hpp"
#include "parley/sdk/emitter.hpp"

namespace parley::codec {

using Events = std::vector<Event>;

// Builds a stream that keeps the grammar.
class Script {
public:
    Script& start(const std::string& id = "r1", uint64_t created_s = 1700000000) {
        auto e = sdk::make_event(PARLEY_EVENT_RESPONSE_STARTED);
        const std::string model = "m-up";
        e.text = str(id);
        e.name = str(model);
        e.a = created_s;
        return add(e);
    }

    Script& open(uint32_t kind, const std::string& extra = {}) {
        auto e = sdk::make_event(PARLEY_EVENT_PART_STARTED);
        e.extra = str(extra);
        kind_ = kind;
        return add_to_part(e);
    }

    Script& call(const std::string& id,
                 const std::string& name,
                 uint32_t tool_kind = PARLEY_TOOL_CALL_FUNCTION,
                 const std::string& extra = {}) {
        auto e = sdk::make_event(PARLEY_EVENT_PART_STARTED);
        e.text = str(id);
        e.name = str(name);
        e.a = tool_kind;
        e.extra = str(extra);
        kind_ = PARLEY_PART_TOOL_CALL;
        return add_to_part(e);
    }

    Script& text(const std::string& text, const std::string& extra = {}) {
        auto e = sdk::make_event(PARLEY_EVENT_TEXT_DELTA);
        e.text = str(text);
        e.extra = str(extra);
        return add_to_part(e);
    }

    Script& think(const std::string& text, uint64_t section = 0, bool summary = true) {
        auto e = sdk::make_event(PARLEY_EVENT_REASONING_DELTA);
        e.text = str(text);
        e.a = section;
        if (summary) e.flags = PARLEY_EVENT_SUMMARY;
        return add_to_part(e);
    }

    Script& args(const std::string& fragment) {
        auto e = sdk::make_event(PARLEY_EVENT_TOOL_ARGS_DELTA);
        e.text = str(fragment);
        return add_to_part(e);
    }

    Script& seal(const std::string& family, const std::string& data, uint32_t scheme) {
        auto e = sdk::make_event(PARLEY_EVENT_SEAL);
        e.name = str(family);
        e.text = str(data);
        e.a = scheme;
        return add_to_part(e);
    }

    Script& cite(const std::string& url, const std::string& title, uint64_t from, uint64_t to) {
        auto e = sdk::make_event(PARLEY_EVENT_CITATION);
        e.text = str(url);
        e.name = str(title);
        e.a = from;
        e.b = to;
        if (to > from) e.flags = PARLEY_EVENT_SPAN_CODEPOINTS;
        return add_to_part(e);
    }

    // What a provider's own servers did.
    Script& item(const std::string& id, const std::string& tool, const std::string& extra) {
        auto e = sdk::make_event(PARLEY_EVENT_PART_STARTED);
        e.text = str(id);
        e.name = str(tool);
        e.extra = str(extra);
        kind_ = PARLEY_PART_SERVER_ITEM;
        return add_to_part(e);
    }

    // A part of one delta.
    Script& media(uint32_t kind, const std::string& mime, const std::string& base64) {
        auto e = sdk::make_event(PARLEY_EVENT_PART_STARTED);
        e.name = str(mime);
        kind_ = kind;
        add_to_part(e);
        e = sdk::make_event(PARLEY_EVENT_MEDIA_DELTA);
        e.name = str(mime);
        e.text = str(base64);
        return add_to_part(e);
    }

    Script& end(bool complete = true) {
        auto e = sdk::make_event(PARLEY_EVENT_PART_ENDED);
        if (complete) e.flags = PARLEY_EVENT_COMPLETE;
        add_to_part(e);
        ++part_;
        return *this;
    }

    // All counters known.
    Script& usage(
        uint64_t in, uint64_t out, uint64_t read = 0, uint64_t wrote = 0, uint64_t thought = 0) {
        sdk::Usage u;
        u.known = 31;
        u.input_cache_read = read;
        u.input_cache_write = wrote;
        u.output_reasoning = thought;
        const std::string extra = sdk::usage_extra(u);
        auto e = sdk::make_event(PARLEY_EVENT_USAGE);
        e.kind = u.known;
        e.a = in;
        e.b = out;
        e.extra = str(extra);
        return add(e);
    }

    Script& finish(uint32_t kind, const std::string& stop = {}) {
        auto e = sdk::make_event(PARLEY_EVENT_FINISH);
        e.kind = kind;
        e.text = str(stop);
        return add(e);
    }

    Script& fail(int32_t error_class, const std::string& message, const std::string& code = {}) {
        auto e = sdk::make_event(PARLEY_EVENT_ERROR);
        e.kind = static_cast<uint32_t>(error_class);
        e.text = str(message);
        e.name = str(code);
        return add(e);
    }

    // Something that only `dialect` knows.
    Script& raw(const std::string& dialect, const std::string& name, const std::string& json) {
        auto e = sdk::make_event(PARLEY_EVENT_RAW);
        e.name = str(dialect);
        e.text = str(name);
        e.extra = str(json);
        return add(e);
    }

    Script& ping() { return add(sdk::make_event(PARLEY_EVENT_PING)); }

    operator Events() const { return events_; }  // NOLINT: a script is read as its events

    const Events& events() const { return events_; }

private:
    Script& add(const parley_event& e) {
        events_.emplace_back(e);
        return *this;
    }

    Script& add_to_part(parley_event e) {
        e.part = part_;
        e.kind = kind_;
        return add(e);
    }

    Events events_;
    uint32_t part_ = 0;
    uint32_t kind_ = 0;
};

// A reply in a few words, one line a part, without ids: what every dialect has to keep.
//   text Hello | reasoning Think.\n\nThen. | call get_weather {"city":"Oslo"} | ... | finish 3
// `usage` adds the counters that all dialects have.
std::string told(const Events& events, bool usage = true);

// Text of all planes, quotes, controls and emptiness.
std::string any_text(std::mt19937& random, std::size_t size_max);
// A word of the grammar that ends well, as far as all dialects can carry it.
Events any_reply(std::mt19937& random);

}  // namespace parley::codec
