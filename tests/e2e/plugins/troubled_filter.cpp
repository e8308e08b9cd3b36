// troubled_filter.cpp: a filter that does what its setting "mood" says:
//   watching    reads requests, and leaves them as they are
//   rejecting   refuses them            failing     fails on them
//   answering   answers them itself     routing     sends them to the model "to"
//   hearing     hears all of the reply  stumbling   fails on the second text of it
//   wrong       says what the grammar forbids
//   ending      ends the reply after its first text
//   counting    refuses requests and says the how manieth it was; its successor counts on, unless
//               its setting "to" is "stubborn"
#include <array>
#include <atomic>
#include <string>
#include <string_view>
#include <vector>

#include "parley/filter.h"
#include "parley/sdk/state.hpp"

namespace parley::troubled_filter {

namespace {

using sdk::str;
using sdk::view;

parley_event event_of(std::uint16_t type, std::string_view text = {}, std::uint32_t kind = 0) {
    parley_event e{};
    e.struct_size = sizeof(e);
    e.type = type;
    e.kind = kind;
    e.text = str(text);
    return e;
}

class Filter {
public:
    explicit Filter(const parley_host*) {}

    void configure(std::string_view json) {
        mood = setting(json, "\"mood\":\"");
        to = setting(json, "\"to\":\"");
    }

    bool hears() const {
        return mood == "hearing" || mood == "stumbling" || mood == "wrong" || mood == "ending";
    }

    std::string save() const { return std::to_string(count); }

    bool restore(std::string_view state, std::string_view) {
        if (to == "stubborn") throw sdk::Failure(PARLEY_E_CORRUPT_STATE, "it wants no past");
        count = std::stoi(std::string(state));
        return true;
    }

    std::string mood;
    std::string to;
    std::atomic<int> count{0};

private:
    static std::string setting(std::string_view json, std::string_view key) {
        const std::size_t at = json.find(key);
        if (at == json.npos) return {};
        const std::size_t from = at + key.size();
        return std::string(json.substr(from, json.find('"', from) - from));
    }
};

struct Session {
    Filter& filter;
    bool is_there;  // where it is routed to
    int texts = 0;
    std::string said = {};
    std::vector<parley_event> events = {};
    std::vector<const parley_event*> list = {};

    // A whole reply of one word.
    void answer(parley_filter_decision& out) {
        events.push_back(event_of(PARLEY_EVENT_RESPONSE_STARTED, "troubled-1"));
        events.push_back(event_of(PARLEY_EVENT_PART_STARTED, {}, PARLEY_PART_TEXT));
        events.push_back(event_of(PARLEY_EVENT_TEXT_DELTA, "from the filter", PARLEY_PART_TEXT));
        events.push_back(event_of(PARLEY_EVENT_PART_ENDED, {}, PARLEY_PART_TEXT));
        events.back().flags = PARLEY_EVENT_COMPLETE;
        events.push_back(event_of(PARLEY_EVENT_USAGE));
        events.push_back(event_of(PARLEY_EVENT_FINISH, {}, PARLEY_FINISH_STOP));
        for (const parley_event& e : events) list.push_back(&e);
        out.action = PARLEY_FILTER_RESPOND;
        out.events = list.data();
        out.event_count = list.size();
    }

    parley_status end(const parley_event& e, const parley_sink* sink) {
        parley_event ended = event_of(PARLEY_EVENT_PART_ENDED, {}, e.kind);
        ended.part = e.part;
        const parley_event usage = event_of(PARLEY_EVENT_USAGE);
        const parley_event finish = event_of(PARLEY_EVENT_FINISH, {}, PARLEY_FINISH_CONTENT_FILTER);
        const std::array<const parley_event*, 4> all{&e, &ended, &usage, &finish};
        for (const parley_event* each : all) {
            if (const auto status = sink->emit(sink, each); status < 0) return status;
        }
        return PARLEY_DONE;
    }
};

Session& self(parley_session* session) {
    return *reinterpret_cast<Session*>(session);
}

parley_status fail(parley_error* error, std::string_view message) {
    error->error_class = PARLEY_E_INTERNAL;
    error->message = str(message);
    return -PARLEY_E_INTERNAL;
}

parley_status interest(parley_instance* instance, parley_filter_interest* out, parley_error*) {
    if (sdk::detail::self<Filter>(instance).hears()) {
        out->events = UINT64_MAX;
    } else {
        out->flags = PARLEY_INTEREST_REQUESTS;
    }
    return PARLEY_OK;
}

parley_status open(parley_instance* instance,
                   const parley_filter_open* open,
                   parley_session** out,
                   parley_error*) {
    auto& filter = sdk::detail::self<Filter>(instance);
    const bool is_there = view(open->upstream_model) == filter.to;
    *out = reinterpret_cast<parley_session*>(new Session{filter, is_there});
    return PARLEY_OK;
}

parley_status request(parley_session* session,
                      const parley_request*,
                      const parley_arena*,
                      parley_filter_decision* out,
                      parley_error* error) {
    Session& s = self(session);
    const std::string& mood = s.filter.mood;
    out->action = PARLEY_FILTER_CONTINUE;
    if (mood == "failing") return fail(error, "it does not feel like it");
    if (mood == "answering") s.answer(*out);
    if (mood == "rejecting") {
        out->action = PARLEY_FILTER_REJECT;
        error->error_class = PARLEY_E_CONTENT_BLOCKED;
        error->code = str("not_today");
        error->message = str("nothing of this kind today");
    }
    if (mood == "counting") {
        out->action = PARLEY_FILTER_REJECT;
        s.said = "number " + std::to_string(++s.filter.count);
        error->message = str(s.said);
    }
    if (mood == "routing" && !s.is_there) {
        out->action = PARLEY_FILTER_ROUTE;
        out->model = str(s.filter.to);
    }
    return PARLEY_OK;
}

parley_status event(parley_session* session,
                    const parley_event* e,
                    const parley_sink* sink,
                    parley_error* error) {
    Session& s = self(session);
    const bool is_text = e->type == PARLEY_EVENT_TEXT_DELTA;
    if (is_text) ++s.texts;
    if (is_text && s.filter.mood == "stumbling" && s.texts == 2) return fail(error, "it stumbled");
    if (is_text && s.filter.mood == "wrong") {
        const parley_event wrong = event_of(PARLEY_EVENT_RESPONSE_STARTED);
        return sink->emit(sink, &wrong);
    }
    if (is_text && s.filter.mood == "ending") return s.end(*e, sink);
    return sink->emit(sink, e);
}

void close(parley_session* session) {
    delete &self(session);
}

constexpr std::string_view kSchema = R"({"type":"object","required":["mood"],"properties":{)"
                                     R"("mood":{"type":"string"},"to":{"type":"string"}}})";

struct Components {
    const std::array<parley_component, 1>& operator()() const {
        static const parley_filter filter{
            sizeof(parley_filter), 0, interest, open, request, event, nullptr, close};
        static const std::array<parley_component, 1> all = [] {
            parley_component component = sdk::make_component<Filter>(
                {PARLEY_KIND_FILTER, "troubled-filter", "as a test wants it", kSchema}, &filter);
            sdk::add_state<Filter>(component);
            return std::array<parley_component, 1>{component};
        }();
        return all;
    }
};

}  // namespace

}  // namespace parley::troubled_filter

PARLEY_PLUGIN_ENTRY = parley::sdk::make_entry(
    "dev.parley.test.troubled-filter", "0.1.0", "Parley", parley::troubled_filter::Components{});
