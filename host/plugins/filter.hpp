// plugins/filter.hpp: a filter of a plugin, as values.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "base/arena.hpp"
#include "base/error.hpp"
#include "parley/filter.h"
#include "plugins/border.hpp"

namespace parley::plugins {

class Filter {
public:
    // Asks what it wants to see. Fails when that makes no sense. [control]
    static base::Result<std::shared_ptr<const Filter>> make(std::shared_ptr<Instance> instance,
                                                            bool passes_on_error);

    // Named in the configuration and not there; null's place in a chain.
    static std::shared_ptr<const Filter> missing(std::string name);

    const std::string& name() const { return name_; }

    bool is_missing() const { return instance_ == nullptr; }

    // What it fails on goes on without it; otherwise the exchange ends there.
    bool passes_on_error() const { return passes_on_error_; }

    bool wants_requests() const { return (interest_.flags & PARLEY_INTEREST_REQUESTS) != 0; }

    // Whether events have to be made for it: it hears of some, or of the end.
    bool sees_events() const { return interest_.events != 0 || hears_of_end(); }

    bool wants(std::uint16_t type) const {
        return (interest_.events & PARLEY_INTEREST_EVENT(type)) != 0;
    }

    bool hears_of_end() const { return table_ != nullptr && table_->finish != nullptr; }

    bool may_hold() const { return interest_.hold_max != 0; }

private:
    friend class FilterSession;

    Filter() = default;
    base::Result<void> ask();

    std::string name_;
    std::shared_ptr<Instance> instance_;
    const parley_filter* table_ = nullptr;
    bool passes_on_error_ = false;
    parley_filter_interest interest_ = sized<parley_filter_interest>();
};

// One attempt of an exchange in a filter. [loop]
class FilterSession {
public:
    FilterSession() = default;
    FilterSession(const FilterSession&) = delete;
    FilterSession& operator=(const FilterSession&) = delete;
    ~FilterSession();

    base::Result<void> open(const Filter& filter, const parley_filter_open& open);
    // The action is one that there is, and what belongs to it is there. A rejection is in `why`.
    base::Result<parley_filter_decision> decide(const parley_request& request,
                                                base::Arena& arena,
                                                base::Error& why);
    // Whether the filter has ended the stream.
    base::Result<bool> event(const parley_event& event,
                             const parley_sink* sink,
                             const base::Arena& arena);
    void finish(const parley_event& terminal);

private:
    const Filter* filter_ = nullptr;
    parley_session* session_ = nullptr;
    base::Place place_ = 0;
};

// What is said of a filter's fault.
base::Error filter_error(const std::string& name, std::string what);

}  // namespace parley::plugins
