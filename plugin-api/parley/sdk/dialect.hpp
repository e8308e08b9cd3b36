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
//     struct Tap { void feed(std::string_view, bool eof, parley_tap&);        // or parley_status
//                  void fail(const parley_error&, Out&); };
//     Tap* tap_open(const parley_tap_open&);
//     void encode_error(const parley_call*, const parley_error&, Arena&, parley_http_reply&, Out&);
//     void decode_error(const parley_http_reply_head&, std::string_view body, Arena&,
//                       parley_error&);
//     void encode_models(const parley_call&, std::span<const parley_model* const>, Arena&,
//                        parley_http_reply&, Out&);                                // optional
//
//     // With these it translates; all of them or none.
//     const parley_request* decode_request(const parley_call&, Arena&);
//     void encode_request(const parley_request&, const parley_target&, Arena&,
//                         parley_encoded_request&, Out&);
//     struct Decoder { void decode(std::string_view, bool eof, const parley_sink&); };
//     Decoder* decoder_open(const parley_codec_open&);
//     struct Encoder {
//         void encode(const parley_event&, Out&);
//         bool shows(const parley_event& part_started) const;  // optional; otherwise all
//     };
//     Encoder* encoder_open(const parley_codec_open&);
//     void encode_count(const parley_call&, uint64_t input_tokens, Arena&, parley_http_reply&,
//                       Out&);                                                      // optional
//     std::string_view correct_traits(const parley_request&, const parley_target&,
//                                     const parley_error& told, Arena&);  // optional; empty: none
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
            return guard(e, [&] { return stream<Tap>(s).feed(view(b), eof != 0, *io); });
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

template <class T>
void add_requests(parley_dialect& t) {
    t.decode_request = [](parley_instance* i,
                          const parley_call* call,
                          const parley_arena* a,
                          const parley_request** out,
                          parley_error* e) {
        return guard(e, [&] {
            Arena arena(a);
            *out = self<T>(i).decode_request(*call, arena);
        });
    };
    t.encode_request = [](parley_instance* i,
                          const parley_request* request,
                          const parley_target* target,
                          const parley_arena* a,
                          parley_encoded_request* head,
                          const parley_out* o,
                          parley_error* e) {
        return guard(e, [&] {
            Arena arena(a);
            Out out(o);
            self<T>(i).encode_request(*request, *target, arena, *head, out);
        });
    };
}

template <class T>
void add_codecs(parley_dialect& t) {
    using Decoder = typename T::Decoder;
    using Encoder = typename T::Encoder;
    t.decoder_open = [](parley_instance* i,
                        const parley_codec_open* open,
                        parley_session** out,
                        parley_error* e) {
        return guard(
            e, [&] { *out = reinterpret_cast<parley_session*>(self<T>(i).decoder_open(*open)); });
    };
    t.decode = [](parley_session* s,
                  parley_bytes b,
                  uint32_t eof,
                  const parley_sink* sink,
                  parley_error* e) {
        return guard(e, [&] { stream<Decoder>(s).decode(view(b), eof != 0, *sink); });
    };
    t.decoder_close = [](parley_session* s) { delete &stream<Decoder>(s); };
    t.encoder_open = [](parley_instance* i,
                        const parley_codec_open* open,
                        parley_session** out,
                        parley_error* e) {
        return guard(
            e, [&] { *out = reinterpret_cast<parley_session*>(self<T>(i).encoder_open(*open)); });
    };
    t.encode =
        [](parley_session* s, const parley_event* event, const parley_out* o, parley_error* e) {
            return guard(e, [&] {
                Out out(o);
                auto& encoder = stream<Encoder>(s);
                encoder.encode(*event, out);
                if constexpr (requires { encoder.shows(*event); }) {
                    const bool begins = event->type == PARLEY_EVENT_PART_STARTED;
                    if (begins && !encoder.shows(*event)) return PARLEY_DECLINED;
                }
                return PARLEY_OK;
            });
        };
    t.encoder_close = [](parley_session* s) { delete &stream<Encoder>(s); };
}

template <class T>
void add_models(parley_dialect& t) {
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
}

template <class T>
void add_count(parley_dialect& t) {
    t.encode_count = [](parley_instance* i,
                        const parley_call* call,
                        uint64_t input_tokens,
                        const parley_arena* a,
                        parley_http_reply* reply,
                        const parley_out* o,
                        parley_error* e) {
        return guard(e, [&] {
            Arena arena(a);
            Out out(o);
            self<T>(i).encode_count(*call, input_tokens, arena, *reply, out);
        });
    };
}

template <class T>
void add_corrections(parley_dialect& t) {
    t.correct_traits = [](parley_instance* i,
                          const parley_request* request,
                          const parley_target* target,
                          const parley_error* told,
                          const parley_arena* a,
                          parley_str* traits) {
        return guard(nullptr, [&]() -> parley_status {
            Arena arena(a);
            const std::string_view json =
                self<T>(i).correct_traits(*request, *target, *told, arena);
            *traits = str(json);
            return json.empty() ? PARLEY_DECLINED : PARLEY_OK;
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
    add_models<T>(t);
    if constexpr (requires { typename T::Decoder; }) {
        add_requests<T>(t);
        add_codecs<T>(t);
    }
    if constexpr (requires { &T::encode_count; }) add_count<T>(t);
    if constexpr (requires { &T::correct_traits; }) add_corrections<T>(t);
    return t;
}

}  // namespace parley::sdk
