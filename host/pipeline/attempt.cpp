#include "pipeline/attempt.hpp"

#include "base/clock.hpp"
#include "pipeline/answer.hpp"
#include "pipeline/estimate.hpp"
#include "pipeline/exchange.hpp"
#include "routing/policy.hpp"

namespace parley::pipeline {

using base::Result;

namespace {

// What is told to end later has no end that matters to us.
constexpr std::uint64_t kLongestMs = 1'000'000'000'000;

}  // namespace

Attempt::Attempt(Exchange& exchange, routing::Picked picked, const plugins::Dialect& spoken)
    : exchange_(exchange),
      picked_(std::move(picked)),
      candidate_(*picked_.candidate),
      spoken_(spoken),
      secret_(exchange.lane().secrets().usable(*candidate_.account)),
      filters_(exchange.world().filters.of(exchange.terms().route)) {
    if (secret_ != nullptr) account_ = candidate_.account->border(*secret_);
}

Attempt::Task Attempt::run() {
    Result<void> done = co_await send_and_hear();
    if (!done && may_be_healed(done.error())) done = co_await heal(done.error());
    if (!done) judge(done.error());
    if (!done && may_renew()) {
        // It was refused inside of a reply that looked well.
        done = co_await renew();
        if (done) done = co_await send_and_hear();
        if (!done) judge(done.error());
    }
    if (!done && is_abandoned_) {
        auto hedged = base::gateway_error(PARLEY_E_CANCELLED, "another attempt answered first");
        hedged.code = "hedged";
        done = std::move(hedged);
    }
    co_return done;
}

// What the head of a reply says of the account's limits.
void Attempt::hear_windows(const parley_http_reply_head& head) {
    const plugins::Provider& provider = *candidate_.place->provider;
    if (!provider.tells_windows()) return;
    std::array<parley_window, accounts::Health::kWindowsMax> room{};
    const std::int64_t now_ms = exchange_.lane().now_ms();
    for (const parley_window& told : provider.windows(head, base::wall_ms(), room)) {
        if (told.name.len == 0 || told.limit == 0) continue;
        accounts::Window window = accounts::Window::named(plugins::view(told.name));
        window.limit = told.limit;
        window.remaining = told.remaining;
        window.reset_ms = now_ms + static_cast<std::int64_t>(std::min(told.reset_ms, kLongestMs));
        window.length_ms = told.length_ms;
        window.kind = told.kind;
        window.refills = (told.flags & PARLEY_WINDOW_REFILLS) != 0;
        picked_.attempt.told(window, told.scope == PARLEY_SCOPE_ACCOUNT, now_ms);
    }
}

// A refusal has been judged with its body; what failed without one is judged by what is known.
void Attempt::judge(const base::Error& error) {
    const bool is_theirs =
        error.fault == PARLEY_FAULT_UPSTREAM && error.error_class != PARLEY_E_CANCELLED;
    if (!is_theirs || verdict_ || is_off()) return;
    told_ = error;
    verdict_ =
        candidate_.place->provider->classify(account_, nullptr, {}, told_, exchange_.arena());
}

void Attempt::settle(const Result<void>& done) {
    Lane& lane = exchange_.lane();
    const std::int64_t now_ms = lane.now_ms();
    auto report = plugins::sized<parley_pick_report>();
    report.total_ms = static_cast<std::uint64_t>(now_ms - picked_.attempt.started_ms());
    report.content_ms = content_ms_;
    report.number = picked_.number;
    report.monotonic_ms = now_ms;
    has_ended_well_ = done.has_value();
    if (done) {
        report.usage = &usage();
        // What crossed was read by us, and nothing that the client names went along.
        if (!is_crossing()) exchange_.owns_named(account_number());
        // Where a filter has responded, nothing is known of the account.
        status_ == 0 ? picked_.attempt.leave() : picked_.attempt.succeed(now_ms);
    } else {
        failure_ = done.error();
        report.error_class = failure_.error_class;
        if (verdict_ && !is_abandoned_ && exchange_.world().config.routing.cool_down) {
            const routing::Fault fault = routing::fault_of(*verdict_);
            report.scope = fault.scope;
            report.cool_down_ms = picked_.attempt.fail(fault, now_ms, lane.random());
        } else {
            picked_.attempt.leave();
        }
    }
    picked_.policy->report(report);
    AttemptNote told = note();
    told.error_class = report.error_class;
    told.scope = report.scope;
    told.cool_down_ms = report.cool_down_ms;
    exchange_.note(told);
}

AttemptNote Attempt::note() const {
    const auto began_ms = static_cast<std::uint64_t>(picked_.attempt.started_ms());
    const auto since = [&](std::uint64_t at_ms) {
        return at_ms < began_ms ? AttemptNote::kNever : at_ms - began_ms;
    };
    AttemptNote note;
    note.provider = candidate_.place->name;
    note.account = candidate_.account->label;
    note.account_id = candidate_.account->id;
    note.upstream_model = candidate_.model;
    note.status = status_;
    note.is_reused = is_reused_;
    note.start_ms = began_ms - exchange_.started_ms();
    note.connect_ms = since(connected_ms_);
    note.head_ms = since(heard_ms_);
    if (has_shown_) note.content_ms = content_ms_;
    note.total_ms = since(exchange_.lane().loop().now_ms());
    note.input_tokens = usage().input_total;
    note.output_tokens = usage().output_total;
    note.code = exchange_.arena().copy(failure_.code);
    note.sent_bytes = source_ == nullptr ? 0 : body_size();
    note.received_bytes = received_bytes_;
    return note;
}

std::uint32_t Attempt::account_number() const {
    return candidate_.account->state->number();
}

// The client sees something of the reply from here on.
void Attempt::show() {
    if (std::exchange(has_shown_, true)) return;
    const std::int64_t now_ms = exchange_.lane().now_ms();
    content_ms_ = static_cast<std::uint64_t>(now_ms - picked_.attempt.started_ms());
    picked_.attempt.content(now_ms);
}

// What the provider plans goes first, then what the route says.
std::uint64_t Attempt::limit_of(std::uint64_t planned,
                                std::uint64_t of_route,
                                std::uint64_t usual) const {
    if (planned != 0) return planned;
    return of_route != 0 ? of_route : usual;
}

Attempt::Task Attempt::send_and_hear() {
    if (secret_ == nullptr) {
        const Result<void> waited = co_await wait_for_secret();
        if (!waited) co_return waited;
    }
    bool crosses = must_cross();
    if (filters_ != nullptr) {
        const Result<void> begun = begin_filtering();
        if (!begun) co_return begun;
    }
    if (crosses) {
        const Result<void> translated = co_await translate();
        if (!translated) co_return translated;
        if (crossing_->ruling().kind == Ruling::Kind::responds) co_return co_await respond();
        if (elsewhere() != nullptr) co_return Result<void>();
        if (crossing_->must_guess()) co_return co_await show_count();
    }
    if (crosses && crossing_->is_relayed()) {
        crossing_.reset();
        crosses = false;
    }
    Result<void> ready = crosses ? speak() : retarget();
    if (ready) ready = plan();
    if (!ready && crosses && crossing_->guesses_after(ready.error())) {
        co_return co_await show_count();
    }
    if (!ready) co_return ready;
    for (;;) {
        const Result<void> sent = co_await send();
        if (!sent) co_return sent;
        heard_ms_ = exchange_.lane().loop().now_ms();
        const Result<void> heard = co_await hear_reply();
        if (heard || !may_renew()) co_return heard;
        Result<void> renewed = co_await renew();
        if (renewed) renewed = plan();
        if (!renewed) co_return renewed;
    }
}

Result<void> Attempt::retarget() {
    const Asked& asked = exchange_.asked();
    if (candidate_.place->usage_in_streams) retarget_.flags = PARLEY_RETARGET_ADD_USAGE;
    return spoken_.retarget(asked.call, asked.peek, candidate_.model, exchange_.arena(), retarget_);
}

void Attempt::make_crossing() {
    const Asked& asked = exchange_.asked();
    const World& world = exchange_.world();
    const Carriage carriage{world.seals,
                            *world.stash,
                            asked.caller_name(),
                            exchange_.lane().loop().now_ms(),
                            world.owners.get(),
                            account_number(),
                            candidate_.place->provider->name()};
    crossing_ = std::make_unique<Crossing>(
        *asked.dialect, spoken_, asked.call, exchange_.arena(), carriage, world.config.limits);
}

Attempt::Task Attempt::translate() {
    make_crossing();
    if (filtering_ != nullptr) crossing_->pass_through(*filtering_);
    const routing::RouteTerms& of_route = exchange_.terms();
    const Crossing::Terms terms{candidate_.model,
                                exchange_.arena().copy(traits()),
                                of_route.strict,
                                of_route.lenient,
                                exchange_.given(),
                                may_relay()};
    Result<void> done;
    if (is_small()) {
        done = crossing_->translate(terms);
    } else {
        Lane& lane = exchange_.lane();
        const auto work = [&] { done = crossing_->translate(terms); };
        http::Workers::Errand errand(lane.workers(), lane.loop(), work);
        co_await errand;
    }
    if (is_off()) done = client_left();
    co_return done;
}

// Small enough to be decoded between the turns of the loop.
bool Attempt::is_small() const {
    return exchange_.asked().body().size() <= exchange_.world().config.limits.loop_bytes_max;
}

Result<void> Attempt::speak() {
    const Asked& asked = exchange_.asked();
    return crossing_->speak(asked.wants_stream(), asked.model());
}

Result<void> Attempt::plan() {
    const parley_plan_ask ask = plan_ask();
    const plugins::Provider& provider = *candidate_.place->provider;
    if (auto planned = provider.plan(ask, exchange_.arena(), plan_); !planned) return planned;
    const std::string& own = candidate_.account->base_url;
    if (!own.empty() && !own.starts_with(plugins::view(plan_.origin))) {
        return base::gateway_error(
            PARLEY_E_CONFIG,
            "provider " + provider.name() + ": its accounts take no base_url of their own");
    }
    if (auto amended = amend(ask); !amended) return amended;
    return (plan_.flags & PARLEY_PLAN_ANSWER) == 0 ? Result<void>() : open_answer(ask);
}

Result<void> Attempt::open_answer(const parley_plan_ask& ask) {
    auto answer =
        std::make_unique<AnswerSource>(exchange_.lane().loop(), exchange_.world().config.upstream);
    base::Bytes body;
    http::Gather gather;
    gather_body(gather);
    gather.move_to(body);
    auto opened = answer->open(*candidate_.place->provider, ask, body.view(), exchange_.arena());
    source_ = std::move(answer);
    return opened;
}

base::Bytes Attempt::last_words(const base::Error& error) {
    base::Bytes words;
    if (is_crossing()) {
        crossing_->break_off(error);
        words.swap(crossing_->out());
    } else if (tap_.is_open()) {
        words = tap_.fail(error);
    }
    return words;
}

const parley_usage& Attempt::usage() const {
    return is_crossing() ? crossing_->usage() : tap_.view().usage;
}

// Usage stands at the end of a reply. Of one that broke off, what was not told is guessed: nobody
// reads for nothing by leaving before the end.
std::uint64_t Attempt::cost() const {
    const parley_usage& told = usage();
    if (has_ended_well_ || !has_shown_) return told.input_total + told.output_total;
    const std::uint64_t input = input_of(exchange_.asked().http.body.len);
    return (told.input_total != 0 ? told.input_total : input) +
           std::max(told.output_total, output_of(received_bytes_));
}

void Attempt::cancel() {
    if (source_ != nullptr) source_->cancel();
}

void Attempt::abandon() {
    is_abandoned_ = true;
    stop_waiting();
    cancel();
}

bool Attempt::is_off() const {
    return is_abandoned_ || exchange_.is_over();
}

}  // namespace parley::pipeline
