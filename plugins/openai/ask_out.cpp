#include "ask_out.hpp"

#include <algorithm>
#include <array>

#include "parley/sdk/extras.hpp"
#include "strict_schema.hpp"
#include "words.hpp"

namespace parley::openai {

using sdk::JsonReader;
using sdk::JsonString;
using sdk::view;

namespace {

// Thresholds between levels, in tokens.
uint32_t effort_of_budget(double budget) {
    if (budget <= 512) return PARLEY_EFFORT_MINIMAL;
    if (budget <= 1024) return PARLEY_EFFORT_LOW;
    if (budget <= 8192) return PARLEY_EFFORT_MEDIUM;
    if (budget <= 24576) return PARLEY_EFFORT_HIGH;
    return PARLEY_EFFORT_XHIGH;
}

// The level that the model has and that is nearest: the next lower one above medium, the next
// higher one below it.
std::string_view nearest_effort(Crossing& to, uint32_t effort) {
    const std::string_view asked = word_of(effort, kEfforts);
    const bool levels_known = to.traits.has("effort_levels");
    if (!levels_known && (effort != PARLEY_EFFORT_MAX || to.is_native())) return asked;
    if (levels_known && to.traits.lists("effort_levels", asked)) return asked;
    to.warn(PARLEY_WARNING_EFFORT_CLAMPED, asked);
    if (!levels_known) return "xhigh";
    std::string_view best;
    int best_distance = 100;
    for (const Word& word : kEfforts) {
        if (!to.traits.lists("effort_levels", word.text)) continue;
        const int distance = std::abs(static_cast<int>(word.value) - static_cast<int>(effort));
        if (distance >= best_distance) continue;
        best_distance = distance;
        best = word.text;
    }
    return best;
}

std::string_view effort_off(Crossing& to) {
    const bool can = to.traits.has("effort_levels") ? to.traits.lists("effort_levels", "none")
                                                    : to.traits.flag("can_disable_reasoning", true);
    if (can) return "none";
    to.warn(PARLEY_WARNING_EFFORT_CLAMPED, "none");
    const bool minimal =
        !to.traits.has("effort_levels") || to.traits.lists("effort_levels", "minimal");
    return minimal ? "minimal" : "low";
}

bool mentions_json(parley_str text) {
    constexpr std::string_view kWord = "json";
    const std::string_view all = view(text);
    const auto same = [](char a, char b) { return (a >= 'A' && a <= 'Z' ? a + 32 : a) == b; };
    return std::search(all.begin(), all.end(), kWord.begin(), kWord.end(), same) != all.end();
}

// Only what later turns do not change counts, so that the head of the request stays as it is.
bool head_mentions_json(const parley_request& r) {
    for (uint64_t i = 0; i < r.instruction_count; ++i) {
        if (mentions_json(r.instructions[i]->text)) return true;
    }
    if (r.message_count == 0) return false;
    const parley_message& first = *r.messages[0];
    for (uint64_t i = 0; i < first.part_count; ++i) {
        if (mentions_json(first.parts[i]->text)) return true;
    }
    return false;
}

std::string legal_name(parley_str name) {
    constexpr std::size_t kSizeMax = 64;
    std::string legal;
    for (const char c : view(name).substr(0, kSizeMax)) legal += sdk::is_word(c) ? c : '_';
    return legal.empty() ? "response" : legal;
}

}  // namespace

std::string_view effort_for(Crossing& to) {
    const parley_reasoning_ask* ask = to.request.reasoning;
    const std::string kind = to.traits.text("reasoning", "openai_effort");
    if (ask == nullptr || ask->mode == 0 || kind != "openai_effort") return {};
    switch (ask->mode) {
        case PARLEY_THINK_OFF:
            return effort_off(to);
        case PARLEY_THINK_EFFORT:
            return nearest_effort(to, ask->effort);
        case PARLEY_THINK_BUDGET:
            if (ask->budget.value == 0) return effort_off(to);
            if (ask->budget.value < 0) return {};
            return nearest_effort(to, effort_of_budget(ask->budget.value));
        default:
            return {};
    }
}

bool draws_unthinking(const Crossing& to, std::string_view effort) {
    return effort == "none" && to.traits.flag("sampling_at_none_ok", true);
}

void write_sampling(Body& body, Crossing& to, std::string_view effort, bool is_chat) {
    const parley_sampling* s = to.request.sampling;
    if (s == nullptr) return;
    // A model that may think takes some of it while it does not.
    const bool draws = to.traits.flag("sampling_ok", true);
    const bool takes = draws || draws_unthinking(to, effort);
    const auto one = [&](std::string_view name, const parley_number& n, bool has) {
        if (n.text.len == 0) return;
        if (!has) {
            to.warn(PARLEY_WARNING_SAMPLING_DROPPED, name);
        } else {
            body.json.key(name).raw(view(n.text));
        }
    };
    one("temperature", s->temperature, takes);
    one("top_p", s->top_p, takes);
    one("top_k", s->top_k, is_chat && to.traits.flag("top_k_ok", false));
    one("presence_penalty", s->presence_penalty, draws && is_chat);
    one("frequency_penalty", s->frequency_penalty, draws && is_chat);
    one("seed", s->seed, is_chat);
    if (s->logit_bias.len == 0) return;
    // Token ids mean nothing elsewhere.
    if (is_chat && draws && to.comes_from("openai-chat")) {
        body.json.key("logit_bias").raw(view(s->logit_bias));
    } else {
        to.warn(PARLEY_WARNING_SAMPLING_DROPPED, "logit_bias");
    }
}

void write_common(Body& body, Crossing& to, bool is_chat) {
    constexpr std::size_t kCacheKeyMax = 64;
    const parley_request& r = to.request;
    const parley_identity* who = r.identity;
    if (who != nullptr && to.is_native()) {
        if (who->user.len != 0) body.json.key("user").string(view(who->user));
        if (who->safety_identifier.len != 0) {
            body.json.key("safety_identifier").string(view(who->safety_identifier));
        }
        // Chat takes them for replies only that it is to keep.
        const bool kept = r.previous != nullptr && r.previous->store == PARLEY_SAYS_YES;
        const bool takes = !is_chat || kept || to.comes_from("openai-chat");
        if (who->metadata.len != 0 && takes) body.json.key("metadata").raw(view(who->metadata));
    }
    const std::string_view tier = word_of(r.service_tier, kTiers);
    if (!tier.empty()) body.json.key("service_tier").string(tier);
    std::string key;
    if (r.cache != nullptr && r.cache->key.len != 0) {
        key = view(r.cache->key);
    } else if (who != nullptr && who->session.len != 0) {
        key = sdk::Digest().add(view(who->session)).text();
    }
    if (key.size() > kCacheKeyMax) key = sdk::Digest().add(key).text();
    if (!key.empty() && to.traits.flag("prompt_cache_key_ok", true)) {
        body.json.key("prompt_cache_key").string(key);
    }
    const bool long_lived = r.cache != nullptr && r.cache->ttl == PARLEY_CACHE_24H;
    if (long_lived) body.json.key("prompt_cache_retention").string("24h");
    if (r.moderation.len == 0) return;
    if (to.is_native()) {
        body.json.key("moderation").raw(view(r.moderation));
    } else {
        to.warn(PARLEY_WARNING_FIELD_DROPPED, "moderation");
    }
}

void write_format(Body& body, Crossing& to, bool nested) {
    const parley_format& f = *to.request.format;
    sdk::JsonWriter& w = body.json;
    const bool knows_schemas = to.traits.flag("json_schema_ok", true);
    if (f.kind == PARLEY_FORMAT_TEXT) {
        w.begin_object().key("type").string("text").end_object();
        return;
    }
    if (f.kind == PARLEY_FORMAT_JSON_OBJECT || !knows_schemas) {
        if (f.kind != PARLEY_FORMAT_JSON_OBJECT) to.warn(PARLEY_WARNING_SCHEMA_WEAKENED);
        w.begin_object().key("type").string("json_object").end_object();
        return;
    }
    w.begin_object().key("type").string("json_schema");
    if (nested) w.key("json_schema").begin_object();
    w.key("name").string(legal_name(f.name));
    if (f.description.len != 0) w.key("description").string(view(f.description));
    w.key("schema").raw(f.schema.len == 0 ? "{}" : view(f.schema));
    const uint32_t strict = strict_for(to, f.strict, view(f.schema));
    if (strict != 0) w.key("strict").boolean(strict == PARLEY_SAYS_YES);
    if (nested) w.end_object();
    w.end_object();
}

std::string format_prompt(Crossing& to) {
    const parley_format* f = to.request.format;
    if (f == nullptr || f->kind < PARLEY_FORMAT_JSON_OBJECT) return {};
    if (f->kind == PARLEY_FORMAT_JSON_OBJECT) {
        // The API demands the word.
        return head_mentions_json(to.request) ? ""
                                              : "Answer with one JSON object and nothing else.";
    }
    if (to.traits.flag("json_schema_ok", true)) return {};
    return "Answer with one JSON value that fits this JSON Schema, and nothing else: " +
           std::string(view(f->schema));
}

parley_number output_limit(Crossing& to, uint64_t least) {
    parley_number n = to.request.max_output_tokens;
    if (n.text.len == 0) return n;
    const uint64_t most = to.traits.number("max_output", 0);
    const bool too_many = most != 0 && n.value > static_cast<double>(most);
    const bool too_few = n.value < static_cast<double>(least);
    if (!too_many && !too_few) return n;
    to.warn(PARLEY_WARNING_MAX_TOKENS_CLAMPED);
    n.value = static_cast<double>(too_many ? most : least);
    n.text = to.copy(std::to_string(too_many ? most : least));
    return n;
}

void refuse_foreign(Crossing& to, bool is_chat) {
    const parley_request& r = to.request;
    sdk::name_lost_extras(r, is_chat ? "openai-chat" : "openai-responses", [&](const auto& field) {
        to.warn(PARLEY_WARNING_FIELD_DROPPED, field);
    });
    const bool chat_to_chat = is_chat && to.comes_from("openai-chat");
    if (r.choices.value > 1 && !chat_to_chat) {
        Crossing::reject("n", "n: one answer at a time is all that this model's place gives");
    }
    const bool speaks = (r.modalities & PARLEY_MODALITY_AUDIO) != 0;
    if (speaks && !chat_to_chat) to.refuse("modalities", "modalities: no sound from this model");
    if ((r.modalities & PARLEY_MODALITY_IMAGE) != 0) {
        to.refuse("modalities", "modalities: no pictures from this model");
    }
    if (r.prediction.len != 0 && !chat_to_chat) {
        to.warn(PARLEY_WARNING_FIELD_DROPPED, "prediction");
    }
    if (!is_chat) return;
    if (r.previous != nullptr && r.previous->response_id.len != 0) {
        Crossing::reject("previous_response_id",
                         "previous_response_id: the model's place does not know earlier replies");
    }
    if (r.previous != nullptr && r.previous->conversation.len != 0) {
        Crossing::reject("conversation", "conversation: the model's place keeps no conversations");
    }
    if (r.background.len != 0) to.refuse("background", "background: not at this model's place");
    if (r.prompt_template.len != 0) {
        to.refuse("prompt", "prompt: the model's place keeps no prompts");
    }
    if (view(r.truncation) == "\"auto\"") to.warn(PARLEY_WARNING_FIELD_DROPPED, "truncation");
    if (r.context_management.len != 0) {
        to.warn(PARLEY_WARNING_FIELD_DROPPED, "context_management");
    }
    if (r.max_tool_calls.text.len != 0) to.warn(PARLEY_WARNING_FIELD_DROPPED, "max_tool_calls");
}

}  // namespace parley::openai
