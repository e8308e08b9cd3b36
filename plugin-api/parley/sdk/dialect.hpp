// parley/sdk/dialect.hpp: the table of parley.dialect/1 from a class.
//
//   class MyDialect {
//    public:
//     explicit MyDialect(const parley_host*);
//     std::span<const parley_route> routes();
//     uint32_t match(const parley_call&);                                          // optional
//     void peek(const parley_call&, Arena&, parley_peek&);
//     void retarget(const parley_call&, const parley_peek&, std::string_view model, Arena&,
//                   parley_retarget&);
//     struct Tap { void feed(std::string_view, bool eof, parley_tap&);
//                  void fail(const parley_error&, Out&); };
//     Tap* tap_open(const parley_tap_open&);
//     void encode_error(const parley_call*, const parley_error&, Arena&, parley_http_reply&, Out&);
//     void decode_error(const parley_http_reply_head&, std::string_view body, Arena&,
//                       parley_error&);
//     void encode_models(const parley_call&, std::span<const parley_model* const>, Arena&,
//                        parley_http_reply&, Out&);                                // optional
//   };
//   constexpr parley_dialect kTable = parley::sdk::dialect_table<MyDialect>();
#pragma once

#include <span>

#include "parley/dialect.h"
#include "parley/sdk/plugin.hpp"

namespace parley::sdk {

namespace detail {

template <class T>
void add_taps(parley_dialect& t) {
    using Tap = typename T::Tap;
    t.tap_open =
        [](parley_instance* i, const parley_tap_open* open, parley_session** out, parley_error* e) {
            return guard(
                e, [&] { *out = reinterpret_cast<parley_session*>(self<T>(i).tap_open(*open)); });
        };
    t.tap_feed =
        [](parley_session* s, parley_bytes b, uint32_t eof, parley_tap* io, parley_error* e) {
            return guard(e, [&] { stream<Tap>(s).feed(view(b), eof != 0, *io); });
        };
    t.tap_fail = [](parley_session* s, const parley_error* error, const parley_out* o) {
        return guard(nullptr, [&] {
            Out out(o);
            stream<Tap>(s).fail(*error, out);
        });
    };
    t.tap_close = [](parley_session* s) { delete &stream<Tap>(s); };
}

template <class T>
void add_errors(parley_dialect& t) {
    t.encode_error = [](parley_instance* i,
                        const parley_call* call,
                        const parley_error* error,
                        const parley_arena* a,
                        parley_http_reply* reply,
                        const parley_out* o) {
        return guard(nullptr, [&] {
            Arena arena(a);
            Out out(o);
            self<T>(i).encode_error(call, *error, arena, *reply, out);
        });
    };
    t.decode_error = [](parley_instance* i,
                        const parley_http_reply_head* head,
                        parley_bytes body,
                        const parley_arena* a,
                        parley_error* out) {
        return guard(nullptr, [&] {
            Arena arena(a);
            self<T>(i).decode_error(*head, view(body), arena, *out);
        });
    };
}

}  // namespace detail

template <class T>
parley_dialect dialect_table() {
    using namespace detail;
    parley_dialect t{};
    t.struct_size = sizeof(t);
    t.routes = [](parley_instance* i, uint32_t* count) {
        const std::span<const parley_route> all = self<T>(i).routes();
        *count = static_cast<uint32_t>(all.size());
        return all.data();
    };
    if constexpr (requires(T & d, const parley_call& c) { d.match(c); }) {
        t.match = [](parley_instance* i, const parley_call* call) -> uint32_t {
            try {
                return self<T>(i).match(*call);
            } catch (...) {
                return 0;
            }
        };
    }
    t.peek = [](parley_instance* i,
                const parley_call* call,
                const parley_arena* a,
                parley_peek* out,
                parley_error* e) {
        return guard(e, [&] {
            Arena arena(a);
            self<T>(i).peek(*call, arena, *out);
        });
    };
    t.retarget = [](parley_instance* i,
                    const parley_call* call,
                    const parley_peek* peek,
                    parley_str model,
                    const parley_arena* a,
                    parley_retarget* io,
                    parley_error* e) {
        return guard(e, [&] {
            Arena arena(a);
            self<T>(i).retarget(*call, *peek, view(model), arena, *io);
        });
    };
    add_taps<T>(t);
    add_errors<T>(t);
    using Models = std::span<const parley_model* const>;
    if constexpr (requires(T & d,
                           const parley_call& c,
                           Models m,
                           Arena& a,
                           parley_http_reply& r,
                           Out& o) { d.encode_models(c, m, a, r, o); }) {
        t.encode_models = [](parley_instance* i,
                             const parley_call* call,
                             const parley_model* const* models,
                             uint64_t count,
                             const parley_arena* a,
                             parley_http_reply* reply,
                             const parley_out* o,
                             parley_error* e) {
            return guard(e, [&] {
                Arena arena(a);
                Out out(o);
                self<T>(i).encode_models(*call, Models(models, count), arena, *reply, out);
            });
        };
    }
    return t;
}

}  // namespace parley::sdk
