// micro/relay.cpp: what the relay of one exchange is made of, piece by piece, through the real
// plugin.
#include <cstdlib>
#include <iostream>
#include <string>

#include <benchmark/benchmark.h>

#include "accounts/callers.hpp"
#include "http/chunked.hpp"
#include "http/head.hpp"
#include "plugins/border.hpp"
#include "plugins/catalogue.hpp"

namespace {

using namespace parley;

const plugins::Catalogue& catalogue() {
    static const plugins::Catalogue all = plugins::Catalogue::scan({PARLEY_PLUGIN_FOLDER}, {});
    return all;
}

std::unique_ptr<plugins::Dialect> made(const char* id) {
    const auto found = catalogue().find(PARLEY_KIND_DIALECT, id);
    if (!found) {
        std::cerr << "no plugin in " PARLEY_PLUGIN_FOLDER "\n";
        std::exit(1);
    }
    plugins::Instance::Faults faults;
    const auto services = std::make_shared<plugins::HostServices>();
    return std::make_unique<plugins::Dialect>(
        plugins::Instance::make(found.library, services, *found.component, id, {}, faults));
}

const plugins::Dialect& chat() {
    static const auto one = made("openai-chat");
    return *one;
}

const plugins::Dialect& messages() {
    static const auto one = made("anthropic-messages");
    return *one;
}

std::string request_body(std::size_t bytes) {
    std::string body = R"({"messages":[{"role":"system","content":"You are terse."})";
    const std::string turn =
        R"(,{"role":"user","content":"Read the file \"a.cpp\" and say:\n\twhat does it do?"})";
    while (body.size() + turn.size() < bytes) body += turn;
    return body + R"(],"temperature":0.5,"model":"fast","stream":true})";
}

struct Request {
    std::string body;
    parley_http_request http = plugins::sized<parley_http_request>();
    parley_call call = plugins::sized<parley_call>();

    explicit Request(std::size_t bytes) : body(request_body(bytes)) {
        http.method = plugins::str("POST");
        http.body = plugins::bytes(body);
        call.http = &http;
        call.operation = PARLEY_OPERATION_GENERATE;
        call.content_type = plugins::str("application/json");
    }
};

std::string sse_stream(int events) {
    std::string text;
    for (int i = 0; i < events; ++i) {
        text += R"(data: {"id":"chatcmpl-1","object":"chat.completion.chunk","created":1700000000,)"
                R"("model":"m","choices":[{"index":0,"delta":{"content":" word"},)"
                R"("logprobs":null,"finish_reason":null}]})"
                "\n\n";
    }
    return text + "data: [DONE]\n\n";
}

void request_head(benchmark::State& state) {
    const std::string text =
        "POST /v1/chat/completions HTTP/1.1\r\nHost: 127.0.0.1:8317\r\nAccept: application/json\r\n"
        "Content-Type: application/json\r\nUser-Agent: client/1.0\r\nAuthorization: Bearer "
        "sk-parley-0123456789\r\nContent-Length: 400\r\nConnection: keep-alive\r\n\r\n";
    const config::Limits limits;
    for (auto _ : state) {
        std::size_t scanned = 0;
        benchmark::DoNotOptimize(http::find_head_end(text, scanned, limits.head_bytes_max));
        http::RequestHead head;
        benchmark::DoNotOptimize(http::parse_head(text, limits, head));
    }
}

BENCHMARK(request_head);

void client_key(benchmark::State& state) {
    config::ClientKey key;
    key.name = "a";
    key.key = base::Secret("sk-parley-0123456789012345678901234567890123456789");
    const accounts::Callers callers({key});
    for (auto _ : state) benchmark::DoNotOptimize(callers.find(key.key.reveal()));
}

BENCHMARK(client_key);

void plugin_call(benchmark::State& state) {
    const Request request(400);
    for (auto _ : state) benchmark::DoNotOptimize(chat().match(request.call));
}

BENCHMARK(plugin_call);

void peek_and_splice(benchmark::State& state, const plugins::Dialect& (*dialect)()) {
    const Request request(static_cast<std::size_t>(state.range(0)));
    for (auto _ : state) {
        base::Arena arena(1 << 20);
        auto peek = plugins::sized<parley_peek>();
        auto retarget = plugins::sized<parley_retarget>();
        benchmark::DoNotOptimize(dialect().peek(request.call, arena, peek));
        benchmark::DoNotOptimize(
            dialect().retarget(request.call, peek, "upstream-name", arena, retarget));
        if (retarget.edit_count != 1) state.SkipWithError("the model was not spliced");
    }
    state.SetBytesProcessed(state.iterations() * static_cast<std::int64_t>(request.body.size()));
}

BENCHMARK_CAPTURE(peek_and_splice, chat, chat)->Arg(1024)->Arg(100 * 1024)->Arg(2 * 1024 * 1024);
BENCHMARK_CAPTURE(peek_and_splice, messages, messages)->Arg(1024)->Arg(100 * 1024);

void tap(benchmark::State& state, const std::string& text, std::string_view type) {
    const Request request(400);
    const auto peek = plugins::sized<parley_peek>();
    auto head = plugins::sized<parley_http_reply_head>();
    head.status = 200;
    head.content_type = plugins::str(type);
    auto open = plugins::sized<parley_tap_open>();
    open.call = &request.call;
    open.peek = &peek;
    open.head = &head;
    for (auto _ : state) {
        base::Arena arena(1 << 20);
        plugins::Tap watch;
        benchmark::DoNotOptimize(watch.open(chat(), open, arena));
        benchmark::DoNotOptimize(watch.feed(text, true));
        if (watch.view().state != PARLEY_TAP_COMPLETE) state.SkipWithError("not complete");
    }
    state.SetBytesProcessed(state.iterations() * static_cast<std::int64_t>(text.size()));
}

void tap_stream(benchmark::State& state) {
    const auto events = static_cast<int>(state.range(0));
    tap(state, sse_stream(events), "text/event-stream");
    state.SetItemsProcessed(state.iterations() * events);
}

BENCHMARK(tap_stream)->Arg(1)->Arg(200);

void tap_json(benchmark::State& state) {
    std::string text = R"({"id":"1","choices":[{"message":{"content":")";
    text.append(static_cast<std::size_t>(state.range(0)), 'a');
    text += R"("},"finish_reason":"stop"}],"usage":{"prompt_tokens":1,"completion_tokens":2}})";
    tap(state, text, "application/json");
}

BENCHMARK(tap_json)->Arg(1024)->Arg(100 * 1024);

void chunked(benchmark::State& state) {
    std::string text;
    for (int i = 0; i < 200; ++i) text += "b4\r\n" + std::string(0xb4, 'x') + "\r\n";
    text += "0\r\n\r\n";
    for (auto _ : state) {
        std::string copy = text;
        http::ChunkDecoder chunks;
        benchmark::DoNotOptimize(chunks.decode(copy));
    }
    state.SetItemsProcessed(state.iterations() * 200);
}

BENCHMARK(chunked);

}  // namespace
