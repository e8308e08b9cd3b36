// check/filter_rules.cpp: what filters, policies and observers promise.
#include <random>
#include <thread>

#include "base/arena.hpp"
#include "check/asks.hpp"
#include "check/conversation.hpp"
#include "check/rules.hpp"
#include "parley/filter.h"
#include "parley/observer.h"
#include "parley/policy.h"
#include "parley/sdk/emitter.hpp"
#include "plugins/border.hpp"
#include "plugins/cancel.hpp"
#include "plugins/text.hpp"

namespace parley::check {

using plugins::Instance;
using plugins::sized;
using plugins::str;
using plugins::view;

namespace {

constexpr std::size_t kArenaBytes = std::size_t{16} * 1024 * 1024;
constexpr std::uint64_t kHoldMax = 65536;

std::string of(const Instance& made, std::string_view kind, std::string_view function) {
    return std::string(kind) + ' ' + plugins::quoted(made.name()) + ": " + std::string(function) +
           ": ";
}

// One attempt's session of a filter, driven as the pipeline does.
class Filtered {
public:
    Filtered(Trial& trial, const Instance& made)
        : trial_(trial),
          made_(made),
          table_(*static_cast<const parley_filter*>(made.component().table)),
          arena_(kArenaBytes),
          reading_(arena_),
          exchange_(exchange_of_checks()) {
        trial_.enter(of(made_, "filter", "interest"));
        interest_ = sized<parley_filter_interest>();
        parley_error error = plugins::cleared_error(arena_);
        const auto status = table_.interest(made_.get(), &interest_, &error);
        trial_.expect(status >= 0, of(made_, "filter", "interest") + "fails");
        trial_.expect(interest_.hold_max <= kHoldMax,
                      of(made_, "filter", "interest") + "holds back more than 65536 bytes");
        expect_there((interest_.flags & PARLEY_INTEREST_REQUESTS) != 0,
                     PARLEY_HAS(&table_, parley_filter, request),
                     "request");
        expect_there(interest_.events != 0, PARLEY_HAS(&table_, parley_filter, event), "event");
    }

    Filtered(const Filtered&) = delete;
    Filtered& operator=(const Filtered&) = delete;

    ~Filtered() {
        if (session_ == nullptr) return;
        trial_.enter(of(made_, "filter", "close"));
        table_.close(session_);
    }

    bool open() {
        auto open = sized<parley_filter_open>();
        open.attempt = 1;
        open.exchange = &exchange_;
        open.provider = str("a-provider");
        open.upstream_dialect = str("checks");
        open.upstream_model = str("a-model");
        open.arena = arena_.border();
        parley_error error = plugins::cleared_error(arena_);
        trial_.enter(of(made_, "filter", "open"));
        if (table_.open(made_.get(), &open, &session_, &error) >= 0) return true;
        session_ = nullptr;
        trial_.expect(error.message.len != 0, of(made_, "filter", "open") + "fails without words");
        return false;
    }

    void request(const parley_request& request) {
        if ((interest_.flags & PARLEY_INTEREST_REQUESTS) == 0) return;
        auto decision = sized<parley_filter_decision>();
        parley_error error = plugins::cleared_error(arena_);
        trial_.enter(of(made_, "filter", "request"));
        const auto status = table_.request(session_, &request, arena_.border(), &decision, &error);
        const std::string where = of(made_, "filter", "request");
        if (status < 0) {
            trial_.expect(error.message.len != 0, where + "fails without words");
            return;
        }
        trial_.expect(
            decision.action >= PARLEY_FILTER_CONTINUE && decision.action <= PARLEY_FILTER_RESPOND,
            where + "action " + std::to_string(decision.action) +
                " is none; PARLEY_FILTER_CONTINUE leaves it as it is");
        trial_.expect(decision.action != PARLEY_FILTER_REPLACE || decision.request != nullptr,
                      where + "REPLACE without a request");
        trial_.expect(decision.action != PARLEY_FILTER_REJECT || error.error_class > 0,
                      where + "REJECT without an error");
    }

    // Gives it the events that it wants; the others go past it.
    void events(const std::vector<parley_event>& all) {
        const std::string where = of(made_, "filter", "event");
        for (const parley_event& event : all) {
            if (is_over_) return;
            if ((interest_.events & PARLEY_INTEREST_EVENT(event.type)) == 0) {
                pass(event, where);
                continue;
            }
            parley_error error = plugins::cleared_error(arena_);
            trial_.enter(where + "type " + std::to_string(event.type));
            const auto status = table_.event(session_, &event, reading_.border(), &error);
            if (reading_.breach() != nullptr) trial_.fail(where + reading_.breach());
            is_over_ = status < 0 || status == PARLEY_DONE;
            trial_.expect(status >= 0 || error.message.len != 0, where + "fails without words");
        }
        if (is_over_ || all.empty() || all.back().type != PARLEY_EVENT_FINISH) return;
        trial_.expect(reading_.grammar().ended(), where + "the terminal event is gone");
        trial_.enter(of(made_, "filter", "finish"));
        if (PARLEY_HAS(&table_, parley_filter, finish)) table_.finish(session_, &all.back());
    }

    const std::string& text() const { return reading_.text(); }

private:
    void expect_there(bool is_wanted, bool is_there, const std::string& function) {
        trial_.expect(!is_wanted || is_there,
                      of(made_, "filter", "interest") + "wants what " + function +
                          " would be given, but has no " + function);
    }

    void pass(const parley_event& event, const std::string& where) {
        if (reading_.emit(event) >= 0) return;
        is_over_ = true;
        trial_.fail(where + "leaves a stream that cannot go on: " + reading_.breach());
    }

    Trial& trial_;
    const Instance& made_;
    const parley_filter& table_;
    base::Arena arena_;
    Reading reading_;
    parley_exchange exchange_;
    parley_filter_interest interest_{};
    parley_session* session_ = nullptr;
    bool is_over_ = false;
};

void filter_once(Trial& trial, const Instance& made, const std::vector<parley_event>& events) {
    const Question question("My number is 123-45-6789, my key sk-abc.");
    Filtered filtered(trial, made);
    if (!trial.has_failed() && filtered.open()) {
        filtered.request(question.request());
        filtered.events(events);
    }
}

// What nobody knows passes: the same stream with it, and without it.
void filter_unknown(Trial& trial, const Instance& made) {
    static const std::vector<std::string> kPieces{"Hel", "lo"};
    auto events = answer_of(kPieces);
    parley_event odd = sdk::make_event(999);
    odd.name = str("com.acme.oracle");
    events.insert(events.begin() + 1, odd);
    Filtered filtered(trial, made);
    if (trial.has_failed() || !filtered.open()) return;
    filtered.events(events);
    trial.expect(filtered.text().find("com.acme.oracle") != std::string::npos,
                 of(made, "filter", "event") + "swallows an event of a type that it cannot know");
}

// Candidates of a pick; `number` chooses how many and what they are like.
struct Candidates {
    std::vector<parley_candidate> all;
    std::vector<const parley_candidate*> pointers;

    explicit Candidates(unsigned number) {
        std::mt19937 random(number);
        all.resize(1 + random() % 64);
        for (std::size_t i = 0; i < all.size(); ++i) {
            parley_candidate& each = all[i] = sized<parley_candidate>();
            each.weight = 1 + static_cast<std::uint32_t>(random() % 5);
            each.priority = static_cast<std::int32_t>(random() % 3) - 1;
            each.in_flight = static_cast<std::uint32_t>(random() % 4);
            each.number = i;
            each.account = str("an-account");
            each.provider = str("a-provider");
            each.model = str("a-model");
            each.success_per_mille = static_cast<std::uint32_t>(random() % 1001);
            each.idle_ms = random() % 2 == 0 ? UINT64_MAX : random();
            each.quota_left = random() % 2 == 0 ? -1 : static_cast<std::int64_t>(random());
        }
        for (const parley_candidate& each : all) pointers.push_back(&each);
    }
};

void pick_once(Trial& trial, const Instance& made, unsigned number) {
    const auto& table = *static_cast<const parley_policy*>(made.component().table);
    const Candidates candidates(number);
    const parley_exchange exchange = exchange_of_checks();
    auto ask = sized<parley_pick_ask>();
    ask.attempt = 1 + number % 3;
    ask.exchange = &exchange;
    ask.monotonic_ms = 1000 + number;
    ask.random = UINT64_C(0x9e3779b97f4a7c15) * (number + 1);
    auto pick = sized<parley_pick>();
    base::Arena arena(kArenaBytes);
    parley_error error = plugins::cleared_error(arena);
    const auto count = static_cast<std::uint32_t>(candidates.pointers.size());
    const auto status =
        table.pick(made.get(), &ask, candidates.pointers.data(), count, &pick, &error);
    const std::string where = of(made, "policy", "pick");
    trial.expect(status >= 0, where + "fails; REJECT says that it shall be none");
    if (status < 0) return;
    trial.expect(pick.action >= PARLEY_PICK_INDEX && pick.action <= PARLEY_PICK_REJECT,
                 where + "action " + std::to_string(pick.action) + " is none");
    trial.expect(pick.action != PARLEY_PICK_INDEX || pick.index < count,
                 where + "index " + std::to_string(pick.index) + " of " + std::to_string(count) +
                     " candidates");
    trial.expect(pick.action != PARLEY_PICK_REJECT || error.error_class > 0,
                 where + "REJECT without an error");
    if (!PARLEY_HAS(&table, parley_policy, report)) return;
    auto report = sized<parley_pick_report>();
    report.number = pick.index;
    report.error_class = number % 2 == 0 ? 0 : PARLEY_E_RATE_LIMITED;
    report.attempt = 1;
    table.report(made.get(), &report);
}

struct Notices {
    parley_exchange exchange = exchange_of_checks();
    parley_attempt_notice attempt = sized<parley_attempt_notice>();
    const parley_attempt_notice* attempts[1] = {&attempt};
    parley_usage usage = sized<parley_usage>();
    std::vector<parley_notice> all;
    std::vector<const parley_notice*> pointers;

    explicit Notices(std::size_t count) {
        exchange.model = str("odd \"model\"\n\xff, with a comma");
        attempt.outcome = PARLEY_OUTCOME_FAILED;
        attempt.connect_ms = attempt.head_ms = attempt.content_ms = UINT64_MAX;
        all.resize(count);
        for (std::size_t i = 0; i < count; ++i) {
            parley_notice& each = all[i] = sized<parley_notice>();
            each.outcome = static_cast<std::uint32_t>(i % 6);  // unknown ones too
            each.exchange = &exchange;
            each.attempts = i % 2 == 0 ? nullptr : attempts;
            each.attempt_count = i % 2;
            each.usage = i % 3 == 0 ? nullptr : &usage;
            each.read_ms = each.commit_ms = UINT64_MAX;
        }
        for (const parley_notice& each : all) pointers.push_back(&each);
    }

    Notices(const Notices&) = delete;
    Notices& operator=(const Notices&) = delete;
};

void observe_some(Trial& trial, const Instance& made, std::size_t count) {
    const auto& table = *static_cast<const parley_observer*>(made.component().table);
    const Notices notices(count);
    auto batch = sized<parley_notice_batch>();
    batch.notices = notices.pointers.data();
    batch.notice_count = count;
    batch.dropped = count;
    const plugins::Cancel cancel(10'000, plugins::make_stop_flag());
    base::Arena arena(kArenaBytes);
    parley_error error = plugins::cleared_error(arena);
    const auto status = table.observe(made.get(), &batch, cancel.border(), &error);
    trial.expect(status >= 0 || error.message.len != 0,
                 of(made, "observer", "observe") + "fails without words");
}

}  // namespace

void filters_by_the_rules(Trial& trial) {
    trial.for_each(PARLEY_KIND_FILTER, [&](std::shared_ptr<Instance> made) {
        for (unsigned number = 0; number < 40 && !trial.has_failed(); ++number) {
            filter_once(trial, *made, random_answer(number));
        }
        filter_once(trial, *made, {});
        auto cut = random_answer(1);
        cut.resize(cut.size() / 2);
        filter_once(trial, *made, cut);
        if (!trial.has_failed()) filter_unknown(trial, *made);
    });
}

void picks_in_range(Trial& trial) {
    trial.for_each(PARLEY_KIND_POLICY, [&](std::shared_ptr<Instance> made) {
        trial.enter(of(*made, "policy", "pick"));
        for (unsigned number = 0; number < 500; ++number) pick_once(trial, *made, number);
        trial.enter(of(*made, "policy", "pick") + "on four threads at once");
        std::vector<std::jthread> loops;
        for (unsigned loop = 0; loop < 4; ++loop) {
            loops.emplace_back([&trial, &made, loop] {
                for (unsigned i = 0; i < 500; ++i) pick_once(trial, *made, loop * 1000 + i);
            });
        }
    });
}

void observes_anything(Trial& trial) {
    trial.for_each(PARLEY_KIND_OBSERVER, [&](std::shared_ptr<Instance> made) {
        trial.enter(of(*made, "observer", "observe"));
        for (const std::size_t count : {1, 2, 37, 1024}) observe_some(trial, *made, count);
    });
}

}  // namespace parley::check
