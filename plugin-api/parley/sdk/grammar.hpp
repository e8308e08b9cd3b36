// parley/sdk/grammar.hpp: is this sequence of events a word of the grammar in parley/event.h?
//
// The host asks at every sink; tests of decoders, encoders and filters ask too. One checker watches
// one stream and remembers a few numbers only.
#pragma once

#include <cstdint>

#include "parley/event.h"

namespace parley::sdk {

class GrammarChecker {
public:
    // What is wrong with `event` after those before it; null when it may stand there. After a
    // breach the stream is over.
    const char* check(const parley_event& event) {
        const char* wrong = judge(event);
        if (wrong != nullptr) state_ = State::ended;
        return wrong;
    }

    bool begun() const { return state_ != State::silent; }

    bool ended() const { return state_ == State::ended; }

    bool part_open() const { return state_ == State::in_part; }

private:
    enum class State { silent, between, in_part, ended };

    const char* judge(const parley_event& e) {
        if (state_ == State::ended) return "an event behind the terminal one";
        const bool usage_was_last = usage_is_last_;
        usage_is_last_ = e.type == PARLEY_EVENT_USAGE;
        switch (e.type) {
            case PARLEY_EVENT_RESPONSE_STARTED:
                if (state_ != State::silent) return "a second RESPONSE_STARTED";
                state_ = State::between;
                return nullptr;
            case PARLEY_EVENT_PING:
                usage_is_last_ = usage_was_last;
                return nullptr;
            case PARLEY_EVENT_ERROR:
                state_ = State::ended;
                return nullptr;
            case PARLEY_EVENT_WARNING:
                usage_is_last_ = usage_was_last;
                return nullptr;
            default:
                break;
        }
        if (state_ == State::silent) return "an event before RESPONSE_STARTED";
        switch (e.type) {
            case PARLEY_EVENT_PART_STARTED:
                return start(e);
            case PARLEY_EVENT_PART_ENDED:
                return end(e);
            case PARLEY_EVENT_FINISH:
                return finish(e, usage_was_last);
            case PARLEY_EVENT_TEXT_DELTA:
                return delta(e, e.text.len == 0, PARLEY_PART_TEXT, PARLEY_PART_REFUSAL);
            case PARLEY_EVENT_REASONING_DELTA:
                if (e.a < section_) return "a reasoning section that falls";
                section_ = e.a;
                return delta(e, e.text.len == 0, PARLEY_PART_REASONING, PARLEY_PART_REASONING);
            case PARLEY_EVENT_TOOL_ARGS_DELTA: {
                const bool second_empty = e.text.len == 0 && has_delta_;
                return delta(e, second_empty, PARLEY_PART_TOOL_CALL, PARLEY_PART_TOOL_CALL);
            }
            case PARLEY_EVENT_MEDIA_DELTA:
                return media(e);
            case PARLEY_EVENT_SEAL:
                return seal(e);
            case PARLEY_EVENT_CITATION:
            case PARLEY_EVENT_SERVER_UPDATE:
                return in_part(e);
            default:
                return nullptr;
        }
    }

    const char* start(const parley_event& e) {
        if (state_ == State::in_part) return "a part inside a part";
        if (e.part != next_part_) return "a part out of order";
        if (e.kind == 0) return "a part without a kind";
        const bool call = e.kind == PARLEY_PART_TOOL_CALL;
        if (call && (e.text.len == 0 || e.name.len == 0)) return "a tool call without id or name";
        state_ = State::in_part;
        kind_ = e.kind;
        section_ = 0;
        has_delta_ = has_seal_ = false;
        return nullptr;
    }

    const char* end(const parley_event& e) {
        if (const char* wrong = in_part(e)) return wrong;
        state_ = State::between;
        ++next_part_;
        const bool complete = (e.flags & PARLEY_EVENT_COMPLETE) != 0;
        if (kind_ == PARLEY_PART_TOOL_CALL && complete) called_ = true;
        return nullptr;
    }

    const char* finish(const parley_event& e, bool usage_was_last) {
        if (state_ == State::in_part) return "FINISH inside a part";
        if (!usage_was_last) return "FINISH without USAGE before it";
        if (e.kind == PARLEY_FINISH_TOOL_CALLS && !called_) return "TOOL_CALLS without a call";
        if (e.kind == PARLEY_FINISH_STOP && called_) return "STOP after a complete call";
        state_ = State::ended;
        return nullptr;
    }

    const char* in_part(const parley_event& e) const {
        if (state_ != State::in_part) return "a delta outside of a part";
        if (e.part != next_part_) return "a delta of another part";
        if (e.kind != kind_) return "a delta of another kind of part";
        return nullptr;
    }

    const char* delta(const parley_event& e, bool empty, uint32_t kind, uint32_t other_kind) {
        if (const char* wrong = in_part(e)) return wrong;
        if (kind_ != kind && kind_ != other_kind) return "a delta that its part cannot have";
        if (empty) return "an empty delta";
        if (has_seal_ && kind_ != PARLEY_PART_TOOL_CALL) return "a delta behind the seal";
        has_delta_ = true;
        return nullptr;
    }

    const char* media(const parley_event& e) {
        if (const char* wrong = in_part(e)) return wrong;
        const bool fits = kind_ == PARLEY_PART_IMAGE || kind_ == PARLEY_PART_AUDIO ||
                          kind_ == PARLEY_PART_EMBEDDING;
        return fits ? nullptr : "a delta that its part cannot have";
    }

    const char* seal(const parley_event& e) {
        if (const char* wrong = in_part(e)) return wrong;
        if (has_seal_) return "a second seal";
        if (has_delta_ && kind_ == PARLEY_PART_TOOL_CALL) return "a seal behind the arguments";
        has_seal_ = true;
        return nullptr;
    }

    State state_ = State::silent;
    uint32_t next_part_ = 0;
    uint32_t kind_ = 0;
    uint64_t section_ = 0;
    bool has_delta_ = false;
    bool has_seal_ = false;
    bool called_ = false;
    bool usage_is_last_ = false;
};

}  // namespace parley::sdk
