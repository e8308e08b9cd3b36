// write_config.cpp: generationConfig, and what of a request has no place here.
#include <algorithm>
#include <array>

#include "parley/sdk/extras.hpp"
#include "write_request.hpp"

namespace parley::gemini {

using sdk::JsonReader;
using sdk::JsonString;
using sdk::view;

namespace {

bool is_set(const parley_number& number) {
    return number.text.len != 0;
}

void write_number(sdk::JsonWriter& w, std::string_view name, const parley_number& number) {
    if (is_set(number)) w.key(name).raw(view(number.text));
}

void write_sampling(Crossing& c, sdk::JsonWriter& w) {
    const parley_sampling* s = c.request.sampling;
    if (s == nullptr) return;
    if (!c.traits.flag("sampling_ok", true)) {
        c.warn(PARLEY_WARNING_SAMPLING_DROPPED);
        return;
    }
    constexpr double kTemperatureMax = 2;
    if (is_set(s->temperature) && s->temperature.value > kTemperatureMax) {
        w.key("temperature").number(2);
        c.warn(PARLEY_WARNING_SAMPLING_CLAMPED, "temperature");
    } else {
        write_number(w, "temperature", s->temperature);
    }
    write_number(w, "topP", s->top_p);
    write_number(w, "topK", s->top_k);
    // The seed is an int32.
    if (is_set(s->seed) && (s->seed.value > 2147483647.0 || s->seed.value < -2147483648.0)) {
        c.warn(PARLEY_WARNING_SAMPLING_DROPPED, "seed");
    } else {
        write_number(w, "seed", s->seed);
    }
    const bool has_penalty = is_set(s->presence_penalty) || is_set(s->frequency_penalty);
    if (c.traits.flag("penalties_ok", true)) {
        write_number(w, "presencePenalty", s->presence_penalty);
        write_number(w, "frequencyPenalty", s->frequency_penalty);
    } else if (has_penalty) {
        c.warn(PARLEY_WARNING_SAMPLING_DROPPED, "penalties");
    }
    if (s->logit_bias.len != 0) c.warn(PARLEY_WARNING_SAMPLING_DROPPED, "logit_bias");
}

void write_limits(Crossing& c, sdk::JsonWriter& w) {
    const parley_request& r = c.request;
    const uint64_t most = c.traits.number("max_output", 0);
    const bool is_limited = is_set(r.max_output_tokens);
    // None is how Messages has a cache filled; one token fills it here.
    const bool is_none = is_limited && r.max_output_tokens.value < 1 && !c.is_own;
    const bool is_more =
        most != 0 && is_limited && r.max_output_tokens.value > static_cast<double>(most);
    if (is_none || is_more) {
        w.key("maxOutputTokens").number(is_none ? 1 : static_cast<int64_t>(most));
        c.warn(PARLEY_WARNING_MAX_TOKENS_CLAMPED);
    } else {
        write_number(w, "maxOutputTokens", r.max_output_tokens);
    }
    if (r.stop_count == 0) return;
    w.key("stopSequences").begin_array();
    for (uint64_t i = 0; i < std::min<uint64_t>(r.stop_count, kStopsMax); ++i)
        w.string(view(r.stop[i]));
    w.end_array();
}

void write_format(Crossing& c, sdk::JsonWriter& w) {
    const parley_format* format = c.request.format;
    if (format == nullptr || format->kind == PARLEY_FORMAT_TEXT || drops_format(c)) return;
    // The client's own word for an enumeration is among the extras.
    const sdk::Traits own(c.extra("generationConfig"));
    if (!own.has("responseMimeType")) w.key("responseMimeType").string("application/json");
    if (format->kind != PARLEY_FORMAT_JSON_SCHEMA) return;
    const bool weak =
        write_schema(c, w, view(format->schema), {"responseJsonSchema", "responseSchema"});
    if (weak && format->strict == PARLEY_SAYS_YES) c.warn(PARLEY_WARNING_SCHEMA_WEAKENED);
}

void write_modalities(Crossing& c, sdk::JsonWriter& w) {
    const uint32_t wanted = c.request.modalities;
    const bool more_than_text = (wanted & ~PARLEY_MODALITY_TEXT) != 0;
    if (wanted == 0 || (!more_than_text && !c.is_own)) return;
    w.key("responseModalities").begin_array();
    if ((wanted & PARLEY_MODALITY_TEXT) != 0) w.string("TEXT");
    if ((wanted & PARLEY_MODALITY_IMAGE) != 0) w.string("IMAGE");
    if ((wanted & PARLEY_MODALITY_AUDIO) != 0) w.string("AUDIO");
    w.end_array();
    if (!c.is_own) return;
    if (c.request.image_out.len != 0) w.key("imageConfig").raw(view(c.request.image_out));
    if (c.request.audio_out.len != 0) w.key("speechConfig").raw(view(c.request.audio_out));
}

constexpr std::array<int64_t, 7> kBudgets{0, 512, 1024, 8192, 24576, 32768, 65536};
constexpr std::array<std::string_view, 7> kEfforts{
    "", "minimal", "low", "medium", "high", "xhigh", "max"};
constexpr std::array<std::string_view, 7> kLevels{
    "", "MINIMAL", "LOW", "MEDIUM", "HIGH", "HIGH", "HIGH"};

// The effort that a budget amounts to.
uint32_t effort_of(double budget) {
    for (uint32_t effort = PARLEY_EFFORT_MINIMAL; effort <= PARLEY_EFFORT_HIGH; ++effort) {
        if (budget <= static_cast<double>(kBudgets[effort])) return effort;
    }
    return PARLEY_EFFORT_XHIGH;
}

// For models that think by levels; they cannot be told not to.
void write_level(Crossing& c, sdk::JsonWriter& w, const parley_reasoning_ask& ask) {
    uint32_t effort = 0;
    if (ask.mode == PARLEY_THINK_OFF) {
        effort = PARLEY_EFFORT_MINIMAL;
        c.warn(PARLEY_WARNING_EFFORT_CLAMPED);
    } else if (ask.mode == PARLEY_THINK_EFFORT) {
        effort = ask.effort;
    } else if (ask.mode == PARLEY_THINK_BUDGET) {
        effort = std::min<uint32_t>(effort_of(ask.budget.value), PARLEY_EFFORT_HIGH);
    }
    if (effort == 0 || effort >= kLevels.size()) return;
    const auto has = [&](uint32_t e) {
        return !c.traits.has("effort_levels") || c.traits.lists("effort_levels", kEfforts[e]);
    };
    const uint32_t asked = effort;
    effort = std::min<uint32_t>(effort, PARLEY_EFFORT_HIGH);
    // Up to the next level that the model has, which HIGH always is.
    while (effort < PARLEY_EFFORT_HIGH && !has(effort)) ++effort;
    if (effort != asked) c.warn(PARLEY_WARNING_EFFORT_CLAMPED);
    w.key("thinkingLevel").string(kLevels[effort]);
}

void write_budget(Crossing& c, sdk::JsonWriter& w, const parley_reasoning_ask& ask) {
    const auto least = static_cast<int64_t>(c.traits.number("budget_min", 0));
    const auto most = static_cast<int64_t>(c.traits.number("budget_max", 24576));
    int64_t budget = -1;
    if (ask.mode == PARLEY_THINK_OFF) {
        const bool may = c.traits.flag("can_disable_reasoning", true);
        budget = may ? 0 : std::max<int64_t>(least, 128);
        if (!may) c.warn(PARLEY_WARNING_EFFORT_CLAMPED);
    } else if (ask.mode == PARLEY_THINK_BUDGET) {
        const auto asked = static_cast<int64_t>(std::min(ask.budget.value, 1e9));
        budget = std::clamp(asked, std::max<int64_t>(least, 1), most);
        if (budget != asked) c.warn(PARLEY_WARNING_EFFORT_CLAMPED);
    } else if (ask.mode == PARLEY_THINK_EFFORT && ask.effort < kBudgets.size()) {
        budget = std::clamp(kBudgets[ask.effort], least, most);
    }
    w.key("thinkingBudget").number(budget);
}

void write_thinking(Crossing& c, sdk::JsonWriter& w) {
    const parley_reasoning_ask* ask = c.request.reasoning;
    const std::string kind = c.traits.text("reasoning", "gemini_level");
    if (ask == nullptr || (kind != "gemini_level" && kind != "gemini_budget")) return;
    // Clients of the others see what is thought unless they say otherwise.
    const bool unsaid =
        ask->summary == 0 && !c.is_own && (c.request.flags & PARLEY_REQUEST_WANTS_REASONING) != 0;
    const bool shows =
        (unsaid || ask->summary > PARLEY_SUMMARY_NONE) && ask->mode != PARLEY_THINK_OFF;
    const bool says_no = ask->summary == PARLEY_SUMMARY_NONE;
    if (ask->mode == 0 && !shows && !says_no) return;
    std::string json;
    sdk::JsonWriter inner(json);
    inner.begin_object();
    if (shows || says_no) inner.key("includeThoughts").boolean(shows);
    if (ask->mode != 0) {
        c.thinks_by_level ? write_level(c, inner, *ask) : write_budget(c, inner, *ask);
    }
    inner.end_object();
    if (json != "{}") w.key("thinkingConfig").raw(json);
}

// One resolution for all images, where they agree.
void write_resolution(Crossing& c, sdk::JsonWriter& w) {
    uint32_t detail = 0;
    bool agree = true;
    for (uint64_t m = 0; m < c.request.message_count; ++m) {
        const parley_message& message = *c.request.messages[m];
        for (uint64_t p = 0; p < message.part_count; ++p) {
            if (message.parts[p]->kind != PARLEY_PART_IMAGE) continue;
            const uint32_t one = message.parts[p]->media->detail;
            agree = agree && (detail == 0 || detail == one) && one != 0;
            detail = one;
        }
    }
    if (!agree) return;
    if (detail == PARLEY_DETAIL_LOW) w.key("mediaResolution").string("MEDIA_RESOLUTION_LOW");
    if (detail == PARLEY_DETAIL_HIGH) w.key("mediaResolution").string("MEDIA_RESOLUTION_HIGH");
}

}  // namespace

void write_generation(Crossing& c) {
    const parley_request& r = c.request;
    std::string json;
    sdk::JsonWriter w(json);
    w.begin_object();
    write_sampling(c, w);
    write_limits(c, w);
    write_format(c, w);
    write_modalities(c, w);
    write_thinking(c, w);
    write_resolution(c, w);
    if (r.logprobs == PARLEY_SAYS_YES) {
        w.key("responseLogprobs").boolean(true);
        write_number(w, "logprobs", r.top_logprobs);
    }
    each_member(c.extra("generationConfig"), [&](const JsonString& key, JsonReader& value) {
        w.key(key.text()).raw(value.raw());
    });
    w.end_object();
    if (json != "{}") c.w.key("generationConfig").raw(json);
}

bool drops_format(const Crossing& c) {
    const parley_format* format = c.request.format;
    const bool shaped = format != nullptr && format->kind != PARLEY_FORMAT_TEXT;
    return shaped && c.request.tool_count != 0 && !c.traits.flag("tools_with_schema", true);
}

void judge_fields(Crossing& c) {
    const parley_request& r = c.request;
    sdk::name_lost_extras(r, kDialectId, [&](const std::string& field) {
        c.warn(PARLEY_WARNING_FIELD_DROPPED, field);
    });
    if (is_set(r.choices) && r.choices.value > 1) {
        const std::string_view param = c.is_own ? "generationConfig.candidateCount" : "n";
        Crossing::refuse(
            std::string(param) + ": only one answer can be given", param, "unsupported_value");
    }
    if (r.previous != nullptr && !c.is_own) {
        if (r.previous->response_id.len != 0) {
            Crossing::refuse("previous_response_id: this model keeps no replies",
                             "previous_response_id");
        }
        if (r.previous->conversation.len != 0) {
            c.refuse_or_drop("conversation", "this model keeps no conversations");
        }
    }
    if (view(r.background) == "true") c.refuse_or_drop("background", "not known to this model");
    if (r.prompt_template.len != 0 && !c.is_own) {
        c.refuse_or_drop("prompt", "stored prompts are not known to this model");
    }
    const bool speaks = (r.modalities & PARLEY_MODALITY_AUDIO) != 0;
    if (speaks && !c.is_own) c.refuse_or_drop("modalities", "this model does not speak");
    const auto drop = [&](bool is_there, std::string_view field) {
        if (is_there) c.warn(PARLEY_WARNING_FIELD_DROPPED, field);
    };
    drop(r.verbosity != 0, "verbosity");
    drop(is_set(r.max_tool_calls), "max_tool_calls");
    drop(r.truncation.len != 0 && view(r.truncation) != "\"disabled\"", "truncation");
    drop(r.context_management.len != 0, "context_management");
    drop(r.prediction.len != 0, "prediction");
    drop(r.moderation.len != 0, "moderation");
    if (r.parallel_tools == PARLEY_SAYS_NO && r.tool_count != 0) {
        c.warn(PARLEY_WARNING_PARALLEL_UNENFORCED);
    }
}

}  // namespace parley::gemini
