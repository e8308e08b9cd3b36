// check/strain_rules.cpp: plugins when memory ends, and when streams are long.
#include <algorithm>
#include <array>
#include <ctime>

#include "check/asks.hpp"
#include "check/conversation.hpp"
#include "check/rules.hpp"
#include "parley/login.h"
#include "parley/sdk/emitter.hpp"
#include "plugins/border.hpp"
#include "plugins/text.hpp"

namespace parley::check {

using plugins::Dialect;
using plugins::Instance;
using plugins::sized;
using plugins::str;

namespace {

constexpr std::size_t kArenaBytes = std::size_t{16} * 1024 * 1024;
constexpr int kAllocationsMax = 200;
// Where each chunk costs as much as all before it, the last of so many stretches takes 31 times as
// long as the first.
constexpr int kChunks = 8000;
constexpr int kStretches = 16;
constexpr double kGrowthMax = 6.0;
constexpr double kNoiseMs = 5.0;  // what a busy machine may add to a stretch

// An arena that ends with its n-th allocation.
class FailingArena {
public:
    explicit FailingArena(int good) : left_(good), real_(kArenaBytes) {
        view_.struct_size = sizeof(view_);
        view_.ctx = this;
        view_.alloc = [](const parley_arena* arena, uint64_t size, uint64_t align) -> void* {
            auto& self = *static_cast<FailingArena*>(arena->ctx);
            if (self.left_ == 0) {
                self.has_ended_ = true;
                return nullptr;
            }
            --self.left_;
            return self.real_.alloc(size, align);
        };
    }

    FailingArena(const FailingArena&) = delete;
    FailingArena& operator=(const FailingArena&) = delete;

    const parley_arena* border() const { return &view_; }

    bool has_ended() const { return has_ended_; }

private:
    int left_;
    bool has_ended_ = false;
    base::Arena real_;
    parley_arena view_{};
};

// Calls with an arena that ends sooner or later, until it lasts.
void with_less_memory(const std::function<void(const parley_arena*)>& call) {
    for (int good = 0; good < kAllocationsMax; ++good) {
        const FailingArena arena(good);
        call(arena.border());
        if (!arena.has_ended()) return;
    }
}

parley_error error_in(const parley_arena* arena) {
    auto error = sized<parley_error>();
    error.arena = arena;
    return error;
}

void strain_dialect(Trial& trial, std::shared_ptr<Instance> made) {
    const Dialect dialect(std::move(made));
    const Question question("hello");
    trial.enter("encode_request when the arena ends");
    with_less_memory([&](const parley_arena* arena) {
        if (!plugins::translates_upstreams(dialect)) return;
        parley_error error = error_in(arena);
        auto head = sized<parley_encoded_request>();
        plugins::Rope body(kArenaBytes);
        dialect.table().encode_request(dialect.self(),
                                       &question.request(),
                                       &question.target(),
                                       arena,
                                       &head,
                                       body.border(),
                                       &error);
    });
    trial.enter("encode_error when the arena ends");
    with_less_memory([&](const parley_arena* arena) {
        parley_error told = error_in(arena);
        told.error_class = PARLEY_E_TIMEOUT;
        told.message = str("late");
        auto reply = sized<parley_http_reply>();
        plugins::Rope body(kArenaBytes);
        dialect.table().encode_error(dialect.self(), nullptr, &told, arena, &reply, body.border());
    });
    trial.enter("decode_error when the arena ends");
    with_less_memory([&](const parley_arena* arena) {
        parley_error out = error_in(arena);
        auto head = sized<parley_http_reply_head>();
        head.status = 400;
        const auto body = plugins::bytes(R"({"error":{"message":"no","type":"x","code":"y"}})");
        dialect.table().decode_error(dialect.self(), &head, body, arena, &out);
    });
}

void strain_provider(Trial& trial, const std::shared_ptr<Instance>& made) {
    const auto& table = *static_cast<const parley_provider*>(made->component().table);
    std::uint32_t count = 0;
    const parley_str* const dialects = table.dialects(made->get(), &count);
    for (std::uint32_t i = 0; i < count; ++i) {
        const Ask asked(dialects[i], "sk-a-key");
        trial.enter("plan when the arena ends");
        with_less_memory([&](const parley_arena* arena) {
            parley_error error = error_in(arena);
            auto plan = sized<parley_plan>();
            table.plan(made->get(), &asked.ask, arena, &plan, &error);
        });
    }
}

void strain_login(Trial& trial, const std::shared_ptr<Instance>& made) {
    const auto& table = *static_cast<const parley_login*>(made->component().table);
    for (const std::string_view secret :
         {std::string_view("sk-a-key"),
          std::string_view(R"({"access_token":"a","email":"m@e"})")}) {
        trial.enter("parse when the arena ends");
        with_less_memory([&](const parley_arena* arena) {
            parley_error error = error_in(arena);
            auto facts = sized<parley_secret_facts>();
            table.parse(made->get(), str(secret), arena, &facts, &error);
        });
        if (!PARLEY_HAS(&table, parley_login, redact)) continue;
        trial.enter("redact when the arena ends");
        with_less_memory([&](const parley_arena* arena) {
            parley_error error = error_in(arena);
            parley_str shown{};
            table.redact(made->get(), str(secret), arena, &shown, &error);
        });
    }
}

// What this thread has computed; a busy machine does not count.
double computed_ms() {
    timespec now{};
    ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
    return static_cast<double>(now.tv_sec) * 1e3 + static_cast<double>(now.tv_nsec) / 1e6;
}

// How long each stretch of one long stream takes to write or to read.
struct Pace {
    std::array<double, kStretches> ms{};

    // As many times as long at the end as at the beginning; noise of the machine left out.
    double growth() const {
        const double last = std::min(ms[kStretches - 2], ms[kStretches - 1]);
        return (last - kNoiseMs) / std::max(ms[0], 0.1);
    }
};

Pace pace_of(const std::function<void(int)>& each) {
    Pace out;
    for (int stretch = 0; stretch < kStretches; ++stretch) {
        const double begin = computed_ms();
        for (int i = 0; i < kChunks / kStretches; ++i) each(stretch * kChunks / kStretches + i);
        out.ms[static_cast<std::size_t>(stretch)] = computed_ms() - begin;
    }
    return out;
}

void expect_steady(Trial& trial, const std::string& where, const Pace& pace) {
    trial.expect(pace.growth() <= kGrowthMax,
                 where + ": the end of a long stream takes " +
                     std::to_string(static_cast<int>(pace.growth())) +
                     " times as long as its beginning; a chunk may not cost more the later it "
                     "comes");
}

void stream_long(Trial& trial, std::shared_ptr<Instance> made) {
    const Dialect dialect(std::move(made));
    if (!plugins::translates_clients(dialect) || !plugins::translates_upstreams(dialect)) return;
    const Question question("hello");
    base::Arena arena(4 * kArenaBytes);
    base::Bytes bytes;
    const plugins::Outlet out(bytes, 4 * kArenaBytes);
    auto head = sized<parley_http_reply_head>();
    head.status = 200;
    head.content_type = str("text/event-stream");
    plugins::Encoder encoder;
    plugins::Decoder decoder;
    Reading reading(arena);
    if (!encoder.open(dialect, question.open(arena, nullptr))) return;
    if (!decoder.open(dialect, question.open(arena, &head))) return;
    static const std::vector<std::string> kPieces{"some words "};
    const auto events = answer_of(kPieces);
    trial.enter("encode of a long stream");
    encoder.encode(events[0], out, arena).has_value();
    encoder.encode(events[1], out, arena).has_value();
    std::vector<std::size_t> ends;
    const Pace writing = pace_of([&](int) {
        encoder.encode(events[2], out, arena).has_value();
        ends.push_back(bytes.size());
    });
    expect_steady(trial, "encode", writing);
    trial.enter("decode of a long stream");
    std::size_t from = 0;
    const Pace reading_pace = pace_of([&](int i) {
        const std::size_t end = ends[static_cast<std::size_t>(i)];
        decoder.decode(bytes.view().substr(from, end - from), false, reading, arena).has_value();
        from = end;
    });
    expect_steady(trial, "decode", reading_pace);
}

}  // namespace

void bears_full_arenas(Trial& trial) {
    const auto library = trial.load();
    if (library == nullptr) return;
    for (const plugins::Component& component : library->components()) {
        auto made = trial.make(library, component);
        if (made == nullptr) continue;
        if (component.kind_id == PARLEY_KIND_DIALECT) strain_dialect(trial, made);
        if (component.kind_id == PARLEY_KIND_PROVIDER) strain_provider(trial, made);
        if (component.kind_id == PARLEY_KIND_LOGIN) strain_login(trial, made);
    }
}

void stays_as_fast(Trial& trial) {
    trial.for_each(PARLEY_KIND_DIALECT,
                   [&](std::shared_ptr<Instance> made) { stream_long(trial, std::move(made)); });
}

}  // namespace parley::check
