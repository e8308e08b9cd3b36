#include "usage.hpp"

#include <optional>

#include "json_text.hpp"

namespace parley::claude {

using sdk::JsonReader;
using sdk::JsonString;

using sdk::Finer;
using sdk::read_count;
using sdk::Usage;

namespace {

// The members of an object of finer counters; `counter_of` says which one a name is.
template <class CounterOf>
void read_finer(JsonReader& r, Usage& usage, CounterOf counter_of) {
    JsonString key;
    if (r.peek() != '{' || !r.enter_object()) {
        r.skip();
        return;
    }
    while (r.next_key(key)) {
        const std::optional<uint64_t> told = read_count(r);
        const std::optional<Finer> counter = counter_of(key.raw);
        if (told && counter) usage.tell(*counter, *told);
    }
}

std::optional<Finer> cache_counter(std::string_view name) {
    if (name == "ephemeral_5m_input_tokens") return Finer::cache_write_5m;
    if (name == "ephemeral_1h_input_tokens") return Finer::cache_write_1h;
    return std::nullopt;
}

std::optional<Finer> server_counter(std::string_view name) {
    if (name == "web_search_requests") return Finer::web_searches;
    if (name == "web_fetch_requests") return Finer::web_fetches;
    return std::nullopt;
}

}  // namespace

void Counts::read(JsonReader& r) {
    JsonString key;
    JsonString tier;
    if (r.peek() != '{' || !r.enter_object()) {
        r.skip();
        return;
    }
    while (r.next_key(key)) {
        if (key.raw == "input_tokens") {
            read(r, &Usage::input_total, PARLEY_USAGE_INPUT);
        } else if (key.raw == "cache_read_input_tokens") {
            read(r, &Usage::input_cache_read, PARLEY_USAGE_CACHE_READ);
        } else if (key.raw == "cache_creation_input_tokens") {
            read(r, &Usage::input_cache_write, PARLEY_USAGE_CACHE_WRITE);
        } else if (key.raw == "output_tokens") {
            read(r, &Usage::output_total, PARLEY_USAGE_OUTPUT);
        } else if (key.raw == "output_tokens_details") {
            read_details(r);
        } else if (key.raw == "cache_creation") {
            read_finer(r, told_, cache_counter);
        } else if (key.raw == "server_tool_use") {
            read_finer(r, told_, server_counter);
        } else if (key.raw == "service_tier" && r.peek() == '"') {
            if (r.read_string(tier)) tier_ = tier.text();
        } else {
            r.skip();
        }
    }
}

void Counts::read(JsonReader& r, uint64_t parley_usage::*counter, uint32_t bit) {
    const std::optional<uint64_t> told = read_count(r);
    if (!told) return;
    told_.*counter = *told;
    told_.known |= bit;
}

void Counts::read_details(JsonReader& r) {
    JsonString key;
    if (r.peek() != '{' || !r.enter_object()) {
        r.skip();
        return;
    }
    while (r.next_key(key)) {
        if (key.raw == "thinking_tokens") {
            read(r, &Usage::output_reasoning, PARLEY_USAGE_REASONING);
        } else {
            r.skip();
        }
    }
}

Usage Counts::usage() const {
    Usage usage = told_;
    usage.input_total += usage.input_cache_read + usage.input_cache_write;
    return usage;
}

Usage usage_hint(std::string_view extra) {
    Usage usage;
    if (extra.empty()) return usage;
    const std::string_view told = Members(extra).take("usage");
    JsonReader r(told);
    JsonString key;
    if (told.empty() || r.peek() != '{' || !r.enter_object()) return usage;
    while (r.next_key(key)) {
        if (key.raw == "input_total") {
            usage.known |= PARLEY_USAGE_INPUT;
            r.read_count(usage.input_total);
        } else if (key.raw == "output_total") {
            usage.known |= PARLEY_USAGE_OUTPUT;
            r.read_count(usage.output_total);
        } else {
            sdk::read_usage_member(r, key.raw, usage);
        }
    }
    return usage;
}

void write_usage(sdk::JsonWriter& w, const Usage& usage, std::string_view tier) {
    const auto number = [&](std::string_view key, uint64_t value) {
        w.key(key).number(static_cast<int64_t>(value));
    };
    w.begin_object();
    if ((usage.known & PARLEY_USAGE_INPUT) != 0) {
        number("input_tokens", sdk::uncached_input(usage));
        number("cache_creation_input_tokens", usage.input_cache_write);
        number("cache_read_input_tokens", usage.input_cache_read);
    }
    number("output_tokens", usage.output_total);
    if ((usage.known & PARLEY_USAGE_REASONING) != 0) {
        w.key("output_tokens_details").begin_object();
        number("thinking_tokens", usage.output_reasoning);
        w.end_object();
    }
    // Their schemas ask for both members.
    if (usage.knows(Finer::cache_write_5m) || usage.knows(Finer::cache_write_1h)) {
        w.key("cache_creation").begin_object();
        number("ephemeral_5m_input_tokens", usage.of(Finer::cache_write_5m));
        number("ephemeral_1h_input_tokens", usage.of(Finer::cache_write_1h));
        w.end_object();
    }
    if (usage.knows(Finer::web_searches) || usage.knows(Finer::web_fetches)) {
        w.key("server_tool_use").begin_object();
        number("web_search_requests", usage.of(Finer::web_searches));
        number("web_fetch_requests", usage.of(Finer::web_fetches));
        w.end_object();
    }
    if (!tier.empty()) w.key("service_tier").string(tier);
    w.end_object();
}

}  // namespace parley::claude
