// micro/crossing.cpp: what a crossing between two dialects is made of, through the real plugins.
//
// `allocs` is what one iteration takes with new (of streams: one event), start and end included.
#include <map>

#include <benchmark/benchmark.h>

#include "support/allocations.hpp"
#include "support/crossings.hpp"

namespace {

using namespace parley;
using support::dialect;
using support::Said;

constexpr std::size_t kSizes[] = {1024, 100 * 1024, 2 * 1024 * 1024};
constexpr std::size_t kBytesMax = 1 << 30;
constexpr int kDeltas = 200;

// Measured many times, made once.
const support::Request& request(const std::string& id, std::size_t bytes) {
    static std::map<std::pair<std::string, std::size_t>, std::unique_ptr<support::Request>> all;
    auto& one = all[{id, bytes}];
    if (one == nullptr) one = std::make_unique<support::Request>(id, bytes);
    return *one;
}

void count(benchmark::State& state, std::size_t before, std::size_t bytes, int items = 1) {
    const auto rounds = static_cast<double>(state.iterations());
    const auto taken = static_cast<double>(support::allocations() - before);
    state.counters["allocs"] = taken / rounds / items;
    state.SetBytesProcessed(state.iterations() * static_cast<std::int64_t>(bytes));
    if (items > 1) state.SetItemsProcessed(state.iterations() * items);
    if (items > 1) {
        state.counters["ns/event"] = benchmark::Counter(
            rounds * items, benchmark::Counter::kIsRate | benchmark::Counter::kInvert);
    }
}

void decode_request(benchmark::State& state, const std::string& id, std::size_t bytes) {
    const support::Request& asked = request(id, bytes);
    const std::size_t before = support::allocations();
    for (auto _ : state) {
        base::Arena arena(kBytesMax);
        auto decoded = plugins::decode_request(dialect(id), asked.call(), arena);
        if (!decoded) state.SkipWithError(decoded.error().message.c_str());
        benchmark::DoNotOptimize(decoded);
    }
    count(state, before, asked.body().size());
}

void encode_request(benchmark::State& state, const std::string& id, std::size_t bytes) {
    base::Arena kept(kBytesMax);
    const support::Request& asked = request(id, bytes);
    const auto decoded = plugins::decode_request(dialect(id), asked.call(), kept);
    auto target = plugins::sized<parley_target>();
    target.model = plugins::str("bench");
    const std::size_t before = support::allocations();
    for (auto _ : state) {
        base::Arena arena(kBytesMax);
        plugins::EncodedRequest out(kBytesMax);
        const auto done = plugins::encode_request(dialect(id), **decoded, target, arena, out);
        if (!done) state.SkipWithError(done.error().message.c_str());
        benchmark::DoNotOptimize(out.body.size());
    }
    count(state, before, asked.body().size());
}

void cross_request(benchmark::State& state,
                   const std::string& client,
                   const std::string& upstream,
                   std::size_t bytes) {
    const support::Request& asked = request(client, bytes);
    const std::size_t before = support::allocations();
    for (auto _ : state) {
        support::Exchange exchange(client, upstream, asked);
        benchmark::DoNotOptimize(exchange.crossing().encoded().body.size());
    }
    count(state, before, asked.body().size());
}

// Each event comes in a read of its own.
void cross_stream(benchmark::State& state, const std::string& client, const std::string& upstream) {
    const support::Stream reply = support::stream(upstream, Said::text, kDeltas);
    const support::Request& asked = request(client, kSizes[0]);
    std::size_t before = 0;
    std::size_t taken = 0;
    for (auto _ : state) {
        state.PauseTiming();
        support::Exchange exchange(client, upstream, asked);
        state.ResumeTiming();
        before = support::allocations();
        exchange.open();
        exchange.feed(reply.start);
        for (const std::string& delta : reply.deltas) {
            exchange.feed(delta);
            exchange.crossing().out().clear();
        }
        exchange.feed(reply.end, true);
        taken += support::allocations() - before;
    }
    count(state, support::allocations() - taken, reply.all().size(), kDeltas);
}

class NoSink final : public plugins::EventSink {
public:
    using plugins::EventSink::EventSink;

private:
    parley_status take(const parley_event& event) override {
        benchmark::DoNotOptimize(event);
        return PARLEY_OK;
    }
};

void decode_stream(benchmark::State& state, const std::string& id) {
    const support::Stream reply = support::stream(id, Said::text, kDeltas);
    const support::Exchange exchange(id, id, request(id, kSizes[0]));
    auto head = plugins::sized<parley_http_reply_head>();
    head.status = 200;
    head.content_type = plugins::str("text/event-stream");
    auto asked = plugins::sized<parley_request>();
    auto target = plugins::sized<parley_target>();
    auto open = plugins::sized<parley_codec_open>();
    open.flags = PARLEY_CODEC_STREAM;
    open.head = &head;
    open.request = &asked;
    open.target = &target;
    const std::size_t before = support::allocations();
    for (auto _ : state) {
        base::Arena arena(kBytesMax);
        open.arena = arena.border();
        NoSink sink(arena);
        plugins::Decoder decoder;
        benchmark::DoNotOptimize(decoder.open(dialect(id), open));
        benchmark::DoNotOptimize(decoder.decode(reply.start, false, sink, arena));
        for (const std::string& delta : reply.deltas) {
            benchmark::DoNotOptimize(decoder.decode(delta, false, sink, arena));
        }
        benchmark::DoNotOptimize(decoder.decode(reply.end, true, sink, arena));
        if (!sink.grammar().ended()) state.SkipWithError("the reply is not whole");
    }
    count(state, before, reply.all().size(), kDeltas);
}

void encode_stream(benchmark::State& state, const std::string& id) {
    const std::vector<parley_event> events = support::reply(Said::text, kDeltas);
    std::size_t bytes = 0;
    const std::size_t before = support::allocations();
    for (auto _ : state) {
        support::EventWriter writer(dialect(id));
        bytes = 0;
        for (const parley_event& event : events) bytes += writer.write(event).size();
    }
    count(state, before, bytes, kDeltas);
}

template <class Run>
void add(const std::string& name, Run run) {
    benchmark::RegisterBenchmark(name.c_str(), run);
}

void add_all() {
    for (const std::string& id : support::dialects()) {
        for (const std::size_t size : kSizes) {
            const std::string what = id + '/' + std::to_string(size / 1024) + "K";
            add("decode_request/" + what, [=](auto& state) { decode_request(state, id, size); });
            add("encode_request/" + what, [=](auto& state) { encode_request(state, id, size); });
        }
        add("decode_stream/" + id, [=](auto& state) { decode_stream(state, id); });
        add("encode_stream/" + id, [=](auto& state) { encode_stream(state, id); });
    }
    for (const std::string& client : support::dialects()) {
        for (const std::string& upstream : support::dialects()) {
            if (client == upstream) continue;
            const std::string what = client + '/' + upstream;
            for (const std::size_t size : kSizes) {
                add("cross_request/" + what + '/' + std::to_string(size / 1024) + "K",
                    [=](auto& state) { cross_request(state, client, upstream, size); });
            }
            add("cross_stream/" + what,
                [=](auto& state) { cross_stream(state, client, upstream); });
        }
    }
}

}  // namespace

int main(int argc, char** argv) {
    add_all();
    benchmark::Initialize(&argc, argv);
    benchmark::RunSpecifiedBenchmarks();
    return 0;
}
