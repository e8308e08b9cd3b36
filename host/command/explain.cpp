// command/explain.cpp: who would serve a model, and why: as the Parley that runs sees it, else by
// the configuration and by what was kept.
#include <algorithm>
#include <iostream>

#include <boost/json/array.hpp>

#include "command/ask.hpp"
#include "command/commands.hpp"
#include "command/health_words.hpp"
#include "command/seen_health.hpp"
#include "http/loop.hpp"
#include "live/explanation.hpp"
#include "pipeline/make_world.hpp"
#include "plugins/host_table.hpp"
#include "store/client_key_document.hpp"

namespace parley::command {

namespace json = boost::json;

using base::Result;

namespace {

bool is_so(const json::object& of, std::string_view key) {
    const json::value* value = of.if_contains(key);
    return value != nullptr && value->is_bool() && value->get_bool();
}

void print_standing(const json::object& line, std::ostream& out) {
    out << text_at(line, "state");
    if (line.contains("left_ms")) out << " for " << duration_at(line, "left_ms");
    if (line.contains("why")) {
        out << " (" << text_at(line, "why") << ", of the " << text_at(line, "of") << ')';
    }
    if (line.contains("last_error")) out << ": " << text_at(line, "last_error");
}

void print_line(const json::object& line, std::ostream& out) {
    out << (is_so(line, "next") ? "  > " : "    ") << text_at(line, "provider");
    const std::string account = text_at(line, "account");
    if (!account.empty()) out << '/' << account;
    out << "  " << text_at(line, "model") << "  priority " << text_at(line, "priority")
        << ", weight " << text_at(line, "weight") << "  ";
    print_standing(line, out);
    constexpr std::int64_t kAll = 1'000;
    const std::int64_t succeed = line.at("success_per_mille").to_number<std::int64_t>();
    if (text_at(line, "in_flight") != "0")
        out << ", " << text_at(line, "in_flight") << " under way";
    if (succeed != kAll) out << ", " << succeed / 10 << " % succeed";
    if (line.contains("content_ms"))
        out << ", first content after " << text_at(line, "content_ms") << "ms";
    if (line.contains("headroom")) out << ", headroom " << line.at("headroom").to_number<float>();
    out << '\n';
}

// What filters make of a request where client and upstream speak the same dialect; otherwise it is
// translated in any case.
void print_filters(const json::object& why, std::ostream& out) {
    for (const json::value& each : why.at("filters").as_array()) {
        const json::object& filter = each.as_object();
        out << "filter " << text_at(filter, "name") << ": ";
        if (is_so(filter, "missing")) {
            out << "not loaded; requests are refused\n";
            continue;
        }
        const bool reads = is_so(filter, "reads_requests");
        const bool hears = is_so(filter, "hears_replies");
        out << (reads ? "reads requests" : "") << (reads && hears ? ", " : "")
            << (hears ? "hears replies" : "") << "; what it fails on "
            << (is_so(filter, "passes_on_error") ? "goes on without it" : "is refused") << '\n';
    }
    out << (is_so(why, "replies_are_decoded")
                ? "no reply is relayed: filters hear it event by event, so it is decoded and "
                  "written again\n"
                : "requests are decoded for filters, and relayed as they came when none of them "
                  "changes anything\n");
}

void print(const json::object& why, std::ostream& out) {
    if (why.contains("refused")) {
        out << text_at(why, "refused") << '\n';
        return;
    }
    const std::string route = text_at(why, "route");
    const std::string prefix = text_at(why, "prefix");
    out << (route.empty() ? "no route" : "route \"" + route + '"');
    if (!prefix.empty()) out << ", accounts of \"" << prefix << '"';
    out << ", policy " << text_at(why, "policy") << (is_so(why, "strict") ? ", strict" : "")
        << (is_so(why, "lenient") ? ", lenient" : "") << '\n';
    const json::array& steps = why.at("steps").as_array();
    for (std::size_t i = 0; i < steps.size(); ++i) {
        out << "step " << i + 1;
        if (i != 0) {
            out << ": when all before it are used up";
            for (const json::value& on : why.at("next_step_on").as_array()) {
                out << ", or on " << std::string_view(on.as_string());
            }
        }
        out << '\n';
        for (const json::value& line : steps[i].as_array()) print_line(line.as_object(), out);
    }
    if (why.contains("rejected")) {
        out << "the policy wants none of them: " << text_at(why, "rejected") << '\n';
    }
    if (why.contains("filters")) print_filters(why, out);
}

// What the store has; of what it has and nobody can read is said why.
pipeline::Stored stored_in(store::Opened& store) {
    pipeline::Stored stored;
    auto accounts = store.accounts();
    if (!accounts) std::cerr << "warning: " << accounts.error().message << '\n';
    if (accounts) {
        for (store::Listed& each : *accounts) {
            if (!each.account) continue;
            stored.accounts.push_back(
                std::make_shared<const store::AccountDocument>(std::move(*each.account)));
        }
    }
    std::stable_sort(stored.accounts.begin(), stored.accounts.end(), [](auto& a, auto& b) {
        return a->provider < b->provider;
    });
    const auto keys = store.list(std::string(store::kClientKeyPrefix));
    if (!keys) std::cerr << "warning: " << keys.error().message << '\n';
    if (keys) {
        for (const plugins::Document& document : *keys) {
            auto key = store::read_client_key(document.key, document.value.reveal());
            if (key) stored.keys.push_back(std::move(*key));
        }
    }
    return stored;
}

// Where no Parley runs. Nothing: what stands in the way has been printed.
std::optional<Result<json::object>> explain_here(const Options& options) {
    const auto known = KnownAccounts::open(options, false);
    if (known == nullptr) return std::nullopt;
    store::Opened* store = known->store();
    const pipeline::MadeWorld made =
        pipeline::make_world(known->config(),
                             known->catalogue(),
                             known->services(),
                             nullptr,
                             store == nullptr ? pipeline::Stored() : stored_in(*store));
    for (const config::Fault& fault : made.faults) {
        std::cerr << fault.text(known->setup().file) << '\n';
    }
    if (made.world == nullptr) return std::nullopt;
    // A policy is asked as it would be on a loop: this thread is the only one.
    plugins::set_loop_index(0);
    const auto now_ms = static_cast<std::int64_t>(http::Loop::clock_ms());
    if (store != nullptr) bring_kept_cool_downs(*store, *made.world->book, now_ms);
    return live::explanation(*made.world, options.model, options.key);
}

}  // namespace

int explain(const Options& options) {
    const json::object question{{"model", options.model}, {"key", options.key}};
    auto answers = ask_who_runs(options, "POST", "/explain", question);
    if (!answers) return say_failure(answers.error());
    const bool is_live = !answers->empty();
    if (!is_live) {
        auto own = explain_here(options);
        if (!own) return 1;
        if (!*own) return say_failure(own->error());
        answers->push_back(std::move(**own));
    }
    if (print_json(options, *answers)) return 0;
    for (std::size_t i = 0; i < answers->size(); ++i) {
        print_worker(*answers, i);
        print((*answers)[i], std::cout);
    }
    std::cout << (is_live ? "so says the parley that runs\n"
                          : "no parley runs here: so say the configuration and the store\n");
    return 0;
}

}  // namespace parley::command
