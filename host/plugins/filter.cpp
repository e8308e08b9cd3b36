#include "plugins/filter.hpp"

#include <bit>

namespace parley::plugins {

using base::Arena;
using base::Error;
using base::Function;
using base::Result;

namespace {

constexpr std::uint64_t kHoldMax = 64 * 1024;

// What the plugin said of its failure, under its name and as its fault.
Result<void> judged(parley_status status, const parley_error& error, const std::string& name) {
    if (status >= 0) return {};
    return filter_error(
        name, error.message.len == 0 ? "gave no reason" : std::string(view(error.message)));
}

const char* fault_of(const parley_filter_decision& decision) {
    switch (decision.action) {
        case PARLEY_FILTER_CONTINUE:
        case PARLEY_FILTER_ROUTE:
        case PARLEY_FILTER_REJECT:
            return nullptr;
        case PARLEY_FILTER_REPLACE:
            return decision.request == nullptr ? "REPLACE without a request" : nullptr;
        case PARLEY_FILTER_RESPOND:
            return decision.event_count == 0 ? "RESPOND without events" : nullptr;
        default:
            return "an action that there is not";
    }
}

}  // namespace

Error filter_error(const std::string& name, std::string what) {
    Error why;
    why.fault = PARLEY_FAULT_PLUGIN;
    why.scope = PARLEY_SCOPE_PLUGIN;
    why.message = "filter " + name + ": " + std::move(what);
    return why;
}

Result<std::shared_ptr<const Filter>> Filter::make(std::shared_ptr<Instance> instance,
                                                   bool passes_on_error) {
    std::shared_ptr<Filter> filter(new Filter);
    filter->name_ = instance->name();
    filter->table_ = static_cast<const parley_filter*>(instance->component().table);
    filter->instance_ = std::move(instance);
    filter->passes_on_error_ = passes_on_error;
    if (auto asked = filter->ask(); !asked) return std::move(asked).error();
    return std::shared_ptr<const Filter>(std::move(filter));
}

std::shared_ptr<const Filter> Filter::missing(std::string name) {
    std::shared_ptr<Filter> filter(new Filter);
    filter->name_ = std::move(name);
    filter->interest_.flags = PARLEY_INTEREST_REQUESTS;
    return filter;
}

Result<void> Filter::ask() {
    constexpr std::size_t kErrorBytesMax = 64 * 1024;
    Arena arena(kErrorBytesMax);
    parley_error error = cleared_error(arena);
    const base::Visit visit = instance_->visit(Function::filter);
    const auto status = table_->interest(instance_->get(), &interest_, &error);
    if (auto ok = judged(status, error, name_); !ok) return ok;
    if (wants_requests() && table_->request == nullptr) {
        return filter_error(name_, "it wants requests and has no function for them");
    }
    if (interest_.events != 0 && table_->event == nullptr) {
        return filter_error(name_, "it wants events and has no function for them");
    }
    if (interest_.hold_max > kHoldMax) {
        return filter_error(name_,
                            "hold_max is " + std::to_string(interest_.hold_max) + "; at most " +
                                std::to_string(kHoldMax) + " was expected");
    }
    if (may_hold() && !wants(PARLEY_EVENT_PART_ENDED)) {
        return filter_error(name_, "what holds text back wants PART_ENDED, to let it go");
    }
    return {};
}

FilterSession::~FilterSession() {
    if (session_ == nullptr) return;
    const base::Visit visit(place_);
    filter_->table_->close(session_);
}

Result<void> FilterSession::open(const Filter& filter, const parley_filter_open& open) {
    filter_ = &filter;
    place_ = filter.instance_->place(Function::filter);
    auto error = sized<parley_error>();
    error.arena = open.arena;
    const base::Visit visit(place_);
    const auto status = filter.table_->open(filter.instance_->get(), &open, &session_, &error);
    if (status < 0) session_ = nullptr;
    return judged(status, error, filter.name());
}

Result<parley_filter_decision> FilterSession::decide(const parley_request& request,
                                                     Arena& arena,
                                                     Error& why) {
    auto decision = sized<parley_filter_decision>();
    parley_error error = cleared_error(arena);
    const base::Visit visit(place_);
    const auto status =
        filter_->table_->request(session_, &request, arena.border(), &decision, &error);
    if (auto ok = judged(status, error, filter_->name()); !ok) return std::move(ok).error();
    if (const char* wrong = fault_of(decision)) return filter_error(filter_->name(), wrong);
    if (decision.action == PARLEY_FILTER_REJECT)
        why = rejection_of(error, "the filter " + filter_->name());
    return decision;
}

Result<bool> FilterSession::event(const parley_event& event,
                                  const parley_sink* sink,
                                  const Arena& arena) {
    parley_error error = cleared_error(arena);
    const base::Visit visit(place_);
    const auto status = filter_->table_->event(session_, &event, sink, &error);
    if (status >= 0) return status == PARLEY_DONE;
    return std::move(judged(status, error, filter_->name())).error();
}

void FilterSession::finish(const parley_event& terminal) {
    if (session_ == nullptr || !filter_->hears_of_end()) return;
    const base::Visit visit(place_);
    filter_->table_->finish(session_, &terminal);
}

}  // namespace parley::plugins
