// plugins/border.cpp: calls through the tables of dialects and providers; codec.cpp has the rest.
#include "plugins/border.hpp"

#include <algorithm>

#include "base/clock.hpp"
#include "plugins/policy.hpp"

namespace parley::plugins {

using base::Arena;
using base::Bytes;
using base::Error;
using base::Function;
using base::Result;

parley_error cleared_error(const Arena& arena) {
    auto error = sized<parley_error>();
    error.arena = arena.border();
    return error;
}

Result<void> outcome(parley_status status, const parley_error& error, std::string_view plugin) {
    if (status >= 0) return {};
    Error why = from_border(error);
    if (error.error_class == 0) {
        why.error_class = -status;
        why.fault = PARLEY_FAULT_PLUGIN;
    }
    const bool is_of_upstream = why.error_class == PARLEY_E_UPSTREAM_PROTOCOL ||
                                why.error_class == PARLEY_E_UPSTREAM_FAILED;
    if (is_of_upstream) why.fault = PARLEY_FAULT_UPSTREAM;
    if (why.message.empty()) why.message = std::string(plugin) + ": gave no reason";
    return why;
}

namespace {

std::string_view name_of(const Instance& instance) {
    return instance.name();
}

std::uint64_t moment_after(std::uint64_t wait_ms) {
    const auto now_ms = static_cast<std::uint64_t>(base::wall_ms());
    return wait_ms > UINT64_MAX - now_ms ? UINT64_MAX : now_ms + wait_ms;
}

// 0 for a moment that has passed: there is nothing to wait for.
std::uint64_t wait_until(std::uint64_t moment_ms) {
    const auto now_ms = static_cast<std::uint64_t>(base::wall_ms());
    return moment_ms > now_ms ? moment_ms - now_ms : 0;
}

}  // namespace

Error from_border(const parley_error& e) {
    Error out;
    out.error_class = e.error_class == 0 ? PARLEY_E_INTERNAL : e.error_class;
    out.fault = e.fault == 0 ? PARLEY_FAULT_PLUGIN : e.fault;
    out.scope = e.scope;
    out.advice = e.advice;
    out.http_status = e.http_status;
    out.retry_after_ms = e.retry_after_ms != 0 ? e.retry_after_ms : wait_until(e.retry_at_ms);
    out.message = view(e.message);
    out.code = view(e.code);
    out.param = view(e.param);
    return out;
}

Error rejection_of(const parley_error& error, const std::string& who) {
    Error why = from_border(error);
    if (error.error_class == 0) why.error_class = PARLEY_E_FORBIDDEN;
    why.fault = PARLEY_FAULT_CLIENT;
    why.scope = PARLEY_SCOPE_REQUEST;
    if (why.message.empty()) why.message = "refused by " + who;
    return why;
}

parley_error to_border(const Error& e) {
    auto out = sized<parley_error>();
    out.error_class = e.error_class;
    out.fault = e.fault;
    out.scope = e.scope;
    out.advice = e.advice;
    out.http_status = e.http_status != 0 ? e.http_status : base::http_status_of(e.error_class);
    out.retry_after_ms = e.retry_after_ms;
    out.retry_at_ms = e.retry_after_ms == 0 ? 0 : moment_after(e.retry_after_ms);
    out.message = str(e.message);
    out.code = str(e.code);
    out.param = str(e.param);
    return out;
}

Outlet::Outlet(Bytes& into, std::size_t bytes_max)
    : into_(into), bytes_max_(bytes_max), out_(sized<parley_out>()) {
    out_.ctx = this;
    out_.write = [](const parley_out* out, parley_bytes b) -> parley_status {
        auto* self = static_cast<Outlet*>(out->ctx);
        if (b.len > self->bytes_max_ - self->into_.size()) return -PARLEY_E_BUDGET;
        self->into_.append({reinterpret_cast<const char*>(b.ptr), b.len});
        return PARLEY_OK;
    };
    out_.borrow = out_.write;
}

// ---- dialect ----

Dialect::Dialect(std::shared_ptr<Instance> instance)
    : instance_(std::move(instance)),
      table_(static_cast<const parley_dialect*>(instance_->component().table)) {
    const base::Visit visit = instance_->visit(Function::routes);
    std::uint32_t count = 0;
    const parley_route* all = table_->routes(self(), &count);
    routes_ = {all, count};
}

std::uint32_t Dialect::match(const parley_call& call) const {
    if (table_->match == nullptr) return 1;
    const base::Visit visit = instance_->visit(Function::match);
    return table_->match(self(), &call);
}

Result<void> Dialect::peek(const parley_call& call, Arena& arena, parley_peek& out) const {
    parley_error error = cleared_error(arena);
    const base::Visit visit = instance_->visit(Function::peek);
    const auto status = table_->peek(self(), &call, arena.border(), &out, &error);
    return outcome(status, error, name_of(*instance_));
}

Result<void> Dialect::retarget(const parley_call& call,
                               const parley_peek& peek,
                               std::string_view model,
                               Arena& arena,
                               parley_retarget& io) const {
    parley_error error = cleared_error(arena);
    const base::Visit visit = instance_->visit(Function::retarget);
    const auto status =
        table_->retarget(self(), &call, &peek, str(model), arena.border(), &io, &error);
    return outcome(status, error, name_of(*instance_));
}

Composed Dialect::encode_error(const parley_call* call, const Error& error, Arena& arena) const {
    constexpr std::size_t kErrorBytesMax = 256 * 1024;
    Composed reply{sized<parley_http_reply>(), {}};
    const parley_error given = to_border(error);
    const Outlet outlet(reply.body, kErrorBytesMax);
    const base::Visit visit = instance_->visit(Function::encode_error);
    const auto status =
        table_->encode_error(self(), call, &given, arena.border(), &reply.head, outlet.border());
    if (status < 0 || reply.head.status < 400) {
        reply.head = sized<parley_http_reply>();
        reply.head.status = given.http_status;
        reply.head.content_type = str("text/plain");
        reply.body.clear();
        reply.body.append(error.message);
    }
    return reply;
}

Error Dialect::decode_error(const parley_http_reply_head& head,
                            std::string_view body,
                            Arena& arena) const {
    parley_error error = cleared_error(arena);
    const base::Visit visit = instance_->visit(Function::decode_error);
    table_->decode_error(self(), &head, bytes(body), arena.border(), &error);
    if (error.error_class == 0) error.error_class = base::class_of_http_status(head.status);
    if (error.fault == 0) error.fault = PARLEY_FAULT_UPSTREAM;
    if (error.http_status == 0) error.http_status = head.status;
    return from_border(error);
}

Result<Composed> Dialect::encode_models(const parley_call& call,
                                        std::span<const parley_model* const> models,
                                        Arena& arena) const {
    constexpr std::size_t kModelsBytesMax = 16 * 1024 * 1024;
    Composed reply{sized<parley_http_reply>(), {}};
    if (!PARLEY_HAS(table_, parley_dialect, encode_models)) {
        return base::client_error(PARLEY_E_NOT_FOUND, "this dialect has no list of models");
    }
    const Outlet outlet(reply.body, kModelsBytesMax);
    parley_error error = cleared_error(arena);
    const base::Visit visit = instance_->visit(Function::encode_models);
    const auto status = table_->encode_models(self(),
                                              &call,
                                              models.data(),
                                              models.size(),
                                              arena.border(),
                                              &reply.head,
                                              outlet.border(),
                                              &error);
    if (auto ok = outcome(status, error, name_of(*instance_)); !ok) return std::move(ok).error();
    return reply;
}

// ---- tap ----

Tap::~Tap() {
    if (session_ == nullptr) return;
    const base::Visit visit(place_);
    table_->tap_close(session_);
}

Result<void> Tap::open(const Dialect& dialect, const parley_tap_open& open, Arena& arena) {
    if (session_ != nullptr) {  // of a request that is made again
        const base::Visit visit(place_);
        table_->tap_close(session_);
        session_ = nullptr;
        has_declined_ = false;
        tap_ = sized<parley_tap>();
    }
    table_ = &dialect.table();
    place_ = dialect.instance().place(Function::tap);
    arena_ = &arena;
    const base::Visit visit(place_);
    parley_error error = cleared_error(arena);
    const auto status = table_->tap_open(dialect.self(), &open, &session_, &error);
    if (status < 0) session_ = nullptr;
    tap_.state = PARLEY_TAP_OPEN;
    tap_.usage.struct_size = sizeof(parley_usage);
    tap_.error = cleared_error(arena);
    return outcome(status, error, dialect.id());
}

Result<void> Tap::feed(std::string_view input, bool eof) {
    parley_error error = cleared_error(*arena_);
    tap_.taken = 0;
    tap_.cut_count = 0;
    tap_.made_count = 0;
    const base::Visit visit(place_);
    const auto status = table_->tap_feed(session_, bytes(input), eof ? 1 : 0, &tap_, &error);
    if (tap_.taken > input.size()) tap_.taken = input.size();
    has_declined_ = status == PARLEY_DECLINED;
    return outcome(status, error, "tap");
}

Bytes Tap::fail(const Error& error) {
    constexpr std::size_t kEventBytesMax = 256 * 1024;
    Bytes event;
    const Outlet outlet(event, kEventBytesMax);
    const parley_error given = to_border(error);
    const base::Visit visit(place_);
    if (table_->tap_fail(session_, &given, outlet.border()) < 0) event.clear();
    return event;
}

// ---- provider ----

Provider::Provider(std::shared_ptr<Instance> instance)
    : instance_(std::move(instance)),
      table_(static_cast<const parley_provider*>(instance_->component().table)) {
    const base::Visit visit = instance_->visit(Function::models);
    std::uint32_t count = 0;
    const parley_str* spoken = table_->dialects(self(), &count);
    dialects_ = {spoken, count};
    if (table_->models == nullptr) return;
    const parley_model_offer* offers = table_->models(self(), &count);
    models_ = {offers, count};
}

bool Provider::speaks(std::string_view dialect) const {
    return std::any_of(
        dialects_.begin(), dialects_.end(), [&](parley_str id) { return view(id) == dialect; });
}

Result<void> Provider::plan(const parley_plan_ask& ask, Arena& arena, parley_plan& out) const {
    parley_error error = cleared_error(arena);
    const base::Visit visit = instance_->visit(Function::plan);
    const auto status = table_->plan(self(), &ask, arena.border(), &out, &error);
    return outcome(status, error, name());
}

std::uint32_t Provider::wants(const parley_plan_ask& ask) const {
    if (!PARLEY_HAS(table_, parley_provider, wants)) return 0;
    const base::Visit visit = instance_->visit(Function::plan);
    return table_->wants(self(), &ask);
}

Result<void> Provider::amend(const parley_plan_ask& ask,
                             std::string_view body,
                             Arena& arena,
                             parley_amendment& out) const {
    if (!PARLEY_HAS(table_, parley_provider, amend)) return {};
    parley_error error = cleared_error(arena);
    const base::Visit visit = instance_->visit(Function::plan);
    const auto status = table_->amend(self(), &ask, bytes(body), arena.border(), &out, &error);
    return outcome(status, error, name());
}

parley_verdict Provider::classify(const parley_account& account,
                                  const parley_http_reply_head* head,
                                  std::string_view body,
                                  const Error& told,
                                  Arena& arena) const {
    auto verdict = sized<parley_verdict>();
    verdict.error = to_border(told);
    verdict.error.arena = arena.border();
    if (table_->classify == nullptr) return verdict;
    const parley_error given = verdict.error;
    auto own = sized<parley_verdict>();
    own.error = cleared_error(arena);
    const base::Visit visit = instance_->visit(Function::classify);
    const auto status =
        table_->classify(self(), &account, head, bytes(body), &given, arena.border(), &own);
    return status == PARLEY_OK && own.error.error_class != 0 ? own : verdict;
}

std::span<const parley_window> Provider::windows(const parley_http_reply_head& head,
                                                 std::int64_t wall_ms,
                                                 std::span<parley_window> room) const {
    const auto capacity = static_cast<std::uint32_t>(room.size());
    const base::Visit visit = instance_->visit(Function::other);
    const std::uint32_t count = table_->windows(self(), &head, wall_ms, room.data(), capacity);
    return room.first(std::min(count, capacity));
}

// ---- policy ----

Policy::Policy(std::shared_ptr<Instance> instance)
    : instance_(std::move(instance)),
      table_(static_cast<const parley_policy*>(instance_->component().table)) {}

Result<parley_pick> Policy::pick(const parley_pick_ask& ask,
                                 std::span<const parley_candidate* const> candidates,
                                 Error& why) const {
    // Only errors lie in it, and they are rare: it makes no memory before it is asked for some.
    constexpr std::size_t kErrorBytesMax = 16 * 1024;
    Arena arena(kErrorBytesMax);
    parley_error error = cleared_error(arena);
    auto out = sized<parley_pick>();
    const base::Visit visit = instance_->visit(Function::pick);
    const auto status = table_->pick(instance_->get(),
                                     &ask,
                                     candidates.data(),
                                     static_cast<std::uint32_t>(candidates.size()),
                                     &out,
                                     &error);
    if (auto done = outcome(status, error, name()); !done) return std::move(done).error();
    const bool is_fit = out.action == PARLEY_PICK_DELEGATE || out.action == PARLEY_PICK_REJECT ||
                        (out.action == PARLEY_PICK_INDEX && out.index < candidates.size());
    if (!is_fit) return base::gateway_error(PARLEY_E_INTERNAL, "policy: an answer that is none");
    if (out.action == PARLEY_PICK_REJECT) {
        why = rejection_of(error, "the policy " + std::string(name()));
    }
    return out;
}

void Policy::report(const parley_pick_report& report) const {
    if (!PARLEY_HAS(table_, parley_policy, report)) return;
    const base::Visit visit = instance_->visit(Function::pick);
    table_->report(instance_->get(), &report);
}

// ---- answer ----

Answer::~Answer() {
    if (session_ == nullptr) return;
    const base::Visit visit(place_);
    table_->answer_close(session_);
}

Result<void> Answer::open(const Provider& provider,
                          const parley_plan_ask& ask,
                          std::string_view body,
                          Arena& arena) {
    table_ = &provider.table();
    if (!PARLEY_HAS(table_, parley_provider, answer_open)) {
        return base::gateway_error(PARLEY_E_INTERNAL, provider.name() + ": has no own answers");
    }
    parley_error error = cleared_error(arena);
    place_ = provider.instance().place(Function::answer);
    const base::Visit visit(place_);
    const auto status = table_->answer_open(provider.self(), &ask, bytes(body), &session_, &error);
    if (status < 0) session_ = nullptr;
    return outcome(status, error, provider.name());
}

parley_status Answer::step(Bytes& out, std::size_t bytes_max) {
    const Outlet outlet(out, bytes_max);
    const base::Visit visit(place_);
    return table_->answer_step(session_, &answer_, outlet.border());
}

}  // namespace parley::plugins
