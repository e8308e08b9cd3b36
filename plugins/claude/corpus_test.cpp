// Recorded traffic of this dialect, if it is here: PARLEY_CORPUS names its folder.
#include <iostream>
#include <map>
#include <random>

#include <boost/json.hpp>

#include "claude_test.hpp"

namespace parley::claude {

namespace {

namespace json = boost::json;

struct Exchange {
    std::string id;
    std::string request;
    std::string reply;
    bool stream = false;
    int status = 0;
};

std::vector<Exchange> exchanges() {
    std::vector<Exchange> all;
    std::ifstream file(corpus() / "MANIFEST.tsv");
    std::vector<std::string> columns;
    for (std::string line; std::getline(file, line);) {
        std::vector<std::string> cells(1);
        for (const char c : line) {
            if (c == '\t')
                cells.emplace_back();
            else
                cells.back() += c;
        }
        if (columns.empty()) {
            columns = cells;
            continue;
        }
        std::map<std::string, std::string> row;
        for (std::size_t i = 0; i < columns.size(); ++i) row[columns[i]] = cells.at(i);
        if (row["wire"] != "anthropic-messages") continue;
        const fs::path folder = corpus() / row["dir"];
        Exchange e;
        e.id = row["id"];
        if (fs::exists(folder / "request.json")) e.request = read_file(folder / "request.json");
        e.reply = read_file(folder / "response.body");
        e.stream = row["stream"] == "1";
        e.status = std::stoi(row["status"]);
        all.push_back(std::move(e));
    }
    return all;
}

class Corpus : public testing::Test {
protected:
    void SetUp() override {
        if (!fs::exists(corpus() / "MANIFEST.tsv")) {
            GTEST_SKIP() << "!!!! no corpus: set PARLEY_CORPUS to the folder of MANIFEST.tsv !!!!";
        }
    }

    void count(const std::string& what) { ++counts_[what]; }

    void TearDown() override {
        for (const auto& [what, n] : counts_) {
            std::cout << "[  CORPUS  ] " << n << " " << what << "\n";
        }
    }

private:
    std::map<std::string, int> counts_;
};

// ---- replies ----

TEST_F(Corpus, RepliesMeanTheSameHoweverTheyComeAndAreWritten) {
    for (const Exchange& e : exchanges()) {
        if (e.status != 200) continue;
        const auto& request = codec::plain_request();
        const auto events = dialect().decode(request, e.reply, e.stream);
        const std::string wanted = codec::lines(events);
        for (const std::size_t piece : {1, 7, 1000}) {
            const auto pieces = dialect().decode(request, e.reply, e.stream, piece);
            EXPECT_EQ(difference(codec::lines(pieces), wanted), "") << e.id;
        }
        if (!is_whole(events)) {
            count("replies that tell of an error");
            continue;
        }
        const std::string stream = dialect().encode(request, events, true);
        const auto streamed = dialect().decode(request, stream, true);
        const auto joined = codec::joined(events);
        EXPECT_EQ(difference(dialect().encode(request, codec::joined(streamed), true),
                             dialect().encode(request, joined, true)),
                  "")
            << e.id;
        const std::string whole = dialect().encode(request, events, false);
        const auto again = dialect().decode(request, whole, false);
        EXPECT_EQ(difference(dialect().encode(request, again, false), whole), "") << e.id;
        EXPECT_EQ(difference(dialect().encode(request, streamed, false), whole), "") << e.id;
        count(e.stream ? "streams" : "messages");
    }
}

// What a recorded message says in its blocks, it says when written again.
TEST_F(Corpus, MessagesKeepTheirContent) {
    for (const Exchange& e : exchanges()) {
        if (e.status != 200 || e.stream) continue;
        const json::value recorded = json::parse(e.reply);
        const auto* content = recorded.as_object().if_contains("content");
        if (content == nullptr || !content->is_array()) continue;
        const auto events = dialect().decode(codec::plain_request(), e.reply, false);
        const json::value written =
            json::parse(dialect().encode(codec::plain_request(), events, false));
        json::array wanted;
        for (json::value block : content->as_array()) {
            json::object& o = block.as_object();
            if (o.contains("citations") &&
                (o["citations"].is_null() || o["citations"].as_array().empty())) {
                o.erase("citations");
            }
            const bool call = o["type"] == "tool_use";
            if (call && o.contains("caller") && !o["caller"].is_object()) o.erase("caller");
            wanted.push_back(block);
        }
        EXPECT_TRUE(written.at("content") == json::value(wanted)) << e.id;
        // Calls say more than the reason does.
        const json::value& reason = written.at("stop_reason");
        EXPECT_TRUE(reason == "tool_use" || reason == recorded.at("stop_reason")) << e.id;
        EXPECT_EQ(written.at("usage").at("output_tokens"), recorded.at("usage").at("output_tokens"))
            << e.id;
        EXPECT_EQ(written.at("usage").at("input_tokens"), recorded.at("usage").at("input_tokens"))
            << e.id;
        count("messages with the same content");
    }
}

TEST_F(Corpus, CutRepliesFail) {
    std::mt19937 random(7);
    for (const Exchange& e : exchanges()) {
        if (e.status != 200) continue;
        const std::size_t told = e.reply.find("\"message_delta\"");
        const std::size_t whole = e.reply.find_last_not_of(" \r\n") + 1;
        const std::size_t limit = e.stream ? std::min(told, whole) : whole;
        for (int i = 0; i < 20 && limit > 0; ++i) {
            const std::size_t size = random() % limit;
            const auto events =
                dialect().decode(codec::plain_request(), e.reply.substr(0, size), e.stream);
            EXPECT_FALSE(is_whole(events)) << e.id << " at " << size;
            count("cuts");
        }
    }
}

TEST_F(Corpus, BytesAtRandomKeepTheGrammar) {
    std::mt19937 random(11);
    for (const Exchange& e : exchanges()) {
        if (e.status != 200 || e.reply.size() > 50000) continue;
        for (int i = 0; i < 10; ++i) {
            std::string spoilt = e.reply;
            for (int k = 0; k < 3; ++k) {
                spoilt[random() % spoilt.size()] = static_cast<char>(random() % 256);
            }
            // The bench throws when the grammar is broken or nothing ends it.
            const auto events = dialect().decode(codec::plain_request(), spoilt, e.stream);
            if (is_whole(events)) {
                const std::string whole = dialect().encode(codec::plain_request(), events, false);
                EXPECT_NO_THROW(json::parse(whole)) << e.id;
                count("spoilt replies that still make sense");
            }
            EXPECT_FALSE(dialect().encode(codec::plain_request(), events, true).empty()) << e.id;
            count("spoilt replies");
        }
    }
}

// ---- errors ----

TEST_F(Corpus, ErrorsAreUnderstood) {
    for (const Exchange& e : exchanges()) {
        if (e.status < 400) continue;
        codec::TestArena arena;
        auto head = codec::sized<parley_http_reply_head>();
        head.status = static_cast<uint32_t>(e.status);
        auto told = codec::sized<parley_error>();
        const auto& table = dialect().table();
        ASSERT_EQ(
            table.decode_error(dialect().self(), &head, sdk::bytes(e.reply), arena.border(), &told),
            PARLEY_OK);
        EXPECT_NE(told.message.len, 0u) << e.id;
        if (!e.reply.starts_with("{")) {
            count("errors that are no JSON");
            continue;
        }
        const json::value body = json::parse(e.reply);
        const auto* inner = body.as_object().if_contains("error");
        if (inner == nullptr || body.at("type") != "error") {
            count("errors of another shape");
            continue;
        }
        EXPECT_EQ(codec::view(told.message), inner->at("message").as_string()) << e.id;
        EXPECT_NE(told.error_class, 0) << e.id;
        // Told to a client, it has the same type and a status of the same kind.
        codec::TestOut out;
        auto reply = codec::sized<parley_http_reply>();
        table.encode_error(dialect().self(), nullptr, &told, arena.border(), &reply, &out.border);
        const json::value again = json::parse(out.bytes);
        const bool billing = told.error_class == PARLEY_E_PAYMENT_REQUIRED;
        EXPECT_TRUE(billing || again.at("error").at("type") == inner->at("type")) << e.id;
        EXPECT_TRUE(again.at("error").at("message") == inner->at("message")) << e.id;
        EXPECT_EQ(static_cast<int>(reply.status) / 100, e.status / 100) << e.id;
        count("errors that say the same");
    }
}

// ---- requests ----

void listed(json::object& holder, std::string_view key) {
    if (!holder.contains(key) || !holder[key].is_string()) return;
    const json::string text = holder[key].as_string();
    json::object block{{"type", "text"}, {"text", text}};
    holder[key] = json::array{block};
}

void tidy_block(json::object& block) {
    if (block["type"] == "tool_result" && block.contains("content")) {
        listed(block, "content");
        if (!block["content"].is_array()) block.erase("content");
        if (block.contains("content")) {
            for (json::value& inner : block["content"].as_array()) tidy_block(inner.as_object());
        }
    }
    if (block["type"] == "document" && block.contains("source")) {
        json::object& source = block["source"].as_object();
        if (source["type"] == "text") source["media_type"] = "text/plain";
        if (source["type"] == "content") listed(source, "content");
    }
    for (auto it = block.begin(); it != block.end();) {
        const bool empty =
            it->value().is_null() ||
            (it->key() == "citations" && it->value().is_array() && it->value().as_array().empty());
        it = empty ? block.erase(it) : std::next(it);
    }
}

// The same request as this dialect writes it: texts as blocks, what says nothing left out.
json::value normalised(const json::value& request) {
    json::object r = request.as_object();
    for (auto it = r.begin(); it != r.end();) {
        it = it->value().is_null() ? r.erase(it) : std::next(it);
    }
    if (r.contains("stream") && r["stream"] != true) r.erase("stream");
    if (r.contains("tools") && r["tools"].as_array().empty()) r.erase("tools");
    if (!r.contains("tools")) r.erase("tool_choice");
    if (r.contains("system") && r["system"] == "") r.erase("system");
    if (r.contains("output_format")) {
        r["output_config"] = json::object{{"format", r["output_format"]}};
        r.erase("output_format");
    }
    if (r.contains("tools")) {
        for (json::value& tool : r["tools"].as_array()) {
            json::object& t = tool.as_object();
            if (t.contains("description") && t["description"] == "") t.erase("description");
            if (t.contains("type") && t["type"] == "custom") t.erase("type");
            for (auto it = t.begin(); it != t.end();) {
                it = it->value().is_null() ? t.erase(it) : std::next(it);
            }
        }
    }
    listed(r, "system");
    json::array messages;
    for (json::value message : r["messages"].as_array()) {
        json::object& m = message.as_object();
        listed(m, "content");
        json::array content;
        for (json::value& block : m["content"].as_array()) {
            tidy_block(block.as_object());
            const bool empty =
                block.as_object()["type"] == "text" && block.as_object()["text"] == "";
            if (!empty) content.push_back(block);
        }
        if (content.empty()) continue;
        m["content"] = content;
        if (!messages.empty() && messages.back().at("role") == m["role"]) {
            json::array& last = messages.back().as_object()["content"].as_array();
            last.insert(last.end(), content.begin(), content.end());
        } else {
            messages.push_back(m);
        }
    }
    r["messages"] = messages;
    return r;
}

TEST_F(Corpus, RequestsAreWrittenAsTheyWereRead) {
    for (const Exchange& e : exchanges()) {
        if (e.request.empty() || e.request.find("\"model\"") == e.request.npos) continue;
        const Decoded first = decoded(e.request);
        const std::string model(codec::view(first.request->model));
        const Encoded once = dialect().encode_request(*first.request, model);
        const Decoded second = decoded(once.body);
        const Encoded twice = dialect().encode_request(*second.request, model);
        EXPECT_EQ(difference(twice.body, once.body), "") << e.id;
        EXPECT_EQ(difference(codec::dump(*second.request), codec::dump(*first.request)), "")
            << e.id;
        const json::value wanted = normalised(json::parse(e.request));
        const json::value written = normalised(json::parse(once.body));
        EXPECT_TRUE(written == wanted) << e.id << "\n" << written << "\n" << wanted;
        count("requests that say the same");
    }
}

}  // namespace

}  // namespace parley::claude
