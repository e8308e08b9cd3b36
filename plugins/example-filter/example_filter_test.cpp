// example_filter_test.cpp: the filter through the table that the host calls.
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include <gtest/gtest.h>

#include "parley/filter.h"
#include "parley/sdk/grammar.hpp"
#include "parley/sdk/plugin.hpp"

extern "C" const parley_entry parley_plugin_v0;

namespace {

using parley::sdk::str;
using parley::sdk::view;

class Arena {
public:
    const parley_arena* border() const { return &border_; }

private:
    std::vector<std::unique_ptr<char[]>> blocks_;
    parley_arena border_{
        sizeof(border_), 0, this, [](const parley_arena* a, uint64_t size, uint64_t) {
            auto& blocks = static_cast<Arena*>(a->ctx)->blocks_;
            return static_cast<void*>(blocks.emplace_back(std::make_unique<char[]>(size)).get());
        }};
};

// What a client would read: the text of the open part, and whether the same event came out.
struct Sink {
    std::string text;
    std::string seals;
    std::string sections;  // one digit an event
    std::vector<const parley_event*> events;
    parley::sdk::GrammarChecker grammar;
    parley_sink border{};

    Sink() {
        border.struct_size = sizeof(border);
        border.ctx = this;
        border.emit = [](const parley_sink* sink, const parley_event* e) -> parley_status {
            auto& self = *static_cast<Sink*>(sink->ctx);
            EXPECT_EQ(self.grammar.check(*e), nullptr);
            self.events.push_back(e);
            self.sections += std::to_string(e->a);
            if (e->type == PARLEY_EVENT_SEAL) {
                self.seals += view(e->text);
            } else {
                self.text += view(e->text);
            }
            return PARLEY_OK;
        };
    }
};

class RedactorTest : public testing::Test {
protected:
    ~RedactorTest() override {
        if (session_ != nullptr) table().close(session_);
        if (instance_ != nullptr) component_.destroy(instance_);
    }

    void make(const std::string& pattern, const std::string& replacement = "[redacted]") {
        ASSERT_EQ(component_.create(nullptr, &instance_, nullptr), PARLEY_OK);
        const std::string json =
            R"({"pattern":")" + pattern + R"(","replacement":")" + replacement + "\"}";
        ASSERT_EQ(component_.configure(instance_, str(json), nullptr), PARLEY_OK);
        parley_filter_open open{};
        open.struct_size = sizeof(open);
        open.arena = arena_.border();
        ASSERT_EQ(table().open(instance_, &open, &session_, nullptr), PARLEY_OK);
    }

    void tell(uint16_t type, std::string_view text = {}, uint64_t a = 0) {
        parley_event e{};
        e.struct_size = sizeof(e);
        e.type = type;
        e.kind = kind;
        e.part = part_;
        e.text = str(text);
        e.a = a;
        const uint64_t wanted = PARLEY_INTEREST_EVENT(type);
        parley_filter_interest interest{};
        table().interest(instance_, &interest, nullptr);
        if ((interest.events & wanted) != 0) {
            EXPECT_EQ(table().event(session_, &e, &sink_->border, nullptr), PARLEY_OK);
        } else {
            EXPECT_EQ(sink_->border.emit(&sink_->border, &e), PARLEY_OK);
        }
        passed_whole_ = !sink_->events.empty() && sink_->events.back() == &e;
        if (type == PARLEY_EVENT_PART_ENDED) ++part_;
    }

    void begin() {
        sink_ = std::make_unique<Sink>();
        part_ = 0;
        tell(PARLEY_EVENT_RESPONSE_STARTED);
        tell(PARLEY_EVENT_PART_STARTED);
        sink_->text.clear();
    }

    const parley_filter& table() const {
        return *static_cast<const parley_filter*>(component_.table);
    }

    const parley_component& component_ = *parley_plugin_v0.component(0);
    uint32_t kind = PARLEY_PART_TEXT;
    Arena arena_;
    parley_instance* instance_ = nullptr;
    parley_session* session_ = nullptr;
    std::unique_ptr<Sink> sink_;
    uint32_t part_ = 0;
    bool passed_whole_ = false;
};

TEST_F(RedactorTest, FindsThePatternInTwoPiecesCutAnywhere) {
    make("aabaac");
    const std::string text = "x aabaabaac aaaabaac aabaa y aabaac";
    const std::string right = "x aab[redacted] aa[redacted] aabaa y [redacted]";
    for (std::size_t first = 0; first <= text.size(); ++first) {
        for (std::size_t second = first; second <= text.size(); ++second) {
            begin();
            for (const auto& piece :
                 {text.substr(0, first), text.substr(first, second - first), text.substr(second)}) {
                if (!piece.empty()) tell(PARLEY_EVENT_TEXT_DELTA, piece);
            }
            tell(PARLEY_EVENT_PART_ENDED);
            ASSERT_EQ(sink_->text, right) << first << ' ' << second;
        }
    }
}

TEST_F(RedactorTest, WhatIsUntouchedPassesAsItCame) {
    make("secret");
    begin();
    tell(PARLEY_EVENT_TEXT_DELTA, "nothing to see");
    EXPECT_TRUE(passed_whole_);
    tell(PARLEY_EVENT_TEXT_DELTA, "se");
    EXPECT_EQ(sink_->text, "nothing to see");
    tell(PARLEY_EVENT_PART_ENDED);
    EXPECT_EQ(sink_->text, "nothing to seese");
}

TEST_F(RedactorTest, ASealOfWhatWasChangedIsNoProofAnyMore) {
    make("secret");
    kind = PARLEY_PART_REASONING;
    begin();
    tell(PARLEY_EVENT_REASONING_DELTA, "a sec");
    tell(PARLEY_EVENT_REASONING_DELTA, "ret");
    tell(PARLEY_EVENT_SEAL, "proof");
    tell(PARLEY_EVENT_PART_ENDED);
    EXPECT_EQ(sink_->text, "a [redacted]");
    EXPECT_EQ(sink_->seals, "");
    tell(PARLEY_EVENT_PART_STARTED);
    tell(PARLEY_EVENT_REASONING_DELTA, "a sec");
    tell(PARLEY_EVENT_SEAL, "proof");
    tell(PARLEY_EVENT_PART_ENDED);
    EXPECT_EQ(sink_->text, "a [redacted]a sec");
    EXPECT_EQ(sink_->seals, "proof");
}

TEST_F(RedactorTest, SectionsOfReasoningAreTextsOfTheirOwn) {
    make("secret");
    kind = PARLEY_PART_REASONING;
    begin();
    tell(PARLEY_EVENT_REASONING_DELTA, "sec", 0);
    tell(PARLEY_EVENT_REASONING_DELTA, "ret", 1);
    EXPECT_EQ(sink_->text, "secret");
    EXPECT_EQ(sink_->sections, "0001");
}

TEST_F(RedactorTest, ARequestSharesWhatIsNotChanged) {
    make("secret", "");
    const auto part_of = [](uint32_t of, std::string_view text) {
        parley_part part{};
        part.struct_size = sizeof(part);
        part.kind = of;
        part.text = str(text);
        return part;
    };
    const parley_part clean = part_of(PARLEY_PART_TEXT, "nothing");
    const parley_part dirty = part_of(PARLEY_PART_TEXT, "a secret, a secretsecret");
    parley_tool_call call{};
    call.struct_size = sizeof(call);
    call.arguments = str(R"({"key":"secret"})");
    parley_part called = part_of(PARLEY_PART_TOOL_CALL, {});
    called.tool_call = &call;
    const parley_part* const parts[] = {&clean, &dirty, &called};
    parley_message message{};
    message.struct_size = sizeof(message);
    message.parts = parts;
    message.part_count = 3;
    const parley_message* const messages[] = {&message};
    parley_request request{};
    request.struct_size = sizeof(request);
    request.messages = messages;
    request.message_count = 1;
    parley_filter_decision out{};
    out.struct_size = sizeof(out);
    ASSERT_EQ(table().request(session_, &request, arena_.border(), &out, nullptr), PARLEY_OK);
    ASSERT_EQ(out.action, static_cast<uint32_t>(PARLEY_FILTER_REPLACE));
    const parley_part* const* now = out.request->messages[0]->parts;
    EXPECT_EQ(now[0], &clean);
    EXPECT_EQ(view(now[1]->text), "a , a ");
    EXPECT_EQ(view(now[2]->tool_call->arguments), R"({"key":""})");
    EXPECT_EQ(view(dirty.text), "a secret, a secretsecret");
    message.part_count = 1;
    ASSERT_EQ(table().request(session_, &request, arena_.border(), &out, nullptr), PARLEY_OK);
    EXPECT_EQ(out.action, static_cast<uint32_t>(PARLEY_FILTER_CONTINUE));
}

}  // namespace
