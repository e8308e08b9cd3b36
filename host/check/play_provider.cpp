// check/play_provider.cpp: what a provider makes of a request and of a refusal.
#include <deque>

#include <boost/json/serialize.hpp>

#include "check/asks.hpp"
#include "check/guarded.hpp"
#include "check/player.hpp"
#include "plugins/border.hpp"

namespace parley::check {

namespace json = boost::json;
using plugins::Provider;
using plugins::sized;
using plugins::str;
using plugins::view;

namespace {

constexpr std::size_t kBytesMax = std::size_t{16} * 1024 * 1024;
constexpr std::string_view kKey = "sk-of-a-transcript";

std::string to_text(const parley_plan& plan) {
    std::string out = "origin " + std::string(view(plan.origin)) + "\ntarget " +
                      std::string(view(plan.target)) + '\n';
    if (plan.flags != 0) out += "flags " + std::to_string(plan.flags) + '\n';
    for (std::uint64_t i = 0; i < plan.header_count; ++i) {
        const parley_header& header = plan.headers[i];
        const bool is_secret = (header.flags & PARLEY_HEADER_SECRET) != 0;
        out += std::string(is_secret ? "secret " : "header ") + std::string(view(header.name)) +
               ": " + std::string(view(header.value)) + '\n';
    }
    for (const auto& [name, ms] : {std::pair{"connect_ms", plan.connect_ms},
                                   {"head_ms", plan.head_ms},
                                   {"content_ms", plan.content_ms},
                                   {"idle_ms", plan.idle_ms}}) {
        if (ms != 0) out += std::string(name) + ' ' + std::to_string(ms) + '\n';
    }
    return out;
}

}  // namespace

Played play_plan(const Made& made, const Step& step) {
    const Provider provider(made);
    const std::string first = provider.dialects().empty()
                                  ? std::string()
                                  : std::string(view(provider.dialects().front()));
    const std::string dialect = text_in(step, "dialect", first);
    const std::string model = text_in(step, "model", "a-model");
    const std::string path = text_in(step, "path", "/v1/anything");
    const std::string query = text_in(step, "query", "");
    const std::string secret = text_in(step, "secret", kKey);
    Ask asked(str(dialect), secret);
    asked.http.path = str(path);
    asked.http.query = str(query);
    parley_plan_ask& ask = asked.ask;
    ask.stream = flag_in(step, "stream", true) ? 1 : 0;
    ask.attempt = static_cast<std::uint32_t>(number_in(step, "attempt", 1));
    ask.model = str(model);
    ask.path = asked.http.path;
    ask.query = asked.http.query;
    base::Arena arena(kBytesMax);
    auto plan = sized<parley_plan>();
    if (auto ok = provider.plan(ask, arena, plan); !ok) return words_of(ok.error());
    return to_text(plan) + "wants " + std::to_string(provider.wants(ask)) + '\n';
}

Played play_classify(const Made& made, const Step& step) {
    const Provider provider(made);
    const std::string secret = text_in(step, "secret", kKey);
    const auto account = account_with(secret);
    const auto status = static_cast<std::uint32_t>(number_in(step, "status", 0));
    const std::string text = step.in_text();
    const Guarded body(text);
    std::deque<std::string> texts;
    std::vector<parley_header> headers;
    if (const json::value* given = step.with.if_contains("headers")) {
        if (!given->is_object()) {
            return base::client_error(PARLEY_E_INVALID_ARGUMENT, "headers: an object was expected");
        }
        for (const auto& [name, value] : given->as_object()) {
            const std::string words =
                value.is_string() ? std::string(value.as_string()) : json::serialize(value);
            headers.push_back({str(texts.emplace_back(name)), str(texts.emplace_back(words)), 0});
        }
    }
    auto head = sized<parley_http_reply_head>();
    head.status = status;
    head.headers = headers.data();
    head.header_count = headers.size();
    const auto told = status == 0
                          ? base::upstream_error(PARLEY_E_TIMEOUT, "no reply")
                          : base::upstream_error(base::class_of_http_status(status), "told");
    base::Arena arena(kBytesMax);
    const auto verdict =
        provider.classify(account, status == 0 ? nullptr : &head, body.view(), told, arena);
    std::string out = words_of(plugins::from_border(verdict.error));
    if (verdict.cool_down_ms != 0) {
        out += "cool down " + std::to_string(verdict.cool_down_ms) + " ms\n";
    }
    return out;
}

}  // namespace parley::check
