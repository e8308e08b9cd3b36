// check/play_policy.cpp: whom a policy picks.
#include <deque>

#include <boost/json/array.hpp>

#include "check/asks.hpp"
#include "check/player.hpp"
#include "parley/policy.h"

namespace parley::check {

namespace json = boost::json;
using plugins::sized;
using plugins::str;
using plugins::view;

namespace {

constexpr std::size_t kBytesMax = std::size_t{16} * 1024 * 1024;

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

}  // namespace

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
    const auto exchange = exchange_of_checks();
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

}  // namespace parley::check
