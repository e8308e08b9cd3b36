#include "usage_log.hpp"

#include <filesystem>
#include <fstream>
#include <system_error>

#include "parley/sdk/json.hpp"

namespace parley::example_observer {

using sdk::view;

namespace {

std::string_view word_of(std::uint32_t outcome) {
    switch (outcome) {
        case PARLEY_OUTCOME_SUCCEEDED:
            return "succeeded";
        case PARLEY_OUTCOME_REFUSED:
            return "refused";
        case PARLEY_OUTCOME_CANCELLED:
            return "cancelled";
        default:
            return "failed";
    }
}

class Line {
public:
    Line() : w_(text_) { w_.begin_object(); }

    // What is empty, or was not told, is left out.
    void text(std::string_view key, parley_str value) {
        if (value.len != 0) w_.key(key).string(view(value));
    }

    void number(std::string_view key, std::uint64_t value) {
        if (value != UINT64_MAX) w_.key(key).number(static_cast<std::int64_t>(value));
    }

    void word(std::string_view key, std::string_view value) { w_.key(key).string(value); }

    std::string end() {
        w_.end_object();
        return text_ + '\n';
    }

private:
    std::string text_;
    sdk::JsonWriter w_;
};

void tell_usage(const parley_usage& usage, Line& line) {
    const auto count = [&](std::uint32_t bit, std::string_view key, std::uint64_t value) {
        if ((usage.known & bit) != 0) line.number(key, value);
    };
    count(PARLEY_USAGE_INPUT, "input_tokens", usage.input_total);
    count(PARLEY_USAGE_CACHE_READ, "cached_tokens", usage.input_cache_read);
    count(PARLEY_USAGE_OUTPUT, "output_tokens", usage.output_total);
    count(PARLEY_USAGE_REASONING, "reasoning_tokens", usage.output_reasoning);
}

// Whole lines, so that several processes may write the same file.
void append(const std::string& file, const std::string& lines) {
    namespace fs = std::filesystem;
    std::error_code ignored;
    const bool is_new = !fs::exists(file, ignored);
    std::ofstream out(file, std::ios::binary | std::ios::app);
    if (out && is_new) {
        fs::permissions(file, fs::perms::owner_read | fs::perms::owner_write, ignored);
    }
    out.write(lines.data(), static_cast<std::streamsize>(lines.size()));
    out.close();
    if (!out) throw sdk::Failure(PARLEY_E_INTERNAL, file + ": cannot be written");
}

}  // namespace

void UsageLog::configure(std::string_view json) {
    sdk::JsonReader reader(json);
    sdk::JsonString key;
    if (!reader.enter_object()) return;
    while (reader.next_key(key)) {
        sdk::JsonString value;
        if (key.text() == "file" && reader.read_string(value)) {
            file_ = value.text();
        } else {
            reader.skip();
        }
    }
}

std::string line_of(const parley_notice& n) {
    Line line;
    const parley_exchange& exchange = *n.exchange;
    line.number("started_ms", static_cast<std::uint64_t>(n.started_ms));
    line.text("id", exchange.id);
    line.text("caller", exchange.caller);
    line.text("dialect", exchange.dialect);
    line.text("model", exchange.model);
    line.text("route", exchange.route);
    line.word("outcome", word_of(n.outcome));
    line.number("status", n.http_status);
    line.text("code", n.code);
    line.number("attempts", n.attempt_count);
    if (n.attempt_count != 0) {
        const parley_attempt_notice& last = *n.attempts[n.attempt_count - 1];
        line.text("provider", last.provider);
        line.text("account", last.account);
        line.text("upstream_model", last.model);
        line.number("content_ms", last.content_ms);
    }
    line.number("total_ms", n.total_ms);
    line.number("received_bytes", n.received_bytes);
    line.number("sent_bytes", n.sent_bytes);
    if (n.usage != nullptr) tell_usage(*n.usage, line);
    return line.end();
}

void UsageLog::observe(const parley_notice_batch& batch, const parley_cancel&) const {
    std::string lines;
    for (std::uint64_t i = 0; i < batch.notice_count; ++i) lines += line_of(*batch.notices[i]);
    append(file_, lines);
}

}  // namespace parley::example_observer
