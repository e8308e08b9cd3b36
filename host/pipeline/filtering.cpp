#include "pipeline/filtering.hpp"

#include <algorithm>

#include "base/log.hpp"

namespace parley::pipeline {

using base::Error;
using base::Result;
using plugins::Filter;
using plugins::str;
using plugins::view;

namespace {

bool is_delta(const parley_event& event) {
    return event.type == PARLEY_EVENT_TEXT_DELTA || event.type == PARLEY_EVENT_REASONING_DELTA ||
           event.type == PARLEY_EVENT_TOOL_ARGS_DELTA || event.type == PARLEY_EVENT_MEDIA_DELTA;
}

bool is_terminal(const parley_event& event) {
    return event.type == PARLEY_EVENT_FINISH || event.type == PARLEY_EVENT_ERROR;
}

}  // namespace

// One filter of the attempt, and the outlet behind it, which checks what leaves it.
class Filtering::Stage final : public plugins::EventSink {
public:
    Stage(Filtering& all, std::size_t index, const Filter& of)
        : EventSink(all.arena_), filter(of), all_(all), index_(index) {}

    // An event arrives in front of the filter.
    parley_status hear(const parley_event& event) {
        if (grammar().ended()) return PARLEY_CLOSED;  // the filter has ended the stream before
        if (is_out || !filter.wants(event.type)) return let_by(event);
        emitted_ = false;
        const Result<bool> heard = session.event(event, border(), all_.arena_);
        if (all_.failure_ || all_.is_stopped_) return -PARLEY_E_BUDGET;
        if (breach() != nullptr) return fail(std::string("wrong event: ") + breach());
        if (!heard) {
            const bool may_pass = !emitted_ && !holds_;
            if (may_pass && all_.goes_on_without(*this, heard.error())) return let_by(event);
            all_.failure_ = heard.error();
            return -PARLEY_E_INTERNAL;
        }
        if (*heard && !grammar().ended()) return fail("it is done without a terminal event");
        if (is_delta(event)) holds_ = filter.may_hold();
        if (event.type == PARLEY_EVENT_PART_ENDED) holds_ = false;
        return PARLEY_OK;
    }

    // What would follow the filter's own events cannot stand there: it is the filter's fault.
    parley_status let_by(const parley_event& event) {
        const parley_status status = emit(event);
        if (breach() != nullptr) return fail(std::string("wrong event: ") + breach());
        return status;
    }

    const Filter& filter;
    plugins::FilterSession session;
    bool is_out = false;  // it failed, and the exchange goes on without it

private:
    parley_status take(const parley_event& event) override {
        emitted_ = true;
        return all_.pass(index_ + 1, event);
    }

    parley_status fail(std::string what) {
        if (!all_.failure_) all_.failure_ = plugins::filter_error(filter.name(), std::move(what));
        return -PARLEY_E_INTERNAL;
    }

    Filtering& all_;
    const std::size_t index_;
    bool emitted_ = false;  // in the call that is going on
    bool holds_ = false;    // it may hold text back
};

Filtering::Filtering(const FilterChain& chain, const parley_filter_open& open, base::Arena& arena)
    : chain_(chain), open_(open), arena_(arena) {
    stages_.reserve(chain.filters.size());
    for (const FilterPtr& filter : chain.filters) {
        stages_.push_back(std::make_unique<Stage>(*this, stages_.size(), *filter));
    }
}

Filtering::~Filtering() = default;

Result<void> Filtering::begin() {
    has_refused_ = true;  // unless it goes well
    for (const auto& stage : stages_) {
        if (stage->filter.is_missing()) {
            Error why = plugins::filter_error(stage->filter.name(), "it is not loaded");
            why.error_class = PARLEY_E_CONFIG;
            return why;
        }
        const Result<void> opened = stage->session.open(stage->filter, open_);
        if (!opened && !goes_on_without(*stage, opened.error())) return opened;
    }
    has_refused_ = false;
    return {};
}

bool Filtering::goes_on_without(Stage& stage, const Error& why) {
    if (!stage.filter.passes_on_error()) return false;
    stage.is_out = true;
    base::log(base::LogLevel::warn,
              "an exchange goes on without a filter",
              {{"id", view(open_.exchange->id)}, {"why", why.message}});
    return true;
}

Result<Ruling> Filtering::decide(const parley_request& request) {
    Ruling ruling;
    for (std::size_t i = 0; i < stages_.size() && ruling.kind == Ruling::Kind::goes_on; ++i) {
        Stage& stage = *stages_[i];
        if (stage.is_out || !stage.filter.wants_requests()) continue;
        const parley_request& now = ruling.request == nullptr ? request : *ruling.request;
        Error why;
        const auto decided = stage.session.decide(now, arena_, why);
        if (!decided && goes_on_without(stage, decided.error())) continue;
        const bool is_rejected = decided && decided->action == PARLEY_FILTER_REJECT;
        has_refused_ = !decided || is_rejected;
        if (has_refused_) return is_rejected ? why : decided.error();
        apply(*decided, i, ruling);
    }
    return ruling;
}

void Filtering::apply(const parley_filter_decision& decision, std::size_t at, Ruling& ruling) {
    if (decision.action == PARLEY_FILTER_CONTINUE) return;
    if (decision.request != nullptr) ruling.request = decision.request;
    if (decision.action == PARLEY_FILTER_RESPOND) {
        ruling.kind = Ruling::Kind::responds;
        ruling.events = decision.events;
        ruling.event_count = decision.event_count;
        ruling.at = at;
    } else if (decision.action == PARLEY_FILTER_ROUTE) {
        ruling.kind = Ruling::Kind::routes;
        ruling.by = stages_[at]->filter.name();
        ruling.model = view(decision.model);
        ruling.provider = view(decision.provider);
        ruling.egress = view(decision.egress);
    }
}

// ---- events ----

parley_status Filtering::take(const parley_event& event, Outlet& outlet) {
    outlet_ = &outlet;
    const parley_status status = pass(0, event);
    tell_end();
    return failure_ ? -PARLEY_E_INTERNAL : status;
}

Result<void> Filtering::respond(const Ruling& ruling, Outlet& outlet) {
    outlet_ = &outlet;
    Stage& by = *stages_[ruling.at];
    for (std::uint64_t i = 0; i < ruling.event_count && !failure_; ++i) {
        const parley_status status = by.let_by(*ruling.events[i]);
        if (status < 0) break;
    }
    tell_end();
    if (failure_) return *failure_;
    if (!by.grammar().ended()) {
        failure_ = plugins::filter_error(by.filter.name(), "its response has no terminal event");
    }
    return failure_ ? Result<void>(*failure_) : Result<void>();
}

parley_status Filtering::pass(std::size_t from, const parley_event& event) {
    while (from < stages_.size() && !stages_[from]->filter.sees_events()) ++from;
    return from == stages_.size() ? pass_last(event) : stages_[from]->hear(event);
}

parley_status Filtering::pass_last(const parley_event& event) {
    const parley_status status = outlet_->pass(event);
    if (status < 0) is_stopped_ = true;
    if (is_terminal(event)) {
        terminal_ = event;
        for (parley_str* text : {&terminal_->text, &terminal_->name, &terminal_->extra}) {
            if (text->len != 0) *text = str(arena_.copy(view(*text)));
        }
    }
    return status;
}

// Not before the filters have returned from the event that was the last.
void Filtering::tell_end() {
    if (!terminal_ || is_told_) return;
    is_told_ = true;
    for (const auto& stage : stages_) stage->session.finish(*terminal_);
}

}  // namespace parley::pipeline
