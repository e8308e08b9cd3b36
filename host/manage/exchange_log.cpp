#include "manage/exchange_log.hpp"

#include <boost/container/static_vector.hpp>

#include "base/log.hpp"
#include "http/loop.hpp"
#include "parley/sdk/json.hpp"

namespace parley::manage {

using base::LogLevel;
using pipeline::AttemptNote;

namespace {

// {"account":"place/first","status":503,...} for programs.
void write(const AttemptNote& a, sdk::JsonWriter& w) {
    const auto number = [&](std::string_view key, std::uint64_t value) {
        w.key(key).number(static_cast<std::int64_t>(value));
    };
    const auto time = [&](std::string_view key, std::uint64_t ms) {
        if (ms != AttemptNote::kNever) number(key, ms);
    };
    std::string account(a.provider);
    account.append("/").append(a.account);
    w.begin_object().key("account").string(account).key("model").string(a.upstream_model);
    if (a.status != 0) number("status", a.status);
    if (a.error_class != 0) w.key("fault").string(base::name_of(a.error_class));
    number("start_ms", a.start_ms);
    time("connect_ms", a.connect_ms);
    time("head_ms", a.head_ms);
    time("content_ms", a.content_ms);
    time("total_ms", a.total_ms);
    if (a.cool_down_ms != 0) number("cool_down_ms", a.cool_down_ms);
    if (a.input_tokens != 0) number("in_tokens", a.input_tokens);
    if (a.output_tokens != 0) number("out_tokens", a.output_tokens);
    w.end_object();
}

std::string json_of(std::span<const AttemptNote> attempts) {
    std::string json;
    sdk::JsonWriter w(json);
    w.begin_array();
    for (const AttemptNote& each : attempts) write(each, w);
    w.end_array();
    return json;
}

// "place/first: 503 overloaded after 12 ms, place/second: 200 after 340 ms" for people.
std::string words_of(std::span<const AttemptNote> attempts) {
    std::string words;
    for (const AttemptNote& each : attempts) {
        if (!words.empty()) words += ", ";
        words.append(each.provider).append("/").append(each.account).append(":");
        if (each.status != 0) words += ' ' + std::to_string(each.status);
        if (each.error_class != 0) words.append(" ").append(base::name_of(each.error_class));
        words += " after " + std::to_string(each.total_ms) + " ms";
    }
    return words;
}

// Refused before it was known who asks.
bool is_of_nobody(const pipeline::Outcome& o) {
    if (o.method.empty()) return true;  // not even what is asked for
    if (o.error == nullptr || !o.caller.empty() || !o.model.empty()) return false;
    const int why = o.error->error_class;
    return why == PARLEY_E_UNAUTHENTICATED || why == PARLEY_E_OVERLOADED;
}

}  // namespace

bool Knocks::is_told(std::uint64_t now_ms, std::uint64_t& untold) {
    constexpr std::uint64_t kEveryMs = 1000;
    std::uint64_t last = told_ms_.load(std::memory_order_relaxed);
    const bool is_due = last == 0 || now_ms >= last + kEveryMs;
    if (!is_due || !told_ms_.compare_exchange_strong(last, now_ms)) {
        untold_.fetch_add(1, std::memory_order_relaxed);
        return false;
    }
    untold = untold_.exchange(0, std::memory_order_relaxed);
    return true;
}

void ExchangeLog::record(const pipeline::Outcome& o) {
    const LogLevel level = o.error == nullptr ? LogLevel::info : LogLevel::warn;
    if (!enabled_ || !base::log_enabled(level)) return;
    // Whoever tries keys must not fill the log.
    const bool is_knock = is_of_nobody(o);
    std::uint64_t untold = 0;
    if (is_knock && !knocks_.is_told(http::Loop::clock_ms(), untold)) return;
    boost::container::static_vector<base::LogField, 24> fields;
    const auto text = [&](std::string_view key, std::string_view value) {
        if (!value.empty()) fields.push_back({key, value});
    };
    const auto number = [&](std::string_view key, std::uint64_t value) {
        fields.push_back({key, value});
    };
    text("id", o.id);
    text("caller", o.caller);
    text("peer", o.caller.empty() ? o.peer : std::string_view());
    text("method", o.method);
    text("path", o.path);
    text("dialect", o.dialect);
    text("model", o.model);
    text("provider", o.provider);
    text("account", o.account);
    text("upstream_model", o.upstream_model == o.model ? std::string_view() : o.upstream_model);
    number("status", o.status);
    // What one attempt came to is said by the rest of the line.
    const bool has_story = o.attempts.size() > 1 || (o.error != nullptr && !o.attempts.empty());
    if (o.attempts.size() > 1) number("attempts", o.attempts.size());
    const std::string json = has_story ? json_of(o.attempts) : std::string();
    const std::string words = has_story ? words_of(o.attempts) : std::string();
    if (has_story) fields.push_back({"tried", base::LogNested{json, words}});
    if (o.is_budget_spent) text("retries", "spent");
    if (o.stream) text("stream", "true");
    number("in_bytes", o.request_bytes);
    number("out_bytes", o.reply_bytes);
    number("first_byte_ms", o.first_byte_ms);
    number("total_ms", o.total_ms);
    text("lost", o.lost);
    if ((o.usage.known & PARLEY_USAGE_INPUT) != 0) number("in_tokens", o.usage.input_total);
    if ((o.usage.known & PARLEY_USAGE_CACHE_READ) != 0) {
        number("cached_tokens", o.usage.input_cache_read);
    }
    if ((o.usage.known & PARLEY_USAGE_OUTPUT) != 0) number("out_tokens", o.usage.output_total);
    if (o.error != nullptr) {
        text("fault", base::name_of(o.error->error_class));
        text("why", o.error->message);
    }
    if (untold != 0) number("untold", untold);
    base::log(level, "exchange", fields.data(), fields.size());
}

}  // namespace parley::manage
