// parley/sdk/provider.hpp: the table of parley.provider/1 from a class.
//
//   class MyProvider {
//    public:
//     explicit MyProvider(const parley_host*);
//     void configure(std::string_view json);                                       // optional
//     std::span<const parley_str> dialects();
//     std::span<const parley_model_offer> models();                                // optional
//     void plan(const parley_plan_ask&, Arena&, parley_plan&);
//     void classify(const parley_account&, const parley_http_reply_head*, std::string_view body,
//                   const parley_error& told, Arena&, parley_verdict&);            // optional
//     uint32_t wants(const parley_plan_ask&);                                      // optional
//     void amend(const parley_plan_ask&, std::string_view body, Arena&,
//                parley_amendment&);                                               // optional
//     std::size_t windows(const parley_http_reply_head&, int64_t wall_ms,
//                         std::span<parley_window>) noexcept;                      // optional
//     struct Answer { parley_status step(parley_answer&, Out&); };                 // optional
//     Answer* answer_open(const parley_plan_ask&, std::string_view body);          // with Answer
//   };
//   constexpr parley_provider kTable = parley::sdk::provider_table<MyProvider>();
#pragma once

#include <span>

#include "parley/provider.h"
#include "parley/sdk/plugin.hpp"

namespace parley::sdk {

namespace detail {

template <class T>
void add_answers(parley_provider& t) {
    using Answer = typename T::Answer;
    t.answer_open = [](parley_instance* i,
                       const parley_plan_ask* ask,
                       parley_bytes body,
                       parley_session** out,
                       parley_error* e) {
        return guard(e, [&] {
            *out = reinterpret_cast<parley_session*>(self<T>(i).answer_open(*ask, view(body)));
        });
    };
    t.answer_step = [](parley_session* s, parley_answer* io, const parley_out* o) {
        return guard(nullptr, [&] {
            Out out(o);
            return stream<Answer>(s).step(*io, out);
        });
    };
    t.answer_close = [](parley_session* s) { delete &stream<Answer>(s); };
}

template <class T>
void add_windows(parley_provider& t) {
    t.windows = [](parley_instance* i,
                   const parley_http_reply_head* head,
                   int64_t wall_ms,
                   parley_window* out,
                   uint32_t capacity) {
        const std::span<parley_window> room(out, capacity);
        return static_cast<uint32_t>(self<T>(i).windows(*head, wall_ms, room));
    };
}

}  // namespace detail

template <class T>
parley_provider provider_table() {
    using namespace detail;
    parley_provider t{};
    t.struct_size = sizeof(t);
    t.dialects = [](parley_instance* i, uint32_t* count) {
        const std::span<const parley_str> all = self<T>(i).dialects();
        *count = static_cast<uint32_t>(all.size());
        return all.data();
    };
    if constexpr (requires(T & p) { p.models(); }) {
        t.models = [](parley_instance* i, uint32_t* count) {
            const std::span<const parley_model_offer> all = self<T>(i).models();
            *count = static_cast<uint32_t>(all.size());
            return all.data();
        };
    }
    t.plan = [](parley_instance* i,
                const parley_plan_ask* ask,
                const parley_arena* a,
                parley_plan* out,
                parley_error* e) {
        return guard(e, [&] {
            Arena arena(a);
            self<T>(i).plan(*ask, arena, *out);
        });
    };
    if constexpr (requires { &T::classify; }) {
        t.classify = [](parley_instance* i,
                        const parley_account* account,
                        const parley_http_reply_head* head,
                        parley_bytes body,
                        const parley_error* told,
                        const parley_arena* a,
                        parley_verdict* out) {
            return guard(nullptr, [&] {
                Arena arena(a);
                self<T>(i).classify(*account, head, view(body), *told, arena, *out);
            });
        };
    }
    if constexpr (requires { typename T::Answer; }) add_answers<T>(t);
    if constexpr (requires { &T::wants; }) {
        t.wants = [](parley_instance* i, const parley_plan_ask* ask) {
            return self<T>(i).wants(*ask);
        };
    }
    if constexpr (requires { &T::amend; }) {
        t.amend = [](parley_instance* i,
                     const parley_plan_ask* ask,
                     parley_bytes body,
                     const parley_arena* a,
                     parley_amendment* out,
                     parley_error* e) {
            return guard(e, [&] {
                Arena arena(a);
                self<T>(i).amend(*ask, view(body), arena, *out);
            });
        };
    }
    if constexpr (requires { &T::windows; }) add_windows<T>(t);
    return t;
}

}  // namespace parley::sdk
