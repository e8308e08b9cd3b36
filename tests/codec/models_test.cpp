// models_test.cpp: any request to any model is written as that model takes it. What a model takes
// is told by its traits; here is what each of them rules out, read from the bodies alone.
#include <algorithm>
#include <functional>
#include <iostream>

#include <boost/json.hpp>
#include <gtest/gtest.h>

#include "fields.hpp"
#include "wire.hpp"

namespace parley::codec {

namespace {

namespace json = boost::json;

struct Model {
    const char* dialect;
    const char* traits;
};

// As packaging/models.toml has them, and what refusals teach.
constexpr Model kModels[] = {
    {"anthropic-messages",
     R"({"reasoning":"anthropic_manual","max_output":8192,"budget_min":1024,"budget_max":8191,)"
     R"("prefill":true,"native_schema":false,"can_disable_reasoning":true})"},
    {"anthropic-messages",
     R"({"reasoning":"anthropic_manual","max_output":64000,"budget_min":1024,"budget_max":63999,)"
     R"("prefill":true,"native_schema":true,"top_p_and_temp_ok":false})"},
    {"anthropic-messages",
     R"({"reasoning":"anthropic_adaptive","effort_levels":["low","medium","high","max"],)"
     R"("native_schema":true,"prefill":false,"max_output":128000,"sampling_ok":false,)"
     R"("can_disable_reasoning":false,"mid_system":true})"},
    {"anthropic-messages", R"({"reasoning":"none","strict_ok":false,"auto_cache":false})"},
    {"openai-chat",
     R"({"reasoning":"none","max_tokens_name":"max_tokens","developer_role":false,)"
     R"("custom_tools_ok":false,"parallel_ok":false,"include_usage_ok":false,"strict_ok":false,)"
     R"("tool_choice_object_ok":false,"allowed_tools_ok":false,"json_schema_ok":false,)"
     R"("null_content_ok":false,"content_parts_ok":true,"prompt_cache_key_ok":false})"},
    {"openai-chat",
     R"({"reasoning":"openai_effort","effort_levels":["low","medium","high"],"sampling_ok":false,)"
     R"("developer_role":true,"max_output":100000})"},
    {"openai-chat",
     R"({"reasoning":"openai_effort","effort_levels":["none","low","high","xhigh"],)"
     R"("sampling_ok":false,"developer_role":true})"},
    {"openai-responses",
     R"({"reasoning":"openai_effort","effort_levels":["minimal","low","medium","high"],)"
     R"("sampling_ok":false,"can_disable_reasoning":false,"summary_ok":false})"},
    {"openai-responses",
     R"({"reasoning":"none","custom_tools_ok":false,"parallel_ok":false,"server_tools":[]})"},
    {"gemini-generate",
     R"({"reasoning":"gemini_budget","budget_min":128,"budget_max":32768,"max_output":65536,)"
     R"("can_disable_reasoning":false,"tools_with_schema":false,"fr_parts_ok":false,)"
     R"("fc_id_ok":false,"json_schema_ok":false,"strict_ok":false,"penalties_ok":false})"},
    {"gemini-generate",
     R"({"reasoning":"gemini_level","effort_levels":["low","high"],)"
     R"("can_disable_reasoning":false})"},
    {"gemini-generate", R"({"reasoning":"none","sampling_ok":false})"},
};

bool is_no(const json::object& traits, const char* name) {
    const auto* value = traits.if_contains(name);
    return value != nullptr && *value == false;
}

bool lists(const json::object& traits, const char* name, const json::value& wanted) {
    const auto* value = traits.if_contains(name);
    if (value == nullptr) return true;
    const json::array& all = value->as_array();
    return std::find(all.begin(), all.end(), wanted) != all.end();
}

// Calls `each` for every member at any depth.
void walk(const json::value& value,
          const std::function<void(std::string_view, const json::value&)>& each) {
    if (const auto* list = value.if_array()) {
        for (const json::value& one : *list) walk(one, each);
    } else if (const auto* object = value.if_object()) {
        for (const auto& member : *object) {
            each(member.key(), member.value());
            walk(member.value(), each);
        }
    }
}

bool has_anywhere(const json::value& body, std::string_view name) {
    bool found = false;
    walk(body, [&](std::string_view key, const json::value&) { found = found || key == name; });
    return found;
}

std::string messages_fault(const json::object& body, const json::object& traits) {
    const json::value kind = traits.at("reasoning");
    const auto* thinking = body.if_contains("thinking");
    const json::value type = thinking == nullptr ? json::value() : thinking->at("type");
    const bool thinks = type == "enabled" || type == "adaptive";
    const double limit = body.at("max_tokens").to_number<double>();
    const auto* most = traits.if_contains("max_output");
    if (most != nullptr && limit > most->to_number<double>()) return "more than it writes";
    if (kind == "none" && thinks) return "it does not think";
    if (kind == "anthropic_manual" && type == "adaptive") return "it does not adapt";
    if (kind == "anthropic_adaptive" && type == "enabled") return "it takes no budget";
    if (is_no(traits, "can_disable_reasoning") && type == "disabled") return "it always thinks";
    if (type == "enabled") {
        const double budget = thinking->at("budget_tokens").to_number<double>();
        if (budget < 1024 || budget >= limit) return "no such budget";
        const auto* choice = body.if_contains("tool_choice");
        const json::value forced = choice == nullptr ? json::value() : choice->at("type");
        if (forced == "any" || forced == "tool") return "a forced call while it thinks";
    }
    const bool draws = !is_no(traits, "sampling_ok");
    for (const char* name : {"temperature", "top_p", "top_k"}) {
        if (!draws && body.contains(name)) return std::string(name) + " is not taken";
    }
    if (thinks && (body.contains("temperature") || body.contains("top_k"))) {
        return "drawn while it thinks";
    }
    const bool both = body.contains("temperature") && body.contains("top_p");
    if (both && is_no(traits, "top_p_and_temp_ok")) return "temperature and top_p";
    if (const auto* config = body.if_contains("output_config")) {
        const json::object& c = config->as_object();
        if (c.contains("format") && is_no(traits, "native_schema")) return "a schema";
        const auto* effort = c.if_contains("effort");
        if (effort != nullptr && kind != "anthropic_adaptive") return "an effort";
        if (effort != nullptr && !lists(traits, "effort_levels", *effort)) return "that effort";
    }
    const json::array& turns = body.at("messages").as_array();
    const bool continues = turns.back().at("role") == "assistant";
    if (continues && is_no(traits, "prefill")) return "a turn to continue";
    if (is_no(traits, "auto_cache") && body.contains("cache_control")) return "a mark of our own";
    int marks = 0;
    walk(body, [&](std::string_view key, const json::value&) { marks += key == "cache_control"; });
    return marks > 4 ? "too many marks" : "";
}

std::string openai_fault(const json::object& body, const json::object& traits, bool chat) {
    json::value effort;
    if (const auto* e = body.if_contains("reasoning_effort")) effort = *e;
    if (const auto* r = body.if_contains("reasoning")) {
        if (const auto* e = r->as_object().if_contains("effort")) effort = *e;
        if (r->as_object().contains("summary") && is_no(traits, "summary_ok")) return "a summary";
    }
    if (traits.at("reasoning") == "none" && (!effort.is_null() || body.contains("reasoning"))) {
        return "it does not think";
    }
    if (!effort.is_null() && !lists(traits, "effort_levels", effort)) return "no such effort";
    const bool draws = !is_no(traits, "sampling_ok");
    for (const char* name : {"temperature", "top_p", "logprobs"}) {
        const auto* told = body.if_contains(name);
        const bool asks = told != nullptr && *told != false;
        if (asks && !draws && effort != "none") return std::string(name) + " is not taken";
    }
    for (const char* name : {"presence_penalty", "frequency_penalty", "logit_bias"}) {
        if (body.contains(name) && !draws) return std::string(name) + " is not taken";
    }
    const std::pair<const char*, const char*> kMembers[] = {
        {"parallel_ok", "parallel_tool_calls"},
        {"include_usage_ok", "stream_options"},
        {"prompt_cache_key_ok", "prompt_cache_key"}};
    for (const auto& [trait, member] : kMembers) {
        if (is_no(traits, trait) && body.contains(member)) return member;
    }
    if (is_no(traits, "json_schema_ok") && has_anywhere(body, "json_schema")) return "a schema";
    std::string fault;
    const bool customs = !is_no(traits, "custom_tools_ok");
    walk(body, [&](std::string_view key, const json::value& value) {
        const bool custom = value == "custom" || value == "custom_tool_call";
        if (key == "type" && custom && !customs) fault = "a tool with free text";
        const bool developer = key == "role" && value == "developer";
        if (chat && developer && is_no(traits, "developer_role")) fault = "the developer's turn";
    });
    const auto* choice = body.if_contains("tool_choice");
    if (choice != nullptr && choice->is_object()) {
        const bool some = choice->at("type") == "allowed_tools";
        if (some && is_no(traits, "allowed_tools_ok")) return "a choice among some";
        if (!some && is_no(traits, "tool_choice_object_ok")) return "a choice of one";
    }
    return fault;
}

std::string gemini_fault(const json::object& body, const json::object& traits) {
    const json::value none = json::object();
    const auto* config = body.if_contains("generationConfig");
    const json::object& c = (config == nullptr ? none : *config).as_object();
    const json::value kind = traits.at("reasoning");
    if (const auto* thinking = c.if_contains("thinkingConfig")) {
        const json::object& t = thinking->as_object();
        if (kind == "none") return "it does not think";
        const auto* budget = t.if_contains("thinkingBudget");
        const auto* level = t.if_contains("thinkingLevel");
        if (budget != nullptr && kind != "gemini_budget") return "a budget";
        if (level != nullptr && kind != "gemini_level") return "a level";
        if (budget != nullptr) {
            const double tokens = budget->to_number<double>();
            if (tokens != -1 && (tokens < 128 || tokens > 32768)) return "no such budget";
        }
        if (level != nullptr) {
            std::string word(level->as_string());
            for (char& letter : word) letter = static_cast<char>(letter | 0x20);
            if (!lists(traits, "effort_levels", json::value(word))) return "no such level";
        }
    }
    const bool shaped = c.contains("responseSchema") || c.contains("responseJsonSchema") ||
                        c.contains("responseMimeType");
    const bool has_functions = has_anywhere(body, "functionDeclarations");
    if (shaped && has_functions && is_no(traits, "tools_with_schema")) return "a schema and tools";
    const bool searches = has_anywhere(body, "googleSearch");
    if (kind == "gemini_budget" && searches && has_functions) return "a search and functions";
    if (is_no(traits, "json_schema_ok") &&
        (has_anywhere(body, "parametersJsonSchema") || has_anywhere(body, "responseJsonSchema"))) {
        return "JSON Schema";
    }
    if (is_no(traits, "sampling_ok")) {
        for (const char* name : {"temperature", "topP", "topK", "seed"}) {
            if (c.contains(name)) return std::string(name) + " is not taken";
        }
    }
    const bool penalties = c.contains("presencePenalty") || c.contains("frequencyPenalty");
    if (is_no(traits, "penalties_ok") && penalties) return "a penalty";
    std::string fault;
    walk(body, [&](std::string_view key, const json::value& value) {
        const bool call = key == "functionCall" || key == "functionResponse";
        if (!call) return;
        if (is_no(traits, "fc_id_ok") && value.as_object().contains("id")) fault = "an id";
        if (is_no(traits, "fr_parts_ok") && value.as_object().contains("parts")) fault = "parts";
    });
    return fault;
}

std::string model_fault(const Model& model, const std::string& encoded) {
    const json::object body = json::parse(encoded).as_object();
    const json::object traits = json::parse(model.traits).as_object();
    const std::string dialect = model.dialect;
    if (dialect == "anthropic-messages") return messages_fault(body, traits);
    if (dialect == "gemini-generate") return gemini_fault(body, traits);
    return openai_fault(body, traits, dialect == "openai-chat");
}

TEST(Models, AreAskedForNothingThatTheyDoNotTake) {
    int written = 0;
    for_seeds(2400, [&](uint32_t seed) {
        Chance chance(seed);
        const std::string& client = kDialects[seed % 4];
        const Model& model = kModels[seed / 4 % std::size(kModels)];
        if (client == model.dialect) return;
        std::vector<const Field*> set;
        std::string names = client + " -> " + model.dialect + ' ' + model.traits + ':';
        for (const Row* row : choose([&](const Row& one) {
                 const bool refused = one.outcome(client, model.dialect).fate == Fate::refuses;
                 return one.is_said_by(client) && !refused && chance.one_in(7);
             })) {
            set.push_back(&field(row->id));
            names += ' ' + row->id;
        }
        SCOPED_TRACE(names);
        const Decoded asked = ask(client, set, seed);
        Encoded encoded;
        try {
            encoded = dialect(model.dialect).encode_request(*asked.request, "m-x", model.traits);
        } catch (const Refused& why) {
            // In words, and with the field at fault.
            EXPECT_FALSE(std::string(why.what()).empty());
            EXPECT_FALSE(why.param.empty()) << why.what();
            return;
        }
        ++written;
        EXPECT_EQ(request_fault(model.dialect, encoded.body), "") << encoded.body;
        EXPECT_EQ(model_fault(model, encoded.body), "") << encoded.body;
    });
    EXPECT_GT(written, 1200);
    std::cout << written << " requests written\n";
}

}  // namespace

}  // namespace parley::codec
