// Requests of both OpenAI dialects, to the canonical form and from it.
#include <random>
#include <set>

#include <boost/json.hpp>
#include <gtest/gtest.h>

#include "codec/codec.hpp"
#include "codec/corpus.hpp"
#include "parley/sdk/emitter.hpp"

namespace parley::codec {

namespace {

namespace json = boost::json;

const Dialect& chat() {
    static const Dialect dialect("openai-chat");
    return dialect;
}

const Dialect& responses() {
    static const Dialect dialect("openai-responses");
    return dialect;
}

Decoded from_chat(const std::string& body) {
    Request wire;
    wire.path = "/v1/chat/completions";
    wire.body = body;
    return chat().decode_request(wire);
}

Decoded from_responses(const std::string& body) {
    Request wire;
    wire.path = "/v1/responses";
    wire.body = body;
    return responses().decode_request(wire);
}

Decoded from(const Dialect& dialect, const std::string& body) {
    return &dialect == &chat() ? from_chat(body) : from_responses(body);
}

// ---- what is written, by example ----

struct Example {
    const char* name;
    const Dialect& (*client)();
    const char* asked;
    const Dialect& (*upstream)();
    const char* traits;
    const char* sent;
    const char* warnings;
};

constexpr const char* kOneUser = R"("messages":[{"role":"user","content":"hi"}])";

const Example kExamples[] = {
    {"everything that both can say",
     chat,
     R"({"model":"a","messages":[{"role":"system","content":"Be brief."},)"
     R"({"role":"developer","content":"Rules."},{"role":"user","content":[)"
     R"({"type":"text","text":"What is it?"},)"
     R"({"type":"image_url","image_url":{"url":"data:image/png;base64,QUJD","detail":"low"}},)"
     R"({"type":"file","file":{"filename":"a.pdf",)"
     R"("file_data":"data:application/pdf;base64,REVG"}}]},)"
     R"({"role":"assistant","content":null,"tool_calls":[{"id":"call_1","type":"function",)"
     R"("function":{"name":"f","arguments":"{\"x\":0.10}"}}]},)"
     R"({"role":"tool","tool_call_id":"call_1","content":"42"}],)"
     R"("tools":[{"type":"function","function":{"name":"f","description":"d",)"
     R"("parameters":{"type":"object","properties":{}}}}],"tool_choice":{"type":"function",)"
     R"("function":{"name":"f"}},"parallel_tool_calls":false,"temperature":0.50,)"
     R"("max_completion_tokens":99,"reasoning_effort":"low","verbosity":"high",)"
     R"("response_format":{"type":"json_schema","json_schema":{"name":"s","strict":true,)"
     R"("schema":{"type":"object"}}},"user":"u","service_tier":"flex","stream":true})",
     responses,
     "",
     R"({"model":"up","instructions":"Be brief.","input":[{"type":"message","role":"developer",)"
     R"("content":[{"type":"input_text","text":"Rules."}]},{"type":"message","role":"user",)"
     R"("content":[{"type":"input_text","text":"What is it?"},{"type":"input_image",)"
     R"("image_url":"data:image/png;base64,QUJD","detail":"low"},{"type":"input_file",)"
     R"("filename":"a.pdf","file_data":"data:application/pdf;base64,REVG"}]},)"
     R"({"type":"function_call","call_id":"call_1","name":"f","arguments":"{\"x\":0.10}"},)"
     R"({"type":"function_call_output","call_id":"call_1","output":"42"}],)"
     R"("tools":[{"type":"function","name":"f","description":"d",)"
     R"("parameters":{"type":"object","properties":{}},"strict":false}],)"
     R"("tool_choice":{"type":"function","name":"f"},"parallel_tool_calls":false,)"
     R"("reasoning":{"effort":"low","summary":"auto"},)"
     R"("text":{"format":{"type":"json_schema","name":"s",)"
     R"("schema":{"type":"object"},"strict":true},"verbosity":"high"},)"
     R"("include":["reasoning.encrypted_content"],"max_output_tokens":99,"temperature":0.50,)"
     R"("user":"u","service_tier":"flex","store":false,"stream":true})",
     ""},
    {"and back",
     responses,
     R"({"model":"a","instructions":"Be brief.","input":[)"
     R"({"type":"reasoning","summary":[{"type":"summary_text","text":"gone"}],)"
     R"("encrypted_content":"gAAA"},)"
     R"({"type":"message","role":"assistant","phase":"commentary","content":[)"
     R"({"type":"output_text","text":"Hm."}]},{"role":"user","content":"go on"},)"
     R"({"type":"custom_tool_call","call_id":"c","name":"apply_patch","input":"*** x"},)"
     R"({"type":"custom_tool_call_output","call_id":"c","output":"ok"}],)"
     R"("tools":[{"type":"custom","name":"apply_patch","format":{"type":"grammar",)"
     R"("syntax":"lark","definition":"start: X"}},{"type":"namespace","name":"ns","tools":[)"
     R"({"type":"function","name":"g","parameters":{"type":"object"}}]},)"
     R"({"type":"web_search"}],"max_output_tokens":5,"max_tool_calls":3,"store":false,)"
     R"("include":["reasoning.encrypted_content"],"prompt_cache_key":"k"})",
     chat,
     "",
     R"({"model":"up","messages":[{"role":"system","content":"Be brief."},)"
     R"({"role":"assistant","content":"Hm."},{"role":"user","content":"go on"},)"
     R"({"role":"assistant","content":null,"tool_calls":[{"id":"c","type":"custom",)"
     R"("custom":{"name":"apply_patch","input":"*** x"}}]},)"
     R"({"role":"tool","tool_call_id":"c","content":"ok"}],)"
     R"("tools":[{"type":"custom","custom":{"name":"apply_patch","format":{"type":"grammar",)"
     R"("grammar":{"syntax":"lark","definition":"start: X"}}}},{"type":"function",)"
     R"("function":{"name":"ns__g","parameters":{"type":"object"}}}],)"
     R"("max_completion_tokens":5,"prompt_cache_key":"k"})",
     "field_dropped;max_tool_calls, tool_dropped;web_search"},
    {"a plain compatible server",
     responses,
     R"({"model":"a","input":[{"role":"developer","content":"D"},{"role":"user","content":[)"
     R"({"type":"input_text","text":"A"},{"type":"input_text","text":"B"}]},)"
     R"({"type":"custom_tool_call","call_id":"c","name":"p","input":"*** x"},)"
     R"({"type":"custom_tool_call_output","call_id":"c","output":"ok"}],)"
     R"("tools":[{"type":"custom","name":"p"}],"tool_choice":{"type":"custom","name":"p"},)"
     R"("parallel_tool_calls":false,"max_output_tokens":5,"stream":true,)"
     R"("text":{"format":{"type":"json_schema","name":"s","schema":{"type":"object"}}}})",
     chat,
     R"({"max_tokens_name":"max_tokens","content_parts_ok":false,"custom_tools_ok":false,)"
     R"("null_content_ok":false,"include_usage_ok":false,"tool_choice_object_ok":false,)"
     R"("parallel_ok":false,"json_schema_ok":false})",
     R"({"model":"up","messages":[{"role":"system","content":"D"},{"role":"system",)"
     R"("content":"Answer with one JSON value that fits this JSON Schema, and nothing else: )"
     R"({\"type\":\"object\"}"},{"role":"user","content":"A\n\nB"},{"role":"assistant",)"
     R"("content":"","tool_calls":[{"id":"c","type":"function","function":{"name":"p",)"
     R"("arguments":"{\"input\":\"*** x\"}"}}]},{"role":"tool","tool_call_id":"c",)"
     R"("content":"ok"}],"tools":[{"type":"function","function":{"name":"p","parameters":)"
     R"({"type":"object","properties":{"input":{"type":"string",)"
     R"("description":"the tool's input as plain text"}},"required":["input"],)"
     R"("additionalProperties":false}}}],"tool_choice":"required","max_tokens":5,)"
     R"("response_format":{"type":"json_object"},"stream":true})",
     "json_mode_prompted, parallel_unenforced, schema_weakened"},
    {"results with pictures follow behind all results",
     responses,
     R"({"model":"a","input":[{"role":"user","content":"hi"},)"
     R"({"type":"function_call","call_id":"1","name":"f","arguments":""},)"
     R"({"type":"function_call","call_id":"2","name":"g","arguments":"{}"},)"
     R"({"type":"function_call_output","call_id":"1","output":[{"type":"input_text","text":"T"},)"
     R"({"type":"input_image","image_url":"https://x/y.png"}]},)"
     R"({"type":"function_call_output","call_id":"2","output":"U"}]})",
     chat,
     "",
     R"({"model":"up","messages":[{"role":"user","content":"hi"},{"role":"assistant",)"
     R"("content":null,"tool_calls":[{"id":"1","type":"function","function":{"name":"f",)"
     R"("arguments":"{}"}},{"id":"2","type":"function","function":{"name":"g",)"
     R"("arguments":"{}"}}]},{"role":"tool","tool_call_id":"1","content":"T"},)"
     R"({"role":"tool","tool_call_id":"2","content":"U"},{"role":"user","content":[)"
     R"({"type":"text","text":"Attached output of tool call 1:"},{"type":"image_url",)"
     R"("image_url":{"url":"https://x/y.png"}}]}]})",
     "tool_image_moved"},
    {"what Responses does not have",
     chat,
     R"({"model":"a","messages":[{"role":"user","content":"hi"}],"seed":1,"top_k":4,)"
     R"("presence_penalty":1,"frequency_penalty":2,"logit_bias":{"1":2},"stop":["x"],)"
     R"("prediction":{"type":"content"},"logprobs":true,"top_logprobs":2})",
     responses,
     "",
     R"({"model":"up","input":[{"type":"message","role":"user","content":[{"type":"input_text",)"
     R"("text":"hi"}]}],"include":["reasoning.encrypted_content",)"
     R"("message.output_text.logprobs"],"top_logprobs":2,"store":false})",
     "field_dropped;prediction, sampling_dropped;top_k, sampling_dropped;presence_penalty, "
     "sampling_dropped;frequency_penalty, sampling_dropped;seed, sampling_dropped;logit_bias"},
    {"a model that thinks and does not draw",
     chat,
     R"({"model":"a","messages":[{"role":"user","content":"hi"}],"temperature":1,"top_p":1,)"
     R"("max_tokens":7,"reasoning_effort":"xhigh"})",
     responses,
     R"({"sampling_ok":false,"effort_levels":["low","medium","high"]})",
     R"({"model":"up","input":[{"type":"message","role":"user","content":[{"type":"input_text",)"
     R"("text":"hi"}]}],"reasoning":{"effort":"high","summary":"auto"},)"
     R"("include":["reasoning.encrypted_content"],)"
     R"("max_output_tokens":16,"store":false})",
     "effort_clamped;xhigh, max_tokens_clamped, sampling_dropped;temperature, "
     "sampling_dropped;top_p"},
    {"a server whose thinking is a toggle",
     chat,
     R"({"model":"a","messages":[{"role":"user","content":"hi"}],"reasoning_effort":"none"})",
     chat,
     R"({"reasoning":"toggle","toggle_group":"chat_template_kwargs"})",
     R"({"model":"up","messages":[{"role":"user","content":"hi"}],)"
     R"("chat_template_kwargs":{"enable_thinking":false}})",
     ""},
    {"thoughts that a server wants back",
     chat,
     R"({"model":"a","messages":[{"role":"user","content":"hi"},{"role":"assistant",)"
     R"("content":"yes","reasoning_content":"because"},{"role":"user","content":"why"}]})",
     chat,
     R"({"emit_reasoning":true})",
     R"({"model":"up","messages":[{"role":"user","content":"hi"},{"role":"assistant",)"
     R"("content":"yes","reasoning_content":"because"},{"role":"user","content":"why"}]})",
     ""},
    {"JSON must be mentioned",
     chat,
     R"({"model":"a","messages":[{"role":"user","content":"hi"}],)"
     R"("response_format":{"type":"json_object"}})",
     responses,
     R"({"reasoning":"none"})",
     R"({"model":"up","input":[{"type":"message","role":"developer","content":[)"
     R"({"type":"input_text","text":"Answer with one JSON object and nothing else."}]},)"
     R"({"type":"message","role":"user","content":[{"type":"input_text","text":"hi"}]}],)"
     R"("text":{"format":{"type":"json_object"}},"store":false})",
     ""},
    {"calls and tools as they were before tools",
     chat,
     R"({"model":"a","messages":[{"role":"user","content":"hi"},{"role":"assistant",)"
     R"("content":null,"function_call":{"name":"f","arguments":"{}"}},{"role":"function",)"
     R"("name":"f","content":"1"}],"functions":[{"name":"f"}],"function_call":{"name":"f"}})",
     chat,
     "",
     R"({"model":"up","messages":[{"role":"user","content":"hi"},{"role":"assistant",)"
     R"("content":null,"tool_calls":[{"id":"fcall_1","type":"function","function":{"name":"f",)"
     R"("arguments":"{}"}}]},{"role":"tool","tool_call_id":"fcall_1","content":"1"}],)"
     R"("tools":[{"type":"function","function":{"name":"f"}}],)"
     R"("tool_choice":{"type":"function","function":{"name":"f"}}})",
     ""},
    {"a subset of the tools",
     chat,
     R"({"model":"a","messages":[{"role":"user","content":"hi"}],"tools":[)"
     R"({"type":"function","function":{"name":"f"}}],"tool_choice":{"type":"allowed_tools",)"
     R"("allowed_tools":{"mode":"required","tools":[)"
     R"({"type":"function","function":{"name":"f"}}]}}})",
     responses,
     R"({"reasoning":"none"})",
     R"({"model":"up","input":[{"type":"message","role":"user","content":[{"type":"input_text",)"
     R"("text":"hi"}]}],"tools":[{"type":"function","name":"f","parameters":null,)"
     R"("strict":false}],"tool_choice":{"type":"allowed_tools","mode":"required",)"
     R"("tools":[{"type":"function","name":"f"}]},"store":false})",
     ""},
    {"a web search that a chat client set up",
     chat,
     R"({"model":"a","messages":[{"role":"user","content":"hi"}],)"
     R"("web_search_options":{"search_context_size":"low"}})",
     chat,
     "",
     R"({"model":"up","messages":[{"role":"user","content":"hi"}],)"
     R"("web_search_options":{"search_context_size":"low"}})",
     ""},
    {"private members of the same dialect",
     chat,
     R"({"model":"a","messages":[{"role":"user","content":"hi"}],"new_thing":{"x":1e2}})",
     chat,
     "",
     R"({"model":"up","messages":[{"role":"user","content":"hi"}],"new_thing":{"x":1e2}})",
     ""},
};

TEST(OpenaiCrossing, Examples) {
    for (const Example& e : kExamples) {
        SCOPED_TRACE(e.name);
        const Decoded asked = from(e.client(), e.asked);
        const Encoded sent = e.upstream().encode_request(*asked.request, "up", e.traits);
        EXPECT_EQ(sent.body, e.sent);
        std::string warnings;
        for (const std::string& warning : sent.warnings) {
            warnings += (warnings.empty() ? "" : ", ") + warning;
        }
        EXPECT_EQ(warnings, e.warnings);
        EXPECT_NO_THROW(json::parse(sent.body));
    }
}

TEST(OpenaiCrossing, RoutesOfTheUpstream) {
    const std::string body = std::string(R"({"model":"a",)") + kOneUser + "}";
    const Decoded asked = from_chat(body);
    EXPECT_EQ(chat().encode_request(*asked.request, "up").path, "/v1/chat/completions");
    EXPECT_EQ(responses().encode_request(*asked.request, "up").path, "/v1/responses");
    parley_request count = *asked.request;
    count.operation = PARLEY_OPERATION_COUNT_TOKENS;
    const Encoded counted = responses().encode_request(count, "up");
    EXPECT_EQ(counted.path, "/v1/responses/input_tokens");
    EXPECT_EQ(json::parse(counted.body).as_object().count("store"), 0u);
    EXPECT_THROW(chat().encode_request(count, "up"), Refused);
    Request legacy;
    legacy.path = "/v1/completions";
    legacy.body = R"({"model":"a","prompt":"x"})";
    const Decoded prompt = chat().decode_request(legacy);
    ASSERT_EQ(prompt.request->message_count, 1u);
    EXPECT_EQ(view(prompt.request->messages[0]->parts[0]->text), "x");
    for (const char* refused : {R"({"model":"a","prompt":["x","y"]})",
                                R"({"model":"a","prompt":[1,2]})",
                                R"({"model":"a","prompt":"x","echo":true})",
                                R"({"model":"a","prompt":"x","best_of":2})",
                                R"({"model":"a"})"}) {
        legacy.body = refused;
        EXPECT_THROW(chat().decode_request(legacy), Refused) << refused;
    }
}

// ---- what is refused, and how that is said ----

struct Refusal {
    const Dialect& (*client)();
    const char* asked;
    const Dialect& (*upstream)();  // null: when it is read
    const char* param;
    const char* code;
};

const Refusal kRefusals[] = {
    {chat, R"({"model":"a"})", nullptr, "messages", "missing_required_parameter"},
    {chat, R"({"model":"a","messages":{}})", nullptr, "messages", "invalid_type"},
    {chat, R"({"model":"a","messages":[1]})", nullptr, "messages[0]", "invalid_type"},
    {chat,
     R"({"model":"a","messages":[{"role":"x"}]})",
     nullptr,
     "messages[0].role",
     "invalid_value"},
    {chat,
     R"({"model":"a","messages":[{"role":"user","content":[{"type":"x"}]}]})",
     nullptr,
     "messages[0].content[0].type",
     "invalid_value"},
    {chat,
     R"({"model":"a","messages":[{"role":"tool","content":"x"}]})",
     nullptr,
     "messages[0].tool_call_id",
     "missing_required_parameter"},
    {chat,
     R"({"model":"a","messages":[],"tools":[{"type":"function","function":{}}]})",
     nullptr,
     "tools[0].name",
     "missing_required_parameter"},
    {responses,
     R"({"model":"a","input":[{"type":"item_reference","id":"x"}]})",
     nullptr,
     "input[0]",
     "unsupported_value"},
    {chat,
     R"({"model":"a","messages":[{"role":"user","content":"x"}],"n":2})",
     responses,
     "n",
     "unsupported_value"},
    {chat,
     R"({"model":"a","messages":[{"role":"user","content":"x"}],"modalities":["audio"]})",
     responses,
     "modalities",
     "unsupported_value"},
    {chat,
     R"({"model":"a","messages":[{"role":"user","content":[{"type":"input_audio",)"
     R"("input_audio":{"data":"QQ==","format":"wav"}}]}]})",
     responses,
     "messages[0].content[0]",
     "unsupported_value"},
    {responses,
     R"({"model":"a","input":"x","previous_response_id":"r"})",
     chat,
     "previous_response_id",
     "unsupported_value"},
    {responses,
     R"({"model":"a","input":"x","background":true})",
     chat,
     "background",
     "unsupported_value"},
    {responses,
     R"({"model":"a","input":[{"role":"user","content":[{"type":"input_file",)"
     R"("file_url":"https://x/a.pdf"}]}]})",
     chat,
     "input[0].content[0]",
     "unsupported_value"},
    {responses,
     R"({"model":"a","input":"x","tools":[{"type":"web_search"}],"tool_choice":"required"})",
     chat,
     "tools[0]",
     "unsupported_value"},
    {responses,
     R"({"model":"a","input":"x","tools":[{"type":"mcp","server_label":"l"}]})",
     chat,
     "tools[0]",
     "unsupported_value"},
};

TEST(OpenaiCrossing, RefusalsNameTheClientsOwnField) {
    for (const Refusal& r : kRefusals) {
        SCOPED_TRACE(r.asked);
        try {
            const Decoded asked = from(r.client(), r.asked);
            ASSERT_NE(r.upstream, nullptr) << "was read";
            r.upstream().encode_request(*asked.request, "up");
            ADD_FAILURE() << "was sent";
        } catch (const Refused& refused) {
            EXPECT_EQ(refused.param, r.param);
            EXPECT_EQ(refused.code, r.code);
        }
    }
    for (const char* cut : {"{\"model\":\"a\",\"messages\":[{\"role\":\"user\"", "[]", "", "{]"}) {
        EXPECT_THROW(from_chat(cut), Refused);
        EXPECT_THROW(from_responses(cut), Refused);
    }
}

// ---- seals ----

TEST(OpenaiCrossing, SealsGoBackToTheirOwnFamilyOnly) {
    const char* body = R"({"model":"a","input":[{"role":"user","content":"x"},)"
                       R"({"type":"reasoning","summary":[],"encrypted_content":"pl1.abc"},)"
                       R"({"type":"function_call","call_id":"1","name":"f","arguments":"{}"}]})";
    const Decoded carried = from_responses(body);
    const std::string read = dump(*carried.request);
    EXPECT_NE(read.find(R"("family":"parley","data":"pl1.abc")"), read.npos) << read;
    EXPECT_EQ(responses().encode_request(*carried.request, "up").body.find("pl1."),
              std::string::npos);
    std::string own = body;
    own.replace(own.find("pl1.abc"), 7, "gAAA");
    const Decoded sealed = from_responses(own);
    EXPECT_NE(responses()
                  .encode_request(*sealed.request, "up")
                  .body.find(R"({"type":"reasoning","summary":[],"encrypted_content":"gAAA"})"),
              std::string::npos);
    const Decoded signed_call = from_chat(
        R"({"model":"a","messages":[{"role":"user","content":"x"},{"role":"assistant",)"
        R"("tool_calls":[{"id":"1","type":"function","function":{"name":"f","arguments":"{}"},)"
        R"("extra_content":{"google":{"thought_signature":"c2ln"}}}]}]})");
    EXPECT_EQ(chat().encode_request(*signed_call.request, "up").body.find("c2ln"),
              std::string::npos);
    const std::string back =
        chat().encode_request(*signed_call.request, "up", R"({"seal_family":"gemini"})").body;
    EXPECT_NE(back.find(R"("extra_content":{"google":{"thought_signature":"c2ln"}})"), back.npos);
}

// ---- properties ----

// Bodies that both dialects can say, in turns.
class AnyChat {
public:
    explicit AnyChat(uint32_t seed) : random_(seed) {}

    json::object body() {
        json::object all{{"model", "m"}, {"messages", messages()}, {"stream", chance()}};
        all["stream_options"] = {{"include_usage", true}};
        if (chance()) all["max_completion_tokens"] = 16 + random_() % 1000;
        if (chance()) all["temperature"] = 0.5;
        if (chance()) all["reasoning_effort"] = chance() ? "low" : "high";
        if (chance()) all["verbosity"] = "low";
        if (chance()) all["parallel_tool_calls"] = chance();
        if (chance()) all["service_tier"] = "flex";
        if (chance()) all["user"] = text();
        if (chance()) {
            const json::object schema{{"type", "object"}};
            const json::object named{{"name", "s"}, {"schema", schema}, {"strict", chance()}};
            all["response_format"] = {{"type", "json_schema"}, {"json_schema", named}};
        }
        json::array tools;
        for (const char* name : {"f", "g", "h"}) {
            const json::object function{{"name", name},
                                        {"description", text()},
                                        {"parameters", {{"type", "object"}}},
                                        {"strict", false}};
            tools.push_back({{"type", "function"}, {"function", function}});
        }
        all["tools"] = tools;
        if (chance()) all["tool_choice"] = chance() ? "required" : "none";
        return all;
    }

    json::array messages() {
        json::array all;
        if (chance()) all.push_back({{"role", "system"}, {"content", text()}});
        if (chance()) all.push_back({{"role", "developer"}, {"content", text()}});
        all.push_back({{"role", "user"}, {"content", content()}});
        for (std::size_t n = random_() % 5; n != 0; --n) turn(all);
        return all;
    }

    void turn(json::array& all) {
        json::object assistant{{"role", "assistant"}, {"content", nullptr}};
        if (chance()) assistant["content"] = text();
        json::array calls;
        for (std::size_t n = random_() % 3; n != 0; --n) {
            const json::object function{{"name", chance() ? "f" : "g"},
                                        {"arguments", "{\"a\": 1}"}};
            const std::string id = "call_" + std::to_string(++calls_);
            calls.push_back({{"id", id}, {"type", "function"}, {"function", function}});
        }
        if (calls.empty()) assistant["content"] = text();
        if (!calls.empty()) assistant["tool_calls"] = calls;
        all.push_back(assistant);
        for (const auto& call : calls) {
            const auto& id = call.as_object().at("id");
            all.push_back({{"role", "tool"}, {"tool_call_id", id}, {"content", text()}});
        }
        if (random_() % 4 == 0) all.push_back({{"role", "system"}, {"content", text()}});
        if (calls.empty() || chance()) all.push_back({{"role", "user"}, {"content", content()}});
    }

private:
    bool chance() { return random_() % 2 == 0; }

    std::string text() {
        static const std::string kPieces[] = {"a", "é", "🦜", "\"", "\\", "\n", "{}", "\u0001"};
        std::string out = "t";
        for (std::size_t n = random_() % 6; n != 0; --n) {
            out += kPieces[random_() % std::size(kPieces)];
        }
        return out;
    }

    json::value content() {
        if (chance()) return json::string(text());
        json::array parts{json::object{{"type", "text"}, {"text", text()}}};
        const json::object url{{"url", "data:image/png;base64,QUJD"}};
        if (chance()) parts.push_back({{"type", "image_url"}, {"image_url", url}});
        if (chance()) parts.push_back({{"type", "text"}, {"text", text()}});
        return parts;
    }

    std::mt19937 random_;
    int calls_ = 0;
};

constexpr const char* kFaithful = R"({"developer_role":true})";
constexpr uint32_t kRequests = 200;

// Without what a dialect always says of itself.
std::string meaning(const parley_request& request) {
    parley_request r = request;
    r.previous = nullptr;
    r.flags &= ~uint32_t{PARLEY_REQUEST_STREAM_USAGE};
    parley_reasoning_ask ask{};
    if (r.reasoning != nullptr) {
        ask = *r.reasoning;
        ask.include_encrypted = 0;
        ask.summary = 0;  // Responses has to be asked for what Chat always shows
        r.reasoning = ask.mode == 0 ? nullptr : &ask;
    }
    return dump(r);
}

TEST(OpenaiCrossing, RequestsComeBackFromEitherDialect) {
    for (uint32_t seed = 0; seed < kRequests; ++seed) {
        const Decoded asked = from_chat(json::serialize(AnyChat(seed).body()));
        const std::string wanted = meaning(*asked.request);
        const Encoded as_chat = chat().encode_request(*asked.request, "m", kFaithful);
        ASSERT_EQ(meaning(*from_chat(as_chat.body).request), wanted) << as_chat.body;
        // Two hops.
        const Encoded there = responses().encode_request(*asked.request, "m");
        const Decoded crossed = from_responses(there.body);
        ASSERT_EQ(meaning(*crossed.request), wanted) << there.body;
        const Encoded back = chat().encode_request(*crossed.request, "m", kFaithful);
        ASSERT_EQ(meaning(*from_chat(back.body).request), wanted) << back.body;
    }
}

TEST(OpenaiCrossing, WhatIsWrittenTwiceIsTheSame) {
    for (uint32_t seed = 0; seed < kRequests; ++seed) {
        const Decoded asked = from_chat(json::serialize(AnyChat(seed).body()));
        for (const Dialect* dialect : {&chat(), &responses()}) {
            const Encoded once = dialect->encode_request(*asked.request, "m");
            ASSERT_EQ(dialect->encode_request(*asked.request, "m").body, once.body);
            // What is read from it is written as it was.
            const Decoded read = from(*dialect, once.body);
            ASSERT_EQ(dialect->encode_request(*read.request, "m").body, once.body);
        }
    }
}

// A body up to the end of its last message.
std::string head_of(const std::string& body, std::string_view name) {
    sdk::JsonReader r(body);
    sdk::JsonString key;
    r.enter_object();
    while (r.next_key(key)) {
        const std::string_view raw = r.raw();
        if (key.raw == name) {
            return body.substr(0,
                               static_cast<std::size_t>(raw.data() - body.data()) + raw.size() - 1);
        }
    }
    return {};
}

TEST(OpenaiCrossing, OneMoreTurnChangesNothingBeforeIt) {
    for (uint32_t seed = 0; seed < kRequests; ++seed) {
        AnyChat any(seed);
        json::object body = any.body();
        std::string last_chat;
        std::string last_responses;
        for (int turns = 0; turns < 4; ++turns) {
            const Decoded asked = from_chat(json::serialize(body));
            const std::string as_chat = chat().encode_request(*asked.request, "m").body;
            const std::string as_responses = responses().encode_request(*asked.request, "m").body;
            ASSERT_TRUE(as_chat.starts_with(last_chat)) << as_chat << '\n' << last_chat;
            ASSERT_TRUE(as_responses.starts_with(last_responses));
            last_chat = head_of(as_chat, "messages");
            last_responses = head_of(as_responses, "input");
            // A turn that ends with calls goes on in the next; its results are all there.
            any.turn(body["messages"].as_array());
            body["messages"].as_array().push_back({{"role", "user"}, {"content", "next"}});
        }
    }
}

// Every result stands behind its call, every call has one.
std::string chat_pairing_fault(const json::object& body) {
    std::set<std::string> open;
    for (const auto& value : body.at("messages").as_array()) {
        const json::object& m = value.as_object();
        const auto& role = m.at("role").as_string();
        if (role == "tool") {
            if (open.erase(std::string(m.at("tool_call_id").as_string())) == 0) return "no call";
            continue;
        }
        if (!open.empty()) return "a call without a result";
        if (!m.contains("tool_calls")) continue;
        for (const auto& call : m.at("tool_calls").as_array()) {
            const std::string id(call.as_object().at("id").as_string());
            if (id.empty() || id.size() > 64) return "a bad id";
            if (!open.insert(id).second) return "an id twice";
        }
    }
    return {};
}

std::string responses_pairing_fault(const json::object& body) {
    std::set<std::string> open;
    std::string last;
    for (const auto& value : body.at("input").as_array()) {
        const json::object& item = value.as_object();
        const std::string type(item.at("type").as_string());
        if (type.ends_with("tool_call") || type == "function_call") {
            if (!open.insert(std::string(item.at("call_id").as_string())).second) return "twice";
        } else if (type.ends_with("call_output")) {
            if (open.erase(std::string(item.at("call_id").as_string())) == 0) return "no call";
        } else if (type == "message" && item.at("role") == "user" && !open.empty()) {
            return "a call without a result";
        }
        if (last == "reasoning" && type == "message" && item.at("role") == "user") return "alone";
        last = type;
    }
    return last == "reasoning" ? "reasoning that leads nowhere" : "";
}

TEST(OpenaiCrossing, CallsAndResultsArePaired) {
    for (uint32_t seed = 0; seed < kRequests; ++seed) {
        const Decoded asked = from_chat(json::serialize(AnyChat(seed).body()));
        const auto as_chat = json::parse(chat().encode_request(*asked.request, "m").body);
        const auto as_responses = json::parse(responses().encode_request(*asked.request, "m").body);
        ASSERT_EQ(chat_pairing_fault(as_chat.as_object()), "");
        ASSERT_EQ(responses_pairing_fault(as_responses.as_object()), "");
    }
    if (corpus().empty()) GTEST_SKIP() << "!!!! no corpus: set PARLEY_CORPUS !!!!";
    int checked = 0;
    for (const Recorded& r : corpus()) {
        const bool is_chat = r.wire == "openai-chat";
        if (r.request.empty() || r.status >= 400) continue;
        if (!is_chat && r.wire != "openai-responses") continue;
        SCOPED_TRACE(r.id);
        const Decoded asked = from(is_chat ? chat() : responses(), r.request);
        if (asked.request->previous != nullptr) continue;
        try {
            const auto as_chat = json::parse(chat().encode_request(*asked.request, "m").body);
            EXPECT_EQ(chat_pairing_fault(as_chat.as_object()), "");
            const auto sent = json::parse(responses().encode_request(*asked.request, "m").body);
            EXPECT_EQ(responses_pairing_fault(sent.as_object()), "");
            ++checked;
        } catch (const Refused&) {
            // Said elsewhere.
        }
    }
    std::cout << checked << " recorded requests are paired\n";
}

// ---- names ----

TEST(OpenaiCrossing, NamesGoOutLegalAndComeBackAsTheyWere) {
    const std::string longest(200, 'n');
    const std::string names[] = {"a.b", "a:b", "a_b", "🦜", longest, longest + "x", "ok-1"};
    json::array tools;
    for (const std::string& name : names) {
        tools.push_back({{"type", "function"}, {"function", {{"name", name}}}});
    }
    const json::array user{json::object{{"role", "user"}, {"content", "x"}}};
    const json::object body{{"model", "m"}, {"messages", user}, {"tools", tools}};
    const Decoded asked = from_chat(json::serialize(body));
    const auto sent = json::parse(chat().encode_request(*asked.request, "m").body).as_object();
    std::set<std::string> seen;
    for (std::size_t i = 0; i < std::size(names); ++i) {
        const auto& tool = sent.at("tools").as_array().at(i).as_object();
        const std::string wire(tool.at("function").as_object().at("name").as_string());
        EXPECT_TRUE(seen.insert(wire).second);
        EXPECT_LE(wire.size(), 64u);
        EXPECT_EQ(wire.find_first_not_of("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
                                         "0123456789_-"),
                  wire.npos);
        const std::string call =
            R"({"index":0,"id":"1","function":{"name":")" + wire + R"(","arguments":"{}"}})";
        const std::string stream = "data: {\"choices\":[{\"index\":0,\"delta\":{\"tool_calls\":[" +
                                   call + "]},\"finish_reason\":\"tool_calls\"}]}\n\n";
        const auto events = chat().decode(*asked.request, stream, true);
        EXPECT_EQ(events.at(1).name, names[i]);
    }
}

TEST(OpenaiCrossing, NamesInNameSpacesComeBackToThem) {
    const Decoded asked = from_responses(
        R"({"model":"m","input":"x","tools":[{"type":"namespace","name":"ns","tools":[)"
        R"({"type":"function","name":"g"}]}]})");
    const std::string stream =
        "data: {\"choices\":[{\"index\":0,\"delta\":{\"tool_calls\":[{\"index\":0,\"id\":\"1\","
        "\"function\":{\"name\":\"ns__g\",\"arguments\":\"{}\"}}]},\"finish_reason\":\"stop\"}]}"
        "\n\n";
    const auto events = chat().decode(*asked.request, stream, true);
    EXPECT_EQ(events.at(1).name, "g");
    EXPECT_EQ(events.at(1).extra, R"({"name_space":"ns"})");
    const std::string shown = responses().encode(*asked.request, events, true);
    EXPECT_NE(shown.find(R"("name":"g","namespace":"ns")"), shown.npos);
}

}  // namespace

}  // namespace parley::codec
