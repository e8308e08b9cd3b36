// Requests, read and written.
//
// A case is cases/ask-*: request.http in, its first line the target; a header "traits" says what is
// known of the upstream's model. canonical.json is what is understood, sent.txt what goes to an
// upstream of the same dialect.
#include <cctype>
#include <functional>
#include <memory>
#include <random>
#include <set>

#include "gemini_test.hpp"
#include "parley/sdk/draft.hpp"

namespace parley::gemini {

namespace {

namespace json = boost::json;

constexpr const char* kOldModel = R"({"reasoning":"gemini_budget","fr_parts_ok":false,)"
                                  R"("fc_id_ok":false,"url_media":false,)"
                                  R"("tools_with_schema":false,"json_schema_ok":false})";

std::string told(const codec::Encoded& encoded) {
    std::string text = encoded.path;
    if (!encoded.query.empty()) text += '?' + encoded.query;
    text += '\n';
    for (const std::string& warning : encoded.warnings) text += "warning: " + warning + '\n';
    return text + '\n' + encoded.body + '\n';
}

std::string told(const codec::Refused& refused) {
    return "refused: class " + std::to_string(refused.error_class) + ", param \"" + refused.param +
           "\", code \"" + refused.code + "\": " + refused.what() + '\n';
}

struct AskCase : Case {
    AskCase() : Case("ask"), message(input("request.http")) {}

    Message message;
};

INSTANTIATE_TEST_SUITE_P(cases, AskCase, testing::ValuesIn(cases_of("ask")), test_name);

// ---- structure, as the API demands it ----

void check_turns(const json::array& contents, bool may_begin_answer = false) {
    ASSERT_FALSE(contents.empty());
    std::string last = "model";
    std::size_t calls = 0;
    for (const auto& content : contents) {
        const std::string role(content.at("role").as_string());
        EXPECT_NE(role, last);
        last = role;
        const auto& parts = content.at("parts").as_array();
        EXPECT_FALSE(parts.empty());
        std::size_t results = 0;
        bool others = false;
        std::size_t now = 0;
        for (const auto& part : parts) {
            const auto& object = part.as_object();
            if (object.contains("functionCall")) ++now;
            if (!object.contains("functionResponse")) {
                others = true;
                continue;
            }
            ++results;
            EXPECT_FALSE(others) << "a result behind other parts";
        }
        EXPECT_EQ(results, role == "user" ? calls : 0);
        calls = now;
    }
    if (!may_begin_answer) {
        EXPECT_EQ(last, "user");
    }
}

TEST_P(AskCase, IsUnderstoodAndSent) {
    codec::Decoded asked;
    try {
        asked = dialect().decode_request(post(message.first, message.body));
    } catch (const codec::Refused& refused) {
        expect("canonical.json", told(refused));
        return;
    }
    expect("canonical.json", codec::dump(*asked.request) + '\n');
    try {
        const auto encoded =
            dialect().encode_request(*asked.request, "up/stream", message.header("traits"));
        expect("sent.txt", told(encoded));
        const json::value body = json::parse(encoded.body);
        const auto* contents = body.as_object().if_contains("contents");
        if (contents != nullptr)
            check_turns(contents->as_array(),
                        message.header("traits").find("prefill") != std::string::npos);
    } catch (const codec::Refused& refused) {
        expect("sent.txt", told(refused));
    }
}

// Written, read and written again it is the same, byte for byte.
TEST_P(AskCase, ReachesAFixpoint) {
    const std::string traits = message.header("traits");
    try {
        const auto asked = dialect().decode_request(post(message.first, message.body));
        const codec::Request once = sent(*asked.request, "m-x", traits);
        const auto again = dialect().decode_request(once);
        const codec::Request twice = sent(*again.request, "m-x", traits);
        EXPECT_EQ(once.body, twice.body);
        EXPECT_EQ(once.path + '?' + once.query, twice.path + '?' + twice.query);
    } catch (const codec::Refused&) {
        return;  // the other test says how
    }
}

// Whatever a client sends, something is told and nothing else is touched.
TEST_P(AskCase, SurvivesNoise) {
    std::mt19937 random(3);
    const std::string pieces = "{}[]\",:0nt\\u";
    for (int i = 0; i < 300; ++i) {
        std::string bent = message.body;
        for (std::size_t n = random() % 3 + 1; n > 0; --n) {
            const std::size_t at = random() % bent.size();
            if (random() % 2 == 0) {
                bent[at] = pieces[random() % pieces.size()];
            } else {
                bent.erase(at, random() % 20);
            }
            if (bent.empty()) bent = "{";
        }
        try {
            const auto asked = dialect().decode_request(post(message.first, bent));
            for (const char* traits : {"", kOldModel}) {
                const auto encoded = dialect().encode_request(*asked.request, "m", traits);
                EXPECT_NO_THROW(json::parse(encoded.body)) << encoded.body;
            }
        } catch (const codec::Refused& refused) {
            EXPECT_NE(refused.error_class, PARLEY_E_INTERNAL) << refused.what() << bent;
        }
    }
}

// ---- random canonical requests ----

class Generator {
public:
    explicit Generator(unsigned seed) : random_(seed) {}

    // A talk of some turns, with the calls and results that belong to it.
    const parley_request& request(std::size_t turns) {
        call_.http = &http_;
        call_.operation = PARLEY_OPERATION_GENERATE;
        sdk::Arena arena = arena_.sdk();
        auto& draft = drafts_.emplace_back(
            std::make_unique<sdk::RequestDraft>(arena, "gemini-generate", call_));
        draft->request.model = str("m-x");
        if (coin()) {
            draft->instruct(draft->text_part(text(arena), "system"), PARLEY_ROLE_SYSTEM);
        }
        tools(*draft, arena);
        for (std::size_t i = 0; i < turns; ++i) turn(*draft, arena, i);
        draft->begin(PARLEY_ROLE_USER, "last");
        draft->add(draft->text_part(text(arena), "last"));
        return *draft->finish();
    }

private:
    bool coin() { return random_() % 2 == 0; }

    parley_str text(sdk::Arena& arena) {
        static const std::vector<std::string> texts{"hello",
                                                    "\xf0\x9f\x98\x80",
                                                    "a\"b\\c\n\t",
                                                    "\x01\x7f",
                                                    "\xe2\x80\xa8</s>",
                                                    "\xed\x95\x9c"};
        std::string all;
        for (std::size_t n = random_() % 3 + 1; n > 0; --n) all += texts[random_() % texts.size()];
        return arena.copy(all);
    }

    void tools(sdk::RequestDraft& draft, sdk::Arena& arena) {
        for (int i = 0; i < 3; ++i) {
            parley_tool& tool = draft.tool(PARLEY_TOOL_FUNCTION, "tools");
            tool.name = arena.copy("tool_" + std::to_string(i));
            tool.description = text(arena);
            tool.schema = arena.copy(R"({"type":"object","properties":{"k":{"type":"string"}}})");
        }
    }

    void turn(sdk::RequestDraft& draft, sdk::Arena& arena, std::size_t number) {
        draft.begin(PARLEY_ROLE_USER, "user");
        draft.add(draft.text_part(text(arena), "user"));
        if (random_() % 4 == 0) draft.add(image(draft, arena));
        draft.begin(PARLEY_ROLE_ASSISTANT, "model");
        if (coin()) draft.add(signed_text(draft, arena));
        const std::size_t calls = random_() % 3;
        for (std::size_t c = 0; c < calls; ++c) {
            const std::string id = "c" + std::to_string(number) + "-" + std::to_string(c);
            call(draft, arena, id, c == 0);
        }
        if (calls == 0) draft.add(draft.text_part(text(arena), "model"));
        draft.begin(PARLEY_ROLE_TOOL, "results");
        for (std::size_t c = 0; c < calls; ++c) {
            result(draft, arena, "c" + std::to_string(number) + "-" + std::to_string(c));
        }
    }

    parley_part& image(sdk::RequestDraft& draft, sdk::Arena& arena) {
        auto& media = sdk::make<parley_media>(arena);
        media.source = PARLEY_MEDIA_BASE64;
        media.mime = str("image/png");
        media.data = str("iVBORw0KGgo=");
        auto& part = draft.part(PARLEY_PART_IMAGE, "image");
        part.media = &media;
        return part;
    }

    const parley_seal* seal(sdk::Arena& arena) {
        auto& seal = sdk::make<parley_seal>(arena);
        seal.scheme = PARLEY_SEAL_THOUGHT_SIGNATURE;
        seal.family = str("gemini");
        seal.data = str("c2lnbmVk");
        return &seal;
    }

    parley_part& signed_text(sdk::RequestDraft& draft, sdk::Arena& arena) {
        auto& part = draft.text_part(text(arena), "model");
        part.seal = seal(arena);
        return part;
    }

    void call(sdk::RequestDraft& draft,
              sdk::Arena& arena,
              const std::string& id,
              bool may_be_signed) {
        auto& made = sdk::make<parley_tool_call>(arena);
        made.kind = PARLEY_TOOL_CALL_FUNCTION;
        made.id = arena.copy(id);
        made.name = arena.copy("tool_" + std::to_string(random_() % 3));
        made.arguments = str(coin() ? R"({"k":"v","n":[1e400,12345678901234567890]})" : "{}");
        auto& part = draft.part(PARLEY_PART_TOOL_CALL, "call");
        part.tool_call = &made;
        if (may_be_signed && coin()) part.seal = seal(arena);
        draft.add(part);
    }

    void result(sdk::RequestDraft& draft, sdk::Arena& arena, const std::string& id) {
        auto& made = sdk::make<parley_tool_result>(arena);
        made.call_id = arena.copy(id);
        if (coin()) made.is_error = PARLEY_SAYS_YES;
        const std::vector<const parley_part*> parts{&draft.text_part(text(arena), "result")};
        made.parts = sdk::keep(arena, parts);
        made.part_count = 1;
        auto& part = draft.part(PARLEY_PART_TOOL_RESULT, "result");
        part.tool_result = &made;
        draft.add(part);
    }

    std::mt19937 random_;
    codec::TestArena arena_;
    parley_http_request http_ = sized<parley_http_request>();
    parley_call call_ = sized<parley_call>();
    std::vector<std::unique_ptr<sdk::RequestDraft>> drafts_;
};

TEST(Requests, ComeBackAsTheyWere) {
    for (unsigned seed = 0; seed < 200; ++seed) {
        Generator generator(seed);
        const parley_request& request = generator.request(seed % 8);
        for (const char* traits : {"", R"({"reasoning":"gemini_budget"})"}) {
            const auto back = dialect().decode_request(sent(request, "m-x", traits));
            ASSERT_EQ(codec::dump(*back.request), codec::dump(request)) << seed;
        }
    }
}

TEST(Requests, AlternateAndPair) {
    for (unsigned seed = 0; seed < 200; ++seed) {
        Generator generator(seed);
        const auto body = json::parse(sent(generator.request(seed % 12)).body);
        check_turns(body.at("contents").as_array());
    }
}

// One more turn leaves everything before it as it is.
TEST(Requests, KeepTheirHeadWhenTheyGrow) {
    for (unsigned seed = 0; seed < 100; ++seed) {
        for (const std::string& traits : {std::string(), std::string(kOldModel)}) {
            Generator before(seed);
            Generator after(seed);
            const parley_request& longer = after.request(7);
            const std::string all = sent(longer, "m-x", traits).body;
            EXPECT_EQ(all, sent(longer, "m-x", traits).body);
            parley_request shorter = longer;
            // Up to a user's turn somewhere in the middle.
            std::size_t count = longer.message_count - 1;
            while (count > 1 && longer.messages[count - 1]->role == PARLEY_ROLE_ASSISTANT) --count;
            shorter.message_count = count;
            const std::string head = sent(shorter, "m-x", traits).body;
            const std::size_t end = head.rfind("}]}]");
            ASSERT_NE(end, head.npos);
            EXPECT_TRUE(all.starts_with(head.substr(0, end + 1))) << seed << "\n" << head;
        }
    }
}

// ---- names and ids ----

TEST(Requests, NamesAreLegalDifferentAndReversible) {
    const std::vector<std::string> odd{"ok",
                                       "with.dot",
                                       "with:colon",
                                       "1digit",
                                       "-dash",
                                       "sp ace",
                                       "sp_ace",
                                       "\xf0\x9f\x98\x80",
                                       "_",
                                       std::string(200, 'x'),
                                       std::string(199, 'x') + "y",
                                       std::string(64, 'z')};
    json::array declarations;
    for (const std::string& name : odd) declarations.push_back(json::object{{"name", name}});
    const json::object body{{"contents", "x"},
                            {"tools", {{{"functionDeclarations", declarations}}}}};
    const auto asked = ask(json::serialize(body));
    for (const bool old : {false, true}) {
        const std::string traits = old ? kOldModel : "";
        const auto wire = json::parse(sent(*asked.request, "m-x", traits).body);
        const auto& all = wire.at("tools").at(0).at("functionDeclarations").as_array();
        ASSERT_EQ(all.size(), odd.size());
        std::set<std::string> seen;
        for (std::size_t i = 0; i < odd.size(); ++i) {
            const std::string name(all[i].at("name").as_string());
            const std::string extra = old ? "_-" : "_-.:";
            EXPECT_TRUE(seen.insert(name).second) << name;
            EXPECT_LE(name.size(), old ? 64u : 128u);
            EXPECT_TRUE(name[0] == '_' || std::isalpha(static_cast<unsigned char>(name[0])));
            for (const char c : name) {
                EXPECT_TRUE(std::isalnum(static_cast<unsigned char>(c)) ||
                            extra.find(c) != extra.npos)
                    << name;
            }
            json::object part{{"functionCall", {{"name", name}}}};
            const json::object reply{
                {"candidates",
                 {{{"content", {{"parts", json::array{part}}}}, {"finishReason", "STOP"}}}}};
            const auto events =
                dialect().decode(*asked.request, json::serialize(reply), false, 0, traits);
            EXPECT_EQ(events[1].name, odd[i]);
        }
        EXPECT_TRUE(seen.contains("ok"));
        EXPECT_TRUE(seen.contains("sp_ace"));
    }
}

TEST(Requests, MadeUpIdsStayWhenATurnIsAdded) {
    const std::string call = R"({"role":"model","parts":[{"functionCall":{"name":"f","args":{}}},
                                 {"functionCall":{"name":"f","args":{"n":2}}},
                                 {"functionCall":{"name":"g"}}]})";
    const std::string results =
        R"({"role":"user","parts":[{"functionResponse":{"name":"g","response":{"output":"G"}}},
            {"functionResponse":{"name":"f","response":{"output":"1"}}},
            {"functionResponse":{"name":"f","response":{"output":"2"}}}]})";
    const std::string start = R"({"contents":[{"parts":[{"text":"x"}]},)" + call + ',' + results;
    const auto once = ask(start + "]}");
    const auto more = ask(start + ',' + call + ',' + results + "]}");
    ASSERT_EQ(once.request->message_count, 3u);
    std::set<std::string> ids;
    for (uint64_t m = 1; m < more.request->message_count; m += 2) {
        for (uint64_t p = 0; p < 3; ++p) {
            const auto& made = *more.request->messages[m]->parts[p]->tool_call;
            EXPECT_TRUE(ids.insert(std::string(view(made.id))).second);
            const auto& result = *more.request->messages[m + 1]->parts[p]->tool_result;
            EXPECT_EQ(view(result.call_id), view(made.id));
        }
    }
    for (uint64_t p = 0; p < 3; ++p) {
        EXPECT_EQ(view(once.request->messages[1]->parts[p]->tool_call->id),
                  view(more.request->messages[1]->parts[p]->tool_call->id));
    }
    const auto& second = *once.request->messages[2]->parts[1]->tool_result;
    EXPECT_EQ(view(second.parts[0]->text), "2");
}

// ---- seals ----

TEST(Requests, EnvelopesStandInFrontAndAreUnpacked) {
    // "pl1.x" in base64 is cGwxLng=
    const auto asked = ask(R"({"contents":[{"parts":[{"text":"x"}]},{"role":"model","parts":[
        {"text":"Hm.","thought":true},
        {"functionCall":{"name":"f"},"thoughtSignature":"cGwxLng="},
        {"functionCall":{"name":"g"},"thoughtSignature":"cGwxLnk="}]},
        {"parts":[{"functionResponse":{"name":"f","response":{}}},
                  {"functionResponse":{"name":"g","response":{}}}]}]})");
    const parley_message& turn = *asked.request->messages[1];
    ASSERT_EQ(turn.part_count, 4u);
    EXPECT_EQ(view(turn.parts[0]->seal->family), "parley");
    EXPECT_EQ(view(turn.parts[0]->seal->data), "pl1.x");
    EXPECT_EQ(view(turn.parts[0]->reasoning->sections[0]->text), "Hm.");
    EXPECT_EQ(turn.parts[2]->kind, static_cast<uint32_t>(PARLEY_PART_REASONING));
    EXPECT_EQ(view(turn.parts[2]->seal->data), "pl1.y");
    EXPECT_EQ(turn.parts[3]->seal, nullptr);
}

TEST(Requests, ThoughtsInPiecesAreOneAndKeepTheirSeal) {
    const auto asked = ask(R"({"contents":[{"parts":[{"text":"x"}]},{"role":"model","parts":[
        {"text":"First ","thought":true},{"text":"this.","thought":true},
        {"functionCall":{"name":"f"},"thoughtSignature":"cGwxLng="},
        {"text":"Sealed","thought":true,"thoughtSignature":"cGwxLnk="},
        {"text":"Not","thought":true},
        {"functionCall":{"name":"g"},"thought":true},
        {"text":"Last","thought":true}]},
        {"parts":[{"functionResponse":{"name":"f","response":{}}},
                  {"functionResponse":{"name":"g","response":{}}}]}]})");
    const parley_message& turn = *asked.request->messages[1];
    std::string told;
    for (uint64_t i = 0; i < turn.part_count; ++i) {
        const parley_part& part = *turn.parts[i];
        if (part.kind != PARLEY_PART_REASONING) continue;
        told += std::string(view(part.reasoning->sections[0]->text)) + "|" +
                (part.seal == nullptr ? "" : std::string(view(part.seal->data))) + "\n";
    }
    EXPECT_EQ(told, "First this.|pl1.x\nSealed|pl1.y\nNot|\nLast|\n");
}

TEST(Requests, SealsOfOthersAreNotSent) {
    Generator generator(1);
    parley_request request = generator.request(3);
    const std::string wire = sent(request).body;
    ASSERT_NE(wire.find("c2lnbmVk"), wire.npos);
    for (uint64_t m = 0; m < request.message_count; ++m) {
        for (uint64_t p = 0; p < request.messages[m]->part_count; ++p) {
            const parley_seal* seal = request.messages[m]->parts[p]->seal;
            if (seal != nullptr) const_cast<parley_seal*>(seal)->family = str("anthropic");
        }
    }
    EXPECT_EQ(sent(request).body.find("c2lnbmVk"), std::string::npos);
}

// ---- what other clients ask ----

struct Foreign {
    explicit Foreign(const std::function<void(parley_request&, sdk::Arena&)>& change) {
        call.http = &http;
        call.operation = PARLEY_OPERATION_GENERATE;
        sdk::RequestDraft draft(sdk, "openai-chat", call);
        draft.begin(PARLEY_ROLE_USER, "messages[0]");
        draft.add(draft.text_part(str("hi"), "messages[0].content"));
        change(draft.request, sdk);
        request = draft.finish();
    }

    codec::Encoded encoded(const std::string& traits = {}) const {
        return dialect().encode_request(*request, "m-x", traits);
    }

    codec::TestArena arena;
    sdk::Arena sdk = arena.sdk();
    parley_http_request http = sized<parley_http_request>();
    parley_call call = sized<parley_call>();
    const parley_request* request = nullptr;
};

parley_number number(double value, std::string_view text) {
    return {value, str(text)};
}

std::string thinking_of(const std::function<void(parley_reasoning_ask&)>& set,
                        const std::string& traits) {
    Foreign asked([&](parley_request& r, sdk::Arena& arena) {
        auto& reasoning = sdk::make<parley_reasoning_ask>(arena);
        set(reasoning);
        r.reasoning = &reasoning;
    });
    const auto encoded = asked.encoded(traits);
    const auto body = json::parse(encoded.body).as_object();
    const auto* config = body.if_contains("generationConfig");
    std::string text =
        config == nullptr ? "nothing" : json::serialize(config->at("thinkingConfig"));
    for (const std::string& warning : encoded.warnings) text += ' ' + warning;
    return text;
}

TEST(Requests, ThinkAsTheModelCan) {
    const auto effort = [](uint32_t e) {
        return [e](parley_reasoning_ask& r) {
            r.mode = PARLEY_THINK_EFFORT;
            r.effort = e;
        };
    };
    const auto mode = [](uint32_t m) { return [m](parley_reasoning_ask& r) { r.mode = m; }; };
    const auto budget = [](double b, std::string_view text) {
        return [=](parley_reasoning_ask& r) {
            r.mode = PARLEY_THINK_BUDGET;
            r.budget = number(b, text);
        };
    };
    const std::string coarse = R"({"effort_levels":["low","high"]})";
    EXPECT_EQ(thinking_of(effort(PARLEY_EFFORT_MINIMAL), ""), R"({"thinkingLevel":"MINIMAL"})");
    EXPECT_EQ(thinking_of(effort(PARLEY_EFFORT_MINIMAL), coarse),
              R"({"thinkingLevel":"LOW"} effort_clamped)");
    EXPECT_EQ(thinking_of(effort(PARLEY_EFFORT_MEDIUM), coarse),
              R"({"thinkingLevel":"HIGH"} effort_clamped)");
    EXPECT_EQ(thinking_of(effort(PARLEY_EFFORT_MAX), ""),
              R"({"thinkingLevel":"HIGH"} effort_clamped)");
    EXPECT_EQ(thinking_of(mode(PARLEY_THINK_AUTO), ""), "nothing");
    EXPECT_EQ(thinking_of(budget(30000, "30000"), ""), R"({"thinkingLevel":"HIGH"})");
    EXPECT_EQ(thinking_of(mode(PARLEY_THINK_OFF), coarse),
              R"({"thinkingLevel":"LOW"} effort_clamped)");
    EXPECT_EQ(thinking_of(budget(5000, "5000"), ""), R"({"thinkingLevel":"MEDIUM"})");
    const std::string flash = R"({"reasoning":"gemini_budget","budget_max":24576})";
    const std::string pro = R"({"reasoning":"gemini_budget","budget_min":128,)"
                            R"("budget_max":32768,"can_disable_reasoning":false})";
    EXPECT_EQ(thinking_of(mode(PARLEY_THINK_OFF), flash), R"({"thinkingBudget":0})");
    EXPECT_EQ(thinking_of(mode(PARLEY_THINK_OFF), pro), R"({"thinkingBudget":128} effort_clamped)");
    EXPECT_EQ(thinking_of(mode(PARLEY_THINK_AUTO), flash), R"({"thinkingBudget":-1})");
    EXPECT_EQ(thinking_of(effort(PARLEY_EFFORT_LOW), flash), R"({"thinkingBudget":1024})");
    EXPECT_EQ(thinking_of(effort(PARLEY_EFFORT_MAX), flash), R"({"thinkingBudget":24576})");
    EXPECT_EQ(thinking_of(effort(PARLEY_EFFORT_XHIGH), pro), R"({"thinkingBudget":32768})");
    EXPECT_EQ(thinking_of(budget(5000, "5000"), flash), R"({"thinkingBudget":5000})");
    EXPECT_EQ(thinking_of(budget(99999, "99999"), flash),
              R"({"thinkingBudget":24576} effort_clamped)");
    EXPECT_EQ(thinking_of(effort(PARLEY_EFFORT_LOW), R"({"reasoning":"none"})"), "nothing");
    EXPECT_EQ(thinking_of(
                  [](parley_reasoning_ask& r) {
                      r.mode = PARLEY_THINK_EFFORT;
                      r.effort = PARLEY_EFFORT_HIGH;
                      r.summary = PARLEY_SUMMARY_AUTO;
                  },
                  ""),
              R"({"includeThoughts":true,"thinkingLevel":"HIGH"})");
}

TEST(Requests, SayWhatWasLost) {
    Foreign asked([](parley_request& r, sdk::Arena& arena) {
        auto& sampling = sdk::make<parley_sampling>(arena);
        sampling.temperature = number(3, "3.0");
        sampling.seed = number(5e9, "5000000000");
        sampling.logit_bias = str("{\"1\":2}");
        r.sampling = &sampling;
        r.verbosity = PARLEY_VERBOSITY_LOW;
        r.max_output_tokens = number(1e6, "1000000");
        r.truncation = str("\"auto\"");
    });
    const auto encoded = asked.encoded(R"({"max_output":65536})");
    const std::vector<std::string> wanted{"field_dropped;verbosity",
                                          "field_dropped;truncation",
                                          "sampling_clamped;temperature",
                                          "sampling_dropped;seed",
                                          "sampling_dropped;logit_bias",
                                          "max_tokens_clamped"};
    EXPECT_EQ(encoded.warnings, wanted);
    EXPECT_EQ(json::serialize(json::parse(encoded.body).at("generationConfig")),
              R"({"temperature":2,"maxOutputTokens":65536})");
}

TEST(Requests, RefuseWhatWouldBreakAContract) {
    const auto refusal = [](const std::function<void(parley_request&, sdk::Arena&)>& change) {
        try {
            Foreign(change).encoded();
        } catch (const codec::Refused& refused) {
            return std::to_string(refused.error_class) + ' ' + refused.param + ' ' + refused.code;
        }
        return std::string("sent");
    };
    EXPECT_EQ(refusal([](parley_request& r, sdk::Arena&) { r.choices = number(2, "2"); }),
              "2 n unsupported_value");
    EXPECT_EQ(refusal([](parley_request& r, sdk::Arena&) { r.choices = number(1, "1"); }), "sent");
    EXPECT_EQ(refusal([](parley_request& r, sdk::Arena&) { r.background = str("true"); }),
              "2 background unsupported_parameter");
    EXPECT_EQ(refusal([](parley_request& r, sdk::Arena&) { r.prompt_template = str("{}"); }),
              "2 prompt unsupported_parameter");
    EXPECT_EQ(refusal([](parley_request& r, sdk::Arena&) { r.modalities = PARLEY_MODALITY_AUDIO; }),
              "2 modalities unsupported_parameter");
    EXPECT_EQ(refusal([](parley_request& r, sdk::Arena& arena) {
                  auto& previous = sdk::make<parley_previous>(arena);
                  previous.response_id = str("resp_1");
                  r.previous = &previous;
              }),
              "2 previous_response_id unsupported_parameter");
}

TEST(Requests, ItemsOfOthersAreTextUnlessTheyHoldTheHistory) {
    Foreign asked([](parley_request&, sdk::Arena&) {});
    auto item = sized<parley_server_item>();
    item.tool = str("web_search");
    item.dialect = str("openai-responses");
    item.summary = str("[web_search: parley]");
    auto part = sized<parley_part>();
    part.kind = PARLEY_PART_SERVER_ITEM;
    part.origin = str("input[1]");
    part.server_item = &item;
    const parley_part* parts[] = {&part};
    auto turn = sized<parley_message>();
    turn.role = PARLEY_ROLE_ASSISTANT;
    turn.parts = parts;
    turn.part_count = 1;
    const parley_message* user = asked.request->messages[0];
    const parley_message* messages[] = {user, &turn, user};
    parley_request request = *asked.request;
    request.messages = messages;
    request.message_count = 3;
    const auto encoded = dialect().encode_request(request, "m");
    EXPECT_NE(encoded.body.find("[web_search: parley]"), std::string::npos);
    EXPECT_EQ(encoded.warnings, std::vector<std::string>{"field_dropped;input[1]"});
    item.tool = str("compaction");
    EXPECT_THROW(dialect().encode_request(request, "m"), codec::Refused);
}

TEST(Requests, CustomToolsAndStrictOnesHaveTheirWords) {
    Foreign asked([](parley_request&, sdk::Arena&) {});
    parley_request request = *asked.request;
    auto custom = sized<parley_tool>();
    custom.kind = PARLEY_TOOL_CUSTOM;
    custom.name = str("patch");
    auto strict = sized<parley_tool>();
    strict.kind = PARLEY_TOOL_FUNCTION;
    strict.name = str("f");
    strict.strict = PARLEY_SAYS_YES;
    strict.schema = str(R"({"type":"object","properties":{}})");
    const parley_tool* tools[] = {&strict, &custom};
    request.tools = tools;
    request.tool_count = 1;
    auto body = json::parse(dialect().encode_request(request, "m").body);
    EXPECT_EQ(json::serialize(body.at("toolConfig")),
              R"({"functionCallingConfig":{"mode":"VALIDATED"}})");
    EXPECT_FALSE(
        body.at("tools").at(0).at("functionDeclarations").at(0).as_object().contains("parameters"));
    request.tool_count = 2;
    const auto encoded = dialect().encode_request(request, "m");
    EXPECT_EQ(encoded.warnings, std::vector<std::string>{"strict_dropped"});
    body = json::parse(encoded.body);
    const auto& wrapped = body.at("tools").at(0).at("functionDeclarations").at(1);
    EXPECT_EQ(wrapped.at("parametersJsonSchema").at("required").at(0), "input");
}

TEST(Requests, StopSequencesBeyondTheLimitAreWatchedHere) {
    Foreign asked([](parley_request&, sdk::Arena&) {});
    parley_request request = *asked.request;
    const parley_str stops[] = {str("1"), str("2"), str("3"), str("4"), str("5"), str("END")};
    request.stop = stops;
    request.stop_count = 6;
    const auto encoded = dialect().encode_request(request, "m");
    EXPECT_TRUE(encoded.warnings.empty());
    const auto sequences = json::parse(encoded.body).at("generationConfig").at("stopSequences");
    EXPECT_EQ(sequences.as_array().size(), 5u);
    const std::string reply =
        "data: {\"candidates\":[{\"content\":{\"parts\":[{\"text\":\"abc E\"}]}}]}\n\n"
        "data: {\"candidates\":[{\"content\":{\"parts\":[{\"text\":\"ND def\"}]}}]}\n\n"
        "data: {\"candidates\":[{\"finishReason\":\"STOP\"}]}\n\n";
    for (const std::size_t piece : {0, 1}) {
        const auto events = dialect().decode(request, reply, true, piece);
        EXPECT_EQ(events[2].text, "abc ");
        EXPECT_EQ(events.back().raw.kind, static_cast<uint32_t>(PARLEY_FINISH_STOP_SEQUENCE));
        EXPECT_EQ(events.back().text, "END");
    }
}

}  // namespace

}  // namespace parley::gemini
