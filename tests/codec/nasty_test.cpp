// nasty_test.cpp: what is legal and still breaks readers: each case through
// every other dialect.
#include <boost/json.hpp>
#include <gtest/gtest.h>

#include "events.hpp"
#include "fields.hpp"
#include "wire.hpp"

namespace parley::codec {

namespace {

namespace json = boost::json;

std::string nested(int depth, const char* open, const char* inner, const char* close) {
    std::string out;
    for (int i = 0; i < depth; ++i) out += open;
    out += inner;
    for (int i = 0; i < depth; ++i) out += close;
    return out;
}

// Arguments that a model may write.
const std::vector<std::string>& nasty_arguments() {
    static const std::vector<std::string> kAll{
        R"({"n":9007199254740993,"m":-123456789012345678901234567890})",
        R"({"a":0.1000000000000000055511151231257827,"b":1e-300,"c":-0})",
        R"({"k":1,"k":2})",
        R"({"":"","a":{"":[""]}})",
        R"({"s":"\ud83d","t":"\udc00\ud83d x","ok":"\ud83e\udd9c"})",
        R"({"s":"\u0000\u001f\u2028\u2029\/\b\f"})",
        R"({"deep":)" + nested(20, "[", "{\"x\":null}", "]") + "}",
        R"({"deep":)" + nested(20, "{\"a\":", "\"]}{[\"", "}") + "}",
        R"({"big":")" + std::string(20'000, 'x') + R"("})",
        " \n{ \"spaced\" :\t[ 1 , 2 ]\r\n} ",
        R"({"html":"</script>\n\ndata: [DONE]\n\n"})",
    };
    return kAll;
}

// As a value; of two members with one key the later counts, halves of code
// points are mended.
json::value value_of(const std::string& text) {
    json::parse_options options;
    options.max_depth = 128;
    return json::parse(sdk::json_without_lone_surrogates(text), {}, options);
}

std::vector<std::string> arguments_of(const Events& events) {
    std::vector<std::string> all;
    for (const Event& e : events) {
        const bool call = e.raw.kind == PARLEY_PART_TOOL_CALL;
        if (e.raw.type == PARLEY_EVENT_PART_STARTED && call) all.emplace_back();
        if (e.raw.type == PARLEY_EVENT_TOOL_ARGS_DELTA) all.back() += e.text;
    }
    return all;
}

// A chat stream with two calls whose arguments come byte by byte, by turns.
std::string interleaved(const std::string& one, const std::string& other) {
    std::string out;
    const auto chunk = [&](const std::string& delta) {
        out += R"(data: {"id":"r","object":"chat.completion.chunk","created":1,"model":"m",)"
               R"("choices":[{"index":0,"delta":)" +
               delta + R"(,"finish_reason":null}]})" + "\n\n";
    };
    const auto call = [&](int index, const std::string& more) {
        chunk(R"({"tool_calls":[{"index":)" + std::to_string(index) + more + "}]}");
    };
    chunk(R"({"role":"assistant","content":""})");
    call(0, R"(,"id":"c0","type":"function","function":{"name":"f","arguments":""})");
    call(1, R"(,"id":"c1","type":"function","function":{"name":"g","arguments":""})");
    for (std::size_t i = 0; i < std::max(one.size(), other.size()); ++i) {
        for (const int index : {0, 1}) {
            const std::string& all = index == 0 ? one : other;
            if (i >= all.size()) continue;
            std::string piece;
            sdk::json_quote(all.substr(i, 1), piece);
            call(index, R"(,"function":{"arguments":)" + piece + "}");
        }
    }
    out += R"(data: {"id":"r","object":"chat.completion.chunk","created":1,"model":"m","choices":)"
           R"([{"index":0,"delta":{},"finish_reason":"tool_calls"}]})"
           "\n\ndata: [DONE]\n\n";
    return out;
}

TEST(Nasty, ArgumentsComeThroughWhole) {
    for (const std::string& arguments : nasty_arguments()) {
        Script s;
        s.start().call("c1", "f");
        s.args(arguments).end().usage(1, 1).finish(PARLEY_FINISH_TOOL_CALLS);
        for (const std::string& id : kDialects) {
            for (const bool stream : {true, false}) {
                SCOPED_TRACE(id + ' ' + arguments.substr(0, 60));
                const std::string wire = dialect(id).encode(plain_request(), s, stream);
                if (stream) {
                    EXPECT_EQ(stream_fault(id, wire), "");
                }
                const auto got = arguments_of(dialect(id).decode(plain_request(), wire, stream));
                ASSERT_EQ(got.size(), 1u);
                EXPECT_EQ(value_of(got[0]), value_of(arguments)) << got[0].substr(0, 300);
            }
        }
    }
}

TEST(Nasty, CallsThatInterleaveByteByByteComeThroughWhole) {
    const auto& all = nasty_arguments();
    for (std::size_t i = 0; i < all.size(); ++i) {
        // Bytes above ASCII cannot be told one by one.
        const std::string& one = all[i];
        const std::string& other = all[(i + 1) % all.size()];
        if (one.size() + other.size() > 5000) continue;
        const std::string wire = interleaved(one, other);
        for (const std::size_t piece : {std::size_t{0}, std::size_t{1}}) {
            const Events told = dialect("openai-chat").decode(plain_request(), wire, true, piece);
            EXPECT_EQ(arguments_of(told), (std::vector<std::string>{one, other}));
            for (const std::string& client : kDialects) {
                SCOPED_TRACE(client);
                const std::string shown = dialect(client).encode(plain_request(), told, true);
                EXPECT_EQ(stream_fault(client, shown), "");
                const auto got = arguments_of(dialect(client).decode(plain_request(), shown, true));
                ASSERT_EQ(got.size(), 2u);
                EXPECT_EQ(value_of(got[0]), value_of(one));
                EXPECT_EQ(value_of(got[1]), value_of(other));
            }
        }
    }
}

// ---- requests ----

struct Asked {
    const char* words;
    const char* dialect;
    const char* path;
    std::string body;
};

constexpr const char* kChat = "/v1/chat/completions";
constexpr const char* kResponses = "/v1/responses";
constexpr const char* kMessages = "/v1/messages";
constexpr const char* kGemini = "/v1beta/models/m:generateContent";

const Asked kRequests[] = {
    {"a result without content",
     "openai-chat",
     kChat,
     R"({"model":"m","messages":[{"role":"user","content":"go"},{"role":"assistant",)"
     R"("content":null,"tool_calls":[{"id":"c","type":"function","function":{"name":"f",)"
     R"("arguments":""}}]},{"role":"tool","tool_call_id":"c"}]})"},
    {"a result without content",
     "anthropic-messages",
     kMessages,
     R"({"model":"m","max_tokens":9,"messages":[{"role":"user","content":"go"},{"role":)"
     R"("assistant","content":[{"type":"tool_use","id":"c","name":"f","input":{}}]},)"
     R"({"role":"user","content":[{"type":"tool_result","tool_use_id":"c"}]}]})"},
    {"empty texts everywhere",
     "openai-chat",
     kChat,
     R"({"model":"m","messages":[{"role":"system","content":""},{"role":"user","content":)"
     R"([{"type":"text","text":""}]},{"role":"assistant","content":""},{"role":"user",)"
     R"("content":"x"},{"role":"assistant","content":"","refusal":""}],"stop":"","user":"",)"
     R"("tools":[],"prompt_cache_key":""})"},
    {"empty texts everywhere",
     "openai-responses",
     kResponses,
     R"({"model":"m","instructions":"","input":[{"role":"user","content":""},{"role":"user",)"
     R"("content":[{"type":"input_text","text":""},{"type":"input_text","text":"x"}]}],)"
     R"("tools":[],"include":[]})"},
    {"empty texts everywhere",
     "gemini-generate",
     kGemini,
     R"({"systemInstruction":{"parts":[{"text":""}]},"contents":[{"role":"user","parts":)"
     R"([{"text":""},{"text":"x"}]},{"role":"model","parts":[]}],"tools":[{}],)"
     R"("generationConfig":{"stopSequences":[""]}})"},
    {"keys twice, escaped keys, odd layout",
     "openai-chat",
     kChat,
     " \n{ \"model\" :\"m\" ,\"messages\":[ { "
     "\"content\":\"a\",\"r\\u006fle\":\"user\",\"role\""
     ":\"user\",\"content\":\"b\" } ] , \"temperature\" : 1.0 "
     ",\"temperature\":5e-1}\n"},
    {"numbers of every kind",
     "openai-chat",
     kChat,
     R"({"model":"m","messages":[{"role":"user","content":"x"}],"seed":9007199254740993,)"
     R"("temperature":0.10000000000000001,"top_p":1e-1,"max_tokens":9007199254740993})"},
    {"a schema that holds itself",
     "openai-chat",
     kChat,
     R"({"model":"m","messages":[{"role":"user","content":"x"}],"tools":[{"type":"function",)"
     R"("function":{"name":"f","parameters":{"type":"object","properties":{"me":{"$ref":)"
     R"("#"},"x":{"$ref":"#/$defs/A"}},"$defs":{"A":{"anyOf":[{"$ref":"#/$defs/A"},)"
     R"({"type":"null"}]}}}}}]})"},
    {"a schema that is not told",
     "openai-chat",
     kChat,
     R"({"model":"m","messages":[{"role":"user","content":"x"}],"response_format":{"type":)"
     R"("json_schema","json_schema":{"name":"n","strict":true}}})"},
    {"a schema that is not told",
     "openai-responses",
     kResponses,
     R"({"model":"m","input":"x","text":{"format":{"type":"json_schema","name":"n",)"
     R"("schema":null}}})"},
    {"halves of code points",
     "openai-responses",
     kResponses,
     R"({"model":"m","input":"a \ud83d b \udc00 c \ud83e\udd9c","instructions":"\ud800"})"},
    {"items that nobody knows",
     "openai-responses",
     kResponses,
     R"({"model":"m","input":[{"role":"user","content":"x"},{"type":"new_call","id":"n",)"
     R"("action":{"query":"q"}},{"role":"user","content":"y"}]})"},
    {"a turn of which nobody knows a part",
     "anthropic-messages",
     kMessages,
     R"({"model":"m","max_tokens":9,"messages":[{"role":"user","content":[{"type":"smell",)"
     R"("smell":"hay"}]},{"role":"user","content":"x"}]})"},
    {"a turn of which nobody knows a part",
     "gemini-generate",
     kGemini,
     R"({"contents":[{"role":"user","parts":[{"smell":"hay"}]},{"role":"user","parts":)"
     R"([{"text":"x"}]}]})"},
    {"a result of which nobody knows a part",
     "anthropic-messages",
     kMessages,
     R"({"model":"m","max_tokens":9,"messages":[{"role":"user","content":"go"},{"role":)"
     R"("assistant","content":[{"type":"tool_use","id":"c","name":"f","input":{}}]},{"role":)"
     R"("user","content":[{"type":"tool_result","tool_use_id":"c","content":[{"type":"smell",)"
     R"("smell":"hay"}]}]}]})"},
};

std::vector<Asked> nasty_requests() {
    std::vector<Asked> all(std::begin(kRequests), std::end(kRequests));
    const std::string deep = nested(60, "{\"a\":[", "1", "]}");
    all.push_back({"depth in what nobody knows",
                   "openai-chat",
                   kChat,
                   R"({"model":"m","messages":[{"role":"user","content":"x","new":)" + deep +
                       R"(}],"newer":)" + deep + "}"});
    for (const std::string& arguments : nasty_arguments()) {
        std::string quoted;
        sdk::json_quote(sdk::json_without_lone_surrogates(arguments), quoted);
        all.push_back({"arguments",
                       "openai-chat",
                       kChat,
                       R"({"model":"m","messages":[{"role":"user","content":"go"},{"role":)"
                       R"("assistant","tool_calls":[{"id":"c","type":"function","function":)"
                       R"({"name":"f","arguments":)" +
                           quoted + R"(}}]},{"role":"tool","tool_call_id":"c","content":""}]})"});
    }
    return all;
}

TEST(Nasty, RequestsCrossOrAreRefusedInWords) {
    for (const Asked& asked : nasty_requests()) {
        for (const std::string& target : kDialects) {
            if (target == asked.dialect) continue;
            SCOPED_TRACE(std::string(asked.words) + ": " + asked.dialect + " -> " + target);
            Request request;
            request.path = asked.path;
            request.body = asked.body;
            const Decoded decoded = dialect(asked.dialect).decode_request(request);
            const Encoded encoded = dialect(target).encode_request(*decoded.request, "m-x");
            EXPECT_EQ(request_fault(target, encoded.body), "") << encoded.body;
            // What was written is read again.
            const Decoded again = dialect(target).decode_request(sent(target, encoded));
            EXPECT_GE(again.request->message_count, 1u);
        }
    }
}

TEST(Nasty, ATurnOfWhichNobodyKnowsAPartIsRefusedByItsPlace) {
    Request request;
    request.path = kMessages;
    request.body =
        R"({"model":"m","max_tokens":9,"system":"s","messages":[{"role":"user","content":)"
        R"([{"type":"smell","smell":"hay"}]}]})";
    try {
        dialect("anthropic-messages").decode_request(request);
        ADD_FAILURE() << "was taken";
    } catch (const Refused& refused) {
        EXPECT_STREQ(refused.what(), "no message to answer that other dialects know");
        EXPECT_EQ(refused.param, "messages[0].content[0]");
    }
}

TEST(Nasty, RolesThatNobodyKnowsAreRefusedByName) {
    const Asked all[] = {
        {"",
         "openai-chat",
         "/v1/chat/completions",
         R"({"model":"m","messages":[{"role":"wizard","content":"x"}]})"},
        {"",
         "openai-responses",
         "/v1/responses",
         R"({"model":"m","input":[{"role":"wizard","content":"x"}]})"},
        {"",
         "anthropic-messages",
         "/v1/messages",
         R"({"model":"m","max_tokens":9,"messages":[{"role":"wizard","content":"x"}]})"},
        {"",
         "gemini-generate",
         "/v1beta/models/m:generateContent",
         R"({"contents":[{"role":"wizard","parts":[{"text":"x"}]}]})"}};
    for (const Asked& asked : all) {
        SCOPED_TRACE(asked.dialect);
        Request request;
        request.path = asked.path;
        request.body = asked.body;
        try {
            dialect(asked.dialect).decode_request(request);
            ADD_FAILURE() << "taken";
        } catch (const Refused& refused) {
            EXPECT_EQ(refused.error_class, PARLEY_E_INVALID_ARGUMENT);
            EXPECT_NE(refused.param.find("[0].role"), std::string::npos) << refused.param;
        }
    }
}

}  // namespace

}  // namespace parley::codec
