// parley/sdk/login.hpp: the table of parley.login/1 from a class, and ops as rows of steps.
//
//   class MyLogin {
//    public:
//     explicit MyLogin(const parley_host*);
//     void configure(std::string_view json);                                       // optional
//     std::span<const parley_str> providers();                                     // optional
//     static constexpr std::string_view kParamsSchema = "...";                     // optional
//     void parse(std::string_view secret, Arena&, parley_secret_facts&);
//     std::unique_ptr<Op> login_begin(const parley_login_ask&);                    // optional
//     std::unique_ptr<Op> refresh_begin(const parley_account&);                    // optional
//     parley_str redact(std::string_view secret, Arena&);                          // optional
//   };
//
// An op is a class of steps, each of which names the one that comes after its effect:
//
//   class MyRefresh final : public Steps<MyRefresh> {
//     void start() override { clock(&MyRefresh::ask); }
//     void ask(const parley_resume& now) { http(call(now.wall_ms), &MyRefresh::read); }
//     void read(const parley_resume& reply) { publish(secret_of(view(reply.bytes))); }
//   };
//
// An effect that fails ends the op with its error, unless the step asked to see that. Whatever a
// step throws ends the op as well.
#pragma once

#include <algorithm>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "parley/login.h"
#include "parley/sdk/plugin.hpp"

namespace parley::sdk {

// Overwrites memory in a way that the compiler does not drop.
inline void wipe(char* memory, std::size_t size) {
    for (volatile char* at = memory; size != 0; --size) *at++ = 0;
}

// Text that is overwritten at the end of its life. What it is built from in pieces should be
// reserved first: memory that a string outgrows is not overwritten.
class SecretText {
public:
    SecretText() = default;

    explicit SecretText(std::string text) { text_.swap(text); }

    explicit SecretText(std::string_view text) : text_(text) {}

    SecretText(SecretText&& other) noexcept { text_.swap(other.text_); }

    SecretText& operator=(SecretText&& other) noexcept {
        text_.swap(other.text_);
        return *this;
    }

    ~SecretText() { wipe(text_.data(), text_.size()); }

    std::string_view view() const { return text_; }

    std::string& text() { return text_; }

private:
    std::string text_;
};

// One request as a step describes it; see parley_http_call.
struct HttpCall {
    std::string_view url;
    std::string_view method = "POST";
    std::string_view content_type = {};
    std::string_view body = {};
    std::span<const parley_header> headers = {};
    bool is_idempotent = false;
    uint64_t reply_max = 0;
    uint64_t timeout_ms = 0;
};

// The header of a reply, or empty.
inline std::string_view header_of(const parley_http_reply_head& head, std::string_view name) {
    const auto lower = [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; };
    const auto same = [&](char a, char b) { return lower(a) == lower(b); };
    for (uint64_t i = 0; i < head.header_count; ++i) {
        const std::string_view each = view(head.headers[i].name);
        if (std::equal(each.begin(), each.end(), name.begin(), name.end(), same)) {
            return view(head.headers[i].value);
        }
    }
    return {};
}

// What a person has to do; see parley_show_user.
struct ShowUser {
    std::string_view url;
    std::string_view code = {};
    std::string_view message = {};
    uint64_t expires_in_ms = 0;
};

// A browser that is to come back; see parley_await_callback.
struct AwaitCallback {
    uint32_t port;
    std::string_view path;
    std::string_view state;
};

class Op {
public:
    virtual ~Op() = default;
    virtual parley_status step(const parley_resume& resume, const parley_effects& effects) = 0;
};

// An op whose steps are members of T.
template <class T>
class Steps : public Op {
public:
    using Next = void (T::*)(const parley_resume&);

    parley_status step(const parley_resume& resume, const parley_effects& effects) final {
        effects_ = &effects;
        if (resume.kind == PARLEY_EFFECT_START) {
            start();
        } else {
            go_on(resume);
        }
        return is_published_ ? PARLEY_DONE : PARLEY_PENDING;
    }

protected:
    enum class Failures { end_the_op, are_seen };

    virtual void start() = 0;

    void http(const HttpCall& call, Next next, Failures failures = Failures::end_the_op) {
        parley_http_call asked{};
        asked.struct_size = sizeof(asked);
        asked.flags = call.is_idempotent ? PARLEY_HTTP_CALL_IDEMPOTENT : 0;
        asked.method = str(call.method);
        asked.url = str(call.url);
        asked.headers = call.headers.data();
        asked.header_count = call.headers.size();
        asked.content_type = str(call.content_type);
        asked.body = bytes(call.body);
        asked.reply_max = call.reply_max;
        asked.timeout_ms = call.timeout_ms;
        check(effects_->http(effects_, expect(next, failures), &asked), "http");
    }

    void timer(uint64_t wait_ms, Next next) {
        check(effects_->timer(effects_, expect(next, Failures::end_the_op), wait_ms), "timer");
    }

    void random(uint64_t size, Next next) {
        check(effects_->random(effects_, expect(next, Failures::end_the_op), size), "random");
    }

    void clock(Next next) {
        check(effects_->clock(effects_, expect(next, Failures::end_the_op)), "clock");
    }

    void show_user(const ShowUser& show, Next next) {
        parley_show_user asked{};
        asked.struct_size = sizeof(asked);
        asked.url = str(show.url);
        asked.code = str(show.code);
        asked.message = str(show.message);
        asked.expires_in_ms = show.expires_in_ms;
        if (!PARLEY_HAS(effects_, parley_effects, show_user)) throw nobody_there();
        check(effects_->show_user(effects_, expect(next, Failures::end_the_op), &asked),
              "show_user");
    }

    // Ends with the query that the browser came back with.
    void await_callback(const AwaitCallback& callback, Next next) {
        parley_await_callback asked{};
        asked.struct_size = sizeof(asked);
        asked.port = callback.port;
        asked.path = str(callback.path);
        asked.state = str(callback.state);
        if (!PARLEY_HAS(effects_, parley_effects, await_callback)) throw nobody_there();
        check(effects_->await_callback(effects_, expect(next, Failures::end_the_op), &asked),
              "await_callback");
    }

    // The op's result; the last that a step does.
    void publish(std::string_view result) {
        check(effects_->publish(effects_, str(result)), "publish");
        is_published_ = true;
    }

private:
    struct Expected {
        uint64_t id;
        Next next;
        Failures failures;
    };

    uint64_t expect(Next next, Failures failures) {
        expected_.push_back({++last_id_, next, failures});
        return last_id_;
    }

    void go_on(const parley_resume& resume) {
        const auto it = std::find_if(expected_.begin(), expected_.end(), [&](const Expected& e) {
            return e.id == resume.id;
        });
        if (it == expected_.end()) throw broken("an effect that was not asked for has ended");
        const Expected what = *it;
        expected_.erase(it);
        if (resume.status < 0 && what.failures == Failures::end_the_op) throw failure_of(resume);
        (static_cast<T*>(this)->*what.next)(resume);
    }

    static Failure failure_of(const parley_resume& resume) {
        Failure failure(-resume.status, "an effect failed");
        failure.fault = PARLEY_FAULT_UPSTREAM;
        if (resume.error == nullptr) return failure;
        failure.message = view(resume.error->message);
        failure.fault = resume.error->fault;
        failure.scope = resume.error->scope;
        failure.retry_after_ms = resume.error->retry_after_ms;
        return failure;
    }

    static void check(parley_status status, const char* effect) {
        if (status < 0) throw broken(std::string(effect) + ": the host does not take it", -status);
    }

    static Failure nobody_there() {
        Failure failure(PARLEY_E_UNSUPPORTED, "a login needs somebody who opens a browser");
        failure.fault = PARLEY_FAULT_GATEWAY;
        return failure;
    }

    static Failure broken(std::string why, int32_t error_class = PARLEY_E_INTERNAL) {
        Failure failure(error_class, std::move(why));
        failure.fault = PARLEY_FAULT_PLUGIN;
        return failure;
    }

    const parley_effects* effects_ = nullptr;  // of the step that runs
    std::vector<Expected> expected_;
    uint64_t last_id_ = 0;
    bool is_published_ = false;
};

namespace detail {

inline Op& op(parley_op* border) {
    return *reinterpret_cast<Op*>(border);
}

inline const parley_op_table& op_table() {
    static const parley_op_table table{
        sizeof(parley_op_table),
        0,
        [](parley_op* o,
           const parley_resume* resume,
           const parley_effects* effects,
           parley_error* error) {
            return guard(error, [&] { return op(o).step(*resume, *effects); });
        },
        [](parley_op* o) { delete &op(o); }};
    return table;
}

inline parley_op* border(std::unique_ptr<Op> op) {
    return reinterpret_cast<parley_op*>(op.release());
}

template <class T>
void add_ops(parley_login& t) {
    if constexpr (requires { &T::login_begin; }) {
        t.ops = &op_table();
        t.login_begin =
            [](parley_instance* i, const parley_login_ask* ask, parley_op** out, parley_error* e) {
                return guard(e, [&] { *out = border(self<T>(i).login_begin(*ask)); });
            };
    }
    if constexpr (requires { &T::refresh_begin; }) {
        t.ops = &op_table();
        t.refresh_begin = [](parley_instance* i,
                             const parley_account* account,
                             parley_op** out,
                             parley_error* e) {
            return guard(e, [&] { *out = border(self<T>(i).refresh_begin(*account)); });
        };
    }
}

}  // namespace detail

template <class T>
parley_login login_table() {
    using namespace detail;
    parley_login t{};
    t.struct_size = sizeof(t);
    if constexpr (requires { T::kParamsSchema; }) t.params_schema = str(T::kParamsSchema);
    if constexpr (requires { &T::providers; }) {
        t.providers = [](parley_instance* i, uint32_t* count) {
            const std::span<const parley_str> all = self<T>(i).providers();
            *count = static_cast<uint32_t>(all.size());
            return all.data();
        };
    }
    t.parse = [](parley_instance* i,
                 parley_str secret,
                 const parley_arena* a,
                 parley_secret_facts* out,
                 parley_error* e) {
        return guard(e, [&] {
            Arena arena(a);
            self<T>(i).parse(view(secret), arena, *out);
        });
    };
    add_ops<T>(t);
    if constexpr (requires { &T::redact; }) {
        t.redact = [](parley_instance* i,
                      parley_str secret,
                      const parley_arena* a,
                      parley_str* out,
                      parley_error* e) {
            return guard(e, [&] {
                Arena arena(a);
                *out = self<T>(i).redact(view(secret), arena);
            });
        };
    }
    return t;
}

}  // namespace parley::sdk
