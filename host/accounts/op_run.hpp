// accounts/op_run.hpp: one op of a plugin from its first step to its result. The op asks for
// effects, this performs them on its loop and steps again with each result. [loop]
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string_view>

#include "accounts/outside.hpp"
#include "base/secret.hpp"
#include "http/deadline.hpp"
#include "plugins/login.hpp"

namespace parley::accounts {

// What one op may use up, and the way its requests leave by.
struct OpBounds {
    std::uint64_t total_ms = 0;  // from its first step to its result
    std::uint64_t call_ms = 0;   // one request, where the op does not say
    std::uint64_t steps_max = 0;
    std::uint64_t effects_max = 0;  // outstanding at a time
    config::EgressPtr egress = {};
};

// Lives until its op is over and every effect has let go.
class OpRun : public std::enable_shared_from_this<OpRun> {
public:
    // Told once, with what the op published or why it failed; never after cancel().
    using Ended = std::function<void(base::Result<base::Secret>)>;

    static std::shared_ptr<OpRun> start(http::Loop& loop,
                                        std::shared_ptr<Outside> outside,
                                        const OpBounds& bounds,
                                        plugins::Op op,
                                        Ended ended);

    OpRun(http::Loop& loop,
          std::shared_ptr<Outside> outside,
          const OpBounds& bounds,
          plugins::Op op,
          Ended ended);
    OpRun(const OpRun&) = delete;
    OpRun& operator=(const OpRun&) = delete;
    ~OpRun();

    // Ends the op and its effects. Not from inside a step.
    void cancel();

    bool is_over() const { return !op_; }

private:
    struct Effect;
    struct Outcome;
    struct Slots;

    // What the op calls during a step.
    parley_status ask_call(std::uint64_t id, const parley_http_call& asked);
    parley_status ask_timer(std::uint64_t id, std::uint64_t wait_ms);
    parley_status ask_random(std::uint64_t id, std::uint64_t size);
    parley_status ask_clock(std::uint64_t id);
    parley_status ask_show(std::uint64_t id, const parley_show_user& asked);
    parley_status ask_callback(std::uint64_t id, const parley_await_callback& asked);
    parley_status take_result(std::string_view result);
    parley_status admit(std::uint64_t id, std::uint32_t kind, Effect** out);

    void go_on(Outcome outcome);
    void step(const Outcome& outcome);
    void perform();
    void perform_one(Effect& effect);
    static base::Task<void> perform_call(std::shared_ptr<OpRun> self,
                                         std::shared_ptr<Effect> effect);
    static base::Task<void> perform_callback(std::shared_ptr<OpRun> self,
                                             std::shared_ptr<Effect> effect);
    void show(Effect& effect);
    void finish(base::Result<base::Secret> result);
    void release();

    http::Loop& loop_;
    std::shared_ptr<Outside> outside_;
    const OpBounds bounds_;
    plugins::Op op_;
    Ended ended_;
    http::Deadline deadline_;
    parley_effects effects_;
    std::map<std::uint64_t, std::shared_ptr<Effect>> outstanding_;
    std::deque<std::shared_ptr<Effect>> wished_;  // in the step that runs; performed after it
    std::deque<Outcome> outcomes_;                // the op has not been told yet
    std::optional<base::Secret> published_;
    std::uint64_t steps_ = 0;
    bool is_stepping_ = false;
    bool is_driving_ = false;
};

}  // namespace parley::accounts
