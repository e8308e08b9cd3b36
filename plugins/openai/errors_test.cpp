// Errors and lists of models as whole replies, and the library's own entry.
#include <set>

#include <boost/json.hpp>

#include "openai_test.hpp"

namespace parley::openai {

namespace {

const Dialect& chat() {
    return dialect_of("/v1/chat/completions");
}

struct Reply {
    parley_status status;
    parley_http_reply head;
    std::string body;
    boost::json::object error;  // the inner object
};

Reply encode(const parley_error& error, const TestArena& arena, const Dialect& dialect = chat()) {
    Reply reply{0, sized<parley_http_reply>(), {}, {}};
    TestOut out;
    reply.status = dialect.table().encode_error(
        dialect.self, nullptr, &error, arena.border(), &reply.head, &out.border);
    reply.body = out.bytes;
    if (reply.status != PARLEY_OK) return reply;
    const auto whole = boost::json::parse(reply.body).as_object();
    EXPECT_EQ(whole.size(), 1u);
    reply.error = whole.at("error").as_object();
    return reply;
}

parley_error decode(const Reply& reply, const TestArena& arena) {
    auto head = sized<parley_http_reply_head>();
    head.status = reply.head.status;
    head.headers = reply.head.headers;
    head.header_count = reply.head.header_count;
    parley_error told = cleared(arena);
    const auto bytes = sdk::bytes(reply.body);
    EXPECT_EQ(chat().table().decode_error(chat().self, &head, bytes, arena.border(), &told),
              PARLEY_OK);
    return told;
}

TEST(EncodeError, WritesFourKeysForEveryClass) {
    const TestArena arena;
    for (const Dialect* dialect : {&chat(), &dialect_of("/v1/responses")}) {
        for (int error_class = -1; error_class <= 30; ++error_class) {
            parley_error error = cleared(arena);
            error.error_class = error_class;
            error.message = str("what: \"it\" was\n\xc3\xa4\xff");
            const Reply reply = encode(error, arena, *dialect);
            ASSERT_EQ(reply.status, PARLEY_OK);
            EXPECT_EQ(view(reply.head.content_type), "application/json");
            EXPECT_GE(reply.head.status, 400u) << error_class;
            EXPECT_LT(reply.head.status, 505u) << error_class;
            EXPECT_EQ(reply.error.size(), 4u);
            EXPECT_EQ(reply.error.at("message").as_string(),
                      "what: \"it\" was\n\xc3\xa4\xef\xbf\xbd");
            EXPECT_TRUE(reply.error.at("type").is_string());
            EXPECT_TRUE(reply.error.at("param").is_null());
            const auto& code = reply.error.at("code");
            EXPECT_TRUE(code.is_null() || !code.as_string().empty());
            const bool is_spent = reply.error.at("type").as_string() == "insufficient_quota";
            EXPECT_EQ(reply.head.header_count, is_spent ? 1u : 0u);
        }
    }
}

TEST(EncodeError, KeepsCodeParamAndStatus) {
    const TestArena arena;
    parley_error error = cleared(arena);
    error.error_class = PARLEY_E_INVALID_ARGUMENT;
    error.http_status = 422;
    error.code = str("own_code");
    error.param = str("messages[2].content");
    const Reply reply = encode(error, arena);
    EXPECT_EQ(reply.head.status, 422u);
    EXPECT_EQ(reply.error.at("code").as_string(), "own_code");
    EXPECT_EQ(reply.error.at("param").as_string(), "messages[2].content");
    EXPECT_EQ(reply.error.at("type").as_string(), "invalid_request_error");
}

// Clients of this dialect retry 503, and know neither 529 nor 402.
TEST(EncodeError, TranslatesForeignStatuses) {
    const TestArena arena;
    parley_error error = cleared(arena);
    error.error_class = PARLEY_E_OVERLOADED;
    error.http_status = 529;
    EXPECT_EQ(encode(error, arena).head.status, 503u);
    error.error_class = PARLEY_E_PAYMENT_REQUIRED;
    error.http_status = 402;
    EXPECT_EQ(encode(error, arena).head.status, 429u);
}

// Its own backend's words end the session; by others it goes on trying.
TEST(EncodeError, TellsCodexOfItsLimitInItsBackendsWords) {
    const TestArena arena;
    const parley_header originator{str("Originator"), str("codex_cli_rs"), 0};
    auto http = sized<parley_http_request>();
    http.headers = &originator;
    http.header_count = 1;
    auto call = sized<parley_call>();
    call.http = &http;
    parley_error error = cleared(arena);
    error.error_class = PARLEY_E_QUOTA_EXHAUSTED;
    error.message = str("used up");
    error.retry_after_ms = 60'000;
    error.retry_at_ms = 1'800'000'000'001;
    auto head = sized<parley_http_reply>();
    TestOut out;
    const Dialect& responses = dialect_of("/v1/responses");
    responses.table().encode_error(
        responses.self, &call, &error, arena.border(), &head, &out.border);
    EXPECT_EQ(head.status, 429u);
    EXPECT_EQ(out.bytes,
              R"({"error":{"type":"usage_limit_reached","message":"used up","param":null,)"
              R"("code":null,"resets_in_seconds":60,"resets_at":1800000001}})");
}

// Its backend tells the moment, and may tell nothing else.
TEST(DecodeError, ReadsTheMomentThatALimitEnds) {
    const TestArena arena;
    const auto read = [&arena](const std::string& moment) {
        Reply reply{0, sized<parley_http_reply>(), {}, {}};
        reply.head.status = 429;
        reply.body =
            R"({"error":{"type":"usage_limit_reached","message":"m","resets_at":)" + moment + "}}";
        return decode(reply, arena);
    };
    EXPECT_EQ(read("1800000000").error_class, PARLEY_E_QUOTA_EXHAUSTED);
    EXPECT_EQ(read("1800000000").retry_at_ms, 1'800'000'000'000U);
    EXPECT_EQ(read("1800000000").retry_after_ms, 0U) << "for that it would take a clock";
    for (const char* none : {"null", "-1", "60", "1e300", "\"soon\"", "[]", "{}"}) {
        EXPECT_EQ(read(none).retry_at_ms, 0U) << none;
    }
}

TEST(EncodeError, SaysWhenToTryAgain) {
    const TestArena arena;
    parley_error error = cleared(arena);
    error.error_class = PARLEY_E_RATE_LIMITED;
    error.retry_after_ms = 1001;
    const Reply reply = encode(error, arena);
    ASSERT_EQ(reply.head.header_count, 2u);
    EXPECT_EQ(view(reply.head.headers[0].name), "retry-after");
    EXPECT_EQ(view(reply.head.headers[0].value), "2");
    EXPECT_EQ(view(reply.head.headers[1].name), "retry-after-ms");
    EXPECT_EQ(view(reply.head.headers[1].value), "1001");
    EXPECT_EQ(decode(reply, arena).retry_after_ms, 1001u);
    error.retry_after_ms = UINT64_MAX - 2000;
    EXPECT_EQ(encode(error, arena).status, PARLEY_OK);
}

// What the words alone tell comes back as it went.
TEST(EncodeError, IsReadBackAsTheSame) {
    const TestArena arena;
    const std::set<int> told_by_words{PARLEY_E_NOT_FOUND,
                                      PARLEY_E_UNAUTHENTICATED,
                                      PARLEY_E_FORBIDDEN,
                                      PARLEY_E_TOO_LARGE,
                                      PARLEY_E_RATE_LIMITED,
                                      PARLEY_E_QUOTA_EXHAUSTED,
                                      PARLEY_E_CONTEXT_TOO_LONG,
                                      PARLEY_E_CONTENT_BLOCKED,
                                      PARLEY_E_OVERLOADED};
    for (int error_class = 1; error_class <= PARLEY_E_BUDGET; ++error_class) {
        parley_error error = cleared(arena);
        error.error_class = error_class;
        error.message = str("why");
        error.param = str("p");
        const Reply reply = encode(error, arena);
        const parley_error told = decode(reply, arena);
        if (told_by_words.contains(error_class)) {
            EXPECT_EQ(told.error_class, error_class);
        } else if (error_class != PARLEY_E_PAYMENT_REQUIRED) {
            EXPECT_EQ(told.error_class, 0) << "left to the status";
        }
        EXPECT_EQ(view(told.message), "why");
        EXPECT_EQ(view(told.param), "p");
    }
}

TEST(ErrorTable, SaysSoWhenThereIsNoRoom) {
    const TestArena plenty;
    const TestArena none(0);
    parley_error error = cleared(plenty);
    error.error_class = PARLEY_E_RATE_LIMITED;
    error.retry_after_ms = 5;
    EXPECT_EQ(encode(error, none).status, -PARLEY_E_BUDGET);
    TestOut out;
    out.left = 10;
    auto head = sized<parley_http_reply>();
    EXPECT_EQ(chat().table().encode_error(
                  chat().self, nullptr, &error, plenty.border(), &head, &out.border),
              -PARLEY_E_BUDGET);
    const auto reply = sized<parley_http_reply_head>();
    parley_error told = cleared(none);
    const std::string body = R"({"error":{"message":"m","code":"c"}})";
    EXPECT_EQ(
        chat().table().decode_error(chat().self, &reply, sdk::bytes(body), none.border(), &told),
        -PARLEY_E_BUDGET);
}

// ---- models ----

std::string list(const std::vector<parley_model>& models,
                 const char* path,
                 parley_status status = 0,
                 std::size_t room = SIZE_MAX) {
    std::vector<const parley_model*> pointers;
    pointers.reserve(models.size());
    for (const parley_model& each : models) pointers.push_back(&each);
    const parley_route& route = chat().route(path);
    auto call = sized<parley_call>();
    call.route = route.number;
    call.operation = route.operation;
    const TestArena arena;
    TestOut out;
    out.left = room;
    auto reply = sized<parley_http_reply>();
    EXPECT_EQ(chat().table().encode_models(chat().self,
                                           &call,
                                           pointers.data(),
                                           pointers.size(),
                                           arena.border(),
                                           &reply,
                                           &out.border,
                                           nullptr),
              status);
    if (status != PARLEY_OK) return {};
    EXPECT_EQ(reply.status, 200u);
    EXPECT_EQ(view(reply.content_type), "application/json");
    return out.bytes;
}

parley_model model(std::string_view id, std::string_view owner, int64_t created_s) {
    auto all = sized<parley_model>();
    all.id = str(id);
    all.owner = str(owner);
    all.created_s = created_s;
    return all;
}

TEST(Models, AreWrittenAsAList) {
    EXPECT_EQ(list({}, "/v1/models"), R"({"object":"list","data":[]})");
    EXPECT_EQ(list({model("m-1", "acme", 1700000000), model("a/\"b\"", "", 0)}, "/v1/models"),
              R"({"object":"list","data":[)"
              R"({"id":"m-1","object":"model","created":1700000000,"owned_by":"acme"},)"
              R"({"id":"a/\"b\"","object":"model","created":0,"owned_by":""}]})");
    list({model("m", "acme", 1)}, "/v1/models", -PARLEY_E_BUDGET, 20);
}

TEST(Models, AreWrittenOneByOne) {
    EXPECT_EQ(list({model("m-1", "acme", 1)}, "/v1/models/{model}"),
              R"({"id":"m-1","object":"model","created":1,"owned_by":"acme"})");
    list({}, "/v1/models/{model}", -PARLEY_E_NOT_FOUND);
}

TEST(Models, AreNotOfTheResponsesDialect) {
    EXPECT_EQ(dialect_of("/v1/responses").table().encode_models, nullptr);
}

// ---- the library ----

TEST(Entry, OffersTwoDialectsAndAProvider) {
    ASSERT_EQ(parley_plugin_v0.component_count(), 3u);
    std::set<std::string> ids;
    for (uint32_t i = 0; i < 3; ++i) {
        const parley_component* each = parley_plugin_v0.component(i);
        ids.insert(std::string(view(each->kind)) + " " + std::string(view(each->id)));
        EXPECT_EQ(each->struct_size, sizeof(parley_component));
        EXPECT_EQ(*static_cast<const uint32_t*>(each->table) % 8, 0u);
    }
    EXPECT_EQ(ids,
              (std::set<std::string>{"parley.dialect/1 openai-chat",
                                     "parley.dialect/1 openai-responses",
                                     "parley.provider/1 openai"}));
    EXPECT_EQ(parley_plugin_v0.component(3), nullptr);
    EXPECT_EQ(parley_plugin_v0.component(UINT32_MAX), nullptr);
}

TEST(Entry, NumbersRoutesAsTheyStand) {
    for (const Dialect* dialect : {&chat(), &dialect_of("/v1/responses")}) {
        uint32_t count = 0;
        const parley_route* routes = dialect->table().routes(dialect->self, &count);
        std::set<std::string> seen;
        for (uint32_t i = 0; i < count; ++i) {
            EXPECT_EQ(routes[i].number, i);
            EXPECT_EQ(routes[i].struct_size, sizeof(parley_route));
            const std::string line =
                std::string(view(routes[i].method)) + std::string(view(routes[i].path));
            EXPECT_TRUE(seen.insert(line).second) << line;
        }
    }
}

}  // namespace

}  // namespace parley::openai
