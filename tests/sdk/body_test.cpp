// A Body writes what a JsonWriter writes, and hands on what lies in the client's own body.
#include "parley/sdk/body.hpp"

#include <random>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "parley/sdk/json.hpp"

namespace parley::sdk {

namespace {

// Takes what is written, and says what of it was passed on.
struct Taker {
    std::string all;
    std::vector<std::string_view> borrowed;
    std::size_t longest_write = 0;
    parley_out border{sizeof(parley_out), 0, this, write, borrow};

    static parley_status write(const parley_out* out, parley_bytes bytes) {
        auto& self = *static_cast<Taker*>(out->ctx);
        self.all += view(bytes);
        self.longest_write = std::max<std::size_t>(self.longest_write, bytes.len);
        return PARLEY_OK;
    }

    static parley_status borrow(const parley_out* out, parley_bytes bytes) {
        auto& self = *static_cast<Taker*>(out->ctx);
        self.all += view(bytes);
        self.borrowed.push_back(view(bytes));
        return PARLEY_OK;
    }
};

parley_request request_of(std::string_view body) {
    parley_request request{};
    request.struct_size = sizeof(request);
    request.raw = bytes(body);
    return request;
}

std::string repeated(std::string_view text, std::size_t size) {
    std::string out;
    while (out.size() < size) out += text;
    return out;
}

std::string written(std::string_view client_body, std::string_view text, Taker& taker) {
    const parley_request request = request_of(client_body);
    Out out(&taker.border);
    Body body(request, out);
    body.json.begin_object().key("a").string(text).key("b").string("c").end_object();
    body.flush();
    return taker.all;
}

std::string expected(std::string_view text) {
    std::string out;
    JsonWriter(out).begin_object().key("a").string(text).key("b").string("c").end_object();
    return out;
}

TEST(Body, WritesEveryTextAsAWriterDoes) {
    constexpr std::string_view kPieces[] = {
        "plain words ", "\n", "\"", "\\", "\x01", "é", "漢", "🎉", "\xff", "\xe6\xbc"};
    std::mt19937 random(7);
    for (int round = 0; round < 300; ++round) {
        std::string text;
        const std::size_t size = random() % (round % 3 == 0 ? 100'000 : 20'000);
        while (text.size() < size) text += kPieces[random() % std::size(kPieces)];
        Taker taker;
        ASSERT_EQ(written("{}", text, taker), expected(text)) << round;
        EXPECT_TRUE(taker.borrowed.empty());
        EXPECT_LT(taker.longest_write, 200'000U) << "nothing long is held";
    }
}

TEST(Body, HandsOnWhatLiesInTheClientsBody) {
    const std::string client = R"({"x":")" + repeated("wörds without escapes ", 50'000) + "\"}";
    const std::string_view text = std::string_view(client).substr(6, client.size() - 8);
    Taker taker;
    EXPECT_EQ(written(client, text, taker), expected(text));
    ASSERT_EQ(taker.borrowed.size(), 1u);
    EXPECT_EQ(taker.borrowed[0].data(), text.data());
    EXPECT_LT(taker.longest_write, 100U);
}

// JSON that stands there becomes a text by its quotes, and stays JSON without them.
TEST(Body, MindsThatATextMayBeTheClientsJson) {
    const std::string client = "[" + repeated(R"({"k":1},)", 10'000) + "\n0]";
    Taker as_text;
    EXPECT_EQ(written(client, client, as_text), expected(client));
    EXPECT_TRUE(as_text.borrowed.empty());
    Taker as_json;
    const parley_request request = request_of(client);
    Out out(&as_json.border);
    Body body(request, out);
    body.json.begin_array().raw("1").raw(client).raw(repeated("2", 9'000)).end_array();
    body.flush();
    EXPECT_EQ(as_json.all, "[1," + client + "," + repeated("2", 9'000) + "]");
    EXPECT_EQ(as_json.borrowed.size(), 1u);
}

TEST(Body, WritesAStringOfTwoParts) {
    const std::string client = R"({"x":")" + repeated("QUJD", 5'000) + "\"}";
    const std::string_view data = std::string_view(client).substr(6, client.size() - 8);
    const std::string other(data);
    for (const std::string_view tail : {data, std::string_view(other), std::string_view("\"\n")}) {
        Taker taker;
        const parley_request request = request_of(client);
        Out out(&taker.border);
        Body body(request, out);
        body.json.begin_array();
        body.string("data:\"", tail);
        body.string("", "z");
        body.json.end_array();
        body.flush();
        std::string wanted;
        const std::string text = "data:\"" + std::string(tail);
        JsonWriter(wanted).begin_array().string(text).string("z").end_array();
        EXPECT_EQ(taker.all, wanted);
        EXPECT_EQ(taker.borrowed.size(), tail.data() == data.data() ? 1u : 0u);
    }
}

TEST(Body, OfManyObjectsGoesOutAsItIsWritten) {
    Taker taker;
    const parley_request request = request_of("{}");
    Out out(&taker.border);
    Body body(request, out);
    body.json.begin_array();
    for (int i = 0; i < 20'000; ++i) {
        body.json.begin_object().key("n").string("about a hundred bytes").end_object();
    }
    body.json.end_array();
    body.flush();
    EXPECT_GT(taker.all.size(), 500'000U);
    EXPECT_LT(taker.longest_write, 70'000U);
}

TEST(Unescape, IntoMemoryIsTheSameAsIntoAString) {
    constexpr std::string_view kPieces[] = {"words ",
                                            "\\n",
                                            "\\\"",
                                            "\\\\",
                                            "\\u00e9",
                                            "\\ud83c\\udf89",
                                            "\\ud83c",
                                            "漢",
                                            "\\u0000",
                                            "/"};
    std::mt19937 random(11);
    for (int round = 0; round < 2'000; ++round) {
        std::string raw;
        for (std::size_t n = random() % 40; n > 0; --n)
            raw += kPieces[random() % std::size(kPieces)];
        std::string wanted;
        json_unescape(raw, wanted);
        std::vector<char> memory(raw.size() + 1, '!');
        const char* end = json_unescape(raw, memory.data());
        EXPECT_EQ(std::string(memory.data(), static_cast<std::size_t>(end - memory.data())),
                  wanted);
        EXPECT_EQ(memory.back(), '!') << raw;
    }
}

}  // namespace

}  // namespace parley::sdk
