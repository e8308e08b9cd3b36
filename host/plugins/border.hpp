// plugins/border.hpp: every call into a plugin's table goes through here and codec.hpp: C on one
// side, values and Results on the other.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "base/arena.hpp"
#include "base/bytes.hpp"
#include "base/error.hpp"
#include "parley/dialect.h"
#include "parley/provider.h"
#include "plugins/instance.hpp"

namespace parley::plugins {

inline std::string_view view(parley_str s) {
    return {s.ptr, s.len};
}

inline std::string_view view(parley_bytes b) {
    return {reinterpret_cast<const char*>(b.ptr), b.len};
}

inline parley_str str(std::string_view s) {
    return {s.data(), s.size()};
}

inline parley_bytes bytes(std::string_view s) {
    return {reinterpret_cast<const uint8_t*>(s.data()), s.size()};
}

// A struct of the border, cleared, with its size set.
template <class T>
T sized() {
    T value{};
    value.struct_size = sizeof(T);
    return value;
}

// Both ways between the border's error and ours.
base::Error from_border(const parley_error& error);
// A rejection is the client's to hear, whatever the plugin left out. `who` is "the filter x".
base::Error rejection_of(const parley_error& error, const std::string& who);
parley_error to_border(const base::Error& error);

// What a call is given to say why it fails.
parley_error cleared_error(const base::Arena& arena);
// The outcome of a call that returned `status` and may have filled `error`.
base::Result<void> outcome(parley_status status,
                           const parley_error& error,
                           std::string_view plugin);

// A byte outlet that appends to a buffer, up to a limit.
class Outlet {
public:
    Outlet(base::Bytes& into, std::size_t bytes_max);

    const parley_out* border() const { return &out_; }

private:
    base::Bytes& into_;
    std::size_t bytes_max_;
    parley_out out_;
};

// A whole reply that a dialect composed; text lives in the arena it was made with.
struct Composed {
    parley_http_reply head;
    base::Bytes body;
};

class Dialect {
public:
    explicit Dialect(std::shared_ptr<Instance> instance);

    std::string_view id() const { return view(instance_->component().id); }

    std::span<const parley_route> routes() const { return routes_; }

    const Instance& instance() const { return *instance_; }

    std::uint32_t match(const parley_call& call) const;
    base::Result<void> peek(const parley_call& call, base::Arena& arena, parley_peek& out) const;
    base::Result<void> retarget(const parley_call& call,
                                const parley_peek& peek,
                                std::string_view model,
                                base::Arena& arena,
                                parley_retarget& io) const;
    // `call` may be null: then the request matched no route.
    Composed encode_error(const parley_call* call,
                          const base::Error& error,
                          base::Arena& arena) const;
    base::Error decode_error(const parley_http_reply_head& head,
                             std::string_view body,
                             base::Arena& arena) const;
    base::Result<Composed> encode_models(const parley_call& call,
                                         std::span<const parley_model* const> models,
                                         base::Arena& arena) const;

    const parley_dialect& table() const { return *table_; }

    parley_instance* self() const { return instance_->get(); }

private:
    std::shared_ptr<Instance> instance_;
    const parley_dialect* table_;
    std::span<const parley_route> routes_;
};

// Watches one relayed reply.
class Tap {
public:
    Tap() = default;
    Tap(const Tap&) = delete;
    Tap& operator=(const Tap&) = delete;
    ~Tap();

    base::Result<void> open(const Dialect& dialect,
                            const parley_tap_open& open,
                            base::Arena& arena);

    bool is_open() const { return session_ != nullptr; }

    // See parley_dialect.tap_feed; the result is in view().
    base::Result<void> feed(std::string_view bytes, bool eof);

    // The reply is whole though its client waits for a stream; it is not the tap's any more.
    bool has_declined() const { return has_declined_; }

    const parley_tap& view() const { return tap_; }

    // The dialect's own error event, to be sent in place of the rest.
    base::Bytes fail(const base::Error& error);

private:
    const parley_dialect* table_ = nullptr;
    parley_session* session_ = nullptr;
    base::Place place_ = 0;
    base::Arena* arena_ = nullptr;
    parley_tap tap_ = sized<parley_tap>();
    bool has_declined_ = false;
};

class Provider {
public:
    explicit Provider(std::shared_ptr<Instance> instance);

    const std::string& name() const { return instance_->name(); }

    const Instance& instance() const { return *instance_; }

    std::span<const parley_str> dialects() const { return dialects_; }

    bool speaks(std::string_view dialect) const;

    std::span<const parley_model_offer> models() const { return models_; }

    base::Result<void> plan(const parley_plan_ask& ask, base::Arena& arena, parley_plan& out) const;
    // PARLEY_WANT_* of this request's place.
    std::uint32_t wants(const parley_plan_ask& ask) const;
    base::Result<void> amend(const parley_plan_ask& ask,
                             std::string_view body,
                             base::Arena& arena,
                             parley_amendment& out) const;
    // What a failed attempt means; by status and by what was told when the plugin has no opinion.
    parley_verdict classify(const parley_account& account,
                            const parley_http_reply_head* head,
                            std::string_view body,
                            const base::Error& told,
                            base::Arena& arena) const;

    bool tells_windows() const { return PARLEY_HAS(table_, parley_provider, windows); }

    // What a reply's head tells of rate limits; fills the front of `room`, and gives it back.
    std::span<const parley_window> windows(const parley_http_reply_head& head,
                                           std::int64_t wall_ms,
                                           std::span<parley_window> room) const;

    const parley_provider& table() const { return *table_; }

    parley_instance* self() const { return instance_->get(); }

private:
    std::shared_ptr<Instance> instance_;
    const parley_provider* table_;
    std::span<const parley_str> dialects_;
    std::span<const parley_model_offer> models_;
};

// An answer that a provider composes itself, step by step.
class Answer {
public:
    Answer() = default;
    Answer(const Answer&) = delete;
    Answer& operator=(const Answer&) = delete;
    ~Answer();

    base::Result<void> open(const Provider& provider,
                            const parley_plan_ask& ask,
                            std::string_view body,
                            base::Arena& arena);
    // One step: PARLEY_OK, PARLEY_AGAIN, PARLEY_DONE, PARLEY_CLOSED or an error. Bytes are
    // appended to `out`.
    parley_status step(base::Bytes& out, std::size_t bytes_max);

    const parley_answer& view() const { return answer_; }

private:
    const parley_provider* table_ = nullptr;
    parley_session* session_ = nullptr;
    base::Place place_ = 0;
    parley_answer answer_ = sized<parley_answer>();
};

}  // namespace parley::plugins
