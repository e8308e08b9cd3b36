// What only one account knows: as requests name it, and as replies make it.
#include "owned.hpp"

#include "openai_test.hpp"

namespace parley::openai {

namespace {

using Names = std::vector<std::string>;

const std::string kLong(200, 'x');
const std::string kEnd = std::string(60, 'x') + "end1";

Names found(std::string_view json, std::size_t split) {
    Names all;
    sdk::TextFinder finder(kEncryptedKey);
    const auto keep = [&](std::string_view end) { all.emplace_back(end); };
    finder.feed(json.substr(0, split), keep);
    finder.feed(json.substr(split), keep);
    return all;
}

TEST(TextFinder, FindsTheEndsOfTextsWhereverTheyAreCut) {
    const std::string json = R"([{"encrypted_content":"a1"},{"encrypted_content" : ")" + kLong +
                             R"(end1"},{"encrypted_content":null,"encrypted":"b"},)" +
                             R"({"encrypted_content":""},{"x":"encrypted_content"},)" +
                             "{\"encrypted_content\"\n:\n\"c\"}]";
    for (std::size_t split = 0; split <= json.size(); ++split) {
        EXPECT_EQ(found(json, split), (Names{"a1", kEnd, "c"})) << split;
    }
    Names bytewise;
    sdk::TextFinder finder(kEncryptedKey);
    for (const char& c : json) {
        finder.feed({&c, 1}, [&](std::string_view end) { bytewise.emplace_back(end); });
    }
    EXPECT_EQ(bytewise, (Names{"a1", kEnd, "c"}));
}

Names named(std::string_view body, const std::string& path = "/v1/responses") {
    Request request(body, path);
    EXPECT_EQ(request.peek(), PARLEY_OK) << request.message();
    Names all;
    for (uint64_t i = 0; i < request.peeked.owned_count; ++i) {
        const parley_owned& owned = request.peeked.owned[i];
        all.push_back(std::string(view(owned.param)) + "=" + std::string(view(owned.id)));
    }
    return all;
}

TEST(Peek, NamesWhatOneAccountKnows) {
    EXPECT_EQ(named(R"({"model":"m","input":"hi"})"), Names{});
    EXPECT_EQ(named(R"({"model":"m","previous_response_id":"resp_1"})"),
              Names{"previous_response_id=resp_1"});
    EXPECT_EQ(named(R"({"model":"m","previous_response_id":null,"conversation":null})"), Names{});
    EXPECT_EQ(named(R"({"model":"m","conversation":"conv_1"})"), Names{"conversation=conv_1"});
    EXPECT_EQ(named(R"({"conversation":{"x":1,"id":"conv_2"},"model":"m"})"),
              Names{"conversation=conv_2"});
    EXPECT_EQ(named(R"({"model":"m","input":[{"type":"reasoning","encrypted_content":"abc"},)"
                    R"({"content":[{"type":"input_file","file_id":"file-1"}]}]})"),
              (Names{"input=abc", "input=file-1"}));
    EXPECT_EQ(named(R"({"model":"m","messages":[{"content":[{"file":{"file_id":"file-1"}}]}]})",
                    "/v1/chat/completions"),
              Names{"messages=file-1"});
    EXPECT_EQ(named(R"({"model":"m","previous_response_id":7,"conversation":[]})"), Names{})
        << "for the upstream to refuse";
}

TEST(Peek, NamesTheLatestOfMany) {
    std::string body = R"({"model":"m","input":[)";
    for (int i = 0; i < 100; ++i) {
        body += R"({"encrypted_content":"r)" + std::to_string(i) + R"("},)";
    }
    const Names names = named(body + "{}]}");
    ASSERT_EQ(names.size(), sdk::Owned::kMost);
    EXPECT_EQ(names.back(), "input=r99");
}

const ReplyKind kStream{"/v1/responses", "text/event-stream", false};
const ReplyKind kWhole{"/v1/responses", "application/json", false};

TEST(Tap, SaysWhatAReplyMakes) {
    const std::string stream =
        "data: {\"type\":\"response.created\",\"response\":{\"id\":\"resp_1\","
        "\"conversation\":{\"id\":\"conv_1\"}}}\n\n"
        "data: {\"type\":\"response.output_item.done\",\"item\":{\"type\":\"reasoning\","
        "\"encrypted_content\":\"" +
        kLong +
        "end1\"}}\n\n"
        "data: {\"type\":\"response.completed\",\"response\":{\"id\":\"resp_1\"}}\n\n";
    const Outcome streamed = watch(kStream, {stream});
    EXPECT_TRUE(streamed.complete()) << streamed;
    EXPECT_EQ(streamed.made, (Names{"resp_1", "conv_1", kEnd}));
    const std::string whole = R"({"id": "resp_2","output":[{"encrypted_content": ")" + kLong +
                              R"(end1"}],"conversation":{"id":"conv_2"}})";
    for (std::size_t split = 0; split <= whole.size(); ++split) {
        const std::string_view all = whole;
        const Outcome seen = watch(kWhole, {all.substr(0, split), all.substr(split)});
        EXPECT_TRUE(seen.complete()) << seen;
        EXPECT_EQ(seen.made, (Names{kEnd, "resp_2", "conv_2"})) << split;
    }
    const ReplyKind chat{"/v1/chat/completions", "application/json", false};
    EXPECT_EQ(watch(chat, {R"({"id":"chatcmpl-1","choices":[]})"}).made, Names{});
}

}  // namespace

}  // namespace parley::openai
