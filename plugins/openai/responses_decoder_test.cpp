// How servers bend the format of Responses, and what is made of it.
#include "decoder_test.hpp"

namespace parley::codec {

namespace {

std::string event(const std::string& type, const std::string& members) {
    return "{\"type\":\"response." + type + "\"" + (members.empty() ? "" : ",") + members + "}";
}

std::string response(const std::string& type, const std::string& members) {
    return event(type, "\"response\":{\"id\":\"resp_1\"" + members + "}");
}

const std::string kCreated = response("created", "");

std::string completed(const std::string& output = "") {
    return response("completed", ",\"status\":\"completed\",\"output\":[" + output + "]");
}

std::string responses_told(const std::vector<std::string>& datas) {
    const Events whole = responses().decode(plain_request(), sse(datas), true);
    EXPECT_EQ(lines(responses().decode(plain_request(), sse(datas), true, 1)), lines(whole));
    return told(whole, false);
}

const std::string kMessage =
    R"({"id":"m","type":"message","content":[{"type":"output_text","text":"Hello"}]})";
const std::string kFunction =
    R"({"id":"f","type":"function_call","call_id":"c","name":"f","arguments":"{\"x\":1}"})";

const Case kBentResponses[] = {
    {"no deltas at all",
     {kCreated,
      event("output_item.done", "\"output_index\":0,\"item\":" + kMessage),
      event("output_item.done", "\"output_index\":1,\"item\":" + kFunction),
      completed()},
     "text Hello\ncall f {\"x\":1}\nfinish 3\n"},
    {"items in the last event alone",
     {kCreated, completed(kMessage + "," + kFunction)},
     "text Hello\ncall f {\"x\":1}\nfinish 3\n"},
    {"items told again in the last event",
     {kCreated,
      event("output_item.done", "\"output_index\":0,\"item\":" + kMessage),
      completed(kMessage)},
     "text Hello\nfinish 1\n"},
    {"the deltas leave the end out",
     {kCreated,
      event("output_text.delta", R"("output_index":0,"content_index":0,"delta":"Hel")"),
      event("output_text.done", R"("output_index":0,"content_index":0,"text":"Hello")"),
      event("output_item.done", "\"output_index\":0,\"item\":" + kMessage),
      completed()},
     "text Hello\nfinish 1\n"},
    {"other ids from event to event",
     {kCreated,
      event("output_item.added",
            R"("output_index":0,"item":{"id":"1","type":"function_call","call_id":"c",)"
            R"("name":"f","arguments":""})"),
      event("function_call_arguments.delta", R"("item_id":"2","output_index":0,"delta":"{\"x\":")"),
      event("function_call_arguments.delta", R"("item_id":"3","output_index":0,"delta":"1}")"),
      event("output_item.done", "\"output_index\":0,\"item\":" + kFunction),
      completed()},
     "call f {\"x\":1}\nfinish 3\n"},
    {"items interleave",
     {kCreated,
      event("output_item.added",
            R"("output_index":0,"item":{"type":"function_call","call_id":"c","name":"f"})"),
      event("output_text.delta", R"("output_index":1,"content_index":0,"delta":"Hello")"),
      event("function_call_arguments.delta", R"("output_index":0,"delta":"{\"x\":1}")"),
      event("output_item.done", "\"output_index\":0,\"item\":" + kFunction),
      completed(kFunction + "," + kMessage)},
     "call f {\"x\":1}\ntext Hello\nfinish 3\n"},
    {"events that keep the connection",
     {response("queued", ""),
      kCreated,
      R"({"type":"keepalive"})",
      R"({"type":"codex.rate_limits","x":1})",
      event("metadata", ""),
      completed(kMessage),
      "[DONE]"},
     "text Hello\nfinish 1\n"},
    {"summaries in two sections",
     {kCreated,
      event("reasoning_summary_text.delta", R"("output_index":0,"summary_index":0,"delta":"A")"),
      event("reasoning_summary_text.delta", R"("output_index":0,"summary_index":1,"delta":"B")"),
      event("output_item.done",
            R"("output_index":0,"item":{"type":"reasoning","summary":[{"text":"A"},)"
            R"({"text":"BC"}]})"),
      completed()},
     "reasoning A\n\nBC\nfinish 1\n"},
    {"an error, then response.failed",
     {kCreated,
      R"({"type":"error","code":"server_is_overloaded","message":"busy"})",
      response("failed", R"(,"error":{"code":"server_is_overloaded","message":"busy"})")},
     "... error 12 busy\n"},
    {"response.failed alone",
     {kCreated, response("failed", R"(,"error":{"code":"x","message":"broke"})")},
     "... error 13 broke\n"},
    {"a filter",
     {kCreated,
      event("output_text.delta", R"("output_index":0,"content_index":0,"delta":"Hel")"),
      response("incomplete",
               R"(,"status":"incomplete","incomplete_details":{"reason":"content_filter"})")},
     "text Hel (cut)\nfinish 8\n"},
    {"a limit",
     {kCreated,
      response("incomplete",
               R"(,"status":"incomplete","incomplete_details":{"reason":"max_output_tokens"})")},
     "finish 4\n"},
};

TEST(OpenaiDecoder, ResponsesAsServersBendIt) {
    for (const Case& c : kBentResponses) EXPECT_EQ(responses_told(c.datas), c.wanted) << c.name;
}

TEST(OpenaiDecoder, WhatIsEncryptedIsASeal) {
    const Events got =
        responses().decode(plain_request(),
                           sse({kCreated,
                                event("output_item.done",
                                      R"("output_index":0,"item":{"type":"reasoning","summary":[],)"
                                      R"("encrypted_content":"gAAA"})"),
                                completed()}),
                           true);
    ASSERT_EQ(got[1].raw.kind, uint32_t{PARLEY_PART_REASONING});
    ASSERT_EQ(got[2].raw.type, PARLEY_EVENT_SEAL);
    EXPECT_EQ(got[2].name, "openai");
    EXPECT_EQ(got[2].text, "gAAA");
}

TEST(OpenaiDecoder, WhatServersDidIsKeptInTheirWords) {
    const std::string item =
        R"({"id":"ws_1","type":"web_search_call","status":"completed","action":{"query":"x"}})";
    const std::string stream =
        sse({kCreated,
             event("output_item.added",
                   R"("output_index":0,"item":{"id":"ws_1","type":"web_search_call"})"),
             event("web_search_call.searching", R"("output_index":0)"),
             event("output_item.done", "\"output_index\":0,\"item\":" + item),
             completed()});
    const Events got = responses().decode(plain_request(), stream, true);
    const std::string again = responses().encode(plain_request(), got, true);
    EXPECT_NE(again.find(item), again.npos) << again;
    EXPECT_EQ(told(got, false), "part web_search \nfinish 1\n");
    // A client of the other dialect does not hear of it.
    EXPECT_EQ(told(chat().decode(plain_request(), chat().encode(plain_request(), got, true), true),
                   false),
              "finish 1\n");
}

}  // namespace

}  // namespace parley::codec
