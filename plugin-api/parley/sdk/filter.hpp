// parley/sdk/filter.hpp: the table of parley.filter/1 from a class.
//
//   class MyFilter {
//    public:
//     explicit MyFilter(const parley_host*);
//     void interest(parley_filter_interest&);
//     struct Session {
//         void request(const parley_request&, Arena&, parley_filter_decision&);     // optional
//         parley_status event(const parley_event&, const parley_sink&);             // optional
//         void finish(const parley_event& terminal) noexcept;                       // optional
//     };
//     Session* open(const parley_filter_open&);
//   };
//   const parley_filter table = parley::sdk::filter_table<MyFilter>();
//
// `event` gives back what the sink said: PARLEY_OK, or PARLEY_DONE when it has ended the stream. To
// reject a request, throw a Failure from `request`.
#pragma once

#include "parley/filter.h"
#include "parley/sdk/plugin.hpp"

namespace parley::sdk {

namespace detail {

template <class Session>
void add_filter_steps(parley_filter& t) {
    if constexpr (requires { &Session::request; }) {
        t.request = [](parley_session* s,
                       const parley_request* request,
                       const parley_arena* a,
                       parley_filter_decision* out,
                       parley_error* e) {
            const parley_status status = guard(e, [&] {
                Arena arena(a);
                stream<Session>(s).request(*request, arena, *out);
            });
            // Our own faults fail the exchange; what is said of the request is a decision.
            if (status >= 0 || status == -PARLEY_E_INTERNAL || status == -PARLEY_E_BUDGET) {
                return status;
            }
            out->action = PARLEY_FILTER_REJECT;
            return parley_status{PARLEY_OK};
        };
    }
    if constexpr (requires { &Session::event; }) {
        t.event = [](parley_session* s,
                     const parley_event* event,
                     const parley_sink* sink,
                     parley_error* e) {
            return guard(e, [&] { return stream<Session>(s).event(*event, *sink); });
        };
    }
    if constexpr (requires { &Session::finish; }) {
        t.finish = [](parley_session* s, const parley_event* terminal) {
            stream<Session>(s).finish(*terminal);
        };
    }
}

}  // namespace detail

template <class T>
parley_filter filter_table() {
    using namespace detail;
    using Session = typename T::Session;
    parley_filter t{};
    t.struct_size = sizeof(t);
    t.interest = [](parley_instance* i, parley_filter_interest* out, parley_error* e) {
        return guard(e, [&] { self<T>(i).interest(*out); });
    };
    t.open = [](parley_instance* i,
                const parley_filter_open* open,
                parley_session** out,
                parley_error* e) {
        return guard(e, [&] { *out = reinterpret_cast<parley_session*>(self<T>(i).open(*open)); });
    };
    add_filter_steps<Session>(t);
    t.close = [](parley_session* s) { delete &stream<Session>(s); };
    return t;
}

}  // namespace parley::sdk
