// check/play_dialect.cpp: steps that a dialect is told.
#include "check/conversation.hpp"
#include "check/event_text.hpp"
#include "check/guarded.hpp"
#include "check/player.hpp"
#include "plugins/registry.hpp"

namespace parley::check {

using plugins::Dialect;
using plugins::sized;
using plugins::str;
using plugins::view;

namespace {

constexpr std::size_t kBytesMax = std::size_t{64} * 1024 * 1024;
constexpr std::string_view kStream = "text/event-stream";

std::string joined(const plugins::Rope& body) {
    std::string text;
    body.for_each([&](std::string_view piece) { text += piece; });
    return text;
}

// Where clients of a dialect ask for answers.
std::vector<std::string> generating_paths(const Made& made) {
    std::vector<std::string> paths;
    for (const parley_route& route : Dialect(made).routes()) {
        if (route.operation != PARLEY_OPERATION_GENERATE) continue;
        std::string path(view(route.path));
        const std::size_t hole = path.find("{model}");
        if (hole != path.npos) path.replace(hole, 7, "a-model");
        paths.push_back(std::move(path));
    }
    return paths;
}

// A request, and the route that it takes.
class Asked {
public:
    Asked(const Made& made, const Step& step, std::string_view body, std::string_view usual_path)
        : registry_({made}),
          method_(text_in(step, "method", "POST")),
          path_(text_in(step, "path", usual_path)),
          query_(text_in(step, "query", "")) {
        http_.method = str(method_);
        http_.path = str(path_);
        http_.query = str(query_);
        http_.body = plugins::bytes(body);
        std::vector<plugins::Registry::Match> matches;
        registry_.match(method_, path_, matches);
        if (matches.empty()) return;
        is_known_ = true;
        call_.route = matches.front().route->number;
        call_.operation = matches.front().route->operation;
        call_.http = &http_;
        call_.path_model = str(matches.front().path_model);
        call_.content_type = str("application/json");
    }

    Asked(const Asked&) = delete;
    Asked& operator=(const Asked&) = delete;

    bool is_known() const { return is_known_; }

    const parley_call& call() const { return call_; }

    const Dialect& dialect() const { return *registry_.dialects().front(); }

private:
    plugins::Registry registry_;
    std::string method_;
    std::string path_;
    std::string query_;
    parley_http_request http_ = sized<parley_http_request>();
    parley_call call_ = sized<parley_call>();
    bool is_known_ = false;
};

std::string peeked(const parley_peek& peek) {
    std::string out = "model " + std::string(view(peek.model));
    if ((peek.flags & PARLEY_PEEK_STREAM) != 0) out += ", stream";
    if ((peek.flags & PARLEY_PEEK_WANTS_USAGE) != 0) out += ", usage";
    if (peek.session_key.len != 0) out += ", session " + std::string(view(peek.session_key));
    for (std::uint64_t i = 0; i < peek.owned_count; ++i) {
        out += ", owned " + std::string(view(peek.owned[i].id));
    }
    return out + '\n';
}

// The request as its own dialect writes it again.
std::string rewritten(const Dialect& dialect, const parley_request& request, base::Arena& arena) {
    auto target = sized<parley_target>();
    target.model = request.model;
    plugins::EncodedRequest out(kBytesMax);
    if (!plugins::translates_upstreams(dialect)) {
        return std::to_string(request.message_count) + " messages, " +
               std::to_string(request.tool_count) + " tools\n";
    }
    if (auto ok = plugins::encode_request(dialect, request, target, arena, out); !ok) {
        return "encode_request " + words_of(ok.error());
    }
    std::string text = "path " + std::string(view(out.head.path)) + '\n';
    for (std::uint64_t i = 0; i < out.head.warning_count; ++i) {
        text += "warning " + std::string(view(out.head.warnings[i]->code)) + ' ' +
                std::string(view(out.head.warnings[i]->field)) + '\n';
    }
    return text + joined(out.body) + '\n';
}

std::string decoded(const Dialect& dialect,
                    const Step& step,
                    std::string_view bytes,
                    std::size_t piece_bytes) {
    base::Arena arena(kBytesMax);
    const bool is_stream = flag_in(step, "stream", true);
    const Question question("hello", is_stream);
    const std::string type =
        text_in(step, "type", is_stream ? kStream : std::string_view("application/json"));
    auto head = sized<parley_http_reply_head>();
    head.status = 200;
    head.content_type = str(type);
    EventLines lines(arena);
    plugins::Decoder decoder;
    auto ok = decoder.open(dialect, question.open(arena, &head));
    for (std::size_t at = 0; ok && at < bytes.size(); at += piece_bytes) {
        const Guarded piece(bytes.substr(at, piece_bytes));
        ok = decoder.decode(piece.view(), false, lines, arena);
    }
    if (ok) ok = decoder.decode({}, true, lines, arena);
    std::string text = lines.text();
    if (!ok) return text + words_of(ok.error());
    if (!lines.grammar().ended()) text += "no terminal event although the input ended\n";
    return text;
}

std::string told(const plugins::Tap& tap) {
    const parley_tap& seen = tap.view();
    static constexpr const char* kStates[] = {"none", "open", "content", "complete", "failed"};
    std::string out = std::string(kStates[seen.state <= 4 ? seen.state : 0]) + ", " +
                      std::to_string(seen.taken) + " bytes, " + std::to_string(seen.cut_count) +
                      " cuts, input " + std::to_string(seen.usage.input_total) + ", output " +
                      std::to_string(seen.usage.output_total) + '\n';
    if (tap.has_declined()) out += "declined\n";
    if (seen.state == PARLEY_TAP_FAILED) out += words_of(plugins::from_border(seen.error));
    for (std::uint64_t i = 0; i < seen.made_count; ++i) {
        out += "made " + std::string(view(seen.made[i])) + '\n';
    }
    return out;
}

std::string tapped(const Asked& asked,
                   const parley_peek& peek,
                   const Step& step,
                   base::Arena& arena) {
    const std::string type = text_in(step, "type", kStream);
    auto head = sized<parley_http_reply_head>();
    head.status = 200;
    head.content_type = str(type);
    auto open = sized<parley_tap_open>();
    open.call = &asked.call();
    open.peek = &peek;
    open.head = &head;
    plugins::Tap tap;
    if (auto ok = tap.open(asked.dialect(), open, arena); !ok) return words_of(ok.error());
    const std::string text = step.in_text();
    const Guarded bytes(text);
    if (auto ok = tap.feed(bytes.view(), true); !ok) return words_of(ok.error());
    return told(tap);
}

}  // namespace

Played play_request(const Made& made, const Step& step) {
    const std::string text = step.in_text();
    const Guarded body(text);
    const auto paths = generating_paths(made);
    const Asked asked(made, step, body.view(), paths.empty() ? "/" : paths.front());
    if (!asked.is_known()) return "no route takes it\n";
    base::Arena arena(kBytesMax);
    auto peek = sized<parley_peek>();
    std::string out;
    if (auto ok = asked.dialect().peek(asked.call(), arena, peek); !ok) {
        out = "peek " + words_of(ok.error());
    } else {
        out = peeked(peek);
    }
    if (!plugins::translates_clients(asked.dialect())) return out;
    const auto request = plugins::decode_request(asked.dialect(), asked.call(), arena);
    if (!request) return out + "decode_request " + words_of(request.error());
    return out + rewritten(asked.dialect(), **request, arena);
}

Played play_reply(const Made& made, const Step& step) {
    const Dialect dialect(made);
    const std::string text = step.in_text();
    const auto status = static_cast<std::uint32_t>(number_in(step, "status", 200));
    if (status >= 400) {
        base::Arena arena(kBytesMax);
        auto head = sized<parley_http_reply_head>();
        head.status = status;
        const Guarded body(text);
        return words_of(dialect.decode_error(head, body.view(), arena));
    }
    if (!plugins::translates_upstreams(dialect)) return "it reads no replies\n";
    const std::string whole = decoded(dialect, step, text, text.size() + 1);
    const std::string chopped = decoded(dialect, step, text, 1);
    if (whole == chopped) return whole;
    return whole + "and, when its bytes come one by one:\n" + differing_lines(whole, chopped);
}

Played play_relay(const Made& made, const Step& step) {
    static constexpr std::string_view kRequest =
        R"({"model":"a-model","stream":true,"messages":[],"input":"x","contents":[]})";
    for (const std::string& path : generating_paths(made)) {
        const Asked asked(made, step, kRequest, path);
        base::Arena arena(kBytesMax);
        auto peek = sized<parley_peek>();
        if (!asked.is_known() || !asked.dialect().peek(asked.call(), arena, peek)) continue;
        if ((peek.flags & PARLEY_PEEK_STREAM) != 0) return tapped(asked, peek, step, arena);
    }
    return "no route streams\n";
}

Played play_events(const Made& made, const Step& step) {
    const Dialect dialect(made);
    if (!plugins::translates_clients(dialect)) return "it writes no replies\n";
    const auto events = TextEvents::read(step.in);
    if (!events) return events.error();
    const Question question("hello", flag_in(step, "stream", true));
    base::Arena arena(kBytesMax);
    base::Bytes bytes;
    const plugins::Outlet out(bytes, kBytesMax);
    plugins::Encoder encoder;
    auto ok = encoder.open(dialect, question.open(arena, nullptr));
    for (const parley_event& event : events->all()) {
        if (ok) ok = encoder.encode(event, out, arena);
    }
    return std::string(bytes.view()) + (ok ? std::string() : '\n' + words_of(ok.error()));
}

}  // namespace parley::check
