// check/dialect_rules.cpp: what a dialect promises, as far as it shows without another one.
#include <algorithm>

#include "check/conversation.hpp"
#include "check/guarded.hpp"
#include "check/rules.hpp"
#include "parley/sdk/emitter.hpp"
#include "plugins/text.hpp"

namespace parley::check {

using plugins::Dialect;
using plugins::Instance;
using plugins::sized;
using plugins::str;
using plugins::view;

namespace {

constexpr std::size_t kArenaBytes = std::size_t{64} * 1024 * 1024;
constexpr std::size_t kSplitsMax = 600;  // of one text, spread over its length
constexpr std::string_view kStream = "text/event-stream";

using DialectUse = std::function<void(const Dialect&)>;

void for_each_dialect(Trial& trial, const DialectUse& use) {
    trial.for_each(PARLEY_KIND_DIALECT,
                   [&](std::shared_ptr<Instance> made) { use(Dialect(std::move(made))); });
}

// Those that can be translated both ways.
void for_each_codec(Trial& trial, const DialectUse& use) {
    for_each_dialect(trial, [&](const Dialect& dialect) {
        if (plugins::translates_clients(dialect) && plugins::translates_upstreams(dialect)) {
            use(dialect);
        }
    });
}

std::string of(const Dialect& dialect, std::string_view function) {
    return "dialect " + plugins::quoted(dialect.id()) + ": " + std::string(function) + ": ";
}

// The dialect's own words for an answer; empty, and said, when it cannot write it.
std::string stream_of(Trial& trial,
                      const Dialect& dialect,
                      const Question& question,
                      const std::vector<parley_event>& events) {
    trial.enter(of(dialect, "encode"));
    std::string why = "wrote nothing";
    std::string text = written(dialect, question, events, why);
    if (text.empty()) trial.fail(of(dialect, "encode") + why);
    return text;
}

std::vector<parley_event> plain_answer() {
    static const std::vector<std::string> kPieces{"Hel", "lo, w\xc3\xb6rld \xe2\x82\xac", "!"};
    return answer_of(kPieces);
}

std::string encoded(Trial& trial,
                    const Dialect& dialect,
                    const parley_request& request,
                    const parley_target& target,
                    base::Arena& arena,
                    parley_encoded_request& head) {
    trial.enter(of(dialect, "encode_request"));
    plugins::EncodedRequest out(kArenaBytes);
    if (auto ok = plugins::encode_request(dialect, request, target, arena, out); !ok) {
        trial.fail(of(dialect, "encode_request") + ok.error().message);
        return {};
    }
    head = out.head;
    std::string body;
    out.body.for_each([&](std::string_view piece) { body += piece; });
    return body;
}

// The route by which a client of this dialect would send what encode_request wrote.
const parley_route* generating_route(const Dialect& dialect, std::string_view path) {
    const parley_route* best = nullptr;
    for (const parley_route& route : dialect.routes()) {
        if (route.operation != PARLEY_OPERATION_GENERATE) continue;
        const std::string_view pattern = view(route.path);
        const std::size_t hole = pattern.find("{model}");
        const bool fits = hole == pattern.npos ? pattern == path
                                               : path.starts_with(pattern.substr(0, hole)) &&
                                                     path.ends_with(pattern.substr(hole + 7));
        if (fits) return &route;
        if (best == nullptr) best = &route;
    }
    return best;
}

struct Call {
    parley_http_request http = sized<parley_http_request>();
    parley_call call = sized<parley_call>();

    Call(const parley_route& route, std::string_view body) {
        http.method = route.method;
        http.path = route.path;
        http.body = plugins::bytes(body);
        call.route = route.number;
        call.operation = route.operation;
        call.http = &http;
        call.path_model = str("a-model");
        call.content_type = str("application/json");
    }

    Call(const Call&) = delete;
    Call& operator=(const Call&) = delete;
};

void expect_words(Trial& trial, const std::string& where, const base::Error& error) {
    trial.expect(error.error_class > 0 && !error.message.empty(),
                 where + "fails without a class and words");
}

void expect_edits_in_bounds(Trial& trial,
                            const std::string& where,
                            const parley_retarget& retarget,
                            std::uint64_t size) {
    std::uint64_t at = 0;
    for (std::uint64_t i = 0; i < retarget.edit_count; ++i) {
        const parley_edit& edit = retarget.edits[i];
        trial.expect(edit.at >= at && edit.at + edit.len <= size,
                     where + "edits overlap, or lie outside of the body");
        at = edit.at + edit.len;
    }
}

void feed_noise(Trial& trial, const Dialect& dialect, const parley_route& route) {
    for (const std::string& body : noise()) {
        const Guarded guarded(body);
        const Call asked(route, guarded.view());
        base::Arena arena(kArenaBytes);
        trial.enter(of(dialect, "peek"));
        auto peek = sized<parley_peek>();
        if (auto ok = dialect.peek(asked.call, arena, peek); !ok) {
            expect_words(trial, of(dialect, "peek"), ok.error());
        } else {
            trial.enter(of(dialect, "retarget"));
            auto io = sized<parley_retarget>();
            auto done = dialect.retarget(asked.call, peek, "another", arena, io);
            if (!done) expect_words(trial, of(dialect, "retarget"), done.error());
            expect_edits_in_bounds(trial, of(dialect, "retarget"), io, body.size());
        }
        if (!plugins::translates_clients(dialect)) continue;
        trial.enter(of(dialect, "decode_request"));
        const auto decoded = plugins::decode_request(dialect, asked.call, arena);
        if (!decoded) expect_words(trial, of(dialect, "decode_request"), decoded.error());
    }
}

void decode_noise(Trial& trial, const Dialect& dialect) {
    const Question question("hello");
    for (const std::string& body : noise()) {
        trial.enter(of(dialect, "decode"));
        for (const std::string_view type : {kStream, std::string_view("application/json")}) {
            const Read read(dialect, question, type, body, {});
            trial.expect(!read.reading().has_finished(),
                         of(dialect, "decode") + "FINISH for what is no reply");
        }
        trial.enter(of(dialect, "decode_error"));
        base::Arena arena(kArenaBytes);
        auto head = sized<parley_http_reply_head>();
        head.status = 502;
        const Guarded guarded(body);
        trial.expect(dialect.decode_error(head, guarded.view(), arena).error_class > 0,
                     of(dialect, "decode_error") + "an error without a class");
    }
}

// A stream that is relayed: asked for, opened, and fed in pieces as the host does.
class Relay {
public:
    Relay(const Dialect& dialect, const parley_route& route)
        : arena_(kArenaBytes),
          body_(R"({"model":"a-model","stream":true,"messages":[],"input":"x","contents":[]})"),
          call_(route, body_) {
        if (!dialect.peek(call_.call, arena_, peek_)) return;
        if ((peek_.flags & PARLEY_PEEK_STREAM) == 0) return;
        head_.status = 200;
        head_.content_type = str(kStream);
        auto open = sized<parley_tap_open>();
        open.call = &call_.call;
        open.peek = &peek_;
        open.head = &head_;
        is_open_ = tap_.open(dialect, open, arena_).has_value();
    }

    bool is_open() const { return is_open_; }

    plugins::Tap& tap() { return tap_; }

    // Gives it the bytes up to each cut; what it leaves comes again. False: it took too much.
    bool feed(std::string_view bytes, const std::vector<std::size_t>& cuts) {
        std::size_t from = 0;
        std::vector<std::size_t> ends = cuts;
        ends.push_back(bytes.size());
        for (std::size_t i = 0; i < ends.size(); ++i) {
            const Guarded piece(bytes.substr(from, ends[i] - from));
            const bool is_last = i + 1 == ends.size();
            if (!tap_.feed(piece.view(), is_last) || tap_.has_declined()) break;
            if (tap_.view().taken > ends[i] - from) return false;
            from += tap_.view().taken;
        }
        return true;
    }

private:
    base::Arena arena_;
    std::string body_;
    Call call_;
    parley_peek peek_ = sized<parley_peek>();
    parley_http_reply_head head_ = sized<parley_http_reply_head>();
    plugins::Tap tap_;
    bool is_open_ = false;
};

const parley_route* streaming_route(const Dialect& dialect) {
    for (const parley_route& route : dialect.routes()) {
        if (route.operation != PARLEY_OPERATION_GENERATE) continue;
        if (Relay(dialect, route).is_open()) return &route;
    }
    return nullptr;
}

void tap_noise(Trial& trial, const Dialect& dialect) {
    const parley_route* const route = streaming_route(dialect);
    if (route == nullptr) return;
    for (const std::string& body : noise()) {
        Relay relay(dialect, *route);
        trial.enter(of(dialect, "tap_feed"));
        trial.expect(relay.feed(body, {}), of(dialect, "tap_feed") + "took more than it was given");
        trial.expect(relay.tap().view().state != PARLEY_TAP_COMPLETE || relay.tap().has_declined(),
                     of(dialect, "tap_feed") + "COMPLETE for what is no reply");
        trial.enter(of(dialect, "tap_fail"));
        const auto told = relay.tap().fail(base::gateway_error(PARLEY_E_TIMEOUT, "late"));
        // Nothing can follow an array that is closed: the connection is broken then.
        trial.expect(!told.empty() || body.ends_with(']') || body.starts_with('['),
                     of(dialect, "tap_fail") + "says nothing to a client that waits");
    }
}

std::vector<std::size_t> every_byte(std::size_t size) {
    std::vector<std::size_t> cuts;
    for (std::size_t i = 1; i < size; ++i) cuts.push_back(i);
    return cuts;
}

void chop_tap(Trial& trial, const Dialect& dialect, const std::string& stream) {
    const parley_route* const route = streaming_route(dialect);
    if (route == nullptr) return;
    trial.enter(of(dialect, "tap_feed"));
    Relay whole(dialect, *route);
    whole.feed(stream, {});
    Relay chopped(dialect, *route);
    trial.expect(chopped.feed(stream, every_byte(stream.size())),
                 of(dialect, "tap_feed") + "took more than it was given");
    trial.expect(whole.tap().view().state == chopped.tap().view().state,
                 of(dialect, "tap_feed") + "ends otherwise when the bytes come one by one");
}

void request_comes_back_to(Trial& trial, const Dialect& dialect) {
    base::Arena arena(kArenaBytes);
    const Question question("Hello \xe2\x82\xac \"q\" \\ ?");
    parley_encoded_request head = sized<parley_encoded_request>();
    const std::string first =
        encoded(trial, dialect, question.request(), question.target(), arena, head);
    if (first.empty()) return;
    const parley_route* const route = generating_route(dialect, view(head.path));
    if (route == nullptr) return;
    const Call asked(*route, first);
    trial.enter(of(dialect, "decode_request"));
    const auto decoded = plugins::decode_request(dialect, asked.call, arena);
    if (!decoded) {
        return trial.fail(of(dialect, "decode_request") +
                          "does not read what encode_request wrote: " + decoded.error().message);
    }
    const parley_request& back = **decoded;
    trial.expect(back.message_count == 1 && back.messages[0]->part_count == 1 &&
                     view(back.messages[0]->parts[0]->text) == "Hello \xe2\x82\xac \"q\" \\ ?",
                 of(dialect, "decode_request") + "the user's text comes back changed");
    const std::string second = encoded(trial, dialect, back, question.target(), arena, head);
    trial.expect(
        first == second,
        of(dialect, "encode_request") + "writes other bytes for what it has read from its own");
}

}  // namespace

void request_comes_back(Trial& trial) {
    for_each_codec(trial, [&](const Dialect& dialect) { request_comes_back_to(trial, dialect); });
}

void reads_any_chop(Trial& trial) {
    for_each_codec(trial, [&](const Dialect& dialect) {
        const Question question("hello");
        const std::string stream = stream_of(trial, dialect, question, plain_answer());
        if (stream.empty()) return;
        trial.enter(of(dialect, "decode"));
        const Read whole(dialect, question, kStream, stream, {});
        if (!whole.fault().empty()) return trial.fail(of(dialect, "decode") + whole.fault());
        const auto same = [&](const std::vector<std::size_t>& cuts, const std::string& how) {
            const Read read(dialect, question, kStream, stream, cuts);
            trial.expect(read.reading().text() == whole.reading().text(),
                         of(dialect, "decode") + "reads something else " + how);
        };
        same(every_byte(stream.size()), "when the bytes come one by one");
        const std::size_t step = stream.size() / kSplitsMax + 1;
        for (std::size_t at = 1; at < stream.size() && !trial.has_failed(); at += step) {
            same({at, at}, "when it is cut at byte " + std::to_string(at));
        }
        chop_tap(trial, dialect, stream);
    });
}

void ends_every_stream(Trial& trial) {
    for_each_codec(trial, [&](const Dialect& dialect) {
        const Question question("hello");
        const std::string stream = stream_of(trial, dialect, question, plain_answer());
        const parley_route* const route = streaming_route(dialect);
        const std::size_t step = stream.size() / kSplitsMax + 1;
        for (std::size_t size = 0; size < stream.size() && !trial.has_failed(); size += step) {
            const std::string_view prefix = std::string_view(stream).substr(0, size);
            const std::string where = " after " + std::to_string(size) + " of " +
                                      std::to_string(stream.size()) + " bytes";
            trial.enter(of(dialect, "decode") + where);
            const Read read(dialect, question, kStream, prefix, {});
            trial.expect(read.fault().empty(), of(dialect, "decode") + read.fault() + where);
            trial.expect(!read.reading().has_finished() || size > stream.size() / 2,
                         of(dialect, "decode") + "FINISH" + where + "; a cut stream is an ERROR");
            if (route == nullptr) continue;
            trial.enter(of(dialect, "tap_feed") + where);
            Relay relay(dialect, *route);
            relay.feed(prefix, {});
            trial.expect(
                relay.tap().view().state != PARLEY_TAP_COMPLETE || size > stream.size() / 2,
                of(dialect, "tap_feed") + "COMPLETE" + where);
        }
    });
}

void bears_early_ends(Trial& trial) {
    for_each_codec(trial, [&](const Dialect& dialect) {
        const Question question("hello");
        base::Arena arena(kArenaBytes);
        auto head = sized<parley_http_reply_head>();
        head.status = 200;
        head.content_type = str(kStream);
        const std::string stream = stream_of(trial, dialect, question, plain_answer());
        trial.enter(of(dialect, "decoder_close"));
        { plugins::Decoder().open(dialect, question.open(arena, &head)).has_value(); }
        { plugins::Encoder().open(dialect, question.open(arena, nullptr)).has_value(); }
        for (std::size_t size = 0; size < stream.size(); size += stream.size() / 20 + 1) {
            trial.enter(of(dialect, "decoder_close"));
            plugins::Decoder decoder;
            Reading reading(arena);
            if (!decoder.open(dialect, question.open(arena, &head))) continue;
            decoder.decode(stream.substr(0, size), false, reading, arena).has_value();
        }
        trial.enter(of(dialect, "decode") + "after the end");
        plugins::Decoder decoder;
        Reading reading(arena);
        if (!decoder.open(dialect, question.open(arena, &head))) return;
        for (int i = 0; i < 3; ++i) decoder.decode(stream, true, reading, arena).has_value();
        trial.expect(reading.breach() == nullptr,
                     of(dialect, "decode") + "emits after the terminal event");
    });
}

void reads_what_it_writes(Trial& trial) {
    for_each_codec(trial, [&](const Dialect& dialect) {
        const Question question("hello");
        for (unsigned number = 0; number < 60 && !trial.has_failed(); ++number) {
            const auto events = random_answer(number);
            const std::string stream = stream_of(trial, dialect, question, events);
            if (stream.empty()) return;
            trial.enter(of(dialect, "decode") + "answer " + std::to_string(number));
            const Read read(dialect, question, kStream, stream, {});
            trial.expect(read.fault().empty() && read.reading().has_finished(),
                         of(dialect, "decode") + "does not read what encode wrote for answer " +
                             std::to_string(number) + ": " + read.fault());
        }
    });
}

void ignores_unknown_events(Trial& trial) {
    for_each_codec(trial, [&](const Dialect& dialect) {
        const Question question("hello");
        const auto events = plain_answer();
        const std::string plain = stream_of(trial, dialect, question, events);
        for (const std::uint16_t type : {std::uint16_t{PARLEY_EVENT_EXT}, std::uint16_t{999}}) {
            auto more = events;
            parley_event odd = sdk::make_event(type);
            odd.name = str("com.acme.oracle");
            odd.extra = str(R"({"a":1})");
            more.insert(more.begin() + 2, odd);
            trial.expect(stream_of(trial, dialect, question, more) == plain,
                         of(dialect, "encode") + "writes something for an event of type " +
                             std::to_string(type) + ", which nobody knows");
        }
    });
}

void bears_any_bytes(Trial& trial) {
    for_each_dialect(trial, [&](const Dialect& dialect) {
        trial.expect(!dialect.routes().empty(), of(dialect, "routes") + "none");
        for (const parley_route& route : dialect.routes()) feed_noise(trial, dialect, route);
        if (plugins::translates_upstreams(dialect)) decode_noise(trial, dialect);
        tap_noise(trial, dialect);
    });
}

void says_the_same_twice(Trial& trial) {
    for_each_codec(trial, [&](const Dialect& dialect) {
        base::Arena arena(kArenaBytes);
        const Question question("hello");
        auto head = sized<parley_encoded_request>();
        const auto request = [&] {
            return encoded(trial, dialect, question.request(), question.target(), arena, head);
        };
        const std::string first = request();
        trial.expect(first == request(),
                     of(dialect, "encode_request") + "writes other bytes the second time");
    });
}

void says_every_error(Trial& trial) {
    for_each_dialect(trial, [&](const Dialect& dialect) {
        base::Arena arena(kArenaBytes);
        trial.enter(of(dialect, "encode_error"));
        for (int error_class = 1; error_class <= PARLEY_E_BUDGET; ++error_class) {
            const auto error = base::client_error(error_class, "quoted \"text\"\n", "a[0].b");
            const plugins::Composed reply = dialect.encode_error(nullptr, error, arena);
            const std::string where =
                of(dialect, "encode_error") + "class " + std::to_string(error_class) + ": ";
            trial.expect(reply.head.status >= 400 && reply.head.status <= 599,
                         where + "status " + std::to_string(reply.head.status));
            trial.expect(!reply.body.empty(), where + "an empty body");
        }
    });
}

}  // namespace parley::check
