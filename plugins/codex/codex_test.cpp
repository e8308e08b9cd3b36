// Where requests go, what proves them, and what becomes of their bodies on the way.
#include <gtest/gtest.h>

#include "codec/codec.hpp"
#include "parley/sdk/json.hpp"
#include "provider.hpp"

namespace parley::codex {

namespace {

using codec::sized;
using codec::TestArena;
using sdk::str;
using sdk::view;

constexpr std::string_view kSettings =
    R"({"base_url":"https://chat.example/codex/","api_base_url":"https://api.example/v1",)"
    R"("issuer":"https://login.example","client_id":"client-1","callback_port":1455,)"
    R"("headers":{"x-team":"a"}})";

constexpr std::string_view kDocument = R"({"access_token":"at-0","refresh_token":"rt-0"})";

constexpr std::string_view kGenerate = "/v1/responses";

struct Asked {
    explicit Asked(std::string_view secret,
                   std::string_view path = kGenerate,
                   uint32_t operation = PARLEY_OPERATION_GENERATE,
                   bool stream = true) {
        provider.configure(kSettings);
        account.secret = str(secret);
        account.attributes = str(R"({"account_id":"acc-1"})");
        ask.operation = operation;
        ask.path = str(path);
        ask.stream = stream ? 1 : 0;
        ask.account = &account;
    }

    // "origin target header: value ...".
    std::string planned() {
        sdk::Arena memory = arena.sdk();
        auto plan = sized<parley_plan>();
        provider.plan(ask, memory, plan);
        std::string out = std::string(view(plan.origin)) + ' ' + std::string(view(plan.target));
        for (uint64_t i = 0; i < plan.header_count; ++i) {
            const parley_header& h = plan.headers[i];
            out += ' ' + std::string(view(h.name)) + ": " + std::string(view(h.value));
            const bool is_secret = (h.flags & PARLEY_HEADER_SECRET) != 0;
            EXPECT_EQ(is_secret, view(h.name) == "authorization");
        }
        return out;
    }

    // The body as it goes out, behind a line with what is warned of.
    std::string amended(std::string_view body) {
        sdk::Arena memory = arena.sdk();
        auto amendment = sized<parley_amendment>();
        provider.amend(ask, body, memory, amendment);
        std::string out;
        for (uint64_t i = 0; i < amendment.warning_count; ++i) {
            const parley_warning& w = *amendment.warnings[i];
            out += std::string(view(w.code)) + ';' + std::string(view(w.field)) + ' ';
        }
        out += '\n';
        uint64_t at = 0;
        for (uint64_t i = 0; i < amendment.edit_count; ++i) {
            const parley_edit& edit = amendment.edits[i];
            EXPECT_LE(at, edit.at) << "edits overlap";
            out.append(body.substr(at, edit.at - at)).append(view(edit.text));
            at = edit.at + edit.len;
        }
        out.append(body.substr(at));
        sdk::JsonReader r(std::string_view(out).substr(out.find('\n') + 1));
        EXPECT_TRUE(r.skip() && r.at_end()) << out;
        return out;
    }

    Provider provider{nullptr};
    TestArena arena;
    parley_account account = sized<parley_account>();
    parley_plan_ask ask = sized<parley_plan_ask>();
};

std::string amended(std::string_view body) {
    return Asked(kDocument).amended(body);
}

std::string why_not(std::string_view body) {
    try {
        amended(body);
    } catch (const sdk::Failure& failure) {
        return std::to_string(failure.error_class) + ' ' + failure.message;
    }
    return "none";
}

TEST(Plan, LoginsGoToTheBackendAndKeysToTheApi) {
    EXPECT_EQ(Asked(kDocument).planned(),
              "https://chat.example /codex/responses chatgpt-account-id: acc-1 accept: "
              "text/event-stream x-team: a authorization: Bearer at-0");
    EXPECT_EQ(Asked(kDocument, "/v1/responses/compact", PARLEY_OPERATION_RELAY).planned(),
              "https://chat.example /codex/responses/compact chatgpt-account-id: acc-1 x-team: a "
              "authorization: Bearer at-0");
    EXPECT_EQ(Asked("sk-key").planned(),
              "https://api.example /v1/responses x-team: a authorization: Bearer sk-key");
    EXPECT_EQ(
        Asked("sk-key", "/v1/responses/input_tokens", PARLEY_OPERATION_COUNT_TOKENS).planned(),
        "https://api.example /v1/responses/input_tokens x-team: a authorization: Bearer "
        "sk-key");
    EXPECT_THROW(
        Asked(kDocument, "/v1/responses/input_tokens", PARLEY_OPERATION_COUNT_TOKENS).planned(),
        sdk::Failure);
}

TEST(Wants, WhatOnlyTheBackendNeeds) {
    const auto wants = [](std::string_view secret, uint32_t operation, bool stream) {
        Asked asked(secret, kGenerate, operation, stream);
        return asked.provider.wants(asked.ask);
    };
    constexpr uint32_t kBoth = PARLEY_WANT_AMEND | PARLEY_WANT_CANONICAL;
    EXPECT_EQ(wants(kDocument, PARLEY_OPERATION_GENERATE, true), PARLEY_WANT_AMEND);
    EXPECT_EQ(wants(kDocument, PARLEY_OPERATION_GENERATE, false), kBoth);
    EXPECT_EQ(wants(kDocument, PARLEY_OPERATION_COUNT_TOKENS, false), PARLEY_WANT_CANONICAL);
    EXPECT_EQ(wants(kDocument, PARLEY_OPERATION_RELAY, false), 0u);
    EXPECT_EQ(wants("sk-key", PARLEY_OPERATION_GENERATE, false), 0u);
}

TEST(Amend, AddsWhatHasToBeThere) {
    EXPECT_EQ(amended(R"({"model":"m","input":[]})"),
              "\n{\"store\":false,\"stream\":true,\"instructions\":\"\",\"parallel_tool_calls\":"
              "true,\"include\":[\"reasoning.encrypted_content\"],\"model\":\"m\",\"input\":[]}");
    const std::string whole =
        R"({"model":"m","input":[],"store":false,"stream":true,"instructions":"x",)"
        R"("parallel_tool_calls":false,"include":["reasoning.encrypted_content"]})";
    EXPECT_EQ(amended(whole), '\n' + whole) << "nothing is changed that is right";
    EXPECT_EQ(amended(R"({ "store" : true, "stream":false, "instructions":null,"include":null ,)"
                      R"("parallel_tool_calls":true,"model":"m"})"),
              "\n{ \"store\" : false, \"stream\":true, \"instructions\":\"\",\"include\":"
              "[\"reasoning.encrypted_content\"] ,\"parallel_tool_calls\":true,\"model\":\"m\"}");
    const std::string rest = R"("store":false,"stream":true,"instructions":"",)"
                             R"("parallel_tool_calls":true)";
    EXPECT_EQ(amended("{" + rest + R"(,"include":[ ]})"),
              "\n{" + rest + R"(,"include":["reasoning.encrypted_content" ]})");
    EXPECT_EQ(amended("{" + rest + R"(,"include":["a"]})"),
              "\n{" + rest + R"(,"include":["reasoning.encrypted_content","a"]})");
}

TEST(Amend, TakesOutWhatWouldBeRefused) {
    const std::string rest = R"("store":false,"stream":true,"instructions":"",)"
                             R"("parallel_tool_calls":true,"include":)"
                             R"(["reasoning.encrypted_content"])";
    const auto taken_out = [&](const std::string& front, const std::string& behind) {
        return amended("{" + front + rest + behind + "}");
    };
    EXPECT_EQ(taken_out(R"("temperature":1,"top_p":0.5,)", R"(,"user":"u","x":{"y":[1]})"),
              "sampling_dropped;temperature sampling_dropped;top_p field_dropped;user "
              "field_dropped;x \n{" +
                  rest + "}");
    EXPECT_EQ(taken_out("", R"(,"max_output_tokens":5,"service_tier":"flex")"),
              "field_dropped;max_output_tokens field_dropped;service_tier \n{" + rest + "}");
    EXPECT_EQ(taken_out("", R"(,"service_tier":"priority")"),
              "\n{" + rest + R"(,"service_tier":"priority"})");
    EXPECT_EQ(taken_out(R"("service_tier":"auto","user":null,)", ""), "\n{" + rest + "}")
        << "without a word where nothing is lost";
    EXPECT_EQ(amended(R"({"user":"u"})").substr(0, 19), "field_dropped;user ");
}

TEST(Amend, MakesAListOfATextAndADeveloperOfTheSystem) {
    const std::string rest = R"("store":false,"stream":true,"instructions":"",)"
                             R"("parallel_tool_calls":true,"include":)"
                             R"(["reasoning.encrypted_content"],)";
    EXPECT_EQ(amended("{" + rest + R"("input":"say \"hi\""})"),
              "\n{" + rest +
                  R"("input":[{"type":"message","role":"user","content":[{"type":"input_text",)"
                  R"("text":"say \"hi\""}]}]})");
    EXPECT_EQ(amended("{" + rest +
                      R"("input":[{"role":"system","content":"a"},)"
                      R"({"role":"user","content":[{"type":"input_text","text":"b",)"
                      R"("prompt_cache_breakpoint":{"mode":"explicit"}}]}]})"),
              "\n{" + rest +
                  R"("input":[{"role":"developer","content":"a"},)"
                  R"({"role":"user","content":[{"type":"input_text","text":"b"}]}]})");
    EXPECT_EQ(amended("{" + rest +
                      R"("tools":[{"type":"web_search_preview_2025_03_11"},)"
                      R"({"type":"function","name":"f"}],)"
                      R"("tool_choice":{"type":"web_search_preview"}})"),
              "\n{" + rest +
                  R"("tools":[{"type":"web_search"},{"type":"function","name":"f"}],)"
                  R"("tool_choice":{"type":"web_search"}})");
}

TEST(Amend, RefusesWhatWouldBeAnotherQuestion) {
    EXPECT_EQ(why_not(R"({"previous_response_id":"r"})"),
              "2 previous_response_id: ChatGPT's backend keeps no responses and no prompts");
    EXPECT_EQ(why_not(R"({"conversation":{"id":"c"}})").substr(0, 15), "2 conversation:");
    EXPECT_EQ(why_not(R"({"background":true})").substr(0, 13), "2 background:");
    EXPECT_EQ(why_not(R"({"previous_response_id":null,"background":false})"), "none");
    EXPECT_EQ(why_not(R"({"a":1,)"), "1 malformed JSON at byte 7");
}

TEST(Classify, RenewsALoginThatIsRefused) {
    const auto advice = [](std::string_view secret, int32_t error_class) {
        Asked asked(secret);
        sdk::Arena memory = asked.arena.sdk();
        parley_error told{};
        told.error_class = error_class;
        auto verdict = sized<parley_verdict>();
        asked.provider.classify(asked.account, nullptr, {}, told, memory, verdict);
        EXPECT_EQ(verdict.error.error_class, error_class);
        return verdict.error.advice;
    };
    EXPECT_EQ(advice(kDocument, PARLEY_E_UNAUTHENTICATED), PARLEY_ADVICE_REFRESH);
    EXPECT_EQ(advice(kDocument, PARLEY_E_QUOTA_EXHAUSTED), 0u);
    EXPECT_EQ(advice("sk-key", PARLEY_E_UNAUTHENTICATED), 0u);
}

}  // namespace

}  // namespace parley::codex
