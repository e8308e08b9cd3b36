// pipeline/filtering.hpp: one attempt of an exchange on its way through its filters. [loop]
#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/arena.hpp"
#include "base/error.hpp"
#include "pipeline/filters.hpp"
#include "plugins/codec.hpp"

namespace parley::pipeline {

// What the filters have made of a request.
struct Ruling {
    enum class Kind { goes_on, responds, routes };

    Kind kind = Kind::goes_on;
    const parley_request* request = nullptr;  // as it goes on; null: as it was
    // Of a response: what the client is told, as if it came from the filter `at`.
    const parley_event* const* events = nullptr;
    std::uint64_t event_count = 0;
    std::size_t at = 0;
    // Of a way elsewhere; empty: as it is.
    std::string_view by;  // whose wish it is
    std::string_view model;
    std::string_view provider;
    std::string_view egress;
};

class Filtering {
public:
    // Where events go that have passed all filters.
    class Outlet {
    public:
        virtual parley_status pass(const parley_event& event) = 0;

    protected:
        ~Outlet() = default;
    };

    // Everything must outlive it; what `open` points to is valid as long, too.
    Filtering(const FilterChain& chain, const parley_filter_open& open, base::Arena& arena);
    ~Filtering();
    Filtering(const Filtering&) = delete;
    Filtering& operator=(const Filtering&) = delete;

    // Opens a session with each filter.
    base::Result<void> begin();
    // Shows them the request. An error is a rejection, or a failure of one that refuses on errors.
    base::Result<Ruling> decide(const parley_request& request);

    bool sees_events() const { return chain_.sees_events; }

    // An event of the upstream.
    parley_status take(const parley_event& event, Outlet& outlet);
    // The events of a response.
    base::Result<void> respond(const Ruling& ruling, Outlet& outlet);

    // One of them wants the exchange to end, which is no matter of an account.
    bool has_refused() const { return has_refused_ || failure_; }

    // Why the stream cannot go on; null: it can.
    const base::Error* failure() const { return failure_ ? &*failure_ : nullptr; }

private:
    class Stage;

    void apply(const parley_filter_decision& decision, std::size_t at, Ruling& ruling);
    parley_status pass(std::size_t from, const parley_event& event);
    parley_status pass_last(const parley_event& event);
    void tell_end();
    bool goes_on_without(Stage& stage, const base::Error& why);

    const FilterChain& chain_;
    const parley_filter_open& open_;
    base::Arena& arena_;
    std::vector<std::unique_ptr<Stage>> stages_;
    Outlet* outlet_ = nullptr;  // of the call that is going on
    bool has_refused_ = false;
    bool is_stopped_ = false;  // what is behind the filters takes no more
    std::optional<base::Error> failure_;
    std::optional<parley_event> terminal_;  // as it left the last; texts lie in the arena
    bool is_told_ = false;
};

}  // namespace parley::pipeline
