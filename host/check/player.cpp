#include "check/player.hpp"

#include <algorithm>

#include <boost/json/array.hpp>

#include "check/conversation.hpp"
#include "check/event_text.hpp"
#include "parley/filter.h"
#include "parley/login.h"
#include "parley/policy.h"
#include "plugins/border.hpp"
#include "plugins/text.hpp"

namespace parley::check {

namespace json = boost::json;
using plugins::Component;
using plugins::view;

namespace {

struct Way {
    std::string_view call;
    std::string_view kind;
    Played (*play)(const Made& made, const Step& step);
};

constexpr Way kWays[] = {
    {"request", PARLEY_KIND_DIALECT, play_request},
    {"reply", PARLEY_KIND_DIALECT, play_reply},
    {"relay", PARLEY_KIND_DIALECT, play_relay},
    {"events", PARLEY_KIND_DIALECT, play_events},
    {"plan", PARLEY_KIND_PROVIDER, play_plan},
    {"classify", PARLEY_KIND_PROVIDER, play_classify},
    {"filter", PARLEY_KIND_FILTER, play_filter},
    {"pick", PARLEY_KIND_POLICY, play_pick},
    {"login", PARLEY_KIND_LOGIN, play_login},
    {"refresh", PARLEY_KIND_LOGIN, play_refresh},
};

Step step_of(std::string_view call, const Made& made, json::value in, json::object with = {}) {
    Step step;
    step.call = call;
    step.of = view(made->component().id);
    step.with = std::move(with);
    step.in = std::move(in);
    return step;
}

json::array written(const std::vector<parley_event>& events) {
    json::array out;
    for (const parley_event& event : events) out.push_back(to_json(event));
    return out;
}

void add_dialect_steps(const Made& made, std::vector<Step>& steps) {
    const plugins::Dialect dialect(made);
    base::Arena arena(std::size_t{16} * 1024 * 1024);
    const Question question("Hello \xe2\x82\xac \"q\" \\ ?");
    plugins::EncodedRequest asked(std::size_t{1024} * 1024);
    if (plugins::translates_upstreams(dialect) &&
        plugins::encode_request(dialect, question.request(), question.target(), arena, asked)) {
        std::string body;
        asked.body.for_each([&](std::string_view piece) { body += piece; });
        const json::object with{{"path", std::string(view(asked.head.path))},
                                {"query", std::string(view(asked.head.query))}};
        steps.push_back(step_of("request", made, json::value(body), with));
    }
    for (const char* body : {"{", R"({"model":7})", R"({"model":"m","messages":{}})"}) {
        steps.push_back(step_of("request", made, body));
    }
    for (unsigned number = 0; number < 12; ++number) {
        const auto events = random_answer(number);
        if (plugins::translates_clients(dialect)) {
            steps.push_back(step_of("events", made, written(events)));
            steps.push_back(step_of("events", made, written(events), {{"stream", false}}));
        }
        std::string why;
        const std::string stream = plugins::translates_clients(dialect)
                                       ? check::written(dialect, question, events, why)
                                       : std::string();
        if (stream.empty()) continue;
        for (const std::size_t size : {stream.size(), stream.size() * 2 / 3}) {
            const std::string bytes = stream.substr(0, size);
            steps.push_back(step_of("relay", made, json::value(bytes)));
            if (!plugins::translates_upstreams(dialect)) continue;
            steps.push_back(step_of("reply", made, json::value(bytes)));
        }
    }
    for (const char* noise : {"", "<html>", "data: {\n\n"}) {
        steps.push_back(step_of("relay", made, noise));
        if (plugins::translates_upstreams(dialect)) {
            steps.push_back(step_of("reply", made, noise));
        }
    }
    for (const int status : {400, 401, 404, 413, 429, 500, 529}) {
        for (const char* body :
             {"", "<html>", R"({"error":{"message":"no","type":"x","code":"y"}})"}) {
            steps.push_back(step_of("reply", made, body, {{"status", status}}));
        }
    }
}

void add_provider_steps(const Made& made, std::vector<Step>& steps) {
    for (const parley_str dialect : plugins::Provider(made).dialects()) {
        for (const std::string_view secret : {std::string_view("sk-of-a-transcript"), kSecret}) {
            steps.push_back(step_of(
                "plan",
                made,
                nullptr,
                {{"dialect", std::string(view(dialect))}, {"secret", std::string(secret)}}));
        }
    }
    for (const int status :
         {0, 400, 401, 402, 403, 404, 408, 409, 413, 422, 429, 500, 502, 503, 504, 529}) {
        for (const char* body :
             {"", "<html>", R"({"error":{"message":"no","type":"x","code":"y"}})"}) {
            steps.push_back(step_of("classify", made, body, {{"status", status}}));
        }
    }
    steps.push_back(step_of(
        "classify", made, "", {{"status", 429}, {"headers", json::object{{"retry-after", "7"}}}}));
}

void add_filter_steps(const Made& made, std::vector<Step>& steps) {
    for (unsigned number = 0; number < 12; ++number) {
        steps.push_back(step_of("filter", made, written(random_answer(number))));
    }
}

void add_policy_steps(const Made& made, std::vector<Step>& steps) {
    for (std::uint64_t number = 1; number <= 12; ++number) {
        json::array candidates;
        for (std::uint64_t i = 0; i <= number; ++i) {
            candidates.push_back(json::object{{"account", "a-" + std::to_string(i)},
                                              {"weight", 1 + i * number % 4},
                                              {"priority", i * number % 3},
                                              {"in_flight", i * (number + 1) % 5},
                                              {"success_per_mille", 1000 - 100 * i % 1000}});
        }
        const std::uint64_t random = UINT64_C(0x1e3779b97f4a7c15) * number % (UINT64_C(1) << 62);
        steps.push_back(
            step_of("pick", made, candidates, {{"random", random}, {"attempt", 1 + number % 3}}));
    }
}

void add_login_steps(const Made& made, std::vector<Step>& steps) {
    const auto& table = *static_cast<const parley_login*>(made->component().table);
    if (PARLEY_HAS(&table, parley_login, login_begin)) {
        steps.push_back(step_of("login", made, json::value(generous_answers(made, {}))));
    }
    if (!PARLEY_HAS(&table, parley_login, refresh_begin)) return;
    const std::string answers = generous_answers(made, kSecret);
    steps.push_back(step_of("refresh", made, json::value(answers)));
    steps.push_back(step_of("refresh", made, "fail 15 timed out\n---\n"));
}

}  // namespace

Player::Player(Trial& trial, std::shared_ptr<plugins::Library> library)
    : trial_(trial), library_(std::move(library)) {
    for (const Component& component : library_->components()) {
        if (component.kind == nullptr) continue;
        if (auto made = trial_.make(library_, component)) made_.push_back(std::move(made));
    }
}

base::Result<Made> Player::find(std::string_view kind, std::string_view id) {
    Made found;
    std::string names;
    for (const Made& made : made_) {
        if (view(made->component().kind) != kind) continue;
        if (!id.empty() && view(made->component().id) != id) continue;
        names += (names.empty() ? "" : ", ") + std::string(view(made->component().id));
        if (found != nullptr) {
            return base::client_error(PARLEY_E_INVALID_ARGUMENT,
                                      "of: one of " + names + " was expected");
        }
        found = made;
    }
    if (found != nullptr) return found;
    const bool is_there = std::any_of(
        library_->components().begin(), library_->components().end(), [&](const auto& c) {
            return c.kind_id == kind && (id.empty() || c.id == id);
        });
    const std::string what = std::string(plugins::short_kind(kind)) +
                             (id.empty() ? std::string() : ' ' + plugins::quoted(id));
    return base::client_error(
        PARLEY_E_NOT_FOUND,
        is_there ? what + " cannot be configured; give its settings with --set or --config"
                 : "it has no " + what);
}

base::Result<std::string> Player::play(const Step& step) {
    for (const Way& way : kWays) {
        if (way.call != step.call) continue;
        const auto made = find(way.kind, step.of);
        if (!made) return made.error();
        trial_.enter(step.call + " of " + plugins::quoted(view((*made)->component().id)));
        return way.play(*made, step);
    }
    return base::client_error(PARLEY_E_INVALID_ARGUMENT, "call: unknown");
}

std::vector<Step> Player::usual_steps() {
    std::vector<Step> steps;
    for (const Made& made : made_) {
        const std::string_view kind = view(made->component().kind);
        trial_.enter(plugins::quoted(view(made->component().id)));
        if (kind == PARLEY_KIND_DIALECT) add_dialect_steps(made, steps);
        if (kind == PARLEY_KIND_PROVIDER) add_provider_steps(made, steps);
        if (kind == PARLEY_KIND_FILTER) add_filter_steps(made, steps);
        if (kind == PARLEY_KIND_POLICY) add_policy_steps(made, steps);
        if (kind == PARLEY_KIND_LOGIN) add_login_steps(made, steps);
    }
    return steps;
}

std::string text_in(const Step& step, std::string_view member, std::string_view otherwise) {
    const json::value* const found = step.with.if_contains(member);
    return std::string(found != nullptr && found->is_string() ? std::string_view(found->as_string())
                                                              : otherwise);
}

std::uint64_t number_in(const Step& step, std::string_view member, std::uint64_t otherwise) {
    const json::value* const found = step.with.if_contains(member);
    boost::system::error_code fault;
    const auto number = found == nullptr ? 0 : found->to_number<std::uint64_t>(fault);
    return found == nullptr || fault ? otherwise : number;
}

bool flag_in(const Step& step, std::string_view member, bool otherwise) {
    const json::value* const found = step.with.if_contains(member);
    return found != nullptr && found->is_bool() ? found->as_bool() : otherwise;
}

std::string words_of(const base::Error& error) {
    std::string out = std::string(base::name_of(error.error_class)) + ": " + error.message;
    if (!error.code.empty()) out += ", code " + error.code;
    if (!error.param.empty()) out += ", param " + error.param;
    if (error.scope != 0) out += ", scope " + std::to_string(error.scope);
    if (error.advice != 0) out += ", advice " + std::to_string(error.advice);
    if (error.http_status != 0) out += ", status " + std::to_string(error.http_status);
    if (error.retry_after_ms != 0) out += ", after " + std::to_string(error.retry_after_ms) + " ms";
    return out + '\n';
}

}  // namespace parley::check
