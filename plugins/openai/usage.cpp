#include "usage.hpp"

#include <array>
#include <optional>

namespace parley::openai {

using sdk::JsonReader;
using sdk::JsonString;
using sdk::JsonWriter;

namespace {

using sdk::Finer;
using sdk::read_count;
using sdk::Usage;

struct Detail {
    std::string_view name;
    Finer counter;
};

// Some compatible servers tell more modalities than the API itself.
constexpr std::array kInputDetails{Detail{"audio_tokens", Finer::input_audio},
                                   Detail{"text_tokens", Finer::input_text},
                                   Detail{"image_tokens", Finer::input_image},
                                   Detail{"video_tokens", Finer::input_video}};

constexpr std::array kOutputDetails{
    Detail{"audio_tokens", Finer::output_audio},
    Detail{"text_tokens", Finer::output_text},
    Detail{"image_tokens", Finer::output_image},
    Detail{"accepted_prediction_tokens", Finer::accepted_prediction},
    Detail{"rejected_prediction_tokens", Finer::rejected_prediction}};

void read(JsonReader& r, Usage& usage, uint64_t parley_usage::*counter, uint32_t bit) {
    const std::optional<uint64_t> told = read_count(r);
    if (!told) return;
    usage.*counter = *told;
    usage.known |= bit;
}

template <class Details>
void read_finer(JsonReader& r, const JsonString& key, Usage& usage, const Details& details) {
    const std::optional<uint64_t> told = read_count(r);
    for (const Detail& detail : details) {
        if (told && key.equals(detail.name)) usage.tell(detail.counter, *told);
    }
}

void read_input_details(JsonReader& r, Usage& usage) {
    JsonString key;
    if (r.peek() != '{' || !r.enter_object()) {
        r.skip();
        return;
    }
    while (r.next_key(key)) {
        if (key.equals("cached_tokens")) {
            read(r, usage, &parley_usage::input_cache_read, PARLEY_USAGE_CACHE_READ);
        } else if (key.equals("cache_write_tokens")) {
            read(r, usage, &parley_usage::input_cache_write, PARLEY_USAGE_CACHE_WRITE);
        } else {
            read_finer(r, key, usage, kInputDetails);
        }
    }
}

void read_output_details(JsonReader& r, Usage& usage) {
    JsonString key;
    if (r.peek() != '{' || !r.enter_object()) {
        r.skip();
        return;
    }
    while (r.next_key(key)) {
        if (key.equals("reasoning_tokens")) {
            read(r, usage, &parley_usage::output_reasoning, PARLEY_USAGE_REASONING);
        } else {
            read_finer(r, key, usage, kOutputDetails);
        }
    }
}

}  // namespace

void read_usage(JsonReader& r, Usage& usage) {
    JsonString key;
    if (r.peek() != '{' || !r.enter_object()) {
        r.skip();
        return;
    }
    while (r.next_key(key)) {
        if (key.equals("prompt_tokens") || key.equals("input_tokens")) {
            read(r, usage, &parley_usage::input_total, PARLEY_USAGE_INPUT);
        } else if (key.equals("completion_tokens") || key.equals("output_tokens")) {
            read(r, usage, &parley_usage::output_total, PARLEY_USAGE_OUTPUT);
        } else if (key.equals("prompt_tokens_details") || key.equals("input_tokens_details")) {
            read_input_details(r, usage);
        } else if (key.equals("completion_tokens_details") || key.equals("output_tokens_details")) {
            read_output_details(r, usage);
        } else if (key.equals("prompt_cache_hit_tokens") || key.equals("cached_tokens")) {
            read(r, usage, &parley_usage::input_cache_read, PARLEY_USAGE_CACHE_READ);
        } else {
            r.skip();
        }
    }
}

void read_usage(JsonReader& r, parley_usage& usage) {
    Usage all(usage);
    read_usage(r, all);
    usage = all;
}

namespace {

int64_t count(uint64_t value) {
    return static_cast<int64_t>(value);
}

void write_finer(JsonWriter& w, std::string_view name, const Usage& usage, Finer counter) {
    if (usage.knows(counter)) w.key(name).number(count(usage.of(counter)));
}

}  // namespace

void write_chat_usage(JsonWriter& w, const Usage& u) {
    w.begin_object().key("prompt_tokens").number(count(u.input_total));
    w.key("completion_tokens").number(count(u.output_total));
    w.key("total_tokens").number(count(u.input_total + u.output_total));
    w.key("prompt_tokens_details").begin_object();
    w.key("cached_tokens").number(count(u.input_cache_read));
    if ((u.known & PARLEY_USAGE_CACHE_WRITE) != 0) {
        w.key("cache_write_tokens").number(count(u.input_cache_write));
    }
    write_finer(w, "audio_tokens", u, Finer::input_audio);
    w.end_object().key("completion_tokens_details").begin_object();
    w.key("reasoning_tokens").number(count(u.output_reasoning));
    write_finer(w, "audio_tokens", u, Finer::output_audio);
    write_finer(w, "accepted_prediction_tokens", u, Finer::accepted_prediction);
    write_finer(w, "rejected_prediction_tokens", u, Finer::rejected_prediction);
    w.end_object().end_object();
}

void write_responses_usage(JsonWriter& w, const Usage& u) {
    w.begin_object().key("input_tokens").number(count(u.input_total));
    w.key("input_tokens_details").begin_object();
    w.key("cached_tokens").number(count(u.input_cache_read));
    w.key("cache_write_tokens").number(count(u.input_cache_write)).end_object();
    w.key("output_tokens").number(count(u.output_total));
    w.key("output_tokens_details").begin_object();
    w.key("reasoning_tokens").number(count(u.output_reasoning)).end_object();
    w.key("total_tokens").number(count(u.input_total + u.output_total)).end_object();
}

}  // namespace parley::openai
