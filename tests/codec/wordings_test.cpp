// wordings_test.cpp: what coding tools act on, word for word, whoever it was that refused.
#include <map>

#include <boost/json.hpp>
#include <gtest/gtest.h>

#include "events.hpp"
#include "fields.hpp"
#include "parley/sdk/too_long.hpp"

namespace parley::codec {

namespace {

namespace json = boost::json;

using Headers = std::map<std::string, std::string>;

// A refusal in an upstream's own words.
struct Native {
    const char* dialect;
    uint32_t status;
    const char* body;
    const char* retry_after = nullptr;
};

struct Answer {
    uint32_t status = 0;
    json::object error;
    Headers headers;

    std::string text(const char* member) const {
        const json::value& value = error.at(member);
        return value.is_string() ? std::string(value.as_string()) : json::serialize(value);
    }
};

// As the host hands it from one dialect to another: the class stays, the status does not.
parley_error told_by(const Native& native, TestArena& memory) {
    const Dialect& d = dialect(native.dialect);
    auto head = sized<parley_http_reply_head>();
    head.status = native.status;
    auto header = parley_header{str("retry-after"), str(""), 0};
    if (native.retry_after != nullptr) {
        header.value = str(native.retry_after);
        head.headers = &header;
        head.header_count = 1;
    }
    auto error = sized<parley_error>();
    error.arena = memory.border();
    EXPECT_EQ(
        d.table().decode_error(d.self(), &head, sdk::bytes(native.body), memory.border(), &error),
        PARLEY_OK);
    error.http_status = 0;
    return error;
}

Answer shown_to(const std::string& client,
                const parley_error& error,
                const Headers& asked_with = {}) {
    std::vector<parley_header> sent;
    for (const auto& [name, value] : asked_with) sent.push_back({str(name), str(value), 0});
    auto http = sized<parley_http_request>();
    http.headers = sent.data();
    http.header_count = static_cast<uint32_t>(sent.size());
    auto call = sized<parley_call>();
    call.http = &http;
    TestArena memory;
    TestOut out;
    auto reply = sized<parley_http_reply>();
    const Dialect& d = dialect(client);
    EXPECT_EQ(d.table().encode_error(d.self(), &call, &error, memory.border(), &reply, &out.border),
              PARLEY_OK);
    Answer answer{reply.status, json::parse(out.bytes).at("error").as_object(), {}};
    for (uint64_t i = 0; i < reply.header_count; ++i) {
        answer.headers[std::string(view(reply.headers[i].name))] = view(reply.headers[i].value);
    }
    return answer;
}

// What the client reads of it behind the first byte.
std::string streamed_to(const std::string& client, const parley_error& error) {
    Script s;
    s.start().open(PARLEY_PART_TEXT).text("half");
    Events events = s;
    auto e = sdk::make_event(PARLEY_EVENT_ERROR);
    e.part = 0;
    e.kind = static_cast<uint32_t>(error.error_class);
    e.text = error.message;
    e.name = error.code;
    e.a = error.retry_after_ms;
    events.emplace_back(e);
    return dialect(client).encode(plain_request(), events, true);
}

bool is_openai(const std::string& id) {
    return id.starts_with("openai-");
}

bool is_own(const std::string& client, const Native& native) {
    return client == native.dialect || (is_openai(client) && is_openai(native.dialect));
}

// A refusal as a client meets it.
struct Met {
    const Native& native;
    const std::string& client;
    const parley_error& error;
    const Answer& answer;         // before the first byte
    const std::string& streamed;  // behind it
};

template <std::size_t kCount>
void at_every_client(const Native (&natives)[kCount], void (*look)(const Met& met)) {
    for (const Native& native : natives) {
        for (const std::string& client : kDialects) {
            SCOPED_TRACE(std::string(native.body) + " -> " + client);
            TestArena memory;
            const parley_error error = told_by(native, memory);
            const Answer answer = shown_to(client, error);
            const std::string streamed = streamed_to(client, error);
            look({native, client, error, answer, streamed});
        }
    }
}

// ---- a prompt that is too long ----

constexpr Native kTooLong[] = {
    {"openai-chat",
     400,
     R"({"error":{"message":"This model's maximum context length is 128000 tokens. However, your)"
     R"( messages resulted in 130000 tokens. Please reduce the length of the messages.",)"
     R"("type":"invalid_request_error","param":"messages","code":"context_length_exceeded"}})"},
    {"openai-chat",
     400,
     R"({"object":"error","message":"This model's maximum context length is 128000 tokens. )"
     R"(However, you requested 130000 tokens (129000 in the messages, 1000 in the completion).",)"
     R"("type":"BadRequestError","param":null,"code":400})"},
    {"openai-chat",
     400,
     R"({"code":"invalid-argument","error":"This model's maximum prompt length is 128000 but the)"
     R"( request contains 130000 tokens."})"},
    {"openai-responses",
     400,
     R"({"error":{"message":"This model's maximum context length is 128000 tokens. However, your)"
     R"( messages resulted in 130000 tokens.","type":"invalid_request_error","param":null,)"
     R"("code":"context_length_exceeded"}})"},
    {"anthropic-messages",
     400,
     R"({"type":"error","error":{"type":"invalid_request_error",)"
     R"("message":"prompt is too long: 130000 tokens > 128000 maximum"},"request_id":"req_1"})"},
    {"anthropic-messages",
     400,
     R"({"type":"error","error":{"type":"invalid_request_error","message":"input length and )"
     R"(`max_tokens` exceed context limit: 98000 + 32000 > 128000, decrease input length"}})"},
    {"gemini-generate",
     400,
     R"({"error":{"code":400,"message":"The input token count (130000) exceeds the maximum )"
     R"(number of tokens allowed (128000).","status":"INVALID_ARGUMENT"}})"},
};

std::string too_long_for(const std::string& client) {
    if (is_openai(client)) {
        return "This model's maximum context length is 128000 tokens. However, your messages "
               "resulted in 130000 tokens.";
    }
    if (client == "anthropic-messages") {
        return "prompt is too long: 130000 tokens > 128000 maximum";
    }
    return "The input token count (130000) exceeds the maximum number of tokens allowed (128000).";
}

TEST(Wordings, OfPromptsThatAreTooLongAreThoseThatTheClientFoldsItsHistoryUpon) {
    at_every_client(kTooLong, [](const Met& met) {
        const auto& [native, client, error, answer, streamed] = met;
        EXPECT_EQ(error.error_class, PARLEY_E_CONTEXT_TOO_LONG);
        EXPECT_EQ(answer.status, 400u);
        const std::string message = answer.text("message");
        if (!is_own(client, native)) {
            EXPECT_EQ(message, too_long_for(client));
            EXPECT_NE(streamed.find(too_long_for(client)), streamed.npos) << streamed;
        } else if (message != too_long_for(client)) {
            EXPECT_EQ(message, view(error.message)) << "neither its own words nor the usual";
        }
        if (is_openai(client)) {
            EXPECT_EQ(answer.text("code"), "context_length_exceeded");
            EXPECT_EQ(answer.text("type"), "invalid_request_error");
            EXPECT_NE(streamed.find(R"("code":"context_length_exceeded")"), streamed.npos);
        } else if (client == "anthropic-messages") {
            EXPECT_EQ(answer.text("type"), "invalid_request_error");
        } else {
            EXPECT_EQ(answer.text("status"), "INVALID_ARGUMENT");
        }
    });
}

TEST(Wordings, OfPromptsWithoutNumbersStillSayThatTheyAreTooLong) {
    const Native native{"openai-responses",
                        400,
                        R"({"error":{"message":"Your input exceeds the context window of this )"
                        R"(model.","type":"invalid_request_error","param":"input",)"
                        R"("code":"context_length_exceeded"}})"};
    TestArena memory;
    const parley_error error = told_by(native, memory);
    EXPECT_TRUE(shown_to("anthropic-messages", error)
                    .text("message")
                    .starts_with("prompt is too long: Your input exceeds"));
    EXPECT_TRUE(shown_to("gemini-generate", error)
                    .text("message")
                    .starts_with("The input token count exceeds the maximum number of tokens "
                                 "allowed: Your input exceeds"));
    EXPECT_EQ(shown_to("openai-chat", error).text("code"), "context_length_exceeded");
}

TEST(TooLong, IsReadInNumbersOnlyWhereTheyMakeSense) {
    const auto read = [](std::string_view message) {
        const sdk::TooLong told = sdk::how_much_too_long(message);
        return std::to_string(told.tokens) + " > " + std::to_string(told.limit);
    };
    EXPECT_EQ(read("prompt is too long: 9000 tokens > 8192 maximum"), "9000 > 8192");
    EXPECT_EQ(read("exceed context limit: 7000 + 2000 > 8192, decrease"), "9000 > 8192");
    EXPECT_EQ(read("maximum context length is 8192 tokens, however you requested 10000 tokens "
                   "(8500 in your prompt; 1500 for the completion)"),
              "10000 > 8192");
    EXPECT_EQ(read("claude-sonnet-4-20250514: 9000 tokens > 8192"), "9000 > 8192");
    EXPECT_EQ(read("Prompt contains 40000 tokens, too large for a model with 32768"),
              "40000 > 32768");
    for (const char* nothing : {"",
                                "it is too much",
                                "9000 tokens",
                                "5 > 4",
                                "maximum context length is 8192",
                                "at most 8192 > 9000",
                                "99999999999999999999999 > 8192",
                                "gpt-4.1 of 20250414"}) {
        EXPECT_EQ(read(nothing), "0 > 0") << nothing;
    }
}

// ---- a busy upstream ----

constexpr Native kBusy[] = {
    {"openai-chat",
     503,
     R"({"error":{"message":"busy","type":"server_error","param":null,)"
     R"("code":"server_is_overloaded"}})"},
    {"openai-responses",
     503,
     R"({"error":{"message":"busy","type":"service_unavailable_error","param":null,)"
     R"("code":"slow_down"}})"},
    {"anthropic-messages",
     529,
     R"({"type":"error","error":{"type":"overloaded_error","message":"busy"}})"},
    {"gemini-generate", 503, R"({"error":{"code":503,"message":"busy","status":"UNAVAILABLE"}})"},
};

TEST(Wordings, OfBusyUpstreamsAreThoseUponWhichTheClientTriesAgain) {
    at_every_client(kBusy, [](const Met& met) {
        const auto& [native, client, error, answer, streamed] = met;
        EXPECT_EQ(answer.text("message"), "busy");
        EXPECT_FALSE(answer.headers.contains("x-should-retry"));
        if (is_openai(client)) {
            EXPECT_EQ(answer.status, 503u);
            const std::string code = answer.text("code");
            EXPECT_TRUE(code == "server_is_overloaded" || code == "slow_down") << code;
            EXPECT_NE(streamed.find("\"code\":\"" + code + '"'), streamed.npos) << streamed;
        } else if (client == "anthropic-messages") {
            EXPECT_EQ(answer.status, 529u);
            EXPECT_EQ(answer.text("type"), "overloaded_error");
            EXPECT_NE(streamed.find(R"("type":"overloaded_error")"), streamed.npos);
        } else {
            EXPECT_EQ(answer.status, 503u);
            EXPECT_EQ(answer.text("status"), "UNAVAILABLE");
            EXPECT_NE(streamed.find(R"("code":503)"), streamed.npos) << streamed;
        }
    });
}

// ---- limits ----

constexpr Native kLimited[] = {
    {"openai-chat",
     429,
     R"({"error":{"message":"Slow down. Please try again in 19.2s.","type":"tokens",)"
     R"("param":null,"code":"rate_limit_exceeded"}})"},
    {"openai-responses",
     429,
     R"({"error":{"message":"Slow down.","type":"requests","param":null,)"
     R"("code":"rate_limit_exceeded"}})",
     "20"},
    {"anthropic-messages",
     429,
     R"({"type":"error","error":{"type":"rate_limit_error","message":"Slow down."}})",
     "20"},
    {"gemini-generate",
     429,
     R"({"error":{"code":429,"message":"Slow down.","status":"RESOURCE_EXHAUSTED","details":[)"
     R"({"@type":"type.googleapis.com/google.rpc.RetryInfo","retryDelay":"19.2s"}]}})"},
};

TEST(Wordings, OfLimitsSayHowLongToWaitWhereTheClientLooksForIt) {
    at_every_client(kLimited, [](const Met& met) {
        const auto& [native, client, error, answer, streamed] = met;
        EXPECT_EQ(answer.status, 429u);
        EXPECT_EQ(answer.headers.at("retry-after"), "20");
        EXPECT_FALSE(answer.headers.contains("x-should-retry"));
        if (is_openai(client)) {
            EXPECT_EQ(answer.text("code"), "rate_limit_exceeded");
            EXPECT_TRUE(answer.headers.contains("retry-after-ms"));
        }
        if (client == "openai-responses") {
            EXPECT_NE(streamed.find("try again in 20s"), streamed.npos) << streamed;
        } else if (client == "anthropic-messages") {
            EXPECT_EQ(answer.text("type"), "rate_limit_error");
        } else if (client == "gemini-generate") {
            EXPECT_EQ(answer.text("status"), "RESOURCE_EXHAUSTED");
            for (const std::string& said : {answer.text("details"), streamed}) {
                EXPECT_NE(said.find("google.rpc.RetryInfo"), said.npos) << said;
                EXPECT_EQ(said.find("QuotaFailure"), said.npos) << said;
            }
        }
    });
}

constexpr Native kSpent[] = {
    {"openai-chat",
     429,
     R"({"error":{"message":"Spent.","type":"insufficient_quota","param":null,)"
     R"("code":"insufficient_quota"}})"},
    {"openai-responses",
     429,
     R"({"error":{"message":"Spent.","type":"usage_limit_reached","plan_type":"plus",)"
     R"("resets_in_seconds":7200}})"},
    {"anthropic-messages",
     429,
     R"({"type":"error","error":{"type":"rate_limit_error","message":"Spent.",)"
     R"("details":{"error_code":"enforced_spend_limit_reached"}}})"},
    {"gemini-generate",
     429,
     R"({"error":{"code":429,"message":"Spent.","status":"RESOURCE_EXHAUSTED","details":[)"
     R"({"@type":"type.googleapis.com/google.rpc.QuotaFailure","violations":[)"
     R"({"quotaId":"GenerateRequestsPerDayPerProjectPerModel-FreeTier"}]}]}})"},
};

TEST(Wordings, OfSpentQuotasKeepTheClientFromTryingAgain) {
    at_every_client(kSpent, [](const Met& met) {
        const auto& [native, client, error, answer, streamed] = met;
        EXPECT_EQ(error.error_class, PARLEY_E_QUOTA_EXHAUSTED);
        EXPECT_EQ(answer.status, 429u);
        EXPECT_EQ(answer.text("message"), "Spent.");
        if (client == "gemini-generate") {
            const std::string details = answer.text("details");
            const bool is_terminal = details.find("PerDay") != details.npos;
            EXPECT_TRUE(is_terminal) << details;
            EXPECT_NE(streamed.find("PerDay"), std::string::npos);
            return;
        }
        EXPECT_EQ(answer.headers.at("x-should-retry"), "false");
        if (!is_openai(client)) return;
        EXPECT_EQ(answer.text("type"), "insufficient_quota");
        const std::string codex =
            shown_to(client, error, {{"Originator", "codex_exec"}}).text("type");
        EXPECT_EQ(codex, "usage_limit_reached");
        EXPECT_NE(streamed.find(R"("code":"insufficient_quota")"), std::string::npos);
    });
}

// A quota that is there again in a moment is worth the wait.
TEST(Wordings, OfQuotasThatComeBackSoonOnlySayWhen) {
    auto error = sized<parley_error>();
    error.error_class = PARLEY_E_QUOTA_EXHAUSTED;
    error.message = str("Spent.");
    error.retry_after_ms = 5000;
    for (const std::string& client : kDialects) {
        const Answer answer = shown_to(client, error);
        EXPECT_EQ(answer.headers.at("retry-after"), "5") << client;
        EXPECT_FALSE(answer.headers.contains("x-should-retry")) << client;
        EXPECT_EQ(json::serialize(answer.error).find("PerDay"), std::string::npos) << client;
    }
}

// Claude Code recovers by words of Anthropic's that others do not have: nothing is put into their
// mouths.
TEST(Wordings, OfOtherRefusalsAreTheUpstreamsOwn) {
    for (const char* words :
         {"thinking is not supported", "Invalid `signature`", "capability_rejected: tools"}) {
        auto error = sized<parley_error>();
        error.error_class = PARLEY_E_INVALID_ARGUMENT;
        error.message = str(words);
        for (const std::string& client : kDialects) {
            EXPECT_EQ(shown_to(client, error).text("message"), words) << client;
        }
    }
}

}  // namespace

}  // namespace parley::codec
