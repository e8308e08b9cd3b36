// users_test.cpp: what users of a client would miss if a crossing lost it, each as its client asks
// and its upstream answers.
#include <boost/json.hpp>
#include <gtest/gtest.h>

#include "events.hpp"
#include "fields.hpp"
#include "wire.hpp"

namespace parley::codec {

namespace {

namespace json = boost::json;

struct Wire {
    const char* id;
    const char* path;
};

constexpr Wire kChat{"openai-chat", "/v1/chat/completions"};
constexpr Wire kResponses{"openai-responses", "/v1/responses"};
constexpr Wire kMessages{"anthropic-messages", "/v1/messages"};
constexpr Wire kGemini{"gemini-generate", "/v1beta/models/m:generateContent"};

Decoded asked(const Wire& client, const std::string& body) {
    Request request;
    request.path = client.path;
    request.body = body;
    return dialect(client.id).decode_request(request);
}

struct Sent {
    json::value body;
    std::vector<std::string> warnings;
};

Sent sent_to(const Wire& upstream, const Decoded& asked, const std::string& traits = {}) {
    const Encoded encoded = dialect(upstream.id).encode_request(*asked.request, "m-x", traits);
    EXPECT_EQ(request_fault(upstream.id, encoded.body), "") << encoded.body;
    return {json::parse(encoded.body), encoded.warnings};
}

bool warns(const Sent& sent, const std::string& warning) {
    return std::find(sent.warnings.begin(), sent.warnings.end(), warning) != sent.warnings.end();
}

// What the client sees of an upstream's events.
std::string shown(const Wire& client, const Decoded& asked, const Events& events) {
    const std::string wire = dialect(client.id).encode(*asked.request, events, true);
    EXPECT_EQ(stream_fault(client.id, wire), "") << wire;
    return wire;
}

json::array output_of(const std::string& responses) {
    return responses_accumulated(responses).at("output").as_array();
}

// ---- thoughts ----

std::string thinks_at_messages(const std::string& thinking) {
    return R"({"model":"m","max_tokens":9000,"messages":[{"role":"user","content":"hi"}],)"
           R"("thinking":)" +
           thinking + "}";
}

TEST(Thoughts, AreShownToClientsThatDoNotSayOtherwise) {
    const char* const kShown[] = {R"({"type":"enabled","budget_tokens":4000})",
                                  R"({"type":"adaptive"})",
                                  R"({"type":"adaptive","display":"summarized"})"};
    for (const char* thinking : kShown) {
        SCOPED_TRACE(thinking);
        const Decoded ask = asked(kMessages, thinks_at_messages(thinking));
        const json::value gemini = sent_to(kGemini, ask).body;
        EXPECT_EQ(gemini.at_pointer("/generationConfig/thinkingConfig/includeThoughts"), true);
        EXPECT_EQ(sent_to(kResponses, ask).body.at_pointer("/reasoning/summary"), "auto");
    }
    const Decoded chat = asked(kChat,
                               R"({"model":"m","messages":[{"role":"user","content":"hi"}],)"
                               R"("reasoning_effort":"low"})");
    const json::value gemini = sent_to(kGemini, chat).body;
    EXPECT_EQ(gemini.at_pointer("/generationConfig/thinkingConfig/includeThoughts"), true);
}

TEST(Thoughts, AreNotAskedForByClientsThatHideThemOrDoNotThink) {
    const char* const kHidden[] = {R"({"type":"adaptive","display":"omitted"})",
                                   R"({"type":"disabled"})"};
    for (const char* thinking : kHidden) {
        SCOPED_TRACE(thinking);
        const Decoded ask = asked(kMessages, thinks_at_messages(thinking));
        const std::string gemini = json::serialize(sent_to(kGemini, ask).body);
        EXPECT_EQ(gemini.find("\"includeThoughts\":true"), gemini.npos) << gemini;
        const std::string responses = json::serialize(sent_to(kResponses, ask).body);
        EXPECT_EQ(responses.find("summary"), responses.npos) << responses;
    }
}

TEST(Thoughts, AreGivenUpBeforeThinkingIs) {
    const Decoded ask = asked(kMessages,
                              thinks_at_messages(R"({"type":"adaptive","display":)"
                                                 R"("summarized"})"));
    const Sent sent = sent_to(kResponses, ask, R"({"summary_ok":false})");
    EXPECT_FALSE(sent.body.as_object().contains("reasoning"));
    EXPECT_TRUE(warns(sent, "field_dropped;reasoning.summary"));
}

// Of a model that may think and does not, some ways to draw are left.
TEST(Thoughts, ThatAreOffLeaveSomeSampling) {
    const std::string traits = R"({"sampling_ok":false,"effort_levels":["none","low"]})";
    const std::string body = R"({"contents":[{"role":"user","parts":[{"text":"x"}]}],)"
                             R"("generationConfig":{"temperature":0.5,"presencePenalty":1,)"
                             R"("responseLogprobs":true,"thinkingConfig":{"thinkingBudget":)";
    const Sent off = sent_to(kChat, asked(kGemini, body + "0}}}"), traits);
    EXPECT_EQ(off.body.at("temperature"), 0.5);
    EXPECT_EQ(off.body.at("logprobs"), true);
    EXPECT_FALSE(off.body.as_object().contains("presence_penalty"));
    EXPECT_TRUE(warns(off, "sampling_dropped;presence_penalty"));
    const Sent on = sent_to(kChat, asked(kGemini, body + "900}}}"), traits);
    for (const char* member : {"temperature", "logprobs", "presence_penalty"}) {
        EXPECT_FALSE(on.body.as_object().contains(member)) << member;
    }
    EXPECT_TRUE(warns(on, "sampling_dropped;temperature"));
}

// ---- tools of the client and of providers ----

constexpr const char* kShellAsked =
    R"({"model":"m","input":"ls","tools":[{"type":"local_shell"},{"type":"apply_patch"}]})";

Events calls(const std::string& name, const std::vector<std::string>& fragments, bool cut = false) {
    Script s;
    s.start().call("call_1", name);
    for (const std::string& fragment : fragments) s.args(fragment);
    s.end(!cut).usage(1, 1).finish(cut ? PARLEY_FINISH_LENGTH : PARLEY_FINISH_TOOL_CALLS);
    return s;
}

TEST(ClientTools, AreToldToModelsThatDoNotKnowThem) {
    const Decoded ask = asked(kResponses, kShellAsked);
    const Sent messages = sent_to(kMessages, ask);
    EXPECT_TRUE(messages.body.at_pointer("/tools/0/input_schema/properties")
                    .as_object()
                    .contains("command"));
    const Sent gemini = sent_to(kGemini, ask);
    const auto& declared = gemini.body.at_pointer("/tools/0/functionDeclarations").as_array();
    EXPECT_EQ(declared.size(), 2u);
    EXPECT_EQ(sent_to(kChat, ask).body.at_pointer("/tools").as_array().size(), 2u);
}

TEST(ClientTools, AreCalledInTheItemsOfTheirDialect) {
    const Decoded ask = asked(kResponses, kShellAsked);
    const auto shell = output_of(shown(
        kResponses, ask, calls("local_shell", {"{\"command\":[\"l", "s\"],\n\"env\":null}"})));
    ASSERT_EQ(shell.size(), 1u);
    EXPECT_EQ(shell[0].at("type"), "local_shell_call");
    EXPECT_EQ(shell[0].at("call_id"), "call_1");
    EXPECT_EQ(shell[0].at("status"), "completed");
    EXPECT_EQ(shell[0].at("action"), json::parse(R"({"type":"exec","command":["ls"],"env":null})"));

    const std::string operation = R"({"type":"delete_file","path":"a"})";
    const auto patch = output_of(shown(kResponses, ask, calls("apply_patch", {operation})));
    EXPECT_EQ(patch.at(0).at("type"), "apply_patch_call");
    EXPECT_EQ(patch.at(0).at("operation"), json::parse(operation));

    // What comes back is the call that the model wrote.
    json::object back = json::parse(kShellAsked).as_object();
    json::array input{json::object{{"role", "user"}, {"content", "ls"}}};
    input.push_back(shell[0]);
    input.push_back(json::object{
        {"type", "local_shell_call_output"}, {"call_id", "call_1"}, {"output", "a.txt"}});
    back["input"] = input;
    const Sent again = sent_to(kMessages, asked(kResponses, json::serialize(back)));
    EXPECT_EQ(again.body.at_pointer("/messages/1/content/0/name"), "local_shell");
    EXPECT_EQ(again.body.at_pointer("/messages/1/content/0/input/command/0"), "ls");
    EXPECT_EQ(again.body.at_pointer("/messages/2/content/0/content"), "a.txt");
}

TEST(ClientTools, ThatAreCalledWrongly) {
    const Decoded ask = asked(kResponses, kShellAsked);
    // No action can be made of it: the client hears what the model said.
    const auto broken = output_of(shown(kResponses, ask, calls("local_shell", {"ls", " -l"})));
    EXPECT_EQ(broken.at(0).at("type"), "function_call");
    EXPECT_EQ(broken.at(0).at("arguments"), "ls -l");
    // What was cut is nothing to run.
    const auto cut = output_of(shown(kResponses, ask, calls("local_shell", {"{\"comm"}, true)));
    EXPECT_EQ(cut.at(0).at("status"), "incomplete");
    EXPECT_EQ(cut.at(0).at("type"), "function_call");
}

TEST(Searches, ThatStayInsideAreNotDoneByOthers) {
    const std::string before = R"({"model":"m","input":"x","tools":[{"type":"web_search")";
    const Decoded inside = asked(kResponses, before + R"(,"external_web_access":false}]})");
    const Decoded outside = asked(kResponses, before + R"(,"external_web_access":true}]})");
    for (const Wire& upstream : {kMessages, kGemini}) {
        const Sent kept = sent_to(upstream, inside);
        EXPECT_FALSE(kept.body.as_object().contains("tools"));
        EXPECT_TRUE(warns(kept, "tool_dropped;web_search"));
        EXPECT_TRUE(sent_to(upstream, outside).body.as_object().contains("tools"));
    }
}

TEST(Searches, ThatAChoiceRulesOutAreNamed) {
    const Decoded ask =
        asked(kGemini,
              R"({"contents":[{"role":"user","parts":[{"text":"x"}]}],"tools":[)"
              R"({"functionDeclarations":[{"name":"f"},{"name":"g"}]},{"googleSearch":{}}],)"
              R"("toolConfig":{"functionCallingConfig":{"mode":"ANY","allowedFunctionNames":)"
              R"(["f","g"]}}})");
    EXPECT_TRUE(warns(sent_to(kMessages, ask), "tool_dropped;web_search"));
}

// Gemini can be made to call functions, and nothing else.
TEST(Searches, ThatAreDemandedWhereNobodyCanAreNamed) {
    const Decoded ask = asked(kMessages,
                              R"({"model":"m","max_tokens":9,"messages":[{"role":"user",)"
                              R"("content":"x"}],"tools":[{"type":"web_search_20250305","name":)"
                              R"("web_search"}],"tool_choice":{"type":"any"}})");
    const Sent sent = sent_to(kGemini, ask);
    EXPECT_TRUE(sent.body.at_pointer("/tools/0").as_object().contains("googleSearch"));
    EXPECT_TRUE(warns(sent, "field_dropped;tool_choice"));
}

// A search and what it found are two blocks there, and one item here.
TEST(Searches, OfOthersAreToldOnceWithTheirWords) {
    const char* const kEvents[] = {
        R"({"type":"message_start","message":{"id":"msg_1","type":"message","role":"assistant",)"
        R"("model":"c","content":[],"usage":{"input_tokens":1,"output_tokens":1}}})",
        R"({"type":"content_block_start","index":0,"content_block":{"type":"server_tool_use",)"
        R"("id":"srvtoolu_1","name":"web_search","input":{}}})",
        R"({"type":"content_block_delta","index":0,"delta":{"type":"input_json_delta",)"
        R"("partial_json":"{\"query\": \"rain"}})",
        R"({"type":"content_block_delta","index":0,"delta":{"type":"input_json_delta",)"
        R"("partial_json":" in Oslo\"}"}})",
        R"({"type":"content_block_stop","index":0})",
        R"({"type":"content_block_start","index":1,"content_block":{"type":)"
        R"("web_search_tool_result","tool_use_id":"srvtoolu_1","content":[{"type":)"
        R"("web_search_result","title":"A","url":"https://a.example","encrypted_content":"e"}]}})",
        R"({"type":"content_block_stop","index":1})",
        R"({"type":"content_block_start","index":2,"content_block":{"type":"text","text":"It."}})",
        R"({"type":"content_block_stop","index":2})",
        R"({"type":"message_delta","delta":{"stop_reason":"end_turn"},"usage":)"
        R"({"output_tokens":2}})",
        R"({"type":"message_stop"})"};
    std::string stream;
    for (const char* event : kEvents) stream += "data: " + std::string(event) + "\n\n";
    const Decoded ask = asked(kResponses, R"({"model":"m","input":"x"})");
    const Events events = dialect(kMessages.id).decode(*ask.request, stream, true);
    const auto output = output_of(shown(kResponses, ask, events));
    ASSERT_EQ(output.size(), 2u);
    EXPECT_EQ(output[0].at("type"), "web_search_call");
    EXPECT_EQ(output[0].at("action").at("query"), "rain in Oslo");
    EXPECT_EQ(output[1].at("type"), "message");
}

// ---- pictures ----

TEST(Pictures, ThatAModelMadeReachChatAndComeFromIt) {
    Script s;
    s.start().open(PARLEY_PART_TEXT).text("Here:").end();
    Events made = s;
    const auto add = [&](uint32_t type, const std::string& text, uint16_t flags = 0) {
        parley_event e = sdk::make_event(type);
        e.part = 1;
        e.kind = PARLEY_PART_IMAGE;
        const std::string mime = "image/webp";
        e.text = str(text);
        e.name = str(mime);
        e.flags = flags;
        made.emplace_back(e);
    };
    add(PARLEY_EVENT_PART_STARTED, "");
    add(PARLEY_EVENT_MEDIA_DELTA, "UklG");
    add(PARLEY_EVENT_MEDIA_DELTA, "Rg==");
    add(PARLEY_EVENT_PART_ENDED, "", PARLEY_EVENT_COMPLETE);
    Script end;
    end.usage(1, 1).finish(PARLEY_FINISH_STOP);
    for (const Event& e : end.events()) made.push_back(e);

    for (const bool stream : {true, false}) {
        SCOPED_TRACE(stream);
        const std::string wire = dialect(kChat.id).encode(plain_request(), made, stream);
        if (stream) {
            EXPECT_EQ(stream_fault(kChat.id, wire), "");
        }
        EXPECT_NE(wire.find("data:image/webp;base64,UklGRg=="), wire.npos) << wire;
        const Events back = dialect(kChat.id).decode(plain_request(), wire, stream);
        std::string base64;
        for (const Event& e : back) {
            if (e.raw.type == PARLEY_EVENT_MEDIA_DELTA) base64 += e.text;
        }
        EXPECT_EQ(base64, "UklGRg==");
        const std::string gemini = dialect(kGemini.id).encode(plain_request(), back, stream);
        EXPECT_NE(gemini.find(R"("inlineData":{"mimeType":"image/webp","data":"UklGRg=="})"),
                  gemini.npos)
            << gemini;
    }
}

}  // namespace

}  // namespace parley::codec
