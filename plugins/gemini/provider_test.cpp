// Where requests go, how they are proven, and what failures mean.
#include "provider.hpp"

#include <gtest/gtest.h>

#include "codec/codec.hpp"
#include "support/defaults.hpp"

namespace parley::gemini {

namespace {

using codec::sized;
using sdk::str;
using sdk::view;

constexpr const char* kToken = R"({"access_token":"at-1","type":"service_account"})";

std::string planned(const std::string& config,
                    const std::string& secret = "key-1",
                    const std::string& path = "/v1beta/models/m:generateContent",
                    const std::string& body = "{}") {
    Provider provider(nullptr);
    provider.configure(with_defaults(kProviderSchema, config));
    auto account = sized<parley_account>();
    account.secret = str(secret);
    if (secret == kToken) account.attributes = str(R"({"project_id":"p-1"})");
    auto client = sized<parley_http_request>();
    client.path = str(path);
    client.body = sdk::bytes(body);
    auto ask = sized<parley_plan_ask>();
    ask.operation =
        path.ends_with("countTokens") ? PARLEY_OPERATION_COUNT_TOKENS : PARLEY_OPERATION_GENERATE;
    ask.path = str(path);
    ask.query = str("alt=sse");
    ask.account = &account;
    ask.client = &client;
    const codec::TestArena arena;
    sdk::Arena memory = arena.sdk();
    auto plan = sized<parley_plan>();
    provider.plan(ask, memory, plan);
    std::string text = std::string(view(plan.origin)) + ' ' + std::string(view(plan.target));
    for (uint64_t i = 0; i < plan.header_count; ++i) {
        const parley_header& h = plan.headers[i];
        text += '\n' + std::string(view(h.name)) + ": " + std::string(view(h.value));
        if (h.flags == PARLEY_HEADER_SECRET) text += " (secret)";
    }
    return text;
}

TEST(Provider, SendsToTheConfiguredPlace) {
    EXPECT_EQ(planned("{}"),
              "https://generativelanguage.googleapis.com /v1beta/models/m:generateContent?alt=sse\n"
              "x-goog-api-key: key-1 (secret)");
    EXPECT_EQ(planned(R"({"base_url":"http://127.0.0.1:8080/gemini/v1beta/",
                          "key_header":"authorization","headers":{"x-a":"b"}})"),
              "http://127.0.0.1:8080 /gemini/v1beta/models/m:generateContent?alt=sse\n"
              "x-a: b\nauthorization: Bearer key-1 (secret)");
    EXPECT_EQ(planned("{}", ""),
              "https://generativelanguage.googleapis.com "
              "/v1beta/models/m:generateContent?alt=sse");
    for (const char* url : {"ftp://x", "https://", "https://user@host", "host"}) {
        EXPECT_THROW(planned("{\"base_url\":\"" + std::string(url) + "\"}"), sdk::Failure) << url;
    }
}

TEST(Provider, SendsToVertex) {
    const std::string proof = "\nauthorization: Bearer at-1 (secret)";
    EXPECT_EQ(planned(R"({"vertex":true})", kToken),
              "https://aiplatform.googleapis.com /v1/projects/p-1/locations/global/publishers/"
              "google/models/m:generateContent?alt=sse" +
                  proof);
    EXPECT_EQ(planned(R"({"vertex":true,"location":"europe-west4","project":"p-2",
                          "api_version":"v1beta1"})",
                      kToken),
              "https://europe-west4-aiplatform.googleapis.com /v1beta1/projects/p-2/locations/"
              "europe-west4/publishers/google/models/m:generateContent?alt=sse" +
                  proof);
    EXPECT_EQ(planned(R"({"vertex":true,"location":"eu","base_url":""})", kToken).substr(0, 44),
              "https://aiplatform.eu.rep.googleapis.com /v1");
    EXPECT_EQ(planned(R"({"vertex":true,"base_url":"http://127.0.0.1:1/x/v1/"})", kToken),
              "http://127.0.0.1:1 /x/v1/projects/p-1/locations/global/publishers/google/models/"
              "m:generateContent?alt=sse" +
                  proof);
    EXPECT_EQ(planned(R"({"vertex":true})", "AIza-1"),
              "https://aiplatform.googleapis.com /v1/publishers/google/models/m:generateContent"
              "?alt=sse\nx-goog-api-key: AIza-1 (secret)");
    EXPECT_EQ(planned("{}", kToken),
              "https://generativelanguage.googleapis.com /v1beta/models/m:generateContent?alt=sse" +
                  proof);
}

TEST(Provider, SaysWhatVertexDoesNotServe) {
    const std::string vertex = R"({"vertex":true})";
    const auto why = [&](const std::string& path, const std::string& body = "{}") {
        try {
            return planned(vertex, kToken, path, body);
        } catch (const sdk::Failure& failure) {
            EXPECT_EQ(failure.error_class, PARLEY_E_UNSUPPORTED);
            return failure.message;
        }
    };
    EXPECT_EQ(why("/v1beta/tunedModels/m:generateContent"),
              "Vertex AI serves models of the publisher google only");
    EXPECT_EQ(why("/v1beta/models/gemini-embedding-2:batchEmbedContents"),
              "Vertex AI makes one vector at a time with this model");
    EXPECT_NE(why("/v1beta/models/gemini-embedding-2:embedContent").find(":embedContent"),
              std::string::npos);
    EXPECT_NE(why("/v1beta/models/text-embedding-005:batchEmbedContents").find("005:predict"),
              std::string::npos);
    EXPECT_NE(why("/v1beta/models/m:countTokens", R"({"contents":[]})").find(":countTokens"),
              std::string::npos);
    EXPECT_THROW(planned(vertex, R"({"access_token":"a"})"), sdk::Failure) << "no project";
    for (const char* bad : {R"("project":"../x")",
                            R"("location":"a/b")",
                            R"("location":"")",
                            R"("api_version":"v1?x")"}) {
        EXPECT_THROW(planned(std::string(R"({"vertex":true,)") + bad + "}", kToken), sdk::Failure)
            << bad;
    }
}

std::string amended(std::string_view model, uint32_t operation, const std::string& body) {
    Provider provider(nullptr);
    provider.configure(with_defaults(kProviderSchema, R"({"vertex":true,"project":"p"})"));
    auto ask = sized<parley_plan_ask>();
    ask.operation = operation;
    ask.model = str(model);
    EXPECT_NE(provider.wants(ask) & PARLEY_WANT_AMEND, 0u);
    codec::TestArena memory;
    sdk::Arena arena(memory.border());
    auto change = sized<parley_amendment>();
    provider.amend(ask, body, arena, change);
    if (change.edit_count == 0) return "as it is";
    EXPECT_EQ(change.edits[0].len, body.size());
    return std::string(view(change.edits[0].text));
}

TEST(Provider, WritesBodiesAsVertexHasThem) {
    const uint32_t embeds = PARLEY_OPERATION_EMBED;
    EXPECT_EQ(amended("text-embedding-005",
                      embeds,
                      R"({"model":"models/m","content":{"parts":[{"text":"a"},{"text":"b\n"}]},)"
                      R"("taskType":"RETRIEVAL_QUERY","title":"T","outputDimensionality":256})"),
              R"({"instances":[{"content":"ab\n","task_type":"RETRIEVAL_QUERY","title":"T"}],)"
              R"("parameters":{"outputDimensionality":256}})");
    EXPECT_EQ(amended("gemini-embedding-001",
                      embeds,
                      R"({"requests":[{"content":{"parts":[{"text":"a"}]}},)"
                      R"({"content":{"parts":[{"text":"b"}]}}]})"),
              R"({"instances":[{"content":"a"},{"content":"b"}]})");
    const uint32_t counts = PARLEY_OPERATION_COUNT_TOKENS;
    EXPECT_EQ(amended("m", counts, R"({"contents":[]})"), "as it is");
    EXPECT_EQ(amended("m",
                      counts,
                      R"({"generateContentRequest":{"model":"models/m","contents":[{"a": 1}],)"
                      R"("safetySettings":[],"systemInstruction":{},"tools":[],"toolConfig":{}}})"),
              R"({"contents":[{"a": 1}],"systemInstruction":{},"tools":[]})");
    Provider api(nullptr);
    api.configure(with_defaults(kProviderSchema, "{}"));
    auto ask = sized<parley_plan_ask>();
    ask.operation = embeds;
    EXPECT_EQ(api.wants(ask), 0u);
}

TEST(Provider, OffersModelsOfTheOfficialPlaceOnly) {
    Provider official(nullptr);
    official.configure(with_defaults(kProviderSchema, "{}"));
    EXPECT_FALSE(official.models().empty());
    Provider other(nullptr);
    other.configure(with_defaults(kProviderSchema, R"({"base_url":"http://127.0.0.1:1"})"));
    EXPECT_TRUE(other.models().empty());
    EXPECT_EQ(view(other.dialects()[0]), "gemini-generate");
}

parley_verdict judged(int error_class,
                      std::string_view body = {},
                      uint64_t retry_ms = 0,
                      const char* secret = "key-1") {
    Provider provider(nullptr);
    auto account = sized<parley_account>();
    account.secret = str(secret);
    auto head = sized<parley_http_reply_head>();
    head.status = 429;
    auto told = sized<parley_error>();
    told.error_class = error_class;
    told.retry_after_ms = retry_ms;
    auto verdict = sized<parley_verdict>();
    const codec::TestArena arena;
    sdk::Arena memory = arena.sdk();
    provider.classify(account, &head, body, told, memory, verdict);
    return verdict;
}

TEST(Provider, SaysWhatToLeaveAlone) {
    const auto limited = judged(PARLEY_E_RATE_LIMITED, R"("quotaId":"XPerModelPerMinute")", 34400);
    EXPECT_EQ(limited.error.scope, static_cast<uint32_t>(PARLEY_SCOPE_MODEL));
    EXPECT_EQ(limited.error.advice, static_cast<uint32_t>(PARLEY_ADVICE_OTHER_ACCOUNT));
    EXPECT_EQ(limited.cool_down_ms, 34400u);
    const auto daily = judged(PARLEY_E_QUOTA_EXHAUSTED, R"("quotaId":"XPerDay")", 5000);
    EXPECT_EQ(daily.error.scope, static_cast<uint32_t>(PARLEY_SCOPE_ACCOUNT));
    EXPECT_EQ(daily.cool_down_ms, 3'600'000u);
    const auto key = judged(PARLEY_E_UNAUTHENTICATED);
    EXPECT_EQ(key.error.scope, static_cast<uint32_t>(PARLEY_SCOPE_ACCOUNT));
    EXPECT_EQ(key.error.fault, static_cast<uint32_t>(PARLEY_FAULT_GATEWAY));
    EXPECT_EQ(key.error.advice, static_cast<uint32_t>(PARLEY_ADVICE_OTHER_ACCOUNT));
    const auto token = judged(PARLEY_E_UNAUTHENTICATED, "", 0, kToken);
    EXPECT_EQ(token.error.scope, static_cast<uint32_t>(PARLEY_SCOPE_ACCOUNT));
    EXPECT_EQ(token.error.advice, static_cast<uint32_t>(PARLEY_ADVICE_REFRESH));
    const auto missing = judged(PARLEY_E_NOT_FOUND);
    EXPECT_EQ(missing.error.advice, static_cast<uint32_t>(PARLEY_ADVICE_OTHER_PROVIDER));
    const auto busy = judged(PARLEY_E_OVERLOADED);
    EXPECT_EQ(busy.error.scope, static_cast<uint32_t>(PARLEY_SCOPE_MODEL));
    const auto wrong = judged(PARLEY_E_CONTEXT_TOO_LONG);
    EXPECT_EQ(wrong.error.advice, static_cast<uint32_t>(PARLEY_ADVICE_NEVER));
    const auto broken = judged(PARLEY_E_UPSTREAM_FAILED);
    EXPECT_EQ(broken.error.scope, static_cast<uint32_t>(PARLEY_SCOPE_ENDPOINT));
}

}  // namespace

}  // namespace parley::gemini
