// How servers bend the format of Chat, and what is made of it.
#include "decoder_test.hpp"

namespace parley::codec {

namespace {

// A chunk with one choice.
std::string chunk(const std::string& delta, const std::string& reason = "null") {
    return R"({"id":"r1","created":1,"model":"m","choices":[{"index":0,"delta":)" + delta +
           R"(,"finish_reason":)" + reason + "}]}";
}

std::string call(const std::string& members) {
    return chunk("{\"tool_calls\":[{" + members + "}]}");
}

// What is told of a chat stream; each split in the same way.
std::string chat_told(const std::vector<std::string>& datas,
                      const parley_request& request = plain_request()) {
    const Events whole = chat().decode(request, sse(datas), true);
    EXPECT_EQ(lines(chat().decode(request, sse(datas), true, 1)), lines(whole));
    return told(whole, false);
}

const std::string kStop = chunk("{}", "\"stop\"");
const std::string kDone = "[DONE]";

const Case kBentChat[] = {
    {"the first chunk is about the prompt",
     {R"({"id":"","choices":[],"prompt_filter_results":[]})",
      chunk(R"({"role":"assistant","content":"Hi"})"),
      kStop,
      kDone},
     "text Hi\nfinish 1\n"},
    {"the role comes again, content is null",
     {chunk(R"({"role":"assistant","content":null})"),
      chunk(R"({"role":"assistant","content":"Hi"})"),
      kStop,
      kDone},
     "text Hi\nfinish 1\n"},
    {"reasoning under either name, told twice",
     {chunk(R"({"reasoning":"A"})"),
      chunk(R"({"reasoning_content":"B"})"),
      chunk(R"({"reasoning_content":"C","reasoning":"C"})"),
      chunk(R"({"content":"Hi"})"),
      kStop,
      kDone},
     "reasoning ABC\ntext Hi\nfinish 1\n"},
    {"content comes first in the object, reasoning in time",
     {chunk(R"({"content":"Hi","reasoning_content":"A"})"), kStop, kDone},
     "reasoning A\ntext Hi\nfinish 1\n"},
    {"content in parts",
     {chunk(R"({"content":[{"type":"thinking","thinking":[{"type":"text","text":"A"}]}]})"),
      chunk(R"({"content":[{"type":"text","text":"Hi"}]})"),
      kStop,
      kDone},
     "reasoning A\ntext Hi\nfinish 1\n"},
    {"no index",
     {call(R"("id":"a","function":{"name":"f","arguments":"{}"})"),
      call(R"("id":"b","function":{"name":"g","arguments":"{\"x\":"})"),
      call(R"("function":{"arguments":"1}"})"),
      kStop,
      kDone},
     "call f {}\ncall g {\"x\":1}\nfinish 3\n"},
    {"all calls have one index",
     {call(R"("index":0,"id":"a","function":{"name":"f","arguments":"{}"})"),
      call(R"("index":0,"id":"b","function":{"name":"g","arguments":"{}"})"),
      kStop,
      kDone},
     "call f {}\ncall g {}\nfinish 3\n"},
    {"no ids and one index",
     {call(R"("index":0,"function":{"name":"f","arguments":"{}"})"),
      call(R"("index":0,"function":{"name":"f","arguments":"{\"x\":1}"})"),
      kStop,
      kDone},
     "call f {}\ncall f {\"x\":1}\nfinish 3\n"},
    {"index -1",
     {call(R"("index":-1,"id":"a","function":{"name":"f","arguments":"{}"})"), kStop, kDone},
     "call f {}\nfinish 3\n"},
    {"the name comes again and again",
     {call(R"("index":0,"id":"a","function":{"name":"f","arguments":"{"})"),
      call(R"("index":0,"id":"a","function":{"name":"f","arguments":"}"})"),
      kStop,
      kDone},
     "call f {}\nfinish 3\n"},
    {"the name comes in pieces",
     {call(R"("index":0,"id":"a","function":{"name":"get_","arguments":""})"),
      call(R"("index":0,"function":{"name":"weather"})"),
      call(R"("index":0,"function":{"arguments":"{}"})"),
      kStop,
      kDone},
     "call get_weather {}\nfinish 3\n"},
    {"the name comes late",
     {call(R"("index":0,"id":"a","function":{"arguments":"{\"x\""})"),
      call(R"("index":0,"function":{"name":"f","arguments":":1}"})"),
      kStop,
      kDone},
     "call f {\"x\":1}\nfinish 3\n"},
    {"the name never comes",
     {call(R"("index":0,"id":"a","function":{"arguments":"{}"})"), kStop, kDone},
     "finish 1\n"},
    {"no arguments",
     {call(R"("index":0,"id":"a","function":{"name":"f","arguments":""})"), kStop, kDone},
     "call f {}\nfinish 3\n"},
    {"arguments are an object",
     {call(R"("index":0,"id":"a","function":{"name":"f","arguments":{"x":1}})"), kStop, kDone},
     "call f {\"x\":1}\nfinish 3\n"},
    {"calls interleave",
     {call(R"("index":0,"id":"a","function":{"name":"f","arguments":"{\"x\":"})"),
      call(R"("index":1,"id":"b","function":{"name":"g","arguments":"{\"y\":"})"),
      call(R"("index":0,"function":{"arguments":"1}"})"),
      call(R"("index":1,"function":{"arguments":"2}"})"),
      kStop,
      kDone},
     "call f {\"x\":1}\ncall g {\"y\":2}\nfinish 3\n"},
    {"text inside of a call",
     {call(R"("index":0,"id":"a","function":{"name":"f","arguments":"{\"x\":"})"),
      chunk(R"({"content":"one"})"),
      call(R"("index":1,"id":"b","function":{"name":"g","arguments":"{}"})"),
      chunk(R"({"content":"two"})"),
      call(R"("index":0,"function":{"arguments":"1}"})"),
      kStop,
      kDone},
     "call f {\"x\":1}\ntext one\ncall g {}\ntext two\nfinish 3\n"},
    {"a call as it was before tools",
     {chunk(R"({"function_call":{"name":"f","arguments":""}})"),
      chunk(R"({"function_call":{"arguments":"{}"}})"),
      chunk("{}", "\"function_call\""),
      kDone},
     "call f {}\nfinish 3\n"},
    {"a custom call",
     {call(R"("index":0,"id":"a","type":"custom","custom":{"name":"p","input":""})"),
      call(R"("index":0,"custom":{"input":"{not"})"),
      call(R"("index":0,"custom":{"input":" json"})"),
      chunk("{}", "\"tool_calls\""),
      kDone},
     "custom p {not json\nfinish 3\n"},
    {"the whole message in a stream",
     {R"({"id":"r","model":"m","choices":[{"index":0,"message":{"content":"Hi"},)"
      R"("finish_reason":"stop"}]})",
      kDone},
     "text Hi\nfinish 1\n"},
    {"content on the last chunk",
     {chunk(R"({"content":"Hi"})", "\"stop\""), kDone},
     "text Hi\nfinish 1\n"},
    {"two ends", {chunk(R"({"content":"Hi"})"), kStop, kStop, kDone}, "text Hi\nfinish 1\n"},
    {"an end before the last arguments",
     {call(R"("index":0,"id":"a","function":{"name":"f","arguments":"{\"x\":"})"),
      chunk("{}", "\"tool_calls\""),
      call(R"("index":0,"function":{"arguments":"1}"})"),
      kDone},
     "call f {\"x\":1}\nfinish 3\n"},
    {"no reason, but [DONE]", {chunk(R"({"content":"Hi"})"), kDone}, "text Hi\nfinish 1\n"},
    {"no reason, but [DONE], inside of a call",
     {call(R"("index":0,"id":"a","function":{"name":"f","arguments":"{\"x\":"})"), kDone},
     "call f {\"x\":... error 14 upstream: the stream ends inside of a tool call\n"},
    {"a reason, but no [DONE]", {chunk(R"({"content":"Hi"})"), kStop}, "text Hi\nfinish 1\n"},
    {"tool_calls without a call",
     {chunk(R"({"content":"Hi"})"), chunk("{}", "\"tool_calls\""), kDone},
     "text Hi\nfinish 1\n"},
    {"an unknown reason",
     {chunk(R"({"content":"Hi"})"), chunk("{}", "\"eos\""), kDone},
     "text Hi\nfinish 1\n"},
    {"a reason that is an error",
     {chunk(R"({"content":"Hi"})"), chunk("{}", "\"error\""), kDone},
     "text Hi... error 13 upstream: failed and gave no reason\n"},
    {"other choices",
     {R"({"id":"r","choices":[{"index":1,"delta":{"content":"no"}},)"
      R"({"index":0,"delta":{"content":"Hi"}}]})",
      kStop,
      kDone},
     "text Hi\nfinish 1\n"},
    {"a refusal", {chunk(R"({"refusal":"No."})"), kStop, kDone}, "refusal No.\nfinish 7\n"},
    {"a limit cuts a call",
     {call(R"("index":0,"id":"a","function":{"name":"f","arguments":"{\"x\":"})"),
      chunk("{}", "\"length\""),
      kDone},
     "call f {\"x\": (cut)\nfinish 4\n"},
    {"an error with status 200",
     {R"({"error":{"message":"slow down","code":"rate_limit_exceeded"}})"},
     "... error 6 slow down\n"},
    {"an error in the middle",
     {chunk(R"({"content":"Hi"})"), R"({"error":{"message":"overloaded"}})"},
     "text Hi... error 13 overloaded\n"},
    {"what follows the end does not count",
     {chunk(R"({"content":"Hi"})"), kStop, kDone, "garbage"},
     "text Hi\nfinish 1\n"},
};

TEST(OpenaiDecoder, ChatAsServersBendIt) {
    for (const Case& c : kBentChat) EXPECT_EQ(chat_told(c.datas), c.wanted) << c.name;
}

TEST(OpenaiDecoder, AnErrorNeedsNoStartBeforeIt) {
    const Events got = chat().decode(plain_request(), sse({R"({"error":{"message":"no"}})"}), true);
    ASSERT_EQ(got.size(), 1u);
    EXPECT_EQ(got[0].raw.type, PARLEY_EVENT_ERROR);
    const Events named =
        chat().decode(plain_request(), "event: error\ndata: {\"message\":\"no\"}\n\n", true);
    EXPECT_EQ(told(named), "... error 13 no\n");
}

TEST(OpenaiDecoder, BodiesThatAreErrorsWithStatus200) {
    const std::pair<const char*, const char*> cases[] = {
        {R"({"error":{"message":"no credit","code":"insufficient_quota"}})",
         "... error 7 no credit\n"},
        {R"({"detail":"no such thing"})", "... error 13 no such thing\n"},
        {R"({"status":"439","msg":"log in again"})", "... error 13 log in again\n"},
        {R"({"success":false,"message":"no such user"})", "... error 13 no such user\n"},
        {R"({})", "... error 13 upstream: failed and gave no reason\n"},
        {"", "... error 14 upstream: the reply is empty\n"},
        {"<html>busy</html>", "... error 14 upstream: the stream ended inside an event\n"},
    };
    for (const auto& [body, wanted] : cases) {
        EXPECT_EQ(told(chat().decode(plain_request(), body, false)), wanted) << body;
    }
}

TEST(OpenaiDecoder, BodiesAndStreamsMayStandInForEachOther) {
    const std::string body =
        R"({"id":"r","choices":[{"index":0,"message":{"content":"Hi"},"finish_reason":"stop"}]})";
    EXPECT_EQ(told(chat().decode(plain_request(), body, true), false), "text Hi\nfinish 1\n");
    const std::string wrapped = R"({"success":true,"data":)" + body + "}";
    EXPECT_EQ(told(chat().decode(plain_request(), wrapped, false), false), "text Hi\nfinish 1\n");
    const std::string stream = sse({chunk(R"({"content":"Hi"})"), kStop, kDone});
    EXPECT_EQ(told(chat().decode(plain_request(), stream, false), false), "text Hi\nfinish 1\n");
}

TEST(OpenaiDecoder, CallsWithoutIdsGetTheSameOneEveryTime) {
    const std::string stream =
        sse({call(R"("index":0,"function":{"name":"f","arguments":"{}"})"), kStop, kDone});
    const Events one = chat().decode(plain_request(), stream, true);
    const Events two = chat().decode(plain_request(), stream, true, 3);
    EXPECT_TRUE(one[1].text.starts_with("call_"));
    EXPECT_EQ(one[1].text, two[1].text);
    // An id that comes twice in a reply would be one call to the client.
    const Events same =
        chat().decode(plain_request(),
                      sse({call(R"("index":0,"id":"a","function":{"name":"f","arguments":"{}"})"),
                           call(R"("index":1,"id":"a","function":{"name":"g","arguments":"{}"})"),
                           kStop,
                           kDone}),
                      true);
    EXPECT_EQ(same[1].text, "a");
    EXPECT_NE(same[4].text, "a");
}

TEST(OpenaiDecoder, UsageOfTheLastChunkCounts) {
    const std::string stream =
        sse({R"({"id":"r","choices":[{"index":0,"delta":{"content":"H"}}],)"
             R"("usage":{"prompt_tokens":5,"completion_tokens":1}})",
             R"({"id":"r","choices":[{"index":0,"delta":{"content":"i"},"finish_reason":"stop"}],)"
             R"("usage":{"prompt_tokens":5,"completion_tokens":2,"prompt_tokens_details":null}})",
             kDone});
    EXPECT_EQ(told(chat().decode(plain_request(), stream, true)),
              "text Hi\nusage 5 0 2 0\nfinish 1\n");
    // What came from the cache is part of the input, wherever a server counts it.
    const std::string apart =
        sse({chunk(R"({"content":"Hi"})", "\"stop\""),
             R"({"id":"r","choices":[],"usage":{"prompt_tokens":5,"completion_tokens":2,)"
             R"("prompt_tokens_details":{"cached_tokens":20}}})"});
    EXPECT_EQ(told(chat().decode(plain_request(), apart, true)),
              "text Hi\nusage 25 20 2 0\nfinish 1\n");
}

TEST(OpenaiDecoder, ASignatureBesideACallIsItsSeal) {
    const std::string stream =
        sse({call(R"("index":0,"id":"a","function":{"name":"f","arguments":"{}"},)"
                  R"("extra_content":{"google":{"thought_signature":"c2ln"}})"),
             kStop,
             kDone});
    const Events got = chat().decode(plain_request(), stream, true);
    ASSERT_EQ(got[2].raw.type, PARLEY_EVENT_SEAL);
    EXPECT_EQ(got[2].name, "gemini");
    EXPECT_EQ(got[2].text, "c2ln");
}

// What a place wants back with its reasoning: the seals of a reply, one under the other.
std::string seals_in(const Events& events) {
    std::string all;
    for (const Event& e : events) {
        if (e.raw.type != PARLEY_EVENT_SEAL) continue;
        EXPECT_EQ(e.name, "reasoning-details");
        EXPECT_EQ(e.extra, R"({"place":true})");
        all += e.text + '\n';
    }
    return all;
}

std::string details(const std::string& pieces, const std::string& more = {}) {
    return chunk("{\"reasoning_details\":[" + pieces + "]" + more + "}");
}

TEST(OpenaiDecoder, DetailsOfReasoningAreToldOnceAndSealWholeBlocks) {
    const std::string signed_block = sse(
        {details(
             R"({"type":"reasoning.text","text":"Let","index":0,"format":"anthropic-claude-v1"})",
             R"(,"reasoning":"Let")"),
         details(R"({"type":"reasoning.text","text":" \"me\"","index":0,"signature":null})",
                 R"(,"reasoning":" \"me\"")"),
         details(R"({"type":"reasoning.text","signature":"c2ln","index":0})"),
         details(R"({"type":"reasoning.text","text":"Then","index":0})"),
         details(R"({"type":"reasoning.encrypted","data":"ZW5j","id":"rs_1","index":1})"),
         details(R"({"type":"reasoning.encrypted","data":"bW9y","id":"rs_1","index":1})"),
         call(R"("index":0,"id":"a","function":{"name":"f","arguments":"{}"})"),
         kStop,
         kDone});
    const Events got = chat().decode(plain_request(), signed_block, true);
    EXPECT_EQ(lines(chat().decode(plain_request(), signed_block, true, 1)), lines(got));
    EXPECT_EQ(told(got, false), "reasoning Let \"me\"\n\nThen\ncall f {}\nfinish 3\n");
    EXPECT_EQ(seals_in(got),
              R"([{"type":"reasoning.text","text":"Let \"me\"","index":0,)"
              R"("format":"anthropic-claude-v1","signature":"c2ln"},)"
              R"({"type":"reasoning.text","text":"Then","index":0},)"
              R"({"type":"reasoning.encrypted","data":"ZW5j","id":"rs_1","index":1},)"
              R"({"type":"reasoning.encrypted","data":"bW9y","id":"rs_1","index":1}])"
              "\n");
}

TEST(OpenaiDecoder, DetailsOfAWholeReplyGoBackAsTheyStand) {
    const std::string blocks =
        R"([{"type":"reasoning.summary","summary":"A","index":0,"x":{"y":[1]}},)"
        R"({"type":"reasoning.summary","summary":"B","index":0},)"
        R"({"type":"reasoning.encrypted","data":"ZW5j","id":null}])";
    const std::string body = R"({"id":"r","choices":[{"index":0,"message":{"content":"Hi",)"
                             R"("reasoning":"A\nB","reasoning_details":)" +
                             blocks + R"(},"finish_reason":"stop"}]})";
    const Events got = chat().decode(plain_request(), body, false);
    EXPECT_EQ(told(got, false), "reasoning A\n\nB\ntext Hi\nfinish 1\n");
    EXPECT_EQ(seals_in(got), blocks + '\n');
}

TEST(OpenaiDecoder, DetailsMayComeLateAloneOrWithoutWords) {
    // Words first in one member, then all of them again in the other.
    const Events twice = chat().decode(plain_request(),
                                       sse({chunk(R"({"reasoning":"A"})"),
                                            details(R"({"type":"reasoning.text","text":"A"})"),
                                            chunk(R"({"content":"Hi"})"),
                                            kStop,
                                            kDone}),
                                       true);
    EXPECT_EQ(told(twice, false), "reasoning A\ntext Hi\nfinish 1\n");
    EXPECT_EQ(seals_in(twice), "[{\"type\":\"reasoning.text\",\"text\":\"A\"}]\n");
    // Around the text, and nothing to read.
    const std::string encrypted = R"({"type":"reasoning.encrypted","data":"ZW5j"})";
    const Events late = chat().decode(
        plain_request(),
        sse({details(encrypted), chunk(R"({"content":"Hi"})"), details(encrypted), kStop, kDone}),
        true);
    EXPECT_EQ(told(late, false), "reasoning \ntext Hi\nreasoning \nfinish 1\n");
    EXPECT_EQ(seals_in(late), '[' + encrypted + "]\n[" + encrypted + "]\n");
    for (const char* odd : {"null", "[]", "\"x\"", "[1,null]", "{}", "[{}]"}) {
        const std::string stream = sse({chunk("{\"reasoning_details\":" + std::string(odd) + "}"),
                                        chunk(R"({"content":"Hi"})"),
                                        kStop,
                                        kDone});
        const std::string said = told(chat().decode(plain_request(), stream, true), false);
        EXPECT_NE(said.find("text Hi\nfinish 1\n"), said.npos) << odd << said;
    }
}

TEST(OpenaiDecoder, ProbabilitiesOfALegacyCompletionAreToldInTheWordsOfAChat) {
    const std::string body =
        R"({"id":"r","choices":[{"index":0,"text":"Hi\"!","logprobs":{"tokens":["Hi\"","!"],)"
        R"("token_logprobs":[null,-0.5],"top_logprobs":[null,{"!":-0.5,"\u00e9":-1}],)"
        R"("text_offset":[0,3]},"finish_reason":"stop"}]})";
    for (const bool stream : {false, true}) {
        const Events got =
            chat().decode(plain_request(), stream ? sse({body, kDone}) : body, stream);
        ASSERT_EQ(got[2].raw.type, PARLEY_EVENT_TEXT_DELTA);
        EXPECT_EQ(got[2].extra,
                  R"({"logprobs":{"content":[)"
                  R"({"token":"Hi\"","logprob":null,"bytes":null,"top_logprobs":[]},)"
                  R"({"token":"!","logprob":-0.5,"bytes":null,"top_logprobs":[)"
                  R"({"token":"!","logprob":-0.5,"bytes":null},)"
                  R"({"token":"\u00e9","logprob":-1,"bytes":null}]}]}})");
    }
}

TEST(OpenaiDecoder, FunctionsThatStandInForCustomToolsAreUnwrapped) {
    Request wire;
    wire.path = "/v1/responses";
    wire.body = R"({"model":"m","input":"hi","tools":[{"type":"custom","name":"apply_patch"}]})";
    const Decoded asked = responses().decode_request(wire);
    const std::string stream =
        sse({call(R"("index":0,"id":"a","function":{"name":"apply_patch","arguments":""})"),
             call(R"("index":0,"function":{"arguments":"{\"input\":\"a\\"})"),
             call(R"("index":0,"function":{"arguments":"nb\"}"})"),
             kStop,
             kDone});
    EXPECT_EQ(told(chat().decode(*asked.request, stream, true), false),
              "custom apply_patch a\nb\nfinish 3\n");
    // A shape of its own is the input as it stands.
    const std::string other = sse(
        {call(R"("index":0,"id":"a","function":{"name":"apply_patch","arguments":"{\"x\":1}"})"),
         kStop,
         kDone});
    EXPECT_EQ(told(chat().decode(*asked.request, other, true), false),
              "custom apply_patch {\"x\":1}\nfinish 3\n");
}

TEST(OpenaiDecoder, CountsAndVectors) {
    parley_request count = plain_request();
    count.operation = PARLEY_OPERATION_COUNT_TOKENS;
    const std::string counted = R"({"object":"response.input_tokens","input_tokens":123})";
    EXPECT_EQ(told(responses().decode(count, counted, false)), "usage 123 0 0 0\nfinish 1\n");
    EXPECT_EQ(told(responses().decode(count, R"({"error":{"message":"no"}})", false)),
              "... error 13 no\n");

    Request wire;
    wire.path = "/v1/embeddings";
    wire.body = R"({"model":"e","input":["a","b"],"encoding_format":"float","dimensions":2})";
    const Decoded asked = chat().decode_request(wire);
    ASSERT_EQ(asked.request->embed->input_count, 2u);
    EXPECT_EQ(chat().encode_request(*asked.request, "up").body,
              R"({"model":"up","input":["a","b"],"dimensions":2,"encoding_format":"float"})");
    const std::string vectors =
        R"({"object":"list","data":[{"index":1,"embedding":[0.25,-1e-05]},)"
        R"({"index":0,"embedding":"AACAPwAAAEA="}],"model":"up","usage":{"prompt_tokens":4}})";
    const Events got = chat().decode(*asked.request, vectors, false);
    EXPECT_EQ(chat().encode(*asked.request, got, false),
              R"({"object":"list","data":[{"object":"embedding","index":0,"embedding":[1,2]},)"
              R"({"object":"embedding","index":1,"embedding":[0.25,-1e-05]}],"model":"m-x",)"
              R"("usage":{"prompt_tokens":4,"total_tokens":4}})");
    wire.body = R"({"model":"e","input":"a","encoding_format":"base64"})";
    const Decoded base64 = chat().decode_request(wire);
    EXPECT_NE(chat().encode(*base64.request, got, false).find("\"AACAPwAAAEA=\""),
              std::string::npos);
    wire.body = R"({"model":"e","input":[1,2]})";
    EXPECT_THROW(chat().decode_request(wire), Refused);
}

}  // namespace

}  // namespace parley::codec
