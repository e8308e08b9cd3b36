#include "check/measures.hpp"

#include <algorithm>

#include "check/asks.hpp"
#include "check/conversation.hpp"
#include "check/player.hpp"
#include "parley/filter.h"
#include "parley/login.h"
#include "parley/observer.h"
#include "parley/policy.h"
#include "parley/sdk/emitter.hpp"
#include "plugins/cancel.hpp"
#include "plugins/filter.hpp"
#include "plugins/store.hpp"

namespace parley::check {

using plugins::Dialect;
using plugins::sized;
using plugins::str;
using plugins::view;

namespace {

constexpr std::size_t kBytesMax = std::size_t{1} << 30;
constexpr std::string_view kWords = "some words more ";
constexpr std::string_view kDelta = "a delta of 16 bytes";

// One component and its name in the table of figures.
struct Subjected {
    Calls& calls;
    const Made& made;
    std::string name;

    void take(std::string_view what, const std::function<void()>& call) const {
        calls.take(name, what, made->component().table, call);
    }

    template <class Table>
    const Table& table() const {
        return *static_cast<const Table*>(made->component().table);
    }
};

std::string name_of(const parley_component& component) {
    return std::string(plugins::short_kind(view(component.kind))) + ' ' +
           std::string(view(component.id));
}

parley_event delta_of(std::string_view text) {
    parley_event delta = sdk::make_event(PARLEY_EVENT_TEXT_DELTA);
    delta.kind = PARLEY_PART_TEXT;
    delta.text = str(text);
    return delta;
}

// Passes what it is given.
class Nowhere final : public plugins::EventSink {
public:
    explicit Nowhere(base::Arena& arena) : EventSink(arena) {}

private:
    parley_status take(const parley_event&) override { return PARLEY_OK; }
};

void measure_errors(const Subjected& it, const Dialect& dialect) {
    it.take("decode_error, a 429", [&] {
        base::Arena arena(kBytesMax);
        auto head = sized<parley_http_reply_head>();
        head.status = 429;
        dialect.decode_error(head, R"({"error":{"message":"no","type":"x","code":"y"}})", arena);
    });
    it.take("encode_error, a timeout", [&] {
        base::Arena arena(kBytesMax);
        dialect.encode_error(nullptr, base::gateway_error(PARLEY_E_TIMEOUT, "late"), arena);
    });
}

void measure_encoder(const Subjected& it,
                     const Dialect& dialect,
                     std::string& opening,
                     std::string& delta) {
    const Question question("hello");
    base::Arena arena(kBytesMax);
    base::Bytes bytes;
    const plugins::Outlet out(bytes, kBytesMax);
    plugins::Encoder encoder;
    if (!encoder.open(dialect, question.open(arena, nullptr))) return;
    static const std::vector<std::string> kPieces{std::string(kWords)};
    const auto events = answer_of(kPieces);
    encoder.encode(events[0], out, arena).has_value();
    encoder.encode(events[1], out, arena).has_value();
    opening = bytes.view();
    bytes.clear();
    encoder.encode(events[2], out, arena).has_value();
    delta = bytes.view();
    it.take("encode, " + std::string(kDelta), [&] {
        bytes.clear();
        encoder.encode(events[2], out, arena).has_value();
    });
}

void measure_decoder(const Subjected& it,
                     const Dialect& dialect,
                     const std::string& opening,
                     const std::string& delta) {
    const Question question("hello");
    base::Arena arena(kBytesMax);
    auto head = sized<parley_http_reply_head>();
    head.status = 200;
    head.content_type = str("text/event-stream");
    plugins::Decoder decoder;
    if (!decoder.open(dialect, question.open(arena, &head))) return;
    Nowhere sink(arena);
    decoder.decode(opening, false, sink, arena).has_value();
    it.take("decode, " + std::string(kDelta),
            [&] { decoder.decode(delta, false, sink, arena).has_value(); });
}

void measure_dialect(const Subjected& it) {
    const Dialect dialect(it.made);
    const Question question("Hello, what do you know?");
    std::string body;
    if (plugins::translates_upstreams(dialect)) {
        base::Arena arena(kBytesMax);
        plugins::EncodedRequest out(kBytesMax);
        plugins::encode_request(dialect, question.request(), question.target(), arena, out)
            .has_value();
        out.body.for_each([&](std::string_view piece) { body += piece; });
        it.take("encode_request, two texts", [&] {
            base::Arena own(kBytesMax);
            plugins::EncodedRequest each(kBytesMax);
            plugins::encode_request(dialect, question.request(), question.target(), own, each)
                .has_value();
        });
    }
    const auto routes = dialect.routes();
    const auto route = std::find_if(routes.begin(), routes.end(), [](const parley_route& each) {
        return each.operation == PARLEY_OPERATION_GENERATE;
    });
    if (route != routes.end()) {
        auto http = sized<parley_http_request>();
        http.method = route->method;
        http.path = route->path;
        http.body = plugins::bytes(body);
        auto call = sized<parley_call>();
        call.route = route->number;
        call.operation = route->operation;
        call.http = &http;
        call.path_model = str("a-model");
        call.content_type = str("application/json");
        it.take("peek, two texts", [&] {
            base::Arena arena(kBytesMax);
            auto peek = sized<parley_peek>();
            dialect.peek(call, arena, peek).has_value();
        });
        if (plugins::translates_clients(dialect)) {
            it.take("decode_request, two texts", [&] {
                base::Arena arena(kBytesMax);
                plugins::decode_request(dialect, call, arena).has_value();
            });
        }
    }
    measure_errors(it, dialect);
    if (!plugins::translates_clients(dialect)) return;
    std::string opening;
    std::string delta;
    measure_encoder(it, dialect, opening, delta);
    if (!plugins::translates_upstreams(dialect) || delta.empty()) return;
    measure_decoder(it, dialect, opening, delta);
}

void measure_provider(const Subjected& it) {
    const plugins::Provider provider(it.made);
    const std::span<const parley_str> dialects = provider.dialects();
    const Ask asked(dialects.empty() ? parley_str{} : dialects.front(), "sk-of-a-transcript");
    it.take("plan", [&] {
        base::Arena arena(kBytesMax);
        auto plan = sized<parley_plan>();
        provider.plan(asked.ask, arena, plan).has_value();
    });
    auto head = sized<parley_http_reply_head>();
    head.status = 429;
    const auto told = base::upstream_error(PARLEY_E_RATE_LIMITED, "told");
    it.take("classify, a 429", [&] {
        base::Arena arena(kBytesMax);
        provider.classify(asked.account, &head, R"({"error":{"message":"no"}})", told, arena);
    });
}

void measure_filter(const Subjected& it) {
    const auto filter = plugins::Filter::make(it.made, false);
    if (!filter) return;
    const Question question("Hello, what do you know?");
    const auto exchange = exchange_of_checks();
    auto open = sized<parley_filter_open>();
    open.attempt = 1;
    open.exchange = &exchange;
    if ((*filter)->wants_requests()) {
        it.take("request, two texts, with open and close", [&] {
            base::Arena arena(kBytesMax);
            open.arena = arena.border();
            plugins::FilterSession session;
            base::Error why;
            if (session.open(**filter, open)) {
                session.decide(question.request(), arena, why).has_value();
            }
        });
    }
    if (!(*filter)->wants(PARLEY_EVENT_TEXT_DELTA)) return;
    base::Arena arena(kBytesMax);
    open.arena = arena.border();
    plugins::FilterSession session;
    if (!session.open(**filter, open)) return;
    static const std::vector<std::string> kPieces{std::string(kWords)};
    const auto events = answer_of(kPieces);
    Nowhere sink(arena);
    for (std::size_t i = 0; i < 2; ++i) {
        if ((*filter)->wants(events[i].type)) {
            session.event(events[i], sink.border(), arena).has_value();
        } else {
            sink.emit(events[i]);
        }
    }
    const parley_event delta = delta_of(kWords);
    it.take("event, " + std::string(kDelta),
            [&] { session.event(delta, sink.border(), arena).has_value(); });
}

void measure_policy(const Subjected& it) {
    const auto& table = it.table<parley_policy>();
    for (const std::size_t count : {std::size_t{8}, std::size_t{64}}) {
        std::vector<parley_candidate> all(count);
        std::vector<const parley_candidate*> pointers;
        for (std::size_t i = 0; i < count; ++i) {
            all[i] = sized<parley_candidate>();
            all[i].weight = 1;
            all[i].number = i;
            all[i].account = str("an-account");
            all[i].provider = str("a-provider");
            all[i].model = str("a-model");
            all[i].success_per_mille = 1000;
            pointers.push_back(&all[i]);
        }
        const auto exchange = exchange_of_checks();
        auto ask = sized<parley_pick_ask>();
        ask.attempt = 1;
        ask.exchange = &exchange;
        base::Arena arena(kBytesMax);
        it.take("pick of " + std::to_string(count), [&] {
            parley_error error = plugins::cleared_error(arena);
            auto pick = sized<parley_pick>();
            ask.random += UINT64_C(0x9e3779b97f4a7c15);
            table.pick(it.made->get(),
                       &ask,
                       pointers.data(),
                       static_cast<std::uint32_t>(count),
                       &pick,
                       &error);
        });
    }
}

void measure_observer(const Subjected& it) {
    const auto& table = it.table<parley_observer>();
    const auto exchange = exchange_of_checks();
    auto notice = sized<parley_notice>();
    notice.outcome = PARLEY_OUTCOME_SUCCEEDED;
    notice.exchange = &exchange;
    const parley_notice* const notices[] = {&notice};
    auto batch = sized<parley_notice_batch>();
    batch.notices = notices;
    batch.notice_count = 1;
    const plugins::Cancel cancel(600'000, plugins::make_stop_flag());
    base::Arena arena(kBytesMax);
    it.take("observe, one notice", [&] {
        parley_error error = plugins::cleared_error(arena);
        table.observe(it.made->get(), &batch, cancel.border(), &error);
    });
}

void measure_login(const Subjected& it) {
    const auto& table = it.table<parley_login>();
    it.take("parse", [&] {
        base::Arena arena(kBytesMax);
        parley_error error = plugins::cleared_error(arena);
        auto facts = sized<parley_secret_facts>();
        table.parse(it.made->get(), str(kSecret), arena.border(), &facts, &error);
    });
}

void measure_store(const Subjected& it) {
    const plugins::Cancel cancel(600'000, plugins::make_stop_flag());
    plugins::Store store(it.made, config::StoreLimits{});
    if (!store.open({}, cancel)) return;
    const std::string key = "plugin/parley-check/measured";
    plugins::DocumentWrite write;
    write.key = key;
    write.value = base::Secret(std::string(200, 'x'));
    write.expected = PARLEY_REVISION_ANY;
    it.take("put, 200 bytes", [&] { store.write(write, cancel).has_value(); });
    it.take("get, 200 bytes", [&] { store.get(key, cancel).has_value(); });
    write.is_removal = true;
    store.write(write, cancel).has_value();
}

}  // namespace

void call_everything(Calls& calls, const Trial& trial, const Made& made) {
    const std::string_view kind = view(made->component().kind);
    const Subjected it{calls, made, name_of(made->component())};
    if (kind == PARLEY_KIND_DIALECT) measure_dialect(it);
    if (kind == PARLEY_KIND_PROVIDER) measure_provider(it);
    if (kind == PARLEY_KIND_FILTER) measure_filter(it);
    if (kind == PARLEY_KIND_POLICY) measure_policy(it);
    if (kind == PARLEY_KIND_OBSERVER) measure_observer(it);
    if (kind == PARLEY_KIND_LOGIN) measure_login(it);
    // It writes.
    if (kind == PARLEY_KIND_STORE && trial.is_told(*made)) measure_store(it);
}

void measure_component(Measures& measures,
                       const std::shared_ptr<plugins::Library>& library,
                       const plugins::Component& component) {
    const Made made = measures.trial().make(library, component);
    if (made == nullptr) return;
    const auto live = [&] { measures.trial().make(library, component); };
    measures.take(name_of(*component.record), "create to destroy", component.record, live, false);
    call_everything(measures, measures.trial(), made);
}

}  // namespace parley::check
