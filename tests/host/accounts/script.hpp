// script.hpp: ops and a world outside that a test writes down.
#pragma once

#include <coroutine>
#include <deque>
#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "accounts/op_run.hpp"
#include "plugins/border.hpp"

namespace parley::accounts {

using base::Result;
using base::Task;
using plugins::sized;
using plugins::str;
using plugins::view;

// An op whose steps are functions, one after the other; the last one goes on for ever.
struct ScriptOp {
    using Step = std::function<parley_status(const parley_resume&, const parley_effects&)>;

    std::vector<Step> steps;
    std::size_t at = 0;
    int* alive = nullptr;

    static const parley_op_table& table() {
        static const parley_op_table one{
            sizeof(parley_op_table),
            0,
            [](parley_op* op,
               const parley_resume* resume,
               const parley_effects* effects,
               parley_error* error) {
                auto& self = *reinterpret_cast<ScriptOp*>(op);
                const std::size_t now = std::min(self.at++, self.steps.size() - 1);
                const parley_status status = self.steps[now](*resume, *effects);
                if (status < 0) {
                    error->error_class = -status;
                    error->fault = PARLEY_FAULT_UPSTREAM;
                    error->scope = PARLEY_SCOPE_ACCOUNT;
                    error->message = str("it failed");
                }
                return status;
            },
            [](parley_op* op) {
                auto* self = reinterpret_cast<ScriptOp*>(op);
                if (self->alive != nullptr) --*self->alive;
                delete self;
            }};
        return one;
    }

    static plugins::Op make(std::vector<Step> steps, int* alive = nullptr) {
        if (alive != nullptr) ++*alive;
        auto* op = new ScriptOp{std::move(steps), 0, alive};
        return {nullptr, "script", &table(), reinterpret_cast<parley_op*>(op)};
    }
};

// Calls wait until the test answers them; clocks stand where the test puts them.
class ScriptedOutside final : public Outside {
public:
    struct Waiting {
        http::Call call;
        std::coroutine_handle<> waiter = {};
        std::optional<Result<http::CallReply>> reply = {};

        void answer(Result<http::CallReply> with) {
            if (reply) return;
            reply = std::move(with);
            std::exchange(waiter, nullptr).resume();
        }
    };

    Task<Result<http::CallReply>> call(const http::Call& call,
                                       http::Cancellation& cancellation) override {
        return wait(*this, call, cancellation);
    }

    std::int64_t wall_ms() override { return wall; }

    std::int64_t monotonic_ms() override { return 77; }

    Result<void> draw(std::span<char> into) override {
        std::fill(into.begin(), into.end(), 'r');
        return {};
    }

    static http::CallReply reply(unsigned status, std::string body) {
        http::CallReply made;
        made.status = status;
        made.body = base::Secret(std::move(body));
        return made;
    }

    Person* person() override { return somebody; }

    std::deque<std::shared_ptr<Waiting>> calls;
    Person* somebody = nullptr;
    std::function<void()> on_call;
    std::int64_t wall = 1'700'000'000'000;
    int cancelled = 0;

private:
    struct Answered {
        Waiting& waiting;

        bool await_ready() const { return waiting.reply.has_value(); }

        void await_suspend(std::coroutine_handle<> by) { waiting.waiter = by; }

        void await_resume() const {}
    };

    static Task<Result<http::CallReply>> wait(ScriptedOutside& self,
                                              const http::Call& call,
                                              http::Cancellation& cancellation) {
        auto waiting = std::make_shared<Waiting>();
        waiting->call = call;
        self.calls.push_back(waiting);
        if (self.on_call) self.on_call();
        cancellation.hook(waiting.get(), [](void* w) {
            static_cast<Waiting*>(w)->answer(base::upstream_error(PARLEY_E_CANCELLED, "cancelled"));
        });
        Answered answered{*waiting};
        co_await answered;
        cancellation.unhook();
        if (cancellation.fired()) ++self.cancelled;
        co_return std::move(*waiting->reply);
    }
};

inline parley_status ask_http(const parley_effects& effects,
                              std::uint64_t id,
                              std::string_view body = "please") {
    auto call = sized<parley_http_call>();
    call.method = str("POST");
    call.url = str("https://a.example/token");
    call.content_type = str("text/plain");
    call.body = plugins::bytes(body);
    return effects.http(&effects, id, &call);
}

}  // namespace parley::accounts
