// What the host asks of this plugin beside translation: routes, peeks, taps, errors, lists, plans.
#include <iostream>

#include <boost/json.hpp>

#include "claude_test.hpp"
#include "parley/sdk/provider.hpp"
#include "provider.hpp"
#include "support/defaults.hpp"

namespace parley::claude {

namespace {

namespace json = boost::json;

using codec::sized;
using codec::TestArena;
using codec::TestOut;
using sdk::str;
using sdk::view;

// A request as the host holds it.
class Asked {
public:
    Asked(std::string body, uint32_t route = 0, std::vector<parley_header> headers = {})
        : body_(std::move(body)), headers_(std::move(headers)) {
        http_.method = str("POST");
        http_.headers = headers_.data();
        http_.header_count = static_cast<uint32_t>(headers_.size());
        http_.body = sdk::bytes(body_);
        uint32_t count = 0;
        const parley_route* routes = dialect().table().routes(dialect().self(), &count);
        EXPECT_LT(route, count);
        call.route = routes[route].number;
        call.operation = routes[route].operation;
        call.http = &http_;
    }

    parley_status peek() {
        error.arena = arena.border();
        return dialect().table().peek(dialect().self(), &call, arena.border(), &peeked, &error);
    }

    std::string retarget(std::string_view model) {
        auto changes = sized<parley_retarget>();
        EXPECT_EQ(
            dialect().table().retarget(
                dialect().self(), &call, &peeked, str(model), arena.border(), &changes, &error),
            PARLEY_OK);
        std::string sent;
        std::size_t at = 0;
        for (uint64_t i = 0; i < changes.edit_count; ++i) {
            const parley_edit& edit = changes.edits[i];
            EXPECT_GE(edit.at, at);
            sent += body_.substr(at, edit.at - at);
            sent += view(edit.text);
            at = edit.at + edit.len;
        }
        return sent + body_.substr(at);
    }

    void query(std::string_view text) { http_.query = str(text); }

    TestArena arena;
    parley_call call = sized<parley_call>();
    parley_peek peeked = sized<parley_peek>();
    parley_error error = sized<parley_error>();

private:
    std::string body_;
    std::vector<parley_header> headers_;
    parley_http_request http_ = sized<parley_http_request>();
};

// ---- routes and peeks ----

TEST(Routes, SharedPathsAreClaimedByHeader) {
    const parley_header version{str("Anthropic-Version"), str("2023-06-01"), 0};
    const auto score = [&](uint32_t route, std::vector<parley_header> headers) {
        Asked asked("", route, std::move(headers));
        return dialect().table().match(dialect().self(), &asked.call);
    };
    EXPECT_EQ(score(2, {version}), 2u);
    EXPECT_EQ(score(3, {version}), 2u);
    EXPECT_EQ(score(2, {}), 0u);
    EXPECT_EQ(score(0, {}), 1u);
    EXPECT_EQ(score(1, {}), 1u);
}

TEST(Peek, FindsModelStreamAndSession) {
    Asked asked(
        R"({"stream" : true, "metadata":{"user_id":"u_session_s1"},"model" : "cl\u0061ude"})");
    ASSERT_EQ(asked.peek(), PARLEY_OK);
    EXPECT_EQ(view(asked.peeked.model), "claude");
    EXPECT_EQ(view(asked.peeked.session_key), "s1");
    EXPECT_EQ(asked.peeked.flags, PARLEY_PEEK_STREAM);
    EXPECT_EQ(
        asked.retarget("claude"),
        R"({"stream" : true, "metadata":{"user_id":"u_session_s1"},"model" : "cl\u0061ude"})");
    EXPECT_EQ(asked.retarget("a\"b"),
              R"({"stream" : true, "metadata":{"user_id":"u_session_s1"},"model" : "a\"b"})");
}

TEST(Peek, RefusesWhatServersWouldReadInTwoWays) {
    for (const char* body : {"",
                             "[]",
                             "{",
                             R"({"model":"a"}x)",
                             R"({"stream":true})",
                             R"({"model":7})",
                             R"({"model":""})",
                             R"({"model":"a","stream":1})",
                             R"({"model":"a","model":"b"})",
                             R"({"model":"a","stream":true,"stream":false})"}) {
        Asked asked{std::string(body)};
        EXPECT_EQ(asked.peek(), -PARLEY_E_INVALID_ARGUMENT) << body;
    }
    Asked null(R"({"model":"a","stream":null})");
    EXPECT_EQ(null.peek(), PARLEY_OK);
    EXPECT_EQ(null.peeked.flags, 0u);
}

// ---- what only Parley could read ----

std::string scrubbed(const std::string& blocks) {
    const std::string head = R"({"model":"m","messages":[{"role":"assistant","content":)";
    Asked asked(head + blocks + "}]}");
    EXPECT_EQ(asked.peek(), PARLEY_OK);
    const std::string sent = asked.retarget("m");
    EXPECT_TRUE(sent.starts_with(head) && sent.ends_with("}]}")) << sent;
    return sent.substr(head.size(), sent.size() - head.size() - 3);
}

TEST(Scrub, RemovesEnvelopesAndNothingElse) {
    const std::string text = R"({"type":"text","text":"\"pl1. is text"})";
    const std::string alien = R"({"type":"thinking","thinking":"x","signature":"pl1.abc"})";
    const std::string bare = R"({"type":"thinking", "signature" : "" ,"thinking":"x"})";
    const std::string redacted = R"({"type":"redacted_thinking","data":"pl1.abc"})";
    const std::string own = R"({"type":"thinking","thinking":"x","signature":"c2ln"})";
    const auto list = [](std::vector<std::string> blocks) {
        std::string all = "[ ";
        for (std::size_t i = 0; i < blocks.size(); ++i) all += (i == 0 ? "" : " , ") + blocks[i];
        return all + " ]";
    };
    for (const std::string& gone : {alien, bare, redacted}) {
        EXPECT_EQ(scrubbed(list({gone, text})), list({text}));
        EXPECT_EQ(scrubbed(list({text, gone})), list({text}));
        EXPECT_EQ(scrubbed(list({gone, own, gone, gone, text, gone, gone})), list({own, text}));
        EXPECT_EQ(scrubbed(list({gone, gone})), R"([ {"type":"text","text":"no text"} ])");
    }
    EXPECT_EQ(scrubbed(list({own, text})), list({own, text}));
    const auto cited = [](const std::string& citations) {
        return R"({"type":"text","text":"t","citations":)" + citations + "}";
    };
    const std::string sealed = cited(R"([{"encrypted_index":"aa","url":"u"}])");
    EXPECT_EQ(scrubbed(list({alien, cited(R"([{"encrypted_index": "","url":"u"}])"), sealed})),
              list({cited("null"), sealed}));
    EXPECT_EQ(scrubbed(R"("a text with \"pl1. in it")"), R"("a text with \"pl1. in it")");
}

// ---- taps ----

struct Watched {
    uint32_t state = 0;
    std::vector<uint64_t> usage;
    int error_class = 0;
    parley_status status = PARLEY_OK;

    bool operator==(const Watched&) const = default;
};

Watched watch(const std::string& reply,
              bool stream,
              std::size_t piece,
              std::string* fail = nullptr) {
    Asked asked(R"({"model":"m"})");
    auto head = sized<parley_http_reply_head>();
    head.content_type = str(stream ? "text/event-stream" : "application/json");
    auto open = sized<parley_tap_open>();
    open.call = &asked.call;
    open.peek = &asked.peeked;
    open.head = &head;
    const parley_dialect& table = dialect().table();
    parley_session* session = nullptr;
    EXPECT_EQ(table.tap_open(dialect().self(), &open, &session, nullptr), PARLEY_OK);
    auto tap = sized<parley_tap>();
    auto error = sized<parley_error>();
    error.arena = asked.arena.border();
    std::string held;
    Watched seen;
    for (std::size_t at = 0; at <= reply.size() && seen.status == PARLEY_OK; at += piece) {
        held += reply.substr(at, piece);
        const bool eof = at + piece >= reply.size();
        seen.status = table.tap_feed(session, sdk::bytes(held), eof ? 1 : 0, &tap, &error);
        EXPECT_LE(tap.taken, held.size());
        EXPECT_EQ(tap.cut_count, 0u);
        if (seen.status == PARLEY_OK) held.erase(0, tap.taken);
        if (eof) break;
    }
    EXPECT_TRUE(seen.status != PARLEY_OK || held.empty());
    seen.state = tap.state;
    seen.usage = {tap.usage.known,
                  tap.usage.input_total,
                  tap.usage.input_cache_read,
                  tap.usage.input_cache_write,
                  tap.usage.output_total};
    seen.error_class = seen.status != PARLEY_OK ? error.error_class : tap.error.error_class;
    if (fail != nullptr) {
        TestOut out;
        auto broken = sized<parley_error>();
        broken.error_class = PARLEY_E_OVERLOADED;
        broken.message = str("try later");
        table.tap_fail(session, &broken, &out.border);
        *fail = out.bytes;
    }
    table.tap_close(session);
    return seen;
}

TEST(Tap, SeesContentEndAndUsage) {
    const std::string stream = read_file("cases/stream-text-tool/wire.sse");
    const Watched whole = watch(stream, true, stream.size());
    EXPECT_EQ(whole.state, static_cast<uint32_t>(PARLEY_TAP_COMPLETE));
    EXPECT_EQ(whole.usage, (std::vector<uint64_t>{31, 31, 20, 0, 14}));
    EXPECT_EQ(watch(stream, true, 1), whole);
    const std::size_t first = stream.find("event: content_block_start");
    EXPECT_EQ(watch(stream.substr(0, first), true, 5).state,
              static_cast<uint32_t>(PARLEY_TAP_OPEN));
    const std::size_t stop = stream.find("event: message_stop");
    for (std::size_t size = first; size < stop; ++size) {
        const Watched cut = watch(stream.substr(0, size), true, size);
        EXPECT_TRUE(cut.status != PARLEY_OK || cut.state < PARLEY_TAP_COMPLETE) << size;
    }
}

TEST(Tap, SeesFailures) {
    const std::string stream = read_file("cases/stream-error/wire.sse");
    const Watched seen = watch(stream, true, 3);
    EXPECT_EQ(seen.state, static_cast<uint32_t>(PARLEY_TAP_FAILED));
    EXPECT_EQ(seen.error_class, PARLEY_E_OVERLOADED);
    const Watched garbage = watch("data: {oops\n\n", true, 4);
    EXPECT_EQ(garbage.error_class, PARLEY_E_UPSTREAM_PROTOCOL);
    EXPECT_EQ(watch("<html>", false, 6).error_class, PARLEY_E_UPSTREAM_PROTOCOL);
    EXPECT_EQ(
        watch(R"({"type":"error","error":{"type":"rate_limit_error","message":"x"}})", false, 9)
            .error_class,
        PARLEY_E_RATE_LIMITED);
}

TEST(Tap, ReadsMessages) {
    const std::string body = read_file("cases/whole-all-blocks/wire.json");
    const Watched seen = watch(body, false, body.size());
    EXPECT_EQ(seen.state, static_cast<uint32_t>(PARLEY_TAP_COMPLETE));
    EXPECT_EQ(seen.usage, (std::vector<uint64_t>{31, 33, 20, 2, 20}));
    EXPECT_EQ(watch(body, false, 1), seen);
    EXPECT_EQ(watch(body.substr(0, 100), false, 100).error_class, PARLEY_E_UPSTREAM_PROTOCOL);
}

TEST(Tap, EndsABrokenStreamInItsOwnWords) {
    std::string event;
    watch("", true, 1, &event);
    EXPECT_EQ(event,
              "event: error\ndata: {\"type\":\"error\",\"error\":{\"type\":\"overloaded_error\","
              "\"message\":\"try later\"}}\n\n");
}

// ---- errors ----

struct Told {
    uint32_t status = 0;
    std::string body;
    std::vector<std::pair<std::string, std::string>> headers;
};

Told encoded(const parley_error& error, const parley_call* call = nullptr) {
    TestArena arena;
    TestOut out;
    auto reply = sized<parley_http_reply>();
    EXPECT_EQ(dialect().table().encode_error(
                  dialect().self(), call, &error, arena.border(), &reply, &out.border),
              PARLEY_OK);
    Told told{reply.status, out.bytes, {}};
    for (uint64_t i = 0; i < reply.header_count; ++i) {
        told.headers.emplace_back(view(reply.headers[i].name), view(reply.headers[i].value));
    }
    return told;
}

parley_error decoded_error(const Told& told, TestArena& arena) {
    std::vector<parley_header> headers;
    for (const auto& [name, value] : told.headers) headers.push_back({str(name), str(value), 0});
    auto head = sized<parley_http_reply_head>();
    head.status = told.status;
    head.headers = headers.data();
    head.header_count = headers.size();
    auto error = sized<parley_error>();
    EXPECT_EQ(dialect().table().decode_error(
                  dialect().self(), &head, sdk::bytes(told.body), arena.border(), &error),
              PARLEY_OK);
    return error;
}

parley_error error_of_class(int32_t error_class, std::string_view message) {
    auto error = sized<parley_error>();
    error.error_class = error_class;
    error.message = str(message);
    return error;
}

TEST(Errors, HaveTheIdOfTheExchangeWhereItIsKnown) {
    const parley_error error = error_of_class(PARLEY_E_NOT_FOUND, "no such model");
    const std::string nameless =
        R"({"type":"error","error":{"type":"not_found_error","message":"no such model"})";
    EXPECT_EQ(encoded(error).body, nameless + "}");
    auto call = sized<parley_call>();
    EXPECT_EQ(encoded(error, &call).body, nameless + "}");
    call.exchange_id = str("req_1\"");
    EXPECT_EQ(encoded(error, &call).body, nameless + R"(,"request_id":"req_1\""})");
    call.struct_size = offsetof(parley_call, exchange_id);
    EXPECT_EQ(encoded(error, &call).body, nameless + "}") << "of a host that is older";
}

TEST(Errors, KeepTheirClassStatusAndWait) {
    const std::pair<int32_t, uint32_t> kinds[] = {
        {PARLEY_E_INVALID_ARGUMENT, 400},
        {PARLEY_E_CONTEXT_TOO_LONG, 400},
        {PARLEY_E_UNAUTHENTICATED, 401},
        {PARLEY_E_PAYMENT_REQUIRED, 402},
        {PARLEY_E_FORBIDDEN, 403},
        {PARLEY_E_NOT_FOUND, 404},
        {PARLEY_E_CONFLICT, 409},
        {PARLEY_E_TOO_LARGE, 413},
        {PARLEY_E_RATE_LIMITED, 429},
        {PARLEY_E_TIMEOUT, 504},
        {PARLEY_E_OVERLOADED, 529},
        {PARLEY_E_UPSTREAM_FAILED, 500},
    };
    for (const auto& [error_class, status] : kinds) {
        parley_error error = error_of_class(error_class, "something");
        error.retry_after_ms = 1500;
        const Told told = encoded(error);
        EXPECT_EQ(told.status, status);
        TestArena arena;
        const parley_error again = decoded_error(told, arena);
        EXPECT_EQ(again.error_class, error_class) << told.body;
        EXPECT_EQ(again.retry_after_ms, 2000u);
    }
    const Told quota = encoded(error_of_class(PARLEY_E_QUOTA_EXHAUSTED, "no more today"));
    EXPECT_EQ(quota.status, 429u);
    EXPECT_EQ(quota.headers.at(0).first, "x-should-retry");
}

TEST(Errors, TellThatAPromptIsTooLongInTheWordsThatClientsKnow) {
    const auto message = [](std::string_view told) {
        const Told error = encoded(error_of_class(PARLEY_E_CONTEXT_TOO_LONG, told));
        return json::value_to<std::string>(json::parse(error.body).at("error").at("message"));
    };
    const std::string wanted = "prompt is too long: 130000 tokens > 128000 maximum";
    EXPECT_EQ(message("This model's maximum context length is 128000 tokens. However, your "
                      "messages resulted in 130000 tokens."),
              wanted);
    EXPECT_EQ(message("The input token count (130000) exceeds the maximum number of tokens allowed "
                      "(128000)."),
              wanted);
    EXPECT_EQ(message(wanted), wanted);
    EXPECT_EQ(message("it is too much"), "prompt is too long: it is too much");
}

TEST(Errors, NameTheFieldAtFault) {
    parley_error error = error_of_class(PARLEY_E_UNSUPPORTED, "only text can be had here");
    error.param = str("modalities");
    const Told told = encoded(error);
    EXPECT_EQ(told.body,
              R"({"type":"error","error":{"type":"invalid_request_error",)"
              R"("message":"modalities: only text can be had here"}})");
    error.message = str("modalities: only text");
    EXPECT_NE(encoded(error).body.find("\"modalities: only text\""), std::string::npos);
}

TEST(Errors, TellThatThreadsAreNotKeptAsClientsUnderstandIt) {
    parley_error error = error_of_class(PARLEY_E_UNSUPPORTED, "no threads");
    error.code = str("thread_unsupported_request");
    const Told told = encoded(error);
    EXPECT_EQ(told.status, 400u);
    EXPECT_NE(told.body.find(R"("details":{"error_code":"thread_unsupported_request",)"
                             R"("unsupported":["thread"]})"),
              std::string::npos)
        << told.body;
}

TEST(Errors, AreUnderstoodHoweverTheyAreTold) {
    const auto error_class = [](uint32_t status, const std::string& body) {
        TestArena arena;
        return decoded_error({status, body, {}}, arena).error_class;
    };
    const auto body = [](const std::string& type, const std::string& message) {
        return R"({"type":"error","error":{"type":")" + type + R"(","message":")" + message +
               "\"}}";
    };
    EXPECT_EQ(error_class(400, body("invalid_request_error", "prompt is too long: 9 tokens > 8")),
              PARLEY_E_CONTEXT_TOO_LONG);
    EXPECT_EQ(error_class(400,
                          body("invalid_request_error",
                               "input length and `max_tokens` exceed context limit: 1 + 2 > 2")),
              PARLEY_E_CONTEXT_TOO_LONG);
    EXPECT_EQ(error_class(400, body("invalid_request_error", "Your credit balance is too low")),
              PARLEY_E_PAYMENT_REQUIRED);
    EXPECT_EQ(error_class(400,
                          body("invalid_request_error",
                               "You have reached your specified API usage limits.")),
              PARLEY_E_QUOTA_EXHAUSTED);
    EXPECT_EQ(error_class(503, "<html>"), 0);
    EXPECT_EQ(error_class(500, ""), 0);
    EXPECT_EQ(error_class(500, R"({"error":)"), 0);
    TestArena arena;
    EXPECT_EQ(view(decoded_error({400, R"({"detail":"no such thing"})", {}}, arena).message),
              "no such thing");
    EXPECT_EQ(view(decoded_error({502, "<html>", {}}, arena).message),
              "upstream returned HTTP 502");
}

// ---- lists and counts ----

std::string listed(const std::string& query, std::size_t count) {
    std::vector<std::string> ids;
    std::vector<parley_model> models;
    for (std::size_t i = 0; i < count; ++i) ids.push_back("m" + std::to_string(i));
    for (const std::string& id : ids) {
        auto model = sized<parley_model>();
        model.id = str(id);
        model.created_s = 1767225600;
        models.push_back(model);
    }
    std::vector<const parley_model*> all;
    for (const parley_model& model : models) all.push_back(&model);
    Asked asked("", 2);
    asked.query(query);
    TestOut out;
    auto reply = sized<parley_http_reply>();
    auto error = sized<parley_error>();
    EXPECT_EQ(dialect().table().encode_models(dialect().self(),
                                              &asked.call,
                                              all.data(),
                                              all.size(),
                                              asked.arena.border(),
                                              &reply,
                                              &out.border,
                                              &error),
              PARLEY_OK);
    return out.bytes;
}

TEST(Models, AreListedByPages) {
    EXPECT_EQ(listed("", 1),
              R"({"data":[{"type":"model","id":"m0","display_name":"m0",)"
              R"("created_at":"2026-01-01T00:00:00Z"}],"has_more":false,"first_id":"m0",)"
              R"("last_id":"m0"})");
    EXPECT_EQ(listed("limit=5", 0),
              R"({"data":[],"has_more":false,"first_id":null,"last_id":null})");
    const auto page = [](const std::string& query) {
        const json::value v = json::parse(listed(query, 45));
        return json::serialize(v.at("first_id")) + json::serialize(v.at("last_id")) +
               (v.at("has_more").as_bool() ? " more" : "");
    };
    EXPECT_EQ(page(""), R"("m0""m19" more)");
    EXPECT_EQ(page("limit=1000"), R"("m0""m44")");
    EXPECT_EQ(page("limit=10&after_id=m9"), R"("m10""m19" more)");
    EXPECT_EQ(page("after_id=m30"), R"("m31""m44")");
    EXPECT_EQ(page("limit=3&before_id=m9"), R"("m6""m8" more)");
    EXPECT_EQ(page("limit=0"), R"("m0""m0" more)");
}

TEST(Count, IsTold) {
    Asked asked("", 1);
    TestOut out;
    auto reply = sized<parley_http_reply>();
    auto error = sized<parley_error>();
    EXPECT_EQ(
        dialect().table().encode_count(
            dialect().self(), &asked.call, 123, asked.arena.border(), &reply, &out.border, &error),
        PARLEY_OK);
    EXPECT_EQ(out.bytes, R"({"input_tokens":123})");
}

// ---- the provider ----

struct Planned {
    std::string origin;
    std::string target;
    std::vector<std::pair<std::string, std::string>> headers;
    bool secret_is_marked = true;
};

Planned planned(const std::string& config,
                const std::string& query = "",
                std::vector<parley_header> client = {},
                const std::string& secret = "sk-1") {
    Provider provider(nullptr);
    provider.configure(with_defaults(kProviderSchema, config));
    TestArena arena;
    sdk::Arena sdk_arena = arena.sdk();
    auto account = sized<parley_account>();
    account.secret = str(secret);
    auto http = sized<parley_http_request>();
    http.headers = client.data();
    http.header_count = static_cast<uint32_t>(client.size());
    auto ask = sized<parley_plan_ask>();
    ask.path = str("/v1/messages");
    ask.query = str(query);
    ask.account = &account;
    ask.client = &http;
    auto plan = sized<parley_plan>();
    provider.plan(ask, sdk_arena, plan);
    Planned out{std::string(view(plan.origin)), std::string(view(plan.target)), {}, true};
    for (uint64_t i = 0; i < plan.header_count; ++i) {
        const std::string value(view(plan.headers[i].value));
        out.headers.emplace_back(view(plan.headers[i].name), value);
        const bool marked = (plan.headers[i].flags & PARLEY_HEADER_SECRET) != 0;
        if ((value.find("sk-1") != value.npos) != marked) out.secret_is_marked = false;
    }
    return out;
}

using Headers = std::vector<std::pair<std::string, std::string>>;

TEST(Provider, PlansWithKeyAndVersion) {
    const Planned plain = planned("{}", "beta=true");
    EXPECT_EQ(plain.origin, "https://api.anthropic.com");
    EXPECT_EQ(plain.target, "/v1/messages?beta=true");
    EXPECT_EQ(plain.headers, (Headers{{"anthropic-version", "2023-06-01"}, {"x-api-key", "sk-1"}}));
    EXPECT_TRUE(plain.secret_is_marked);
    const Planned told = planned("{}", "", {{str("Anthropic-Version"), str("2026-10-21"), 0}});
    EXPECT_EQ(told.headers, (Headers{{"x-api-key", "sk-1"}}));
    const Planned bearer = planned(R"({"base_url":"http://h:1/anthropic/v1/",)"
                                   R"("key_header":"authorization","headers":{"x-a":"b"}})");
    EXPECT_EQ(bearer.origin, "http://h:1");
    EXPECT_EQ(bearer.target, "/anthropic/v1/messages");
    EXPECT_EQ(
        bearer.headers,
        (Headers{
            {"anthropic-version", "2023-06-01"}, {"x-a", "b"}, {"authorization", "Bearer sk-1"}}));
    EXPECT_TRUE(bearer.secret_is_marked);
}

TEST(Provider, LoginsAreBearersWithABetaOfTheirOwn) {
    const std::string login = R"({"access_token":"sk-1","refresh_token":"rt-1"})";
    const Planned plain = planned("{}", "", {}, login);
    EXPECT_EQ(plain.headers,
              (Headers{{"anthropic-version", "2023-06-01"},
                       {"authorization", "Bearer sk-1"},
                       {"anthropic-beta", "oauth-2025-04-20"}}));
    EXPECT_TRUE(plain.secret_is_marked);
    const std::vector<parley_header> betas{{str("anthropic-version"), str("2023-06-01"), 0},
                                           {str("Anthropic-Beta"), str("a-1,b-2"), 0},
                                           {str("anthropic-beta"), str("c-3"), 0}};
    EXPECT_EQ(planned("{}", "", betas, login).headers,
              (Headers{{"authorization", "Bearer sk-1"},
                       {"anthropic-beta", "a-1,b-2,c-3,oauth-2025-04-20"}}));
    const std::vector<parley_header> own{{str("anthropic-beta"), str("oauth-2025-04-20"), 0}};
    EXPECT_EQ(planned("{}", "", own, login).headers.back().second, "oauth-2025-04-20");
}

TEST(Provider, RenewsALoginThatIsRefused) {
    Provider provider(nullptr);
    const TestArena arena;
    sdk::Arena memory = arena.sdk();
    auto account = sized<parley_account>();
    account.secret = str(R"({"access_token":"at","refresh_token":"rt"})");
    parley_error told{};
    told.error_class = PARLEY_E_UNAUTHENTICATED;
    auto verdict = sized<parley_verdict>();
    provider.classify(account, nullptr, {}, told, memory, verdict);
    EXPECT_EQ(verdict.error.scope, static_cast<uint32_t>(PARLEY_SCOPE_ACCOUNT));
    EXPECT_EQ(verdict.error.advice, static_cast<uint32_t>(PARLEY_ADVICE_REFRESH));
    EXPECT_EQ(verdict.cool_down_ms, 0u);
}

TEST(Provider, RefusesAddressesThatAreNone) {
    for (const char* url : {"", "api.anthropic.com", "ftp://h", "https://", "https://u@h"}) {
        Provider provider(nullptr);
        const std::string settings = R"({"base_url":")" + std::string(url) + "\"}";
        EXPECT_THROW(provider.configure(with_defaults(kProviderSchema, settings)), sdk::Failure)
            << url;
    }
}

TEST(Provider, OffersModelsAtItsOwnPlaceOnly) {
    Provider own(nullptr);
    own.configure(with_defaults(kProviderSchema, "{}"));
    ASSERT_EQ(own.models().size(), 1u);
    EXPECT_EQ(view(own.models()[0].pattern), "claude-*");
    EXPECT_EQ(view(own.dialects()[0]), "anthropic-messages");
    Provider other(nullptr);
    other.configure(with_defaults(kProviderSchema, R"({"base_url":"https://h"})"));
    EXPECT_TRUE(other.models().empty());
}

parley_verdict judged(uint32_t status, const std::string& body, uint64_t retry_after_ms = 0) {
    static TestArena arena;
    Provider provider(nullptr);
    sdk::Arena sdk_arena = arena.sdk();
    parley_error told = decoded_error({status, body, {}}, arena);
    told.retry_after_ms = retry_after_ms;
    auto head = sized<parley_http_reply_head>();
    head.status = status;
    auto verdict = sized<parley_verdict>();
    provider.classify(sized<parley_account>(), &head, body, told, sdk_arena, verdict);
    return verdict;
}

TEST(Provider, SaysWhatAFailureMeans) {
    const auto body_of = [](const std::string& type, const std::string& message = "m") {
        return R"({"error":{"type":")" + type + R"(","message":")" + message + "\"}}";
    };
    const auto expect = [](uint32_t status, const std::string& body, std::vector<uint32_t> wanted) {
        const parley_error e = judged(status, body).error;
        EXPECT_EQ((std::vector<uint32_t>{static_cast<uint32_t>(e.error_class), e.scope, e.advice}),
                  wanted)
            << status << " " << body;
    };
    expect(401,
           body_of("authentication_error"),
           {PARLEY_E_UNAUTHENTICATED, PARLEY_SCOPE_ACCOUNT, PARLEY_ADVICE_OTHER_ACCOUNT});
    expect(403,
           body_of("permission_error"),
           {PARLEY_E_FORBIDDEN, PARLEY_SCOPE_ACCOUNT, PARLEY_ADVICE_OTHER_ACCOUNT});
    expect(404,
           body_of("not_found_error"),
           {PARLEY_E_NOT_FOUND, PARLEY_SCOPE_MODEL, PARLEY_ADVICE_OTHER_PROVIDER});
    expect(400,
           body_of("invalid_request_error"),
           {PARLEY_E_INVALID_ARGUMENT, PARLEY_SCOPE_REQUEST, PARLEY_ADVICE_NEVER});
    expect(400,
           body_of("invalid_request_error", "Your credit balance is too low"),
           {PARLEY_E_PAYMENT_REQUIRED, PARLEY_SCOPE_ACCOUNT, PARLEY_ADVICE_OTHER_ACCOUNT});
    expect(429,
           body_of("rate_limit_error"),
           {PARLEY_E_RATE_LIMITED, PARLEY_SCOPE_ACCOUNT, PARLEY_ADVICE_OTHER_ACCOUNT});
    expect(529,
           body_of("overloaded_error"),
           {PARLEY_E_OVERLOADED, PARLEY_SCOPE_MODEL, PARLEY_ADVICE_OTHER_PROVIDER});
    expect(500,
           body_of("api_error"),
           {PARLEY_E_UPSTREAM_FAILED, PARLEY_SCOPE_MODEL, PARLEY_ADVICE_SAME});
    expect(
        504, body_of("timeout_error"), {PARLEY_E_TIMEOUT, PARLEY_SCOPE_MODEL, PARLEY_ADVICE_SAME});
    EXPECT_EQ(judged(429, body_of("rate_limit_error"), 7000).cool_down_ms, 7000u);
}

}  // namespace

}  // namespace parley::claude
