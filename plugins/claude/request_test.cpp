// Requests: what a client's body means, and what is made of other dialects' requests.
#include <boost/json.hpp>

#include "claude_test.hpp"

namespace parley::claude {

namespace {

namespace json = boost::json;

// A body with these members beside a model, a limit and one question.
std::string asking(const std::string& members = {}) {
    return R"({"model":"claude-x","max_tokens":100,"messages":[{"role":"user","content":"hi"}])" +
           (members.empty() ? "" : "," + members) + "}";
}

std::string talk(const std::string& turns, const std::string& members = {}) {
    return R"({"model":"claude-x","max_tokens":100,"messages":[)" + turns + "]" +
           (members.empty() ? "" : "," + members) + "}";
}

json::object body_of(const Encoded& encoded) {
    return json::parse(encoded.body).as_object();
}

std::string member(const Encoded& encoded, std::string_view key) {
    const json::object body = body_of(encoded);
    const auto* value = body.if_contains(key);
    return value == nullptr ? "" : json::serialize(*value);
}

std::string header(const Encoded& encoded, std::string_view name) {
    for (const auto& [key, value] : encoded.headers) {
        if (key == name) return value;
    }
    return {};
}

Refused refusal(const Decoded& asked, const std::string& traits = {}) {
    try {
        crossed(asked, traits);
    } catch (const Refused& refused) {
        return refused;
    }
    return {0, "not refused", "", ""};
}

// ---- as decoded ----

struct ReadCase : Case {
    ReadCase() : Case("read") {}
};

INSTANTIATE_TEST_SUITE_P(cases, ReadCase, testing::ValuesIn(cases_of("read")), test_name);

// request.json in; meaning.json is what the body means, own.json what is made of it for an
// upstream of this dialect, crossed.json as if a client of another dialect had asked.
TEST_P(ReadCase, MeansAndIsWrittenAsItShould) {
    const Decoded asked = decoded(input("request.json"));
    expect("meaning.json", codec::dump(*asked.request) + "\n");
    const Encoded own = dialect().encode_request(*asked.request, "claude-x");
    expect("own.json", own.body + "\n");
    const Decoded again = decoded(own.body);
    EXPECT_EQ(dialect().encode_request(*again.request, "claude-x").body, own.body);
    const Encoded other = crossed(asked);
    std::string warnings;
    for (const std::string& warning : other.warnings) warnings += warning + "\n";
    expect("crossed.json", other.body + "\n" + warnings);
}

TEST(Request, ThatGoesOnWithAThreadIsRefusedWithAWordThatClientsKnow) {
    try {
        decoded(asking(R"("thread":{"type":"continue","previous_message_id":"msg_1"})"));
        FAIL() << "it was taken";
    } catch (const Refused& refused) {
        EXPECT_EQ(refused.code, "thread_unsupported_request");
        EXPECT_EQ(refused.param, "thread");
    }
    decoded(asking(R"("thread":null)"));
}

TEST(Request, IsRefusedWhenItIsMalformed) {
    const auto param = [](const std::string& body) {
        try {
            decoded(body);
        } catch (const Refused& refused) {
            EXPECT_EQ(refused.error_class, PARLEY_E_INVALID_ARGUMENT);
            return refused.param;
        }
        return std::string("accepted");
    };
    EXPECT_EQ(param("[]"), "");
    EXPECT_EQ(param("{"), "");
    EXPECT_EQ(param(asking() + "x"), "");
    EXPECT_EQ(param(R"({"messages":{}})"), "messages");
    EXPECT_EQ(param(R"({"messages":[3]})"), "messages[0]");
    EXPECT_EQ(param(talk(R"({"role":"robot","content":"x"})")), "messages[0].role");
    EXPECT_EQ(param(talk(R"({"role":"user","content":7})")), "messages[0].content");
    EXPECT_EQ(param(talk(R"({"role":"user","content":[{"text":"x"}]})")), "messages[0].content[0]");
    EXPECT_EQ(param(talk(R"({"role":"user","content":[{"type":"image","source":{}}]})")),
              "messages[0].content[0].source");
    for (const char* type : {"base64", "url", "file"}) {
        const std::string source = R"({"type":")" + std::string(type) + R"(","media_type":"a/b"})";
        EXPECT_EQ(
            param(talk(R"({"role":"user","content":[{"type":"image","source":)" + source + "}]}")),
            "messages[0].content[0].source");
    }
    EXPECT_EQ(param(talk(R"({"role":"assistant","content":[{"type":"tool_use","id":"x"}]})")),
              "messages[0].content[0].name");
    EXPECT_EQ(param(asking(R"("tool_choice":{"type":"tool"})")), "tool_choice");
    EXPECT_EQ(param(R"({"model":"x","messages":[]})"), "");
}

TEST(Request, MarksEnvelopesAndForeignSeals) {
    const Decoded asked = decoded(
        talk(R"({"role":"user","content":"a"},{"role":"assistant","content":[)"
             R"({"type":"thinking","thinking":"x","signature":"pl1.abc"},)"
             R"({"type":"thinking","thinking":"y","signature":"c2ln"},)"
             R"({"type":"redacted_thinking","data":"pl1.def"},{"type":"text","text":"b"}]},)"
             R"({"role":"user","content":"c"})"));
    const parley_message& turn = *asked.request->messages[1];
    ASSERT_EQ(turn.part_count, 4u);
    EXPECT_EQ(codec::view(turn.parts[0]->seal->family), "parley");
    EXPECT_EQ(codec::view(turn.parts[0]->seal->data), "pl1.abc");
    EXPECT_EQ(codec::view(turn.parts[1]->seal->family), "anthropic");
    EXPECT_EQ(codec::view(turn.parts[2]->seal->family), "parley");
    EXPECT_NE(asked.request->flags & PARLEY_REQUEST_HAS_SEALS, 0u);
    // No envelope ever reaches an upstream, nor what was never sealed.
    const Encoded encoded = crossed(asked);
    EXPECT_EQ(encoded.body.find("pl1."), std::string::npos);
    EXPECT_NE(encoded.body.find("c2ln"), std::string::npos);
}

TEST(Request, TakesTheSessionFromWhereItIsTold) {
    const auto session = [](const std::string& user, const std::string& header) {
        codec::Request request = post(asking(R"("metadata":{"user_id":)" + user + "}"));
        if (!header.empty()) request.headers.emplace_back("X-Claude-Code-Session-Id", header);
        const Decoded asked = dialect().decode_request(request);
        return std::string(codec::view(asked.request->identity->session));
    };
    EXPECT_EQ(session(R"("user_ab_account_cd_session_ef-01")", ""), "ef-01");
    EXPECT_EQ(session(R"("{\"device_id\":\"d\",\"session_id\":\"s-9\"}")", ""), "s-9");
    EXPECT_EQ(session(R"("somebody")", ""), "");
    EXPECT_EQ(session(R"("user_ab_account_cd_session_ef")", "told"), "told");
}

TEST(Request, KeepsTheClientsVersionAndBetas) {
    codec::Request request = post(asking(R"("speed":"fast")"));
    request.headers.emplace_back("anthropic-version", "2026-10-21");
    request.headers.emplace_back("anthropic-beta", "fast-mode-2026-02-01,x");
    const Decoded asked = dialect().decode_request(request);
    const Encoded own = dialect().encode_request(*asked.request, "claude-x");
    EXPECT_EQ(header(own, "anthropic-version"), "2026-10-21");
    EXPECT_EQ(header(own, "anthropic-beta"), "fast-mode-2026-02-01,x");
    EXPECT_EQ(member(own, "speed"), R"("fast")");
    const Encoded other = crossed(asked);
    EXPECT_EQ(header(other, "anthropic-version"), "2023-06-01");
    EXPECT_EQ(header(other, "anthropic-beta"), "");
    EXPECT_EQ(member(other, "speed"), "");
}

TEST(Request, ShowsTheBillingBlockToOwnUpstreamsOnly) {
    const std::string mark = "x-anthropic-billing-header: cc_version=1;";
    const Decoded asked = decoded(asking(R"("system":[{"type":"text","text":")" + mark +
                                         R"("},{"type":"text","text":"Be brief."}])"));
    EXPECT_EQ(codec::dump(*asked.request)
                      .find("\"instructions\":[{\"kind\":1,\"role\":1,\"text\":"
                            "\"Be brief.\"}]") == std::string::npos,
              false);
    const Encoded own = dialect().encode_request(*asked.request, "claude-x");
    EXPECT_EQ(body_of(own)["system"].at(0).at("text").as_string(), mark);
    EXPECT_EQ(crossed(asked).body.find("billing"), std::string::npos);
}

// ---- limits ----

TEST(Limit, IsToldToEveryModel) {
    const Decoded open = decoded(R"({"messages":[{"role":"user","content":"hi"}]})");
    EXPECT_EQ(member(crossed(open), "max_tokens"), "32000");
    EXPECT_EQ(member(crossed(open, "", "glm-x"), "max_tokens"), "4096");
    EXPECT_EQ(member(crossed(open, R"({"max_output":8192})", "glm-x"), "max_tokens"), "8192");
    const Encoded clamped = crossed(decoded(asking()), R"({"max_output":64})");
    EXPECT_EQ(member(clamped, "max_tokens"), "64");
    EXPECT_TRUE(has_warning(clamped, "max_tokens_clamped"));
}

// ---- thinking ----

struct Thought {
    std::string thinking;
    std::string effort;
    std::vector<std::string> warnings;
};

Thought thought(const std::string& members, const std::string& traits) {
    const Encoded encoded = crossed(decoded(asking("\"max_tokens\":60000," + members)), traits);
    const json::object body = body_of(encoded);
    const auto* config = body.if_contains("output_config");
    return {member(encoded, "thinking"),
            config == nullptr ? "" : std::string(config->at("effort").as_string()),
            encoded.warnings};
}

TEST(Thinking, OfModelsThatAdapt) {
    const std::string kind = R"({"reasoning":"anthropic_adaptive"})";
    const auto effort = [&](const std::string& word, const std::string& traits) {
        return thought(
            R"("thinking":{"type":"adaptive"},"output_config":{"effort":")" + word + "\"}", traits);
    };
    const std::string shown = R"({"type":"adaptive","display":"summarized"})";
    EXPECT_EQ(effort("low", kind).thinking, shown);
    EXPECT_EQ(effort("low", kind).effort, "low");
    EXPECT_EQ(effort("max", kind).effort, "max");
    const std::string few =
        R"({"reasoning":"anthropic_adaptive","effort_levels":["low","medium","high"]})";
    EXPECT_EQ(effort("max", few).effort, "high");
    EXPECT_EQ(effort("xhigh", few).warnings, std::vector<std::string>{"effort_clamped"});
    const auto budget = [&](const std::string& tokens) {
        return thought(R"("thinking":{"type":"enabled","budget_tokens":)" + tokens + "}", kind);
    };
    EXPECT_EQ(budget("1024").effort, "low");
    EXPECT_EQ(budget("8192").effort, "medium");
    EXPECT_EQ(budget("20000").effort, "high");
    EXPECT_EQ(budget("50000").effort, "xhigh");
    EXPECT_EQ(thought(R"("thinking":{"type":"disabled"})", kind).thinking,
              R"({"type":"disabled"})");
    const Thought always =
        thought(R"("thinking":{"type":"disabled"})",
                R"({"reasoning":"anthropic_adaptive","can_disable_reasoning":false})");
    EXPECT_EQ(always.thinking, "");
    EXPECT_EQ(always.effort, "low");
    EXPECT_EQ(thought(R"("thinking":{"type":"adaptive","display":"omitted"})", kind).thinking,
              R"({"type":"adaptive","display":"omitted"})");
    EXPECT_EQ(thought("\"stream\":false", kind).thinking, "");
}

TEST(Thinking, OfModelsThatTakeABudget) {
    const std::string kind = R"({"reasoning":"anthropic_manual","budget_max":40000})";
    const auto budget = [&](const std::string& members) {
        const json::value v = json::parse(thought(members, kind).thinking);
        return v.at("type") == "enabled" ? v.at("budget_tokens").as_int64() : -1;
    };
    const auto effort = [&](const std::string& word) {
        return budget(R"("output_config":{"effort":")" + word + "\"}");
    };
    EXPECT_EQ(effort("low"), 1024);
    EXPECT_EQ(effort("medium"), 8192);
    EXPECT_EQ(effort("high"), 24576);
    EXPECT_EQ(effort("xhigh"), 32768);
    EXPECT_EQ(effort("max"), 40000);
    EXPECT_EQ(budget(R"("thinking":{"type":"adaptive"})"), 8192);
    EXPECT_EQ(budget(R"("thinking":{"type":"enabled","budget_tokens":5})"), 1024);
    EXPECT_EQ(budget(R"("thinking":{"type":"enabled","budget_tokens":99999})"), 40000);
    EXPECT_EQ(budget(R"("thinking":{"type":"disabled"})"), -1);
    // The answer must have room beside it.
    EXPECT_EQ(budget(R"("max_tokens":2000,"thinking":{"type":"enabled","budget_tokens":5000})"),
              1999);
    EXPECT_EQ(budget(R"("max_tokens":1000,"thinking":{"type":"enabled","budget_tokens":5000})"),
              -1);
    const Decoded open = decoded(R"({"thinking":{"type":"enabled","budget_tokens":9000},)"
                                 R"("messages":[{"role":"user","content":"hi"}]})");
    EXPECT_EQ(member(crossed(open, kind), "max_tokens"), "25000");
}

TEST(Thinking, IsOffWhereItsConditionsFail) {
    const std::string manual = R"({"reasoning":"anthropic_manual"})";
    const std::string on =
        R"("max_tokens":9000,"thinking":{"type":"enabled","budget_tokens":2000})";
    const std::string tool = R"("tools":[{"name":"f","input_schema":{"type":"object"}}])";
    const Encoded forced =
        crossed(decoded(asking(on + "," + tool + R"(,"tool_choice":{"type":"any"})")), manual);
    EXPECT_EQ(member(forced, "thinking"), R"({"type":"disabled"})");
    EXPECT_TRUE(has_warning(forced, "thinking_disabled"));
    const std::string loop =
        R"({"role":"user","content":"a"},{"role":"assistant","content":[)"
        R"({"type":"tool_use","id":"t1","name":"f","input":{}}]},{"role":"user","content":[)"
        R"({"type":"tool_result","tool_use_id":"t1","content":"r"}]})";
    const Encoded missing = crossed(decoded(talk(loop, on + "," + tool)), manual);
    EXPECT_EQ(member(missing, "thinking"), R"({"type":"disabled"})");
    EXPECT_TRUE(has_warning(missing, "thinking_disabled_missing_history"));
    // Models that adapt take both.
    EXPECT_TRUE(crossed(decoded(talk(loop, on + "," + tool))).warnings.empty());
    const std::string none = R"({"reasoning":"none"})";
    EXPECT_EQ(member(crossed(decoded(asking(on)), none), "thinking"), "");
    EXPECT_TRUE(has_warning(crossed(decoded(asking(on)), none), "thinking_disabled"));
}

// ---- sampling ----

TEST(Sampling, FollowsTheModel) {
    const Decoded hot = decoded(asking(R"("temperature":1.70,"top_p":0.9,"top_k":5)"));
    const Encoded taken = crossed(hot);
    EXPECT_EQ(member(taken, "temperature"), "1");
    EXPECT_TRUE(has_warning(taken, "sampling_clamped;temperature"));
    EXPECT_NE(taken.body.find("\"top_p\":0.9"), std::string::npos);
    EXPECT_EQ(member(taken, "top_k"), "5");
    const Encoded one = crossed(hot, R"({"top_p_and_temp_ok":false})");
    EXPECT_EQ(member(one, "top_p"), "");
    EXPECT_TRUE(has_warning(one, "sampling_dropped;top_p"));
    const Encoded none = crossed(hot, R"({"sampling_ok":false})");
    for (const char* field : {"temperature", "top_p", "top_k"}) {
        EXPECT_EQ(member(none, field), "");
        EXPECT_TRUE(has_warning(none, std::string("sampling_dropped;") + field));
    }
    // As it was spelled.
    EXPECT_NE(crossed(decoded(asking(R"("temperature":0.10)"))).body.find("\"temperature\":0.10"),
              std::string::npos);
}

TEST(Sampling, IsLeftOutWhereTheWireHasNone) {
    Decoded asked = decoded(asking(R"("stop_sequences":["END"," \n"])"));
    parley_request request = *asked.request;
    auto sampling = codec::sized<parley_sampling>();
    sampling.seed.text = sampling.presence_penalty.text = sdk::str("1");
    sampling.logit_bias = sdk::str("{}");
    request.sampling = &sampling;
    request.logprobs = PARLEY_SAYS_YES;
    request.dialect = sdk::str("test");
    const Encoded encoded = dialect().encode_request(request, "claude-x");
    for (const char* warning : {"sampling_dropped;seed",
                                "sampling_dropped;presence_penalty",
                                "sampling_dropped;logit_bias",
                                "field_dropped;logprobs",
                                "field_dropped;stop"}) {
        EXPECT_TRUE(has_warning(encoded, warning)) << warning;
    }
    EXPECT_EQ(member(encoded, "stop_sequences"), R"(["END"])");
}

// ---- the shape of the answer ----

TEST(Format, IsGuaranteedPromptedOrATool) {
    const std::string schema =
        R"({"type":"object","properties":{"minimum":{"type":"integer","minimum":3}}})";
    const std::string members =
        R"("output_config":{"format":{"type":"json_schema","schema":)" + schema + "}}";
    const Decoded asked = decoded(asking(members));
    const Encoded native = crossed(asked);
    EXPECT_EQ(member(native, "output_config"),
              R"({"format":{"type":"json_schema","schema":{"type":"object","properties":)"
              R"({"minimum":{"type":"integer"}},"additionalProperties":false}}})");
    EXPECT_TRUE(has_warning(native, "schema_weakened"));
    const Encoded tool = crossed(asked, R"({"native_schema":false})");
    EXPECT_EQ(member(tool, "output_config"), "");
    EXPECT_EQ(body_of(tool)["tools"].at(0).at("name"), "json_response");
    EXPECT_EQ(member(tool, "tool_choice"),
              R"({"type":"tool","name":"json_response","disable_parallel_tool_use":true})");
    EXPECT_TRUE(has_warning(tool, "schema_via_tool"));

    parley_request request = *asked.request;
    auto format = codec::sized<parley_format>();
    format.kind = PARLEY_FORMAT_JSON_OBJECT;
    request.format = &format;
    request.dialect = sdk::str("test");
    const Encoded prompted = dialect().encode_request(request, "claude-x");
    EXPECT_EQ(body_of(prompted)["system"].at(0).at("text"),
              "Answer with one JSON object and nothing else.");
    EXPECT_TRUE(has_warning(prompted, "json_mode_prompted"));
}

TEST(Format, ComesBackFromTheToolAsText) {
    const Decoded asked = decoded(
        asking(R"("output_config":{"format":{"type":"json_schema","schema":{"type":"object"}}})"));
    const std::string wire = read_file("cases/stream-text-tool/wire.sse");
    std::string stream = wire;
    for (std::size_t at; (at = stream.find("get_weather")) != stream.npos;) {
        stream.replace(at, 11, "json_response");
    }
    const std::string traits = R"({"native_schema":false})";
    const auto events = dialect().decode(*asked.request, stream, true, 1, traits);
    const std::string lines = codec::lines(codec::joined(events));
    EXPECT_NE(lines.find(R"("text":"{\"city\":\"Oslo\"}")"), std::string::npos) << lines;
    EXPECT_EQ(events.back().raw.kind, static_cast<uint32_t>(PARLEY_FINISH_STOP));
}

// ---- what is refused ----

TEST(Crossing, RefusesWhatWouldBreakAContract) {
    Decoded asked = decoded(asking());
    parley_request request = *asked.request;
    request.dialect = sdk::str("test");
    const auto param = [&](uint32_t flags) {
        codec::TestArena arena;
        codec::TestOut out;
        auto target = codec::sized<parley_target>();
        target.model = sdk::str("claude-x");
        target.flags = flags;
        auto head = codec::sized<parley_encoded_request>();
        auto error = codec::sized<parley_error>();
        error.arena = arena.border();
        const auto& table = dialect().table();
        const parley_status status = table.encode_request(
            dialect().self(), &request, &target, arena.border(), &head, &out.border, &error);
        return status < 0 ? std::string(codec::view(error.param)) : "";
    };
    request.choices = {2, sdk::str("2")};
    EXPECT_EQ(param(0), "n");
    EXPECT_EQ(param(PARLEY_TARGET_LENIENT), "n");
    request.choices = {1, sdk::str("1")};
    EXPECT_EQ(param(0), "");
    auto previous = codec::sized<parley_previous>();
    previous.response_id = sdk::str("resp_1");
    request.previous = &previous;
    EXPECT_EQ(param(PARLEY_TARGET_LENIENT), "previous_response_id");
    request.previous = nullptr;
    request.modalities = PARLEY_MODALITY_AUDIO;
    EXPECT_EQ(param(0), "modalities");
    EXPECT_EQ(param(PARLEY_TARGET_LENIENT), "");
    request.modalities = 0;
    request.background = sdk::str("true");
    EXPECT_EQ(param(0), "background");
    EXPECT_EQ(param(PARLEY_TARGET_LENIENT), "");
}

TEST(Crossing, RefusesMediaThatTheWireHasNoPlaceFor) {
    const auto at = [](const std::string& block) {
        const Refused refused =
            refusal(decoded(talk(R"({"role":"user","content":[)" + block + "]}")));
        return refused.error_class == 0 ? std::string("taken") : refused.param;
    };
    const std::string place = "messages[0].content[0]";
    const auto image = [](const std::string& type, const std::string& rest) {
        return R"({"type":"image","source":{"type":")" + type + "\"," + rest + "}}";
    };
    EXPECT_EQ(at(image("base64", R"("media_type":"image/png","data":"AAAA")")), "taken");
    EXPECT_EQ(at(image("base64", R"("media_type":"image/heic","data":"AAAA")")), place);
    EXPECT_EQ(at(image("url", R"("url":"https://a.example/x.png")")), "taken");
    EXPECT_EQ(at(image("url", R"("url":"http://a.example/x.png")")), place);
    EXPECT_EQ(at(image("file", R"("file_id":"file_1")")), "taken");
    const std::string text = R"({"type":"document","source":{"type":"base64",)"
                             R"("media_type":"text/csv","data":"YSxiCg=="}})";
    const Encoded encoded = crossed(decoded(talk(R"({"role":"user","content":[)" + text + "]}")));
    EXPECT_NE(encoded.body.find(R"({"type":"text","media_type":"text/plain","data":"a,b\n"})"),
              std::string::npos)
        << encoded.body;
    EXPECT_EQ(at(R"({"type":"document","source":{"type":"base64",)"
                 R"("media_type":"application/zip","data":"AAAA"}})"),
              place);
}

// ---- tools ----

TEST(Tools, OfOtherProvidersAreReplacedOrDropped) {
    Decoded asked = decoded(
        asking(R"("tools":[{"type":"web_search_20250305","name":"web_search","max_uses":3},)"
               R"({"type":"tool_search_tool_bm25_20251119","name":"tool_search_tool_bm25"},)"
               R"({"name":"f","input_schema":{"properties":{}}}])"));
    const Encoded encoded = crossed(asked);
    EXPECT_EQ(member(encoded, "tools"),
              R"([{"type":"web_search_20250305","name":"web_search","max_uses":3},)"
              R"({"name":"f","input_schema":{"type":"object","properties":{}}}])");
    EXPECT_TRUE(has_warning(encoded, "tool_dropped;tool_search"));
    const Encoded few = crossed(asked, R"({"server_tools":[]})");
    EXPECT_TRUE(has_warning(few, "tool_dropped;web_search"));
    const Decoded forced = decoded(
        asking(R"("tools":[{"type":"tool_search_tool_bm25_20251119","name":"tool_search"}],)"
               R"("tool_choice":{"type":"any"})"));
    EXPECT_EQ(refusal(forced).param, "tools[0]");
}

TEST(Tools, OfServersThatOnlyThisWireCallsAreRefused) {
    const Decoded asked = decoded(asking(R"("mcp_servers":[{"type":"url","url":"https://a"}])"));
    EXPECT_EQ(refusal(asked).param, "mcp_servers");
    const Encoded own = dialect().encode_request(*asked.request, "claude-x");
    EXPECT_EQ(member(own, "tools"), "");
    EXPECT_EQ(member(own, "mcp_servers"), R"([{"type":"url","url":"https://a"}])");
}

TEST(Tools, AreStubsWhereOnlyTheHistoryKnowsThem) {
    const Encoded encoded = crossed(decoded(
        talk(R"({"role":"user","content":"a"},{"role":"assistant","content":[)"
             R"({"type":"tool_use","id":"t1","name":"f","input":{}}]},{"role":"user","content":[)"
             R"({"type":"tool_result","tool_use_id":"t1","content":"r"}]})")));
    EXPECT_EQ(member(encoded, "tools"),
              R"([{"name":"f","input_schema":{"type":"object","properties":{}}}])");
    EXPECT_EQ(member(encoded, "tool_choice"), R"({"type":"none"})");
}

TEST(Tools, ChoicesAndSubsets) {
    const std::string tools = R"("tools":[{"name":"f","input_schema":{"type":"object"}},)"
                              R"({"name":"g","input_schema":{"type":"object"}}],)";
    const auto choice = [&](const std::string& told) {
        return member(crossed(decoded(asking(tools + "\"tool_choice\":" + told))), "tool_choice");
    };
    EXPECT_EQ(choice(R"({"type":"any"})"), R"({"type":"any"})");
    EXPECT_EQ(choice(R"({"type":"none"})"), R"({"type":"none"})");
    EXPECT_EQ(choice(R"({"type":"tool","name":"g"})"), R"({"type":"tool","name":"g"})");
    EXPECT_EQ(choice(R"({"type":"auto","disable_parallel_tool_use":true})"),
              R"({"type":"auto","disable_parallel_tool_use":true})");
    Decoded asked = decoded(asking(tools + R"("tool_choice":{"type":"any"})"));
    parley_request request = *asked.request;
    auto subset = *request.tool_choice;
    const parley_str allowed = sdk::str("g");
    subset.allowed = &allowed;
    subset.allowed_count = 1;
    request.tool_choice = &subset;
    const Encoded encoded = dialect().encode_request(request, "claude-x");
    EXPECT_EQ(body_of(encoded)["tools"].as_array().size(), 1u);
    EXPECT_EQ(body_of(encoded)["tools"].at(0).at("name"), "g");
}

TEST(Tools, WithFreeTextAreFunctionsAndBack) {
    Decoded asked = decoded(asking(R"("tools":[{"name":"patch","description":"edits"}])"));
    parley_request request = *asked.request;
    parley_tool tool = *request.tools[0];
    tool.kind = PARLEY_TOOL_CUSTOM;
    const parley_tool* const all[] = {&tool};
    request.tools = all;
    request.dialect = sdk::str("test");
    const Encoded encoded = dialect().encode_request(request, "claude-x");
    EXPECT_EQ(body_of(encoded)["tools"].at(0).at("input_schema").at("required").at(0), "input");
    const std::string stream =
        "event: message_start\ndata: {\"type\":\"message_start\",\"message\":{\"id\":\"m\"}}\n\n"
        "event: content_block_start\ndata: {\"type\":\"content_block_start\",\"index\":0,"
        "\"content_block\":{\"type\":\"tool_use\",\"id\":\"t\",\"name\":\"patch\"}}\n\n"
        "event: content_block_delta\ndata: {\"type\":\"content_block_delta\",\"index\":0,"
        "\"delta\":{\"type\":\"input_json_delta\",\"partial_json\":\"{\\\"input\\\": \\\"a\\\\n"
        "\"}}\n\n"
        "event: content_block_delta\ndata: {\"type\":\"content_block_delta\",\"index\":0,"
        "\"delta\":{\"type\":\"input_json_delta\",\"partial_json\":\"\\\\u00e9\\\"}\"}}\n\n"
        "event: message_delta\ndata: {\"type\":\"message_delta\",\"delta\":"
        "{\"stop_reason\":\"tool_use\"}}\n\n"
        "event: message_stop\ndata: {\"type\":\"message_stop\"}\n\n";
    const auto events = dialect().decode(request, stream, true, 1);
    const std::string lines = codec::lines(codec::joined(events));
    EXPECT_NE(lines.find("\"a\":2,\"text\":\"t\",\"name\":\"patch\""), std::string::npos) << lines;
    EXPECT_NE(lines.find("\"tool_args_delta\",\"part\":0,\"kind\":3,\"text\":\"a\\né\""),
              std::string::npos)
        << lines;
    // And for a client of this dialect.
    const std::string shown = dialect().encode(codec::plain_request(), events, false);
    EXPECT_NE(shown.find(R"("input":{"input":"a\né"})"), std::string::npos) << shown;
    const std::string streamed = dialect().encode(codec::plain_request(), events, true);
    const auto again = dialect().decode(codec::plain_request(), streamed, true);
    EXPECT_EQ(dialect().encode(codec::plain_request(), again, false), shown);
}

TEST(Tools, NamesAreMadeLegalAndComeBack) {
    const std::string odd = "mcp.server/tool name é";
    const Decoded asked =
        decoded(asking(R"("tools":[{"name":")" + odd + R"("},{"name":"mcp_server_tool_name__"}],)" +
                       R"("tool_choice":{"type":"tool","name":")" + odd + "\"}"));
    const Encoded encoded = crossed(asked);
    const std::string wire(body_of(encoded)["tools"].at(0).at("name").as_string());
    EXPECT_LE(wire.size(), 64u);
    EXPECT_NE(wire, "mcp_server_tool_name__");
    EXPECT_EQ(body_of(encoded)["tools"].at(1).at("name"), "mcp_server_tool_name__");
    EXPECT_EQ(body_of(encoded)["tool_choice"].at("name").as_string(), wire);
    const std::string reply =
        R"({"id":"m","type":"message","content":[{"type":"tool_use","id":"t","name":")" + wire +
        R"(","input":{}}],"stop_reason":"tool_use","usage":{}})";
    const auto events = dialect().decode(*asked.request, reply, false);
    EXPECT_EQ(events[1].name, odd);
}

// ---- turns ----

TEST(Turns, AlternateWithResultsFirst) {
    Decoded asked =
        decoded(talk(R"({"role":"assistant","content":"hello"},)"
                     R"({"role":"user","content":"a"},{"role":"user","content":"b"},)"
                     R"({"role":"assistant","content":[{"type":"text","text":"c"},)"
                     R"({"type":"tool_use","id":"t 1","name":"f","input":{}},)"
                     R"({"type":"tool_use","id":"t 2","name":"f","input":[1]}]},)"
                     R"({"role":"user","content":[{"type":"text","text":"d"},)"
                     R"({"type":"tool_result","tool_use_id":"t 2","content":[]}]},)"
                     R"({"role":"system","content":"new rules"},)"
                     R"({"role":"assistant","content":"e"},{"role":"system","content":"more"},)"
                     R"({"role":"user","content":"f"})"));
    const Encoded encoded = crossed(asked);
    const json::array turns = body_of(encoded)["messages"].as_array();
    ASSERT_EQ(turns.size(), 7u);
    for (std::size_t i = 0; i < turns.size(); ++i) {
        EXPECT_EQ(turns[i].at("role"), i % 2 == 0 ? "user" : "assistant");
    }
    EXPECT_TRUE(has_warning(encoded, "leading_user_added"));
    const json::array answer = turns[4].at("content").as_array();
    ASSERT_EQ(answer.size(), 4u);
    EXPECT_EQ(answer[0].at("tool_use_id"), turns[3].at("content").at(1).at("id"));
    EXPECT_EQ(answer[1].at("tool_use_id"), turns[3].at("content").at(2).at("id"));
    EXPECT_EQ(answer[0].at("is_error"), true);
    EXPECT_EQ(answer[2].at("text"), "d");
    EXPECT_EQ(answer[3].at("text"), "<system-reminder>\nnew rules\n</system-reminder>");
    EXPECT_EQ(turns[3].at("content").at(2).at("input"), json::parse(R"({"input":[1]})"));
    EXPECT_EQ(turns[6].at("content").at(0).at("text"),
              "<system-reminder>\nmore\n</system-reminder>");
    const std::string id(answer[0].at("tool_use_id").as_string());
    EXPECT_EQ(id.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789_"), id.npos) << id;
}

TEST(Turns, KeepSystemTextInPlaceWhereTheModelKnowsIt) {
    const Decoded asked =
        decoded(talk(R"({"role":"user","content":"a"},{"role":"system","content":"rule"},)"
                     R"({"role":"assistant","content":"b"},{"role":"user","content":"c"})"));
    const Encoded encoded = crossed(asked, R"({"mid_system":true})");
    EXPECT_EQ(body_of(encoded)["messages"].at(1).at("role"), "system");
    EXPECT_FALSE(has_warning(encoded, "system_demoted;messages[1]"));
    EXPECT_TRUE(has_warning(crossed(asked), "system_demoted;messages[1]"));
}

TEST(Turns, SayInWordsHowTheAnswerBegins) {
    const Decoded asked =
        decoded(talk(R"({"role":"user","content":"a"},{"role":"assistant","content":"{\"x\": "})"));
    const Encoded told = crossed(asked);
    EXPECT_EQ(body_of(told)["messages"].as_array().size(), 1u);
    EXPECT_EQ(body_of(told)["system"].at(0).at("text"), "Begin your reply with: {\"x\":");
    EXPECT_TRUE(has_warning(told, "prefill_dropped"));
    const Encoded kept = crossed(asked, R"({"prefill":true})");
    EXPECT_EQ(body_of(kept)["messages"].as_array().size(), 2u);
    EXPECT_EQ(body_of(kept)["messages"].at(1).at("content").at(0).at("text"), "{\"x\":");
}

// ---- caching ----

TEST(Cache, IsAskedForClientsThatDoNotKnowIt) {
    const std::string tool = R"("tools":[{"name":"f","input_schema":{"type":"object"}}])";
    const std::string mark = R"({"type":"ephemeral"})";
    EXPECT_EQ(member(crossed(decoded(asking())), "cache_control"), "");
    EXPECT_EQ(member(crossed(decoded(asking(tool))), "cache_control"), mark);
    EXPECT_EQ(member(crossed(decoded(asking(tool)), R"({"auto_cache":false})"), "cache_control"),
              "");
    const Decoded own = decoded(asking(tool));
    EXPECT_EQ(member(dialect().encode_request(*own.request, "claude-x"), "cache_control"), "");
}

TEST(Cache, KeepsFourMarks) {
    const std::string mark = R"("cache_control":{"type":"ephemeral","ttl":"1h"})";
    const auto block = [&](int n) {
        return R"({"type":"text","text":")" + std::to_string(n) + "\"," + mark + "}";
    };
    const Encoded encoded = crossed(decoded(
        talk(R"({"role":"user","content":[)" + block(1) + "," + block(2) + "," + block(3) + "]}",
             R"("system":[)" + block(4) + R"(],"tools":[{"name":"f",)" + mark +
                 R"(},{"name":"g",)" + mark + "}]")));
    const json::object body = body_of(encoded);
    EXPECT_FALSE(body.at("tools").at(0).as_object().contains("cache_control"));
    EXPECT_TRUE(body.at("tools").at(1).as_object().contains("cache_control"));
    EXPECT_TRUE(body.at("system").at(0).as_object().contains("cache_control"));
    const json::array content = body.at("messages").at(0).at("content").as_array();
    EXPECT_FALSE(content[0].as_object().contains("cache_control"));
    EXPECT_TRUE(content[1].as_object().contains("cache_control"));
    EXPECT_TRUE(content[2].as_object().contains("cache_control"));
}

// One more turn changes nothing of those before it.
TEST(Cache, KeepsThePrefix) {
    const std::vector<std::string> turns{
        R"({"role":"user","content":"a"})",
        R"({"role":"assistant","content":[{"type":"text","text":"b"},)"
        R"({"type":"tool_use","id":"x y","name":"f","input":{"z":1,"a":2}}]})",
        R"({"role":"user","content":[{"type":"tool_result","tool_use_id":"x y","content":"r"}]})",
        R"({"role":"assistant","content":"c"})",
        R"({"role":"user","content":"d"})",
        R"({"role":"assistant","content":"e"})",
        R"({"role":"user","content":"f"})"};
    std::string told;
    std::string before;
    for (std::size_t i = 0; i < turns.size(); ++i) {
        told += (i == 0 ? "" : ",") + turns[i];
        if (i % 2 == 1) continue;
        const Encoded encoded = crossed(decoded(talk(told, R"("tools":[{"name":"f"}])")));
        EXPECT_EQ(crossed(decoded(talk(told, R"("tools":[{"name":"f"}])"))).body, encoded.body);
        if (!before.empty()) {
            const std::size_t end = before.find("]}],\"max_tokens\"");
            ASSERT_NE(end, before.npos);
            EXPECT_EQ(encoded.body.substr(0, end), before.substr(0, end));
        }
        before = encoded.body;
    }
}

// ---- counting ----

TEST(Count, SendsWhatCountsAndReadsTheAnswer) {
    const Decoded asked = decoded(asking(R"("temperature":0.5,"stream":true,"system":"s")"),
                                  "/v1/messages/count_tokens");
    const Encoded encoded = crossed(asked);
    EXPECT_EQ(encoded.path, "/v1/messages/count_tokens");
    EXPECT_EQ(encoded.body,
              R"({"model":"claude-x","system":[{"type":"text","text":"s"}],"messages":)"
              R"([{"role":"user","content":[{"type":"text","text":"hi"}]}]})");
    const auto events = dialect().decode(*asked.request, R"({"input_tokens":123})", false);
    ASSERT_EQ(events.size(), 3u);
    EXPECT_EQ(events[1].raw.a, 123u);
    EXPECT_TRUE(is_whole(events));
}

// ---- seals in replies ----

Event event(uint16_t type, uint32_t kind, std::string text = {}, std::string name = {}) {
    parley_event e = codec::sized<parley_event>();
    e.type = type;
    e.kind = kind;
    Event made(e);
    made.text = std::move(text);
    made.name = std::move(name);
    return made;
}

TEST(Seals, OfOthersTravelInEnvelopes) {
    std::vector<Event> events{
        event(PARLEY_EVENT_RESPONSE_STARTED, 0, "r1", "m-x"),
        event(PARLEY_EVENT_PART_STARTED, PARLEY_PART_REASONING),
        event(PARLEY_EVENT_SEAL, PARLEY_PART_REASONING, "pl1.one", "parley"),
        event(PARLEY_EVENT_PART_ENDED, PARLEY_PART_REASONING),
        event(PARLEY_EVENT_PART_STARTED, PARLEY_PART_REASONING),
        event(PARLEY_EVENT_REASONING_DELTA, PARLEY_PART_REASONING, "hm"),
        event(PARLEY_EVENT_SEAL, PARLEY_PART_REASONING, "pl1.two", "parley"),
        event(PARLEY_EVENT_PART_ENDED, PARLEY_PART_REASONING),
        event(PARLEY_EVENT_PART_STARTED, PARLEY_PART_TOOL_CALL, "call 1", "f"),
        event(PARLEY_EVENT_SEAL, PARLEY_PART_TOOL_CALL, "pl1.three", "parley"),
        event(PARLEY_EVENT_PART_ENDED, PARLEY_PART_TOOL_CALL),
        event(PARLEY_EVENT_PART_STARTED, PARLEY_PART_TOOL_CALL, "call 2", "f"),
        event(PARLEY_EVENT_SEAL, PARLEY_PART_TOOL_CALL, "alien", "openai"),
        event(PARLEY_EVENT_PART_ENDED, PARLEY_PART_TOOL_CALL),
        event(PARLEY_EVENT_USAGE, 0),
        event(PARLEY_EVENT_FINISH, PARLEY_FINISH_TOOL_CALLS)};
    events[2].raw.a = events[6].raw.a = PARLEY_SEAL_ENCRYPTED;
    events[9].raw.a = events[12].raw.a = PARLEY_SEAL_THOUGHT_SIGNATURE;
    events[8].raw.a = events[11].raw.a = PARLEY_TOOL_CALL_FUNCTION;
    for (const std::size_t i : {3, 7, 10, 13}) events[i].raw.flags = PARLEY_EVENT_COMPLETE;
    for (std::size_t i = 4; i < 14; ++i) events[i].raw.part = i < 8 ? 1 : i < 11 ? 2 : 3;
    const std::string whole = dialect().encode(codec::plain_request(), events, false);
    const json::array content = json::parse(whole).at("content").as_array();
    ASSERT_EQ(content.size(), 5u);
    EXPECT_EQ(content[0], json::parse(R"({"type":"redacted_thinking","data":"pl1.one"})"));
    EXPECT_EQ(content[1],
              json::parse(R"({"type":"thinking","thinking":"hm","signature":"pl1.two"})"));
    EXPECT_EQ(content[2], json::parse(R"({"type":"redacted_thinking","data":"pl1.three"})"));
    EXPECT_EQ(content[3].at("type"), "tool_use");
    EXPECT_EQ(content[4].at("type"), "tool_use");
    EXPECT_EQ(whole.find("alien"), std::string::npos);
    const std::string stream = dialect().encode(codec::plain_request(), events, true);
    const auto again = dialect().decode(codec::plain_request(), stream, true);
    // What is read back as this dialect's own is written back the same.
    EXPECT_EQ(json::parse(dialect().encode(codec::plain_request(), again, false)).at("content"),
              json::value(content));
}

TEST(Seals, StandAloneWhereTheClientSeesNoReasoning) {
    const Decoded asked = decoded(asking(R"("thinking":{"type":"adaptive","display":"omitted"})"));
    const std::string wire = read_file("cases/stream-reasoning/wire.sse");
    const auto events = dialect().decode(*asked.request, wire, true);
    const std::string stream = dialect().encode(*asked.request, events, true);
    EXPECT_EQ(stream.find("thinking_delta"), stream.npos);
    EXPECT_NE(stream.find("signature_delta"), stream.npos);
    const std::string whole = dialect().encode(*asked.request, events, false);
    EXPECT_NE(whole.find(R"({"type":"thinking","thinking":"","signature":"c2ln"})"), whole.npos);
}

}  // namespace

}  // namespace parley::claude
