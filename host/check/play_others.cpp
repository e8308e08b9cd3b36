// check/play_others.cpp: steps that providers, filters, policies and logins are told.
#include <deque>

#include <boost/json/array.hpp>
#include <boost/json/serialize.hpp>

#include "check/conversation.hpp"
#include "check/event_text.hpp"
#include "check/guarded.hpp"
#include "check/player.hpp"
#include "check/world.hpp"
#include "parley/policy.h"
#include "plugins/filter.hpp"
#include "plugins/login.hpp"

namespace parley::check {

namespace json = boost::json;
using plugins::Provider;
using plugins::sized;
using plugins::str;
using plugins::view;

namespace {

constexpr std::size_t kBytesMax = std::size_t{16} * 1024 * 1024;
constexpr int kStepsMax = 500;

parley_account account_with(std::string_view secret) {
    auto account = sized<parley_account>();
    account.id = account.label = str("main");
    account.secret = str(secret);
    return account;
}

std::string to_text(const parley_plan& plan) {
    std::string out = "origin " + std::string(view(plan.origin)) + "\ntarget " +
                      std::string(view(plan.target)) + '\n';
    if (plan.flags != 0) out += "flags " + std::to_string(plan.flags) + '\n';
    for (std::uint64_t i = 0; i < plan.header_count; ++i) {
        const parley_header& header = plan.headers[i];
        const bool is_secret = (header.flags & PARLEY_HEADER_SECRET) != 0;
        out += std::string(is_secret ? "secret " : "header ") + std::string(view(header.name)) +
               ": " + std::string(view(header.value)) + '\n';
    }
    for (const auto& [name, ms] : {std::pair{"connect_ms", plan.connect_ms},
                                   {"head_ms", plan.head_ms},
                                   {"content_ms", plan.content_ms},
                                   {"idle_ms", plan.idle_ms}}) {
        if (ms != 0) out += std::string(name) + ' ' + std::to_string(ms) + '\n';
    }
    return out;
}

// The texts of a request that a filter made.
std::string to_text(const parley_request& request) {
    std::string out = "model " + std::string(view(request.model)) + '\n';
    const auto add = [&](const parley_part* const* parts, std::uint64_t count) {
        for (std::uint64_t i = 0; i < count; ++i) out += std::string(view(parts[i]->text)) + '\n';
    };
    add(request.instructions, request.instruction_count);
    for (std::uint64_t i = 0; i < request.message_count; ++i) {
        add(request.messages[i]->parts, request.messages[i]->part_count);
    }
    return out;
}

parley_exchange exchange_of(bool is_stream) {
    auto exchange = sized<parley_exchange>();
    exchange.flags = is_stream ? PARLEY_EXCHANGE_STREAM : 0;
    exchange.operation = PARLEY_OPERATION_GENERATE;
    exchange.id = str("x-1");
    exchange.caller = str("me");
    exchange.dialect = str("checks");
    exchange.model = exchange.route = str("a-model");
    return exchange;
}

std::string decided(plugins::FilterSession& session,
                    const parley_request& request,
                    base::Arena& arena) {
    base::Error why;
    const auto decision = session.decide(request, arena, why);
    if (!decision) return "request " + words_of(decision.error());
    switch (decision->action) {
        case PARLEY_FILTER_REPLACE:
            return "replace\n" + to_text(*decision->request);
        case PARLEY_FILTER_ROUTE:
            return "route to model " + std::string(view(decision->model)) + ", provider " +
                   std::string(view(decision->provider)) + ", egress " +
                   std::string(view(decision->egress)) + '\n';
        case PARLEY_FILTER_REJECT:
            return "reject " + words_of(why);
        case PARLEY_FILTER_RESPOND: {
            std::string out = "respond\n";
            for (std::uint64_t i = 0; i < decision->event_count; ++i) {
                out += json::serialize(to_json(*decision->events[i])) + '\n';
            }
            return out;
        }
        default:
            return "continue\n";
    }
}

std::string filtered(const plugins::Filter& filter,
                     plugins::FilterSession& session,
                     const std::vector<parley_event>& events) {
    base::Arena arena(kBytesMax);
    EventLines lines(arena);
    for (const parley_event& event : events) {
        if (!filter.wants(event.type)) {
            lines.emit(event);
            continue;
        }
        const auto is_over = session.event(event, lines.border(), arena);
        if (!is_over) return lines.text() + "event " + words_of(is_over.error());
        if (*is_over) break;
    }
    if (!events.empty()) session.finish(events.back());
    return lines.text() + (lines.breach() != nullptr ? std::string(lines.breach()) + '\n' : "");
}

struct Candidates {
    std::deque<std::string> names;
    std::vector<parley_candidate> all;
    std::vector<const parley_candidate*> pointers;
};

void read_candidate(const json::object& written, std::size_t number, Candidates& out) {
    Step given;
    given.with = written;
    auto each = sized<parley_candidate>();
    each.number = number;
    const auto small = [&](std::string_view name, std::uint64_t otherwise) {
        return static_cast<std::uint32_t>(number_in(given, name, otherwise));
    };
    const auto text = [&](std::string_view name, std::string_view otherwise) {
        return str(out.names.emplace_back(text_in(given, name, otherwise)));
    };
    each.weight = small("weight", 1);
    each.priority = static_cast<std::int32_t>(small("priority", 0));
    each.in_flight = small("in_flight", 0);
    each.success_per_mille = small("success_per_mille", 1000);
    each.last_error_class = small("last_error_class", 0);
    each.content_ms = number_in(given, "content_ms", 0);
    each.idle_ms = number_in(given, "idle_ms", UINT64_MAX);
    each.attempts = number_in(given, "attempts", 0);
    each.quota_left = static_cast<std::int64_t>(number_in(given, "quota_left", UINT64_MAX));
    each.session_count = number_in(given, "session_count", 0);
    each.account = text("account", "an-account");
    each.provider = text("provider", "a-provider");
    each.model = text("model", "a-model");
    out.all.push_back(each);
}

std::string picked(const Made& made, const parley_pick_ask& ask, const Candidates& candidates) {
    const auto& table = *static_cast<const parley_policy*>(made->component().table);
    base::Arena arena(kBytesMax);
    parley_error error = plugins::cleared_error(arena);
    auto pick = sized<parley_pick>();
    const auto count = static_cast<std::uint32_t>(candidates.pointers.size());
    if (table.pick(made->get(), &ask, candidates.pointers.data(), count, &pick, &error) < 0) {
        return "failed " + words_of(plugins::from_border(error));
    }
    switch (pick.action) {
        case PARLEY_PICK_INDEX:
            return "index " + std::to_string(pick.index) + '\n';
        case PARLEY_PICK_DELEGATE:
            return "delegate " + std::string(view(pick.delegate)) + '\n';
        case PARLEY_PICK_REJECT:
            return "reject " + words_of(plugins::from_border(error));
        default:
            return "action " + std::to_string(pick.action) + '\n';
    }
}

const parley_login& login_of(const Made& made) {
    return *static_cast<const parley_login*>(made->component().table);
}

base::Result<parley_op*> begun_login(const Made& made, const std::string& params) {
    if (!PARLEY_HAS(&login_of(made), parley_login, login_begin)) {
        return base::client_error(PARLEY_E_UNSUPPORTED, "it has no login_begin");
    }
    auto ask = sized<parley_login_ask>();
    ask.provider = made->component().id;
    ask.params = str(params);
    ask.callback_origin = str("http://127.0.0.1:8317");
    base::Arena arena(kBytesMax);
    parley_error error = plugins::cleared_error(arena);
    parley_op* op = nullptr;
    if (login_of(made).login_begin(made->get(), &ask, &op, &error) >= 0) return op;
    return plugins::from_border(error);
}

base::Result<parley_op*> begun_refresh(const Made& made, std::string_view secret) {
    if (!PARLEY_HAS(&login_of(made), parley_login, refresh_begin)) {
        return base::client_error(PARLEY_E_UNSUPPORTED, "it has no refresh_begin");
    }
    auto account = account_with(secret);
    account.expires_at_ms = 1'700'000'000'000;
    base::Arena arena(kBytesMax);
    parley_error error = plugins::cleared_error(arena);
    parley_op* op = nullptr;
    if (login_of(made).refresh_begin(made->get(), &account, &op, &error) >= 0) return op;
    return plugins::from_border(error);
}

Played staged(const Made& made, base::Result<parley_op*> op, const std::string& answers) {
    if (!op) return "begin " + words_of(op.error());
    stage::Stage play(login_of(made).ops, *op);
    play.play(stage::read_answers(answers));
    if (!play.is_over() && play.broken.empty()) play.transcript += "waits on\n";
    return play.transcript + (play.broken.empty() ? "" : "broken: " + play.broken + '\n');
}

std::string to_text(const stage::Answer& answer) {
    std::string out = answer.kind + (answer.rest.empty() ? "" : ' ' + answer.rest) + '\n';
    if (answer.kind == "http") out += '\n' + answer.body + '\n';
    return out + "---\n";
}

}  // namespace

Played play_plan(const Made& made, const Step& step) {
    const Provider provider(made);
    const std::string first = provider.dialects().empty()
                                  ? std::string()
                                  : std::string(view(provider.dialects().front()));
    const std::string dialect = text_in(step, "dialect", first);
    const std::string model = text_in(step, "model", "a-model");
    const std::string path = text_in(step, "path", "/v1/anything");
    const std::string query = text_in(step, "query", "");
    const std::string secret = text_in(step, "secret", "sk-of-a-transcript");
    const auto account = account_with(secret);
    auto http = sized<parley_http_request>();
    http.method = str("POST");
    http.path = str(path);
    http.query = str(query);
    auto ask = sized<parley_plan_ask>();
    ask.operation = PARLEY_OPERATION_GENERATE;
    ask.stream = flag_in(step, "stream", true) ? 1 : 0;
    ask.attempt = static_cast<std::uint32_t>(number_in(step, "attempt", 1));
    ask.dialect = str(dialect);
    ask.model = str(model);
    ask.path = http.path;
    ask.query = http.query;
    ask.account = &account;
    ask.client = &http;
    base::Arena arena(kBytesMax);
    auto plan = sized<parley_plan>();
    if (auto ok = provider.plan(ask, arena, plan); !ok) return words_of(ok.error());
    return to_text(plan) + "wants " + std::to_string(provider.wants(ask)) + '\n';
}

Played play_classify(const Made& made, const Step& step) {
    const Provider provider(made);
    const std::string secret = text_in(step, "secret", "sk-of-a-transcript");
    const auto account = account_with(secret);
    const auto status = static_cast<std::uint32_t>(number_in(step, "status", 0));
    const std::string text = step.in_text();
    const Guarded body(text);
    std::deque<std::string> texts;
    std::vector<parley_header> headers;
    if (const json::value* given = step.with.if_contains("headers")) {
        if (!given->is_object()) {
            return base::client_error(PARLEY_E_INVALID_ARGUMENT, "headers: an object was expected");
        }
        for (const auto& [name, value] : given->as_object()) {
            const std::string words =
                value.is_string() ? std::string(value.as_string()) : json::serialize(value);
            headers.push_back({str(texts.emplace_back(name)), str(texts.emplace_back(words)), 0});
        }
    }
    auto head = sized<parley_http_reply_head>();
    head.status = status;
    head.headers = headers.data();
    head.header_count = headers.size();
    const auto told = status == 0
                          ? base::upstream_error(PARLEY_E_TIMEOUT, "no reply")
                          : base::upstream_error(base::class_of_http_status(status), "told");
    base::Arena arena(kBytesMax);
    const auto verdict =
        provider.classify(account, status == 0 ? nullptr : &head, body.view(), told, arena);
    std::string out = words_of(plugins::from_border(verdict.error));
    if (verdict.cool_down_ms != 0) {
        out += "cool down " + std::to_string(verdict.cool_down_ms) + " ms\n";
    }
    return out;
}

Played play_filter(const Made& made, const Step& step) {
    const auto events = TextEvents::read(step.in);
    if (!events) return events.error();
    const auto filter = plugins::Filter::make(made, false);
    if (!filter) return "interest " + words_of(filter.error());
    base::Arena arena(kBytesMax);
    const auto exchange = exchange_of(true);
    auto open = sized<parley_filter_open>();
    open.attempt = 1;
    open.exchange = &exchange;
    open.provider = str("a-provider");
    open.upstream_dialect = str("checks");
    open.upstream_model = str("a-model");
    open.arena = arena.border();
    plugins::FilterSession session;
    if (auto ok = session.open(**filter, open); !ok) return "open " + words_of(ok.error());
    const std::string asked = text_in(step, "question", "My number is 123-45-6789.");
    const Question question(asked);
    std::string out;
    if ((*filter)->wants_requests()) out = decided(session, question.request(), arena);
    return out + filtered(**filter, session, events->all());
}

Played play_pick(const Made& made, const Step& step) {
    if (!step.in.is_array() || step.in.as_array().empty()) {
        return base::client_error(PARLEY_E_INVALID_ARGUMENT,
                                  "in: an array of candidates was expected");
    }
    Candidates candidates;
    for (const json::value& each : step.in.as_array()) {
        if (!each.is_object()) {
            return base::client_error(PARLEY_E_INVALID_ARGUMENT, "in: an object was expected");
        }
        read_candidate(each.as_object(), candidates.all.size(), candidates);
    }
    for (const parley_candidate& each : candidates.all) candidates.pointers.push_back(&each);
    const auto exchange = exchange_of(true);
    auto ask = sized<parley_pick_ask>();
    ask.attempt = static_cast<std::uint32_t>(number_in(step, "attempt", 1));
    ask.random = number_in(step, "random", 1);
    ask.monotonic_ms = 1000;
    ask.exchange = &exchange;
    if (step.with.contains("affinity")) {
        ask.flags = PARLEY_PICK_ASK_AFFINITY;
        ask.affinity = static_cast<std::uint32_t>(number_in(step, "affinity", 0));
    }
    return picked(made, ask, candidates);
}

Played play_login(const Made& made, const Step& step) {
    const json::value* const params = step.with.if_contains("params");
    return staged(made,
                  begun_login(made, params == nullptr ? "{}" : json::serialize(*params)),
                  step.in_text());
}

Played play_refresh(const Made& made, const Step& step) {
    return staged(made, begun_refresh(made, text_in(step, "secret", kSecret)), step.in_text());
}

std::string generous_answers(const Made& made, std::string_view secret) {
    const auto op = secret.empty() ? begun_login(made, "{}") : begun_refresh(made, secret);
    if (!op) return {};
    std::string answers;
    std::int64_t now_ms = 1'700'000'000'000;
    stage::Stage play(login_of(made).ops, *op);
    play.start();
    for (int step = 0; step < kStepsMax && !play.is_over() && play.broken.empty(); ++step) {
        const stage::Answer answer = answer_to(play, World{}, now_ms);
        answers += to_text(answer);
        play.answer(answer);
    }
    return answers;
}

}  // namespace parley::check
