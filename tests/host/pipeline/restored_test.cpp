// restored_test.cpp: envelopes in a history are opened, moved to their place, or dropped; what
// was stashed comes back.
#include "pipeline/restored.hpp"

#include <vector>

#include <gtest/gtest.h>

#include "parley/sdk/tree.hpp"

namespace parley::pipeline {

namespace {

struct Restored : testing::Test {
    const parley_part& part(std::uint32_t kind, std::string_view data) {
        auto& p = sdk::make<parley_part>(nodes);
        p.kind = kind;
        p.origin = sdk::str("messages[0]");
        if (data.empty()) return p;
        auto& seal = sdk::make<parley_seal>(nodes);
        seal.family = sdk::str(data.starts_with("pl1.") ? "parley" : "native");
        seal.data = nodes.copy(data);
        p.seal = &seal;
        return p;
    }

    const parley_part& call(std::string_view id) {
        auto& tool_call = sdk::make<parley_tool_call>(nodes);
        tool_call.id = nodes.copy(id);
        auto& p = sdk::make<parley_part>(nodes);
        p.kind = PARLEY_PART_TOOL_CALL;
        p.tool_call = &tool_call;
        return p;
    }

    // Reasoning of which a client kept the seal alone.
    const parley_part& bare(const Seal& seal) {
        auto& reasoning = sdk::make<parley_reasoning>(nodes);
        reasoning.redacted = 1;
        auto& p = sdk::make<parley_part>(nodes);
        p = part(PARLEY_PART_REASONING, seals.wrap(seal, "alice"));
        p.reasoning = &reasoning;
        return p;
    }

    const parley_request& open(std::vector<const parley_part*> parts) {
        return open(std::move(parts), carriage);
    }

    const parley_request& open(std::vector<const parley_part*> parts, const Carriage& by) {
        auto& message = sdk::make<parley_message>(nodes);
        message.role = PARLEY_ROLE_ASSISTANT;
        message.parts = sdk::keep(nodes, parts);
        message.part_count = parts.size();
        const std::vector<const parley_message*> messages{&message};
        auto& request = sdk::make<parley_request>(nodes);
        request.flags = PARLEY_REQUEST_HAS_SEALS;
        request.messages = sdk::keep(nodes, messages);
        request.message_count = 1;
        return *restored(request, by, arena);
    }

    base::Arena arena{1024 * 1024};
    sdk::Arena nodes{arena.border()};
    Seals seals{base::Secret("key")};
    Stash stash{config::StashLimits()};
    Carriage carriage{seals, stash, "alice", 1};
};

TEST_F(Restored, BecomeWhatTheyWere) {
    const std::string envelope =
        seals.wrap({PARLEY_SEAL_SIGNATURE, "acme", "m-1", "c2ln"}, "alice");
    const auto& r = open({&part(PARLEY_PART_REASONING, envelope)});
    const parley_seal& seal = *r.messages[0]->parts[0]->seal;
    EXPECT_EQ(seal.scheme, static_cast<std::uint32_t>(PARLEY_SEAL_SIGNATURE));
    EXPECT_EQ(sdk::view(seal.family), "acme");
    EXPECT_EQ(sdk::view(seal.model), "m-1");
    EXPECT_EQ(sdk::view(seal.data), "c2ln");
}

TEST_F(Restored, ThatBelongBesideACallGoThere) {
    const std::string envelope =
        seals.wrap({PARLEY_SEAL_THOUGHT_SIGNATURE, "acme", "", "c2ln"}, "alice");
    const auto& r =
        open({&part(PARLEY_PART_REASONING, envelope), &part(PARLEY_PART_TOOL_CALL, "")});
    ASSERT_EQ(r.messages[0]->part_count, 1u);
    const parley_part& call = *r.messages[0]->parts[0];
    EXPECT_EQ(call.kind, static_cast<std::uint32_t>(PARLEY_PART_TOOL_CALL));
    EXPECT_EQ(sdk::view(call.seal->data), "c2ln");
}

TEST_F(Restored, OfOthersGoWithTheirReasoningAndAreWarnedOf) {
    const std::string envelope = seals.wrap({PARLEY_SEAL_SIGNATURE, "acme", "", "c2ln"}, "bob");
    const auto& r =
        open({&part(PARLEY_PART_REASONING, envelope), &part(PARLEY_PART_TEXT, envelope)});
    ASSERT_EQ(r.messages[0]->part_count, 1u);
    EXPECT_EQ(r.messages[0]->parts[0]->seal, nullptr);
    ASSERT_EQ(r.warning_count, 1u);
    EXPECT_EQ(sdk::view(r.warnings[0]->code), PARLEY_WARNING_SEAL_INVALID);
    EXPECT_EQ(open({&part(PARLEY_PART_REASONING, envelope)}).message_count, 0u);
}

TEST_F(Restored, ThatOnlyAnotherAccountCanReadGo) {
    routing::Owners owners{config::RoutingLimits()};
    const std::string data(100, 'g');
    const Seal sealed{PARLEY_SEAL_ENCRYPTED, "acme", "m-1", data};
    const Carriage of_first{seals, stash, "alice", 1'000, &owners, 1};
    const Carriage of_second{seals, stash, "alice", 1'000, &owners, 2};
    EXPECT_FALSE(of_second.is_of_another(sealed)) << "nobody is known to own it";
    of_first.own(sealed);
    EXPECT_FALSE(of_first.is_of_another(sealed));
    EXPECT_TRUE(of_second.is_of_another(sealed));
    of_first.own({PARLEY_SEAL_SIGNATURE, "acme", "", "c2ln"});
    EXPECT_FALSE(of_second.is_of_another({PARLEY_SEAL_SIGNATURE, "acme", "", "c2ln"}))
        << "a signature is good anywhere";

    const parley_part& carried = part(PARLEY_PART_REASONING, seals.wrap(sealed, "alice"));
    const parley_part& words = part(PARLEY_PART_TEXT, "");
    EXPECT_EQ(open({&carried, &words}, of_first).messages[0]->part_count, 2u);
    const auto& lost = open({&carried, &words}, of_second);
    EXPECT_EQ(lost.messages[0]->part_count, 1u);
    ASSERT_EQ(lost.warning_count, 1u);
    EXPECT_EQ(sdk::view(lost.warnings[0]->code), PARLEY_WARNING_SEAL_DROPPED);
}

TEST_F(Restored, ThatOnlyOneProviderCanReadGoToNoOther) {
    const Seal sealed{PARLEY_SEAL_REDACTED, "acme", "m-1", "[]", "here"};
    const Carriage here{seals, stash, "alice", 1, nullptr, 0, "here"};
    const Carriage there{seals, stash, "alice", 1, nullptr, 0, "there"};
    const parley_part& carried = part(PARLEY_PART_REASONING, seals.wrap(sealed, "alice"));
    const parley_part& words = part(PARLEY_PART_TEXT, "");
    EXPECT_EQ(open({&carried, &words}, here).messages[0]->part_count, 2u);
    const auto& lost = open({&carried, &words}, there);
    EXPECT_EQ(lost.messages[0]->part_count, 1u);
    ASSERT_EQ(lost.warning_count, 1u);
    EXPECT_EQ(sdk::view(lost.warnings[0]->code), PARLEY_WARNING_SEAL_DROPPED);

    stash.put("alice", "call_1", {{false, {}, sealed}}, 1);
    const parley_part& called = call("call_1");
    EXPECT_EQ(open({&called}, here).messages[0]->part_count, 2u);
    EXPECT_EQ(open({&called}, there).messages[0]->part_count, 1u);
}

TEST_F(Restored, OfTheClientsOwnProviderStay) {
    const parley_part& own = part(PARLEY_PART_REASONING, "native-signature");
    EXPECT_EQ(open({&own}).messages[0]->parts[0], &own);
}

const Seal kSignature{PARLEY_SEAL_SIGNATURE, "acme", "", "c2ln"};

TEST_F(Restored, WhatWasStashedBeginsItsStepAgain) {
    Stashed thought;
    thought.sections.push_back({PARLEY_REASONING_RAW, "because"});
    thought.seal = kSignature;
    Stashed beside;
    beside.of_call = true;
    beside.seal = {PARLEY_SEAL_THOUGHT_SIGNATURE, "acme", "", "Z3Nn"};
    stash.put("alice", "call_1", {thought, beside}, 0);
    stash.put("alice", "call_2", {thought}, 0);
    const parley_part& text = part(PARLEY_PART_TEXT, "");
    const auto& turn = *open({&text, &call("call_1"), &text, &call("call_2")}).messages[0];
    ASSERT_EQ(turn.part_count, 6u);
    EXPECT_EQ(sdk::view(turn.parts[0]->reasoning->sections[0]->text), "because");
    EXPECT_EQ(sdk::view(turn.parts[0]->seal->data), "c2ln");
    EXPECT_EQ(turn.parts[1], &text);
    EXPECT_EQ(sdk::view(turn.parts[2]->seal->data), "Z3Nn");
    EXPECT_EQ(sdk::view(turn.parts[3]->reasoning->sections[0]->text), "because");
    EXPECT_EQ(turn.parts[4], &text);
}

TEST_F(Restored, SignaturesGetTheirWordsBack) {
    Stashed thought;
    thought.sections.push_back({PARLEY_REASONING_RAW, "because"});
    thought.seal = kSignature;
    stash.put("alice", "call_1", {thought}, 0);
    const parley_part& text = part(PARLEY_PART_TEXT, "");
    const auto& turn = *open({&text, &bare(kSignature), &call("call_1")}).messages[0];
    ASSERT_EQ(turn.part_count, 3u);
    EXPECT_EQ(sdk::view(turn.parts[0]->reasoning->sections[0]->text), "because");
    EXPECT_EQ(sdk::view(turn.parts[0]->seal->data), "c2ln");
    EXPECT_EQ(turn.parts[1], &text);
}

TEST_F(Restored, SignaturesOfProvidersThatShowNoWordsStandAlone) {
    Stashed thought;
    thought.seal = kSignature;
    stash.put("alice", "call_1", {thought}, 0);
    const auto& turn = *open({&bare(kSignature), &call("call_1")}).messages[0];
    ASSERT_EQ(turn.part_count, 2u);
    EXPECT_EQ(turn.parts[0]->reasoning->redacted, 0u);
    EXPECT_EQ(sdk::view(turn.parts[0]->seal->data), "c2ln");
}

TEST_F(Restored, SignaturesWhoseWordsAreNowhereAreDropped) {
    const parley_part& text = part(PARLEY_PART_TEXT, "");
    const auto& r = open({&text, &bare(kSignature), &call("call_1")});
    EXPECT_EQ(r.messages[0]->part_count, 2u);
    ASSERT_EQ(r.warning_count, 1u);
    EXPECT_EQ(sdk::view(r.warnings[0]->code), PARLEY_WARNING_SEAL_DROPPED);
}

TEST_F(Restored, SealsThatHoldWhatTheySealNeedNoWords) {
    const Seal encrypted{PARLEY_SEAL_ENCRYPTED, "acme", "", "c2ln"};
    const parley_part& text = part(PARLEY_PART_TEXT, "");
    const auto& turn = *open({&text, &bare(encrypted)}).messages[0];
    ASSERT_EQ(turn.part_count, 2u);
    EXPECT_EQ(sdk::view(turn.parts[0]->seal->data), "c2ln");
    EXPECT_EQ(turn.parts[1], &text);
}

}  // namespace

}  // namespace parley::pipeline
