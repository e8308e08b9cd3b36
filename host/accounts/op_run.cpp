#include "accounts/op_run.hpp"

#include <utility>
#include <vector>

#include "accounts/op_call.hpp"
#include "plugins/border.hpp"

namespace parley::accounts {

using base::Result;
using base::Task;
using plugins::sized;

// How one effect ended; the first is the start.
struct OpRun::Outcome {
    std::uint32_t kind = PARLEY_EFFECT_START;
    std::uint64_t id = 0;
    std::optional<base::Error> error = {};
    std::optional<http::CallReply> reply = {};
    base::Secret bytes = {};
    base::Secret query = {};
    std::int64_t wall_ms = 0;
    std::int64_t monotonic_ms = 0;
};

struct OpRun::Effect {
    std::uint64_t id = 0;
    std::uint32_t kind = 0;
    http::Call call = {};
    Errand errand = {};
    Callback callback = {};
    http::Cancellation cancellation = {};
    OpRun* run = nullptr;
    std::optional<http::Deadline> timer = {};
    std::uint64_t amount = 0;  // milliseconds, or bytes
};

// The slots of parley_effects. Effects that take a store are not offered: whoever brings one fills
// the slots that are empty here.
struct OpRun::Slots {
    static OpRun& run(const parley_effects* effects) { return *static_cast<OpRun*>(effects->ctx); }

    static parley_effects of(OpRun* run) {
        auto slots = sized<parley_effects>();
        slots.ctx = run;
        slots.http = [](const parley_effects* e, std::uint64_t id, const parley_http_call* call) {
            return Slots::run(e).ask_call(id, *call);
        };
        slots.timer = [](const parley_effects* e, std::uint64_t id, std::uint64_t wait_ms) {
            return Slots::run(e).ask_timer(id, wait_ms);
        };
        slots.random = [](const parley_effects* e, std::uint64_t id, std::uint64_t size) {
            return Slots::run(e).ask_random(id, size);
        };
        slots.clock = [](const parley_effects* e, std::uint64_t id) {
            return Slots::run(e).ask_clock(id);
        };
        slots.show_user =
            [](const parley_effects* e, std::uint64_t id, const parley_show_user* show) {
                return Slots::run(e).ask_show(id, *show);
            };
        slots.await_callback =
            [](const parley_effects* e, std::uint64_t id, const parley_await_callback* callback) {
                return Slots::run(e).ask_callback(id, *callback);
            };
        slots.publish = [](const parley_effects* e, parley_str result) {
            return Slots::run(e).take_result(plugins::view(result));
        };
        return slots;
    }
};

namespace {

constexpr std::size_t kStateBytesMin = 16;  // what cannot be guessed

base::Error nobody_there() {
    return base::gateway_error(PARLEY_E_UNSUPPORTED, "op: nobody is there to ask");
}

base::Error plugin_fault(std::string what) {
    base::Error why = base::gateway_error(PARLEY_E_INTERNAL, "op: " + std::move(what));
    why.fault = PARLEY_FAULT_PLUGIN;
    why.scope = PARLEY_SCOPE_PLUGIN;
    return why;
}

}  // namespace

std::shared_ptr<OpRun> OpRun::start(http::Loop& loop,
                                    std::shared_ptr<Outside> outside,
                                    const OpBounds& bounds,
                                    plugins::Op op,
                                    Ended ended) {
    auto run =
        std::make_shared<OpRun>(loop, std::move(outside), bounds, std::move(op), std::move(ended));
    run->deadline_.set(bounds.total_ms);
    run->go_on(Outcome());
    return run;
}

OpRun::OpRun(http::Loop& loop,
             std::shared_ptr<Outside> outside,
             const OpBounds& bounds,
             plugins::Op op,
             Ended ended)
    : loop_(loop),
      outside_(std::move(outside)),
      bounds_(bounds),
      op_(std::move(op)),
      ended_(std::move(ended)),
      deadline_(loop.deadlines(),
                this,
                [](void* self) {
                    static_cast<OpRun*>(self)->finish(
                        base::upstream_error(PARLEY_E_TIMEOUT, "op: timed out"));
                }),
      effects_(Slots::of(this)) {}

OpRun::~OpRun() = default;

void OpRun::cancel() {
    const auto self = shared_from_this();
    ended_ = nullptr;
    release();
}

// ---- what a step asks for ----

parley_status OpRun::admit(std::uint64_t id, std::uint32_t kind, Effect** out) {
    if (!is_stepping_ || outstanding_.contains(id)) return -PARLEY_E_INVALID_ARGUMENT;
    if (outstanding_.size() >= bounds_.effects_max) return -PARLEY_E_BUDGET;
    auto effect = std::make_shared<Effect>();
    effect->id = id;
    effect->kind = kind;
    effect->run = this;
    *out = effect.get();
    outstanding_.emplace(id, effect);
    wished_.push_back(std::move(effect));
    return PARLEY_OK;
}

parley_status OpRun::ask_call(std::uint64_t id, const parley_http_call& asked) {
    http::Call call;
    if (const auto status = read_call(asked, bounds_.call_ms, call); status < 0) return status;
    Effect* effect = nullptr;
    const auto status = admit(id, PARLEY_EFFECT_HTTP, &effect);
    call.egress = bounds_.egress;
    if (status == PARLEY_OK) effect->call = std::move(call);
    return status;
}

parley_status OpRun::ask_timer(std::uint64_t id, std::uint64_t wait_ms) {
    Effect* effect = nullptr;
    const auto status = admit(id, PARLEY_EFFECT_TIMER, &effect);
    if (status == PARLEY_OK) effect->amount = wait_ms;
    return status;
}

parley_status OpRun::ask_random(std::uint64_t id, std::uint64_t size) {
    if (size > PARLEY_RANDOM_MAX) return -PARLEY_E_INVALID_ARGUMENT;
    Effect* effect = nullptr;
    const auto status = admit(id, PARLEY_EFFECT_RANDOM, &effect);
    if (status == PARLEY_OK) effect->amount = size;
    return status;
}

parley_status OpRun::ask_clock(std::uint64_t id) {
    Effect* effect = nullptr;
    return admit(id, PARLEY_EFFECT_CLOCK, &effect);
}

parley_status OpRun::ask_show(std::uint64_t id, const parley_show_user& asked) {
    if (asked.url.len == 0 && asked.message.len == 0) return -PARLEY_E_INVALID_ARGUMENT;
    Effect* effect = nullptr;
    const auto status = admit(id, PARLEY_EFFECT_SHOW_USER, &effect);
    if (status != PARLEY_OK) return status;
    effect->errand = {std::string(plugins::view(asked.url)),
                      std::string(plugins::view(asked.code)),
                      std::string(plugins::view(asked.message)),
                      asked.expires_in_ms};
    return PARLEY_OK;
}

parley_status OpRun::ask_callback(std::uint64_t id, const parley_await_callback& asked) {
    constexpr std::uint32_t kPortMax = 65'535;
    const std::string_view path = plugins::view(asked.path);
    const bool fits = asked.port <= kPortMax && path.starts_with('/') &&
                      path.find_first_of("?# ") == path.npos && asked.state.len >= kStateBytesMin;
    if (!fits) return -PARLEY_E_INVALID_ARGUMENT;
    Effect* effect = nullptr;
    const auto status = admit(id, PARLEY_EFFECT_AWAIT_CALLBACK, &effect);
    if (status != PARLEY_OK) return status;
    effect->callback.port = asked.port;
    effect->callback.path = path;
    effect->callback.state = base::Secret(std::string(plugins::view(asked.state)));
    return PARLEY_OK;
}

parley_status OpRun::take_result(std::string_view result) {
    if (!is_stepping_ || published_) return -PARLEY_E_INVALID_ARGUMENT;
    published_.emplace(std::string(result));
    return PARLEY_OK;
}

// ---- step after step ----

// Outcomes that come while a step runs wait for their turn, so steps never nest.
void OpRun::go_on(Outcome outcome) {
    if (!op_) return;
    outcomes_.push_back(std::move(outcome));
    if (is_driving_) return;
    const auto self = shared_from_this();
    is_driving_ = true;
    while (op_ && !outcomes_.empty()) {
        const Outcome next = std::move(outcomes_.front());
        outcomes_.pop_front();
        step(next);
        perform();
    }
    is_driving_ = false;
}

void OpRun::step(const Outcome& outcome) {
    if (++steps_ > bounds_.steps_max) {
        finish(plugin_fault("took over " + std::to_string(bounds_.steps_max) + " steps"));
        return;
    }
    outstanding_.erase(outcome.id);
    auto resume = sized<parley_resume>();
    resume.kind = outcome.kind;
    resume.id = outcome.id;
    resume.wall_ms = outcome.wall_ms;
    resume.monotonic_ms = outcome.monotonic_ms;
    resume.bytes = plugins::bytes(outcome.bytes.reveal());
    resume.query = plugins::str(outcome.query.reveal());
    parley_error error;
    if (outcome.error) {
        error = plugins::to_border(*outcome.error);
        resume.status = -outcome.error->error_class;
        resume.error = &error;
    }
    std::vector<parley_header> fields;
    auto head = sized<parley_http_reply_head>();
    if (outcome.reply) {
        for (const auto& [name, value] : outcome.reply->fields) {
            fields.push_back({plugins::str(name), plugins::str(value), 0});
        }
        head.status = outcome.reply->status;
        head.headers = fields.data();
        head.header_count = fields.size();
        head.content_type = plugins::str(outcome.reply->content_type);
        resume.head = &head;
        resume.bytes = plugins::bytes(outcome.reply->body.reveal());
    }
    is_stepping_ = true;
    const auto stepped = op_.step(resume, effects_);
    is_stepping_ = false;
    if (!stepped) return finish(stepped.error());
    if (*stepped == plugins::Op::Step::done) {
        if (!published_) return finish(plugin_fault("is done without a result"));
        return finish(std::move(*published_));
    }
    if (published_) return finish(plugin_fault("published and goes on"));
    if (outstanding_.empty()) finish(plugin_fault("waits for nothing"));
}

void OpRun::perform() {
    while (op_ && !wished_.empty()) {
        const std::shared_ptr<Effect> effect = std::move(wished_.front());
        wished_.pop_front();
        if (effect->kind == PARLEY_EFFECT_HTTP) {
            base::spawn(perform_call(shared_from_this(), effect));
        } else if (effect->kind == PARLEY_EFFECT_AWAIT_CALLBACK) {
            base::spawn(perform_callback(shared_from_this(), effect));
        } else if (effect->kind == PARLEY_EFFECT_SHOW_USER) {
            show(*effect);
        } else {
            perform_one(*effect);
        }
    }
}

void OpRun::perform_one(Effect& effect) {
    Outcome outcome{effect.kind, effect.id};
    if (effect.kind == PARLEY_EFFECT_TIMER) {
        effect.timer.emplace(loop_.deadlines(), &effect, [](void* e) {
            auto& ended = *static_cast<Effect*>(e);
            ended.run->go_on({PARLEY_EFFECT_TIMER, ended.id});
        });
        effect.timer->set(effect.amount == 0 ? 1 : effect.amount);
        return;
    }
    if (effect.kind == PARLEY_EFFECT_RANDOM) {
        std::string drawn(effect.amount, '\0');
        if (auto done = outside_->draw(drawn); !done) outcome.error = done.error();
        outcome.bytes = base::Secret(std::move(drawn));
    } else {
        outcome.wall_ms = outside_->wall_ms();
        outcome.monotonic_ms = outside_->monotonic_ms();
    }
    go_on(std::move(outcome));
}

Task<void> OpRun::perform_call(std::shared_ptr<OpRun> self, std::shared_ptr<Effect> effect) {
    Result<http::CallReply> reply =
        co_await self->outside_->call(effect->call, effect->cancellation);
    Outcome outcome{PARLEY_EFFECT_HTTP, effect->id};
    if (reply) {
        outcome.reply = std::move(*reply);
    } else {
        outcome.error = reply.error();
    }
    self->go_on(std::move(outcome));
}

void OpRun::show(Effect& effect) {
    Outcome outcome{effect.kind, effect.id};
    Person* person = outside_->person();
    const Result<void> shown = person != nullptr ? person->show(effect.errand) : nobody_there();
    if (!shown) outcome.error = shown.error();
    go_on(std::move(outcome));
}

Task<void> OpRun::perform_callback(std::shared_ptr<OpRun> self, std::shared_ptr<Effect> effect) {
    Outcome outcome{PARLEY_EFFECT_AWAIT_CALLBACK, effect->id};
    Person* person = self->outside_->person();
    if (person == nullptr) {
        outcome.error = nobody_there();
    } else {
        Result<base::Secret> query = co_await person->await(effect->callback, effect->cancellation);
        if (query) {
            outcome.query = std::move(*query);
        } else {
            outcome.error = query.error();
        }
    }
    self->go_on(std::move(outcome));
}

// ---- the end ----

void OpRun::finish(Result<base::Secret> result) {
    const auto self = shared_from_this();
    const Ended ended = std::exchange(ended_, nullptr);
    release();
    if (ended) ended(std::move(result));
}

// The op is gone before its effects end, so it hears nothing of that.
void OpRun::release() {
    op_ = plugins::Op();
    deadline_.clear();
    outcomes_.clear();
    wished_.clear();
    const auto outstanding = std::exchange(outstanding_, {});
    for (const auto& [id, effect] : outstanding) {
        effect->timer.reset();
        effect->cancellation.fire();
    }
}

}  // namespace parley::accounts
