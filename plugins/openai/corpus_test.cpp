// Recorded traffic of both dialects, if it is here: PARLEY_CORPUS names its folder.
//
// What a reply holds is worked out from the parsed events, apart from the plugin.
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <map>
#include <set>
#include <sstream>

#include <boost/json.hpp>

#include "openai_test.hpp"

namespace parley::openai {

namespace {

namespace fs = std::filesystem;
namespace json = boost::json;

std::string read_file(const fs::path& path) {
    std::ostringstream text;
    text << std::ifstream(path, std::ios::binary).rdbuf();
    return text.str();
}

fs::path corpus() {
    const char* told = std::getenv("PARLEY_CORPUS");
    return told != nullptr ? told : "../../../shared/corpus";
}

// A row of the manifest, by column.
using Row = std::map<std::string, std::string>;

std::vector<Row> rows() {
    std::vector<Row> all;
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
        Row row;
        for (std::size_t i = 0; i < columns.size(); ++i) row[columns[i]] = cells.at(i);
        if (row["wire"] == "openai-chat" || row["wire"] == "openai-responses") all.push_back(row);
    }
    return all;
}

std::string path_of(const Row& row) {
    return row.at("wire") == "openai-chat" ? "/v1/chat/completions" : "/v1/responses";
}

std::string content_type(const Row& row) {
    const auto headers =
        json::parse(read_file(corpus() / row.at("dir") / "response.headers.json")).as_object();
    const auto* type = headers.if_contains("content-type");
    return type != nullptr ? std::string(type->as_string()) : "";
}

class Corpus : public testing::Test {
protected:
    void SetUp() override {
        if (!fs::exists(corpus() / "MANIFEST.tsv")) {
            GTEST_SKIP() << "!!!! no corpus at " << fs::absolute(corpus())
                         << ": set PARLEY_CORPUS to the folder of MANIFEST.tsv !!!!";
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

// ---- requests ----

TEST_F(Corpus, RequestsAreReadAndRenamed) {
    for (const Row& row : rows()) {
        const fs::path file = corpus() / row.at("dir") / "request.json";
        if (!fs::exists(file)) {
            count("cases without a request");
            continue;
        }
        const std::string body = read_file(file);
        const auto wanted = json::parse(body).as_object();
        Request request(body, path_of(row));
        ASSERT_EQ(request.peek(), PARLEY_OK) << file << request.message();
        EXPECT_EQ(request.model(), wanted.at("model").as_string()) << file;
        const auto* stream = wanted.if_contains("stream");
        const bool streams = stream != nullptr && stream->is_bool() && stream->as_bool();
        EXPECT_EQ((request.peeked.flags & PARLEY_PEEK_STREAM) != 0, streams) << file;

        const auto sent = request.retarget("other/model", PARLEY_RETARGET_ADD_USAGE);
        ASSERT_TRUE(sent) << file << request.message();
        auto renamed = wanted;
        renamed["model"] = "other/model";
        if (request.changes.flags != 0) {
            auto& options = renamed["stream_options"];
            if (!options.is_object()) options = json::object();
            options.as_object()["include_usage"] = true;
            count("requests that were made to ask for usage");
        }
        EXPECT_EQ(json::parse(*sent), renamed) << file;
        // Sent back under its own name, it is what it was.
        if (request.changes.flags == 0) {
            Request back(*sent, path_of(row));
            ASSERT_EQ(back.peek(), PARLEY_OK);
            const bool escaped = body.find("\"" + request.model() + "\"") == body.npos;
            EXPECT_TRUE(escaped || back.retarget(request.model()) == body) << file;
        }
        count("requests renamed");
    }
}

// ---- what a reply should tell ----

struct Wanted {
    std::vector<uint64_t> usage = std::vector<uint64_t>(6);
    bool failed = false;
    std::size_t decided = SIZE_MAX;   // the terminal event ends here
    std::size_t finished = SIZE_MAX;  // from here on an end counts as an end
};

void want_count(const json::value* from, const char* key, std::size_t bit, Wanted& wanted) {
    const auto* number =
        from != nullptr && from->is_object() ? from->as_object().if_contains(key) : nullptr;
    if (number == nullptr || !number->is_int64()) return;
    wanted.usage[0] |= 1u << bit;
    wanted.usage[bit + 1] = static_cast<uint64_t>(number->as_int64());
}

void want_usage(const json::value* usage, Wanted& wanted) {
    if (usage == nullptr || !usage->is_object()) return;
    want_count(usage, "prompt_tokens", 0, wanted);
    want_count(usage, "input_tokens", 0, wanted);
    want_count(usage, "completion_tokens", 3, wanted);
    want_count(usage, "output_tokens", 3, wanted);
    want_count(usage, "prompt_cache_hit_tokens", 1, wanted);
    want_count(usage, "cached_tokens", 1, wanted);
    for (const char* key : {"prompt_tokens_details", "input_tokens_details"}) {
        const auto* details = usage->as_object().if_contains(key);
        want_count(details, "cached_tokens", 1, wanted);
        want_count(details, "cache_write_tokens", 2, wanted);
    }
    for (const char* key : {"completion_tokens_details", "output_tokens_details"}) {
        want_count(usage->as_object().if_contains(key), "reasoning_tokens", 4, wanted);
    }
}

bool is_object(const json::value* value) {
    return value != nullptr && value->is_object();
}

// The choices that have begun, and whether each has a reason to have finished.
using Choices = std::map<int64_t, bool>;

void read_chat_event(const json::object& event, std::size_t end, Choices& choices, Wanted& wanted) {
    want_usage(event.if_contains("usage"), wanted);
    const auto* error = event.if_contains("error");
    if (error != nullptr && !error->is_null()) wanted.failed = true;
    const auto* list = event.if_contains("choices");
    if (list == nullptr || !list->is_array()) return;
    for (const auto& each : list->as_array()) {
        const auto* index = each.as_object().if_contains("index");
        const auto* reason = each.as_object().if_contains("finish_reason");
        bool& finished = choices[index != nullptr ? index->as_int64() : 0];
        finished = finished || (reason != nullptr && reason->is_string());
    }
    bool all = !choices.empty();
    for (const auto& [index, finished] : choices) all = all && finished;
    if (all && wanted.finished == SIZE_MAX) wanted.finished = end;
}

void read_responses_event(const json::object& event, std::size_t end, Wanted& wanted) {
    const std::string type(event.at("type").as_string());
    if (type == "error" || type == "response.failed") wanted.failed = true;
    if (const auto* response = event.if_contains("response"); is_object(response)) {
        want_usage(response->as_object().if_contains("usage"), wanted);
    }
    if (type == "response.completed" || type == "response.incomplete") wanted.decided = end;
}

Wanted read_stream(const Row& row, const std::string& body, const std::vector<std::size_t>& ends) {
    Wanted wanted;
    Choices choices;
    std::size_t from = 0;
    for (const std::size_t end : ends) {
        std::istringstream lines(body.substr(from, end - from));
        from = end;
        std::string data;
        for (std::string line; std::getline(lines, line);) {
            if (line.ends_with('\r')) line.pop_back();
            if (line.starts_with("data:")) data += line.substr(line.starts_with("data: ") ? 6 : 5);
        }
        if (data.empty()) continue;
        if (data == "[DONE]") {
            if (row.at("wire") != "openai-chat") continue;
            wanted.decided = end;
            break;
        }
        const auto event = json::parse(data).as_object();
        if (row.at("wire") == "openai-chat")
            read_chat_event(event, end, choices, wanted);
        else
            read_responses_event(event, end, wanted);
        // Two recordings hold several streams, one behind the other; the first end counts.
        if (wanted.failed || wanted.decided != SIZE_MAX) break;
    }
    return wanted;
}

// ---- replies ----

// Some offsets of many: all of a few, else every so many and the last ones.
std::vector<std::size_t> some_of(const std::vector<std::size_t>& all, std::size_t body_size) {
    const std::size_t budget = std::max<std::size_t>(24, (1u << 20) / (body_size + 1));
    std::vector<std::size_t> some;
    const std::size_t step = all.size() / budget + 1;
    for (std::size_t i = 0; i < all.size(); ++i) {
        if (i % step == 0 || i + 8 >= all.size()) some.push_back(all[i]);
    }
    return some;
}

TEST_F(Corpus, StreamsAreSeenAsTheyAre) {
    for (const Row& row : rows()) {
        if (row.at("stream") != "1" || row.at("status") != "200") continue;
        const std::string body = read_file(corpus() / row.at("dir") / "response.body");
        const ReplyKind kind{path_of(row), content_type(row), false};
        const auto ends = event_ends(body);
        const Wanted wanted = read_stream(row, body, ends);
        const Outcome seen = watch(kind, {body});
        ASSERT_EQ(seen.status, PARLEY_OK) << row.at("dir") << seen.error_message;
        EXPECT_TRUE(seen.taken == body && seen.client == body) << row.at("dir");
        EXPECT_EQ(seen.usage, wanted.usage) << row.at("dir");
        EXPECT_EQ(seen.state, wanted.failed ? PARLEY_TAP_FAILED : PARLEY_TAP_COMPLETE)
            << row.at("dir");
        count(row.at("wire") + (wanted.failed ? " streams that failed" : " streams complete"));
        if (kind.content_type.find("event-stream") == kind.content_type.npos) {
            count(row.at("wire") + " streams called " + kind.content_type);
        }
        if (wanted.decided == SIZE_MAX && !wanted.failed) {
            count(row.at("wire") + " streams complete without [DONE]");
        }
        // Event by event: never decided before the event that decides.
        Watched watched(kind);
        std::size_t from = 0;
        for (const std::size_t end : ends) {
            ASSERT_TRUE(watched.feed(std::string_view(body).substr(from, end - from), false));
            EXPECT_EQ(watched.seen().taken.size(), end) << row.at("dir");
            const bool complete = watched.seen().state == PARLEY_TAP_COMPLETE;
            EXPECT_EQ(complete, end >= wanted.decided && !wanted.failed) << row.at("dir") << end;
            from = end;
        }
        // Cut behind an event: complete only if the upstream had said so.
        for (const std::size_t end : some_of(ends, body.size())) {
            const Outcome cut = watch(kind, {std::string_view(body).substr(0, end)});
            const bool may = end >= std::min(wanted.decided, wanted.finished);
            EXPECT_TRUE(!cut.complete() || may) << row.at("dir") << " cut at " << end;
            EXPECT_TRUE(cut.taken == body.substr(0, end)) << row.at("dir");
            count(row.at("wire") + " streams cut behind an event");
        }
        // Cut inside of one.
        for (const std::size_t end : some_of(ends, body.size())) {
            const std::size_t last = body.find_last_of("]}", end - 1);
            const std::size_t at = last == body.npos ? 0 : last;
            const Outcome cut = watch(kind, {std::string_view(body).substr(0, at)});
            const bool may = at >= std::min(wanted.decided, wanted.finished);
            EXPECT_TRUE(!cut.complete() || may) << row.at("dir") << " cut at " << at;
        }
    }
}

TEST_F(Corpus, WholeRepliesAreSeenAsTheyAre) {
    for (const Row& row : rows()) {
        if (row.at("stream") == "1" || row.at("status") != "200") continue;
        const std::string body = read_file(corpus() / row.at("dir") / "response.body");
        const ReplyKind kind{path_of(row), content_type(row), false};
        const auto reply = json::parse(body).as_object();
        Wanted wanted;
        want_usage(reply.if_contains("usage"), wanted);
        const auto* error = reply.if_contains("error");
        wanted.failed = error != nullptr && !error->is_null();
        const Outcome seen = watch(kind, {body});
        ASSERT_EQ(seen.status, PARLEY_OK) << row.at("dir");
        EXPECT_TRUE(seen.taken == body && seen.client == body);
        EXPECT_EQ(seen.usage, wanted.usage) << row.at("dir");
        EXPECT_EQ(seen.state, wanted.failed ? PARLEY_TAP_FAILED : PARLEY_TAP_COMPLETE)
            << row.at("dir");
        count(row.at("wire") +
              (wanted.failed ? " whole replies that failed" : " whole replies complete"));
        const std::size_t last = body.rfind('}');
        for (std::size_t at = 0; at <= last; at += 1 + last / 50) {
            const Outcome cut = watch(kind, {std::string_view(body).substr(0, at)});
            EXPECT_EQ(cut.status, -PARLEY_E_UPSTREAM_PROTOCOL) << row.at("dir") << at;
        }
        EXPECT_FALSE(watch(kind, {std::string_view(body).substr(0, last)}).complete());
    }
}

TEST_F(Corpus, RefusalsAreUnderstood) {
    for (const Row& row : rows()) {
        if (row.at("status") < "400") continue;
        const std::string body = read_file(corpus() / row.at("dir") / "response.body");
        const Dialect& dialect = dialect_of(path_of(row));
        const TestArena arena;
        auto head = sized<parley_http_reply_head>();
        head.status = static_cast<uint32_t>(std::stoul(row.at("status")));
        parley_error told = cleared(arena);
        const auto bytes = sdk::bytes(body);
        ASSERT_EQ(dialect.table().decode_error(dialect.self, &head, bytes, arena.border(), &told),
                  0);
        const std::string message(view(told.message));
        EXPECT_FALSE(message.empty());
        const bool plain = !body.starts_with('{');
        if (plain)
            EXPECT_EQ(message, "upstream returned HTTP " + row.at("status"));
        else
            EXPECT_NE(body.find(message.substr(0, 12)), body.npos) << row.at("dir") << message;
        const std::string known = told.error_class != 0
                                      ? "class " + std::to_string(told.error_class)
                                      : "class left to the status";
        count(row.at("wire") + " refusals, " + (plain ? "plain text" : known));
    }
}

}  // namespace

}  // namespace parley::openai
