// read_config.cpp: generationConfig and its kin: how the answer is wanted.
#include <array>

#include "openapi.hpp"
#include "read_request.hpp"

namespace parley::gemini {

using sdk::JsonReader;
using sdk::JsonString;
using sdk::make;
using sdk::RequestDraft;
using sdk::str;
using sdk::view;

namespace {

constexpr std::array<std::string_view, 4> kModalities{"", "TEXT", "IMAGE", "AUDIO"};
constexpr std::array<std::string_view, 5> kLevels{"", "LOW", "MEDIUM", "HIGH", "MINIMAL"};

class GenerationReader {
public:
    explicit GenerationReader(RequestDraft& draft) : draft_(draft), arena_(draft.arena()) {}

    std::string read(std::string_view json) {
        each_member(json, [&](const JsonString& key, JsonReader& r) { member(key, r); });
        settle_format();
        return rest_;
    }

private:
    void member(const JsonString& key, JsonReader& r) {
        parley_request& request = draft_.request;
        if (r.peek() == 'n') {
            r.read_null();
        } else if (is(key, "maxOutputTokens")) {
            request.max_output_tokens = sdk::read_number(r);
        } else if (is(key, "stopSequences")) {
            each_element(r, [&](JsonReader& one) { draft_.stop(sdk::read_text(arena_, one)); });
        } else if (is(key, "candidateCount")) {
            request.choices = sdk::read_number(r);
        } else if (is(key, "responseLogprobs")) {
            request.logprobs = sdk::read_says(r);
        } else if (key.raw == "logprobs") {
            request.top_logprobs = sdk::read_number(r);
        } else if (is(key, "responseModalities")) {
            each_element(r, [&](JsonReader& one) { modality(read_enum(one, kModalities)); });
        } else if (is(key, "imageConfig")) {
            request.image_out = compacted(r);
        } else if (is(key, "speechConfig")) {
            request.audio_out = compacted(r);
        } else if (is(key, "thinkingConfig")) {
            thinking(r);
        } else if (!sampling(key, r) && !format(key, r)) {
            keep_member(key, r, rest_);
        }
    }

    parley_str compacted(JsonReader& r) {
        std::string json;
        compact(r.raw(), json);
        return arena_.copy(json);
    }

    void modality(std::string_view name) {
        if (name == "TEXT") draft_.request.modalities |= PARLEY_MODALITY_TEXT;
        if (name == "IMAGE") draft_.request.modalities |= PARLEY_MODALITY_IMAGE;
        if (name == "AUDIO") draft_.request.modalities |= PARLEY_MODALITY_AUDIO;
    }

    bool sampling(const JsonString& key, JsonReader& r) {
        parley_number parley_sampling::*field = nullptr;
        if (key.raw == "temperature") field = &parley_sampling::temperature;
        if (is(key, "topP")) field = &parley_sampling::top_p;
        if (is(key, "topK")) field = &parley_sampling::top_k;
        if (key.raw == "seed") field = &parley_sampling::seed;
        if (is(key, "presencePenalty")) field = &parley_sampling::presence_penalty;
        if (is(key, "frequencyPenalty")) field = &parley_sampling::frequency_penalty;
        if (field == nullptr) return false;
        if (sampling_ == nullptr) {
            sampling_ = &make<parley_sampling>(arena_);
            draft_.request.sampling = sampling_;
        }
        sampling_->*field = sdk::read_number(r);
        return true;
    }

    // The level wins over the budget; the API itself refuses both.
    void thinking(JsonReader& r) {
        auto& ask = make<parley_reasoning_ask>(arena_);
        std::string level;
        each_member(r, [&](const JsonString& key, JsonReader& value) {
            if (is(key, "includeThoughts")) {
                const bool wanted = read_flag(value);
                ask.summary = wanted ? PARLEY_SUMMARY_AUTO : PARLEY_SUMMARY_NONE;
                if (wanted) draft_.request.flags |= PARLEY_REQUEST_WANTS_REASONING;
            } else if (is(key, "thinkingBudget")) {
                ask.budget = sdk::read_number(value);
            } else if (is(key, "thinkingLevel")) {
                level = read_enum(value, kLevels);
            } else {
                value.skip();
            }
        });
        constexpr std::array<std::string_view, 5> kByEffort{"", "MINIMAL", "LOW", "MEDIUM", "HIGH"};
        for (char& c : level) c = c >= 'a' && c <= 'z' ? static_cast<char>(c - 32) : c;
        for (uint32_t effort = PARLEY_EFFORT_MINIMAL; effort <= PARLEY_EFFORT_HIGH; ++effort) {
            if (kByEffort[effort] == level) ask.effort = effort;
        }
        if (ask.effort != 0) {
            ask.mode = PARLEY_THINK_EFFORT;
            ask.budget = {};
        } else if (ask.budget.text.len != 0) {
            ask.mode = ask.budget.value < 0    ? PARLEY_THINK_AUTO
                       : ask.budget.value == 0 ? PARLEY_THINK_OFF
                                               : PARLEY_THINK_BUDGET;
            if (ask.mode != PARLEY_THINK_BUDGET) ask.budget = {};
        }
        draft_.request.reasoning = &ask;
    }

    bool format(const JsonString& key, JsonReader& r) {
        if (is(key, "responseMimeType")) {
            mime_ = read_word(r).text();
            // An enumeration is a schema with a word of its own in front.
            if (mime_ == "text/x.enum") keep(R"("responseMimeType":"text/x.enum")");
        } else if (is(key, "responseSchema")) {
            schema_ = to_json_schema(r.raw());
        } else if (is(key, "responseJsonSchema") || is(key, "_responseJsonSchema")) {
            schema_.clear();
            compact(r.raw(), schema_);
        } else {
            return false;
        }
        return true;
    }

    void keep(std::string_view member) {
        if (!rest_.empty()) rest_ += ',';
        rest_ += member;
    }

    void settle_format() {
        if ((mime_.empty() || mime_ == "text/plain") && schema_.empty()) return;
        auto& format = make<parley_format>(arena_);
        format.kind = schema_.empty() ? PARLEY_FORMAT_JSON_OBJECT : PARLEY_FORMAT_JSON_SCHEMA;
        format.schema = arena_.copy(schema_);
        draft_.request.format = &format;
    }

    RequestDraft& draft_;
    sdk::Arena& arena_;
    std::string rest_;
    std::string mime_;
    std::string schema_;
    parley_sampling* sampling_ = nullptr;
};

}  // namespace

std::string read_generation(std::string_view json, RequestDraft& draft) {
    return GenerationReader(draft).read(json);
}

void read_safety(JsonReader& r, RequestDraft& draft) {
    const auto word = [&](JsonReader& value) {
        if (value.peek() == '"') return sdk::read_text(draft.arena(), value);
        return draft.arena().copy(value.raw());  // a number for a name
    };
    each_element(r, [&](JsonReader& one) {
        auto& safety = make<parley_safety>(draft.arena());
        each_member(one, [&](const JsonString& key, JsonReader& value) {
            if (key.raw == "category") {
                safety.category = word(value);
            } else if (key.raw == "threshold") {
                safety.threshold = word(value);
            } else {
                value.skip();
            }
        });
        draft.safety(safety);
    });
}

uint32_t read_tier(JsonReader& r) {
    std::string tier = read_word(r).text();
    for (char& c : tier) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
    if (tier == "flex") return PARLEY_TIER_FLEX;
    if (tier == "standard") return PARLEY_TIER_DEFAULT;
    return tier == "priority" ? PARLEY_TIER_PRIORITY : 0;
}

}  // namespace parley::gemini
