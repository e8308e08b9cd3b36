// draft_test.cpp: the rules N1 to N12 of the normal form, one by one, then on random talks.
#include "parley/sdk/draft.hpp"

#include <random>
#include <set>

#include "hub_test.hpp"

namespace parley::sdk {

namespace {

struct DraftTest : testing::Test {
    void say(uint32_t role, std::string_view text) {
        draft.begin(role, "m");
        draft.add(draft.text_part(arena.copy(text), "m"));
    }

    void call_tool(std::string_view id, std::string_view arguments = "{}") {
        auto& tool_call = make<parley_tool_call>(arena);
        tool_call.kind = PARLEY_TOOL_CALL_FUNCTION;
        tool_call.id = arena.copy(id);
        tool_call.name = str("f");
        tool_call.arguments = arena.copy(arguments);
        auto& part = draft.part(PARLEY_PART_TOOL_CALL, "call");
        part.tool_call = &tool_call;
        draft.begin(PARLEY_ROLE_ASSISTANT, "m");
        draft.add(part);
    }

    void result(std::string_view id, std::string_view text) {
        auto& tool_result = make<parley_tool_result>(arena);
        tool_result.call_id = arena.copy(id);
        const std::vector<const parley_part*> content{&draft.text_part(arena.copy(text), "result")};
        tool_result.parts = keep(arena, content);
        tool_result.part_count = 1;
        auto& part = draft.part(PARLEY_PART_TOOL_RESULT, "result");
        part.tool_result = &tool_result;
        draft.begin(PARLEY_ROLE_TOOL, "m");
        draft.add(part);
    }

    // "system | user: hi | assistant: call c1 | tool: c1=42"
    static std::string show(const parley_request& r) {
        std::string out;
        for (uint64_t i = 0; i < r.instruction_count; ++i) {
            out += "instruction: " + std::string(view(r.instructions[i]->text)) + " | ";
        }
        constexpr const char* kRoles[] = {"?", "system", "developer", "user", "assistant", "tool"};
        for (uint64_t m = 0; m < r.message_count; ++m) {
            const parley_message& message = *r.messages[m];
            out += kRoles[message.role] + std::string(":");
            for (uint64_t p = 0; p < message.part_count; ++p) {
                out += ' ' + show(*message.parts[p]);
            }
            if (m + 1 != r.message_count) out += " | ";
        }
        return out;
    }

    static std::string show(const parley_part& p) {
        if (p.tool_call != nullptr) {
            return "call " + std::string(view(p.tool_call->id)) +
                   std::string(view(p.tool_call->arguments));
        }
        if (p.tool_result != nullptr) {
            return std::string(view(p.tool_result->call_id)) + '=' +
                   std::string(view(p.tool_result->parts[0]->text));
        }
        return std::string(p.kind == PARLEY_PART_REASONING ? "(thinks)" : view(p.text));
    }

    std::string finish() { return show(*draft.finish()); }

    std::string warnings() const {
        std::string out;
        for (uint64_t i = 0; i < draft.request.warning_count; ++i) {
            out += std::string(view(draft.request.warnings[i]->code)) + ' ';
        }
        return out;
    }

    TestArena memory;
    Arena arena{memory.border()};
    parley_http_request http{};
    parley_call call{sizeof(call), 0, PARLEY_OPERATION_GENERATE, 0, &http, {}, {}, {}};
    RequestDraft draft{arena, "test", call};
};

TEST_F(DraftTest, N1MergesNeighboursOfARole) {
    say(PARLEY_ROLE_USER, "a");
    say(PARLEY_ROLE_USER, "b");
    say(PARLEY_ROLE_ASSISTANT, "c");
    say(PARLEY_ROLE_ASSISTANT, "d");
    say(PARLEY_ROLE_USER, "e");
    EXPECT_EQ(finish(), "user: a b | assistant: c d | user: e");
}

TEST_F(DraftTest, N2HoistsOnlyWhatLeads) {
    say(PARLEY_ROLE_SYSTEM, "s");
    say(PARLEY_ROLE_DEVELOPER, "d");
    say(PARLEY_ROLE_USER, "u");
    say(PARLEY_ROLE_SYSTEM, "late");
    say(PARLEY_ROLE_USER, "v");
    EXPECT_EQ(finish(), "instruction: s | instruction: d | user: u | system: late | user: v");
}

TEST_F(DraftTest, N3PutsResultsBehindTheirCallsInTheirOrder) {
    say(PARLEY_ROLE_USER, "u");
    call_tool("a");
    call_tool("b");
    say(PARLEY_ROLE_USER, "meanwhile");
    result("b", "2");
    result("a", "1");
    EXPECT_EQ(finish(), "user: u | assistant: call a{} call b{} | tool: a=1 b=2 | user: meanwhile");
}

TEST_F(DraftTest, N4MakesUpWhatIsMissing) {
    say(PARLEY_ROLE_USER, "u");
    call_tool("a");
    say(PARLEY_ROLE_USER, "v");
    EXPECT_EQ(finish(),
              "user: u | assistant: call a{} | "
              "tool: a=No result was recorded for this tool call. | user: v");
    EXPECT_EQ(warnings(), "tool_result_synthesised ");
}

TEST_F(DraftTest, N3LeavesTheLastCallsToTheClient) {
    say(PARLEY_ROLE_USER, "u");
    call_tool("a");
    EXPECT_EQ(finish(), "user: u | assistant: call a{}");
    EXPECT_EQ(warnings(), "");
}

TEST_F(DraftTest, N5DropsOrphans) {
    say(PARLEY_ROLE_USER, "u");
    result("ghost", "1");
    say(PARLEY_ROLE_USER, "v");
    EXPECT_EQ(finish(), "user: u v");
    EXPECT_EQ(warnings(), "orphan_tool_result ");
}

TEST_F(DraftTest, N5KeepsResultsOfCallsThatTheUpstreamKeeps) {
    auto& previous = make<parley_previous>(arena);
    previous.response_id = str("resp_1");
    draft.request.previous = &previous;
    result("elsewhere", "1");
    EXPECT_EQ(finish(), "tool: elsewhere=1");
}

TEST_F(DraftTest, N6TheLastResultCounts) {
    say(PARLEY_ROLE_USER, "u");
    call_tool("a");
    result("a", "old");
    result("a", "new");
    EXPECT_EQ(finish(), "user: u | assistant: call a{} | tool: a=new");
    EXPECT_EQ(warnings(), "duplicate_tool_result ");
}

TEST_F(DraftTest, N7RenamesIdsThatComeAgain) {
    say(PARLEY_ROLE_USER, "u");
    call_tool("a");
    result("a", "1");
    call_tool("a");
    result("a", "2");
    EXPECT_EQ(finish(),
              "user: u | assistant: call a{} | tool: a=1 | assistant: call a~2{} | tool: a~2=2");
}

TEST_F(DraftTest, N7GivesLaterResultsToLaterCallsOnly) {
    say(PARLEY_ROLE_USER, "u");
    call_tool("a");
    say(PARLEY_ROLE_USER, "v");
    call_tool("a");
    call_tool("a");
    result("a", "1");
    result("a", "2");
    result("a", "3");
    EXPECT_EQ(finish(),
              "user: u | assistant: call a{} | "
              "tool: a=No result was recorded for this tool call. | user: v | "
              "assistant: call a~2{} call a~3{} | tool: a~2=1 a~3=3");
}

TEST_F(DraftTest, N8PutsCallsLast) {
    say(PARLEY_ROLE_USER, "u");
    call_tool("a");
    auto& thought = draft.part(PARLEY_PART_REASONING, "m");
    draft.begin(PARLEY_ROLE_ASSISTANT, "m");
    draft.add(thought);
    call_tool("b");
    say(PARLEY_ROLE_ASSISTANT, "late text");
    result("a", "1");
    result("b", "2");
    EXPECT_EQ(finish(),
              "user: u | assistant: late text call a{} (thinks) call b{} | tool: a=1 b=2");
}

TEST_F(DraftTest, N9DropsWhatIsEmpty) {
    say(PARLEY_ROLE_USER, "");
    say(PARLEY_ROLE_ASSISTANT, "a");
    say(PARLEY_ROLE_USER, "u");
    EXPECT_EQ(finish(), "assistant: a | user: u");
}

TEST_F(DraftTest, N10MakesInstructionsATurnWhenThereIsNoOther) {
    say(PARLEY_ROLE_SYSTEM, "s");
    say(PARLEY_ROLE_DEVELOPER, "d");
    EXPECT_EQ(finish(), "instruction: s | user: d");
}

TEST_F(DraftTest, N10RefusesNothingAtAll) {
    EXPECT_THROW(draft.finish(), Failure);
}

TEST_F(DraftTest, N12FillsEmptyArguments) {
    say(PARLEY_ROLE_USER, "u");
    call_tool("a", "");
    result("a", "1");
    EXPECT_EQ(finish(), "user: u | assistant: call a{} | tool: a=1");
}

// Whatever clients do to a history, each call has exactly one result in the next turn.
std::vector<std::string> words_of_users(const parley_request& r) {
    std::vector<std::string> words;
    for (uint64_t m = 0; m < r.message_count; ++m) {
        if (r.messages[m]->role != PARLEY_ROLE_USER) continue;
        for (uint64_t p = 0; p < r.messages[m]->part_count; ++p) {
            words.emplace_back(view(r.messages[m]->parts[p]->text));
        }
    }
    return words;
}

TEST(DraftRandom, CallsAndResultsPair) {
    for (unsigned seed = 0; seed < 500; ++seed) {
        std::mt19937 random(seed);

        struct Talk : DraftTest {
            void TestBody() override {}
        } talk;

        std::vector<std::string> said{"begin"};
        talk.say(PARLEY_ROLE_USER, said.back());
        for (int i = 0; i < 12; ++i) {
            const std::string id(1, static_cast<char>('a' + random() % 4));
            switch (random() % 5) {
                case 0:
                    said.push_back("u" + std::to_string(i));
                    talk.say(PARLEY_ROLE_USER, said.back());
                    break;
                case 1:
                    talk.say(PARLEY_ROLE_ASSISTANT, "x");
                    break;
                case 2:
                    talk.call_tool(id);
                    break;
                case 3:
                    talk.result(id, "r");
                    break;
                default:
                    talk.say(PARLEY_ROLE_SYSTEM, "s");
            }
        }
        const parley_request& r = *talk.draft.finish();
        EXPECT_EQ(words_of_users(r), said) << seed << ' ' << DraftTest::show(r);
        std::set<std::string_view> ids;
        for (uint64_t m = 0; m < r.message_count; ++m) {
            std::vector<std::string_view> calls;
            const parley_message& message = *r.messages[m];
            EXPECT_NE(message.part_count, 0u);
            for (uint64_t p = 0; p < message.part_count; ++p) {
                if (message.parts[p]->tool_call == nullptr) continue;
                calls.push_back(view(message.parts[p]->tool_call->id));
                EXPECT_TRUE(ids.insert(calls.back()).second) << seed;
            }
            const bool answered =
                m + 1 < r.message_count && r.messages[m + 1]->role == PARLEY_ROLE_TOOL;
            if (message.role == PARLEY_ROLE_TOOL) {
                ASSERT_GT(m, 0u);
                EXPECT_EQ(r.messages[m - 1]->role, static_cast<uint32_t>(PARLEY_ROLE_ASSISTANT));
            }
            if (calls.empty()) continue;
            std::vector<std::string_view> results;
            if (answered) {
                const parley_message& next = *r.messages[m + 1];
                for (uint64_t p = 0; p < next.part_count; ++p) {
                    results.push_back(view(next.parts[p]->tool_result->call_id));
                }
            }
            const bool open = !answered;  // only where no client has spoken since
            EXPECT_TRUE(open || results == calls) << seed << ' ' << DraftTest::show(r);
            for (uint64_t later = m + 1; open && later < r.message_count; ++later) {
                EXPECT_EQ(r.messages[later]->role, static_cast<uint32_t>(PARLEY_ROLE_SYSTEM))
                    << seed << ' ' << DraftTest::show(r);
            }
        }
    }
}

}  // namespace

}  // namespace parley::sdk
