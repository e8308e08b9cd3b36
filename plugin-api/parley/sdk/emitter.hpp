// parley/sdk/emitter.hpp: what a decoder says, put into the order that parley/event.h demands.
//
// A decoder tells what it reads in its upstream's order, naming parts by keys of its own (the
// wire's index of a block or item). The emitter opens and closes parts, lets one stream at a time
// while the others wait, and settles usage and finish at the end. It allocates nothing for a delta
// of the part that is open.
//
//   emitter.bind(sink);                    // at each decode call
//   emitter.start({...});
//   emitter.text(0, "Hel");  emitter.text(0, "lo");
//   emitter.call(1, {...});  emitter.arguments(1, "{}");
//   emitter.finish(PARLEY_FINISH_STOP);
#pragma once

#include <algorithm>
#include <list>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "parley/event.h"
#include "parley/sdk/nesting.hpp"
#include "parley/sdk/plugin.hpp"
#include "parley/sdk/usage.hpp"

namespace parley::sdk {

// A cleared event of a type.
inline parley_event make_event(uint16_t type) {
    parley_event e{};
    e.struct_size = sizeof(e);
    e.type = type;
    return e;
}

// Watches JSON that arrives in pieces for the end of its first value.
class JsonEnd {
public:
    void feed(std::string_view bytes) {
        const char* p = bytes.data();
        const char* end = p + bytes.size();
        while (p != end) {
            if (at_.depth == 0 && !at_.in_string) {
                const char c = *p++;
                if (c == ' ' || c == '\n' || c == '\r' || c == '\t') continue;
                begun_ = true;
                if (c == '"') at_.in_string = true;
                if (c == '{' || c == '[') at_.depth = 1;
            } else if (at_.depth == 0) {
                const char c = *p++;
                if (at_.escaping) {
                    at_.escaping = false;
                } else if (c == '\\') {
                    at_.escaping = true;
                } else if (c == '"') {
                    at_.in_string = false;
                }
            } else {
                p = pass_nested(p, end, 0, at_);
            }
        }
    }

    // A value has begun and nothing of it is open. A number may still go on.
    bool is_whole() const { return begun_ && at_.depth == 0 && !at_.in_string; }

private:
    JsonNesting at_;
    bool begun_ = false;
};

class Emitter {
public:
    // When a part is over: `marked` dialects say so for each part; in `implied` ones the start of
    // another part says it, provided that the arguments of an open call are whole.
    enum class Ends { marked, implied };

    explicit Emitter(Ends ends) : ends_(ends) {}

    // Where events of this decode call go.
    void bind(const parley_sink* sink) { sink_ = sink; }

    // The client is gone; what is emitted now is wasted.
    bool closed() const { return closed_; }

    bool started() const { return started_; }

    // The terminal event is out; whatever comes now is dropped.
    bool ended() const { return ended_; }

    struct Start {
        std::string_view id;
        std::string_view model;
        uint64_t created_s = 0;
        std::string_view extra = {};
    };

    void start(const Start& s) {
        if (started_ || ended_) return;
        started_ = true;
        parley_event e = make_event(PARLEY_EVENT_RESPONSE_STARTED);
        e.text = str(s.id);
        e.name = str(s.model);
        e.a = s.created_s;
        e.extra = str(s.extra);
        send(e);
    }

    // ---- parts ----

    struct Call {
        std::string_view id;
        std::string_view name;
        uint32_t kind = PARLEY_TOOL_CALL_FUNCTION;
        std::string_view extra = {};
    };

    struct Item {
        std::string_view id;
        std::string_view tool;
        std::string_view extra = {};
    };

    // Opens a part before its first delta; needed where a delta cannot say all of it.
    void open(uint64_t key, uint32_t kind, std::string_view extra = {}) {
        parley_event e = make_event(PARLEY_EVENT_PART_STARTED);
        e.kind = kind;
        e.extra = str(extra);
        begin(key, e);
    }

    void call(uint64_t key, const Call& call) {
        parley_event e = make_event(PARLEY_EVENT_PART_STARTED);
        e.kind = PARLEY_PART_TOOL_CALL;
        e.text = str(call.id);
        e.name = str(call.name);
        e.a = call.kind;
        e.extra = str(call.extra);
        begin(key, e);
    }

    void item(uint64_t key, const Item& item) {
        parley_event e = make_event(PARLEY_EVENT_PART_STARTED);
        e.kind = PARLEY_PART_SERVER_ITEM;
        e.text = str(item.id);
        e.name = str(item.tool);
        e.extra = str(item.extra);
        begin(key, e);
    }

    void media(uint64_t key, uint32_t kind, std::string_view mime) {
        parley_event e = make_event(PARLEY_EVENT_PART_STARTED);
        e.kind = kind;
        e.name = str(mime);
        begin(key, e);
    }

    bool has(uint64_t key) const { return find(key) != nullptr; }

    // ---- deltas: a part that was not opened opens with its first ----

    void text(uint64_t key, std::string_view text, std::string_view extra = {}) {
        text_like(key, PARLEY_PART_TEXT, text, extra);
    }

    void refusal(uint64_t key, std::string_view text, std::string_view extra = {}) {
        text_like(key, PARLEY_PART_REFUSAL, text, extra);
    }

    void reasoning(uint64_t key, std::string_view text, bool summary, uint64_t section = 0) {
        if (text.empty()) return;
        if (!has(key)) open(key, PARLEY_PART_REASONING);
        parley_event e = make_event(PARLEY_EVENT_REASONING_DELTA);
        e.text = str(text);
        e.a = section;
        if (summary) e.flags = PARLEY_EVENT_SUMMARY;
        say(key, e);
    }

    void arguments(uint64_t key, std::string_view fragment) {
        if (fragment.empty()) return;
        parley_event e = make_event(PARLEY_EVENT_TOOL_ARGS_DELTA);
        e.text = str(fragment);
        say(key, e);
    }

    void media_delta(uint64_t key, std::string_view mime, std::string_view base64) {
        parley_event e = make_event(PARLEY_EVENT_MEDIA_DELTA);
        e.text = str(base64);
        e.name = str(mime);
        say(key, e);
    }

    void seal(uint64_t key,
              uint32_t scheme,
              std::string_view family,
              std::string_view data,
              std::string_view extra = {}) {
        if (data.empty()) return;
        parley_event e = make_event(PARLEY_EVENT_SEAL);
        e.a = scheme;
        e.name = str(family);
        e.text = str(data);
        e.extra = str(extra);
        say(key, e);
    }

    // CITATION and SERVER_UPDATE, their own fields set.
    void say(uint64_t key, parley_event e) {
        Part* part = find(key);
        if (part == nullptr || part->ended || ended_) return;
        if (part->kind == PARLEY_PART_TOOL_CALL && e.type == PARLEY_EVENT_TOOL_ARGS_DELTA) {
            part->arguments.feed(view(e.text));
        }
        e.kind = part->kind;
        if (part == &parts_.front()) {
            e.part = next_part_;
            send(e);
        } else {
            part->waiting.emplace_back(e);
        }
    }

    // The upstream says that a part is over.
    void end(uint64_t key, bool complete = true) {
        Part* part = find(key);
        if (part == nullptr || part->ended) return;
        part->ended = true;
        part->complete = complete;
        close_ended();
    }

    // The upstream says that whatever is open is over.
    void end_all(bool complete = true) {
        for (Part& part : parts_) {
            if (part.ended) continue;
            part.ended = true;
            part.complete = complete;
        }
        close_ended();
    }

    // ---- the rest ----

    // Counters so far; told to the client with the end, and kept until then.
    void usage(const Usage& so_far) { merge_usage(usage_, so_far); }

    const Usage& usage() const { return usage_; }

    void ping() {
        if (!ended_) send(make_event(PARLEY_EVENT_PING));
    }

    void warn(std::string_view code, std::string_view field = {}) {
        if (!started_ || ended_) return;
        parley_event e = make_event(PARLEY_EVENT_WARNING);
        e.name = str(code);
        e.text = str(field);
        send(e);
    }

    struct Finish {
        uint32_t kind = PARLEY_FINISH_STOP;
        std::string_view stop_sequence = {};
        std::string_view name = {};
        std::string_view extra = {};
    };

    // The reply ended as meant. Parts that are still open end with it: whole, unless a limit or a
    // filter cut them.
    void finish(const Finish& f) {
        if (ended_ || !started_) return;
        const bool was_cut = f.kind == PARLEY_FINISH_LENGTH ||
                             f.kind == PARLEY_FINISH_CONTEXT_LENGTH ||
                             f.kind == PARLEY_FINISH_CONTENT_FILTER;
        for (Part& part : parts_) {
            if (part.ended) continue;
            part.ended = true;
            const bool call = part.kind == PARLEY_PART_TOOL_CALL;
            part.complete = !was_cut || (call && part.arguments.is_whole());
        }
        close_ended();
        parley_event usage = make_event(PARLEY_EVENT_USAGE);
        const std::string extra = usage_extra(usage_);
        usage.kind = usage_.known;
        usage.a = usage_.input_total;
        usage.b = usage_.output_total;
        usage.extra = str(extra);
        send(usage);
        parley_event e = make_event(PARLEY_EVENT_FINISH);
        e.kind = f.kind;
        if (f.kind == PARLEY_FINISH_STOP && called_) e.kind = PARLEY_FINISH_TOOL_CALLS;
        if (f.kind == PARLEY_FINISH_TOOL_CALLS && !called_) e.kind = PARLEY_FINISH_STOP;
        e.text = str(f.stop_sequence);
        e.name = str(f.name);
        e.extra = str(f.extra);
        send(e);
        ended_ = true;
    }

    // The reply failed. What is open stays open.
    void fail(const parley_error& error) {
        if (ended_) return;
        std::string extra;
        JsonWriter w(extra);
        w.begin_object();
        if (error.fault != 0) w.key("fault").number(error.fault);
        if (error.scope != 0) w.key("scope").number(error.scope);
        if (error.advice != 0) w.key("advice").number(error.advice);
        if (error.param.len != 0) w.key("param").string(view(error.param));
        w.end_object();
        parley_event e = make_event(PARLEY_EVENT_ERROR);
        e.kind = static_cast<uint32_t>(error.error_class);
        e.text = error.message;
        e.name = error.code;
        e.a = error.retry_after_ms;
        e.b = error.http_status;
        if (extra.size() > 2) e.extra = str(extra);
        send(e);
        ended_ = true;
    }

    void fail(int32_t error_class, std::string_view message, std::string_view code = {}) {
        parley_error error{};
        error.struct_size = sizeof(error);
        error.error_class = error_class;
        error.fault = PARLEY_FAULT_UPSTREAM;
        error.message = str(message);
        error.code = str(code);
        fail(error);
    }

private:
    // An event with texts of its own, for a part that has to wait.
    struct Kept {
        explicit Kept(const parley_event& e)
            : event(e), text(view(e.text)), name(view(e.name)), extra(view(e.extra)) {}

        parley_event borrowed() const {
            parley_event e = event;
            e.text = str(text);
            e.name = str(name);
            e.extra = str(extra);
            return e;
        }

        parley_event event;
        std::string text;
        std::string name;
        std::string extra;
    };

    struct Part {
        uint64_t key = 0;
        uint32_t kind = 0;
        bool ended = false;
        bool complete = false;
        JsonEnd arguments;
        std::vector<Kept> waiting;
    };

    Part* find(uint64_t key) {
        const auto at =
            std::find_if(parts_.begin(), parts_.end(), [&](const Part& p) { return p.key == key; });
        return at == parts_.end() ? nullptr : &*at;
    }

    const Part* find(uint64_t key) const { return const_cast<Emitter*>(this)->find(key); }

    void text_like(uint64_t key, uint32_t kind, std::string_view text, std::string_view extra) {
        if (text.empty()) return;
        if (!has(key)) open(key, kind);
        parley_event e = make_event(PARLEY_EVENT_TEXT_DELTA);
        e.text = str(text);
        e.extra = str(extra);
        say(key, e);
    }

    void begin(uint64_t key, parley_event e) {
        if (ended_ || has(key)) return;
        if (ends_ == Ends::implied) imply_ends();
        parts_.emplace_back();
        Part& part = parts_.back();
        part.key = key;
        part.kind = e.kind;
        if (parts_.size() == 1) {
            e.part = next_part_;
            send(e);
        } else {
            part.waiting.emplace_back(e);
        }
    }

    // Another part starts: those before it are over, but for calls whose arguments are not.
    void imply_ends() {
        for (Part& part : parts_) {
            const bool goes_on = part.kind == PARLEY_PART_TOOL_CALL && !part.arguments.is_whole();
            if (part.ended || goes_on) continue;
            part.ended = part.complete = true;
        }
        close_ended();
    }

    // Closes the open part if it is over, then lets the next one catch up.
    void close_ended() {
        while (!parts_.empty() && parts_.front().ended) {
            const Part& over = parts_.front();
            parley_event e = make_event(PARLEY_EVENT_PART_ENDED);
            e.part = next_part_++;
            e.kind = over.kind;
            if (over.complete) e.flags = PARLEY_EVENT_COMPLETE;
            if (over.complete && over.kind == PARLEY_PART_TOOL_CALL) called_ = true;
            send(e);
            parts_.pop_front();
            if (parts_.empty()) return;
            for (const Kept& kept : std::exchange(parts_.front().waiting, {})) {
                parley_event late = kept.borrowed();
                late.part = next_part_;
                late.kind = parts_.front().kind;
                send(late);
            }
        }
    }

    void send(const parley_event& e) {
        if (closed_) return;
        const parley_status status = sink_->emit(sink_, &e);
        if (status == PARLEY_CLOSED) closed_ = true;
        if (status < 0) {
            Failure failure(-status, "the sink takes no more");
            failure.fault = PARLEY_FAULT_GATEWAY;
            throw failure;
        }
    }

    Ends ends_;
    const parley_sink* sink_ = nullptr;
    std::list<Part> parts_;  // the first is open, the others wait
    Usage usage_;
    uint32_t next_part_ = 0;
    bool started_ = false;
    bool ended_ = false;
    bool closed_ = false;
    bool called_ = false;
};

}  // namespace parley::sdk
