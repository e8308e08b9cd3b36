#include "manage/exchange_log.hpp"

#include <boost/container/static_vector.hpp>

#include "base/log.hpp"

namespace parley::manage {

using base::LogLevel;

void ExchangeLog::record(const pipeline::Outcome& o) {
    const LogLevel level = o.error == nullptr ? LogLevel::info : LogLevel::warn;
    if (!enabled_ || !base::log_enabled(level)) return;
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
    if (o.attempts > 1) number("attempts", o.attempts);
    if (o.stream) text("stream", "true");
    number("in_bytes", o.request_bytes);
    number("out_bytes", o.reply_bytes);
    number("first_byte_ms", o.first_byte_ms);
    number("total_ms", o.total_ms);
    if ((o.usage.known & PARLEY_USAGE_INPUT) != 0) number("in_tokens", o.usage.input_total);
    if ((o.usage.known & PARLEY_USAGE_CACHE_READ) != 0) {
        number("cached_tokens", o.usage.input_cache_read);
    }
    if ((o.usage.known & PARLEY_USAGE_OUTPUT) != 0) number("out_tokens", o.usage.output_total);
    if (o.error != nullptr) {
        text("fault", base::name_of(o.error->error_class));
        text("why", o.error->message);
    }
    base::log(level, "exchange", fields.data(), fields.size());
}

}  // namespace parley::manage
