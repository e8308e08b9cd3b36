// SseSplitter against the standard's examples and a parser that has the whole stream before it.
#include "parley/sdk/sse.hpp"

#include <memory>
#include <random>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "support/guarded.hpp"

namespace parley::sdk {

namespace {

struct Event {
    std::string name;
    std::string data;
    bool operator==(const Event&) const = default;
};

std::ostream& operator<<(std::ostream& out, const Event& event) {
    return out << testing::PrintToString(event.name) << ":" << testing::PrintToString(event.data);
}

using Events = std::vector<Event>;

// The standard read aloud, but for the end: an event counts there although its blank line is
// missing.
Events plain(std::string text) {
    if (text.starts_with("\xef\xbb\xbf")) text.erase(0, 3);
    std::vector<std::string> lines(1);
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (text[i] != '\r' && text[i] != '\n') {
            lines.back() += text[i];
            continue;
        }
        if (text[i] == '\r' && i + 1 < text.size() && text[i + 1] == '\n') ++i;
        lines.emplace_back();
    }
    lines.emplace_back();
    Events events;
    std::string name;
    std::string data;
    bool has_data = false;
    for (const std::string& line : lines) {
        if (line.empty()) {
            if (has_data) events.push_back({name, data.substr(0, data.size() - 1)});
            name.clear();
            data.clear();
            has_data = false;
            continue;
        }
        const std::size_t colon = line.find(':');
        const std::string field = line.substr(0, colon);
        std::string value = colon == std::string::npos ? "" : line.substr(colon + 1);
        if (value.starts_with(' ')) value.erase(0, 1);
        if (field == "event") name = value;
        if (field != "data") continue;
        data += value + '\n';
        has_data = true;
    }
    return events;
}

// Offers a stream in pieces as the host does: what was not taken comes again, in other memory.
class Stream {
public:
    void feed(std::string_view piece, bool eof) {
        held_ += piece;
        auto copy = std::make_unique<char[]>(held_.size());
        held_.copy(copy.get(), held_.size());
        const std::string_view bytes(copy.get(), held_.size());
        std::size_t taken = 0;
        SseEvent event;
        while (const std::size_t size = splitter_.next(bytes.substr(taken), eof, event)) {
            ASSERT_LE(taken + size, bytes.size());
            taken += size;
            sizes.push_back(size);
            if (event.has_data)
                events.push_back({std::string(event.name), std::string(event.data)});
            ASSERT_TRUE(event.has_data || event.data.empty());
        }
        held_.erase(0, taken);
        ASSERT_TRUE(!eof || held_.empty());
        memory_ = std::move(copy);
    }

    Events events;
    std::vector<std::size_t> sizes;

private:
    SseSplitter splitter_;
    std::string held_;
    std::unique_ptr<char[]> memory_;
};

Events split(const std::vector<std::string_view>& pieces, bool eof_apart = false) {
    Stream stream;
    for (std::size_t i = 0; i < pieces.size(); ++i) {
        stream.feed(pieces[i], !eof_apart && i + 1 == pieces.size());
    }
    if (eof_apart) stream.feed("", true);
    return stream.events;
}

void expect_same_however_cut(std::string_view text) {
    const Events wanted = plain(std::string(text));
    ASSERT_EQ(split({text}), wanted) << testing::PrintToString(std::string(text));
    ASSERT_EQ(split({text}, true), wanted) << testing::PrintToString(std::string(text));
    std::vector<std::string_view> bytes;
    for (std::size_t i = 0; i <= text.size(); ++i) {
        ASSERT_EQ(split({text.substr(0, i), text.substr(i)}), wanted)
            << i << " of " << testing::PrintToString(std::string(text));
        if (i < text.size()) bytes.push_back(text.substr(i, 1));
    }
    if (!bytes.empty()) {
        ASSERT_EQ(split(bytes), wanted);
        ASSERT_EQ(split(bytes, true), wanted);
    }
}

void expect_same_with_two_cuts(std::string_view text) {
    const Events wanted = plain(std::string(text));
    for (std::size_t i = 0; i <= text.size(); ++i) {
        for (std::size_t j = i; j <= text.size(); ++j) {
            ASSERT_EQ(split({text.substr(0, i), text.substr(i, j - i), text.substr(j)}), wanted)
                << i << ", " << j << " of " << testing::PrintToString(std::string(text));
        }
    }
}

struct Case {
    const char* text;
    Events events;
};

const std::vector<Case> kCases{
    {"", {}},
    {"data: a\n\n", {{"", "a"}}},
    {"data:a\n\n", {{"", "a"}}},
    {"data:  a \n\n", {{"", " a "}}},
    {"data:\ta\n\n", {{"", "\ta"}}},
    // The examples of the standard.
    {"data: YHOO\ndata: +2\ndata: 10\n\n", {{"", "YHOO\n+2\n10"}}},
    {": test stream\n\ndata: first event\nid: 1\n\ndata:second event\nid\n\ndata:  third event\n\n",
     {{"", "first event"}, {"", "second event"}, {"", " third event"}}},
    {"data\n\ndata\ndata\n\ndata:\n\n", {{"", ""}, {"", "\n"}, {"", ""}}},
    {"data:test\n\ndata: test\n\n", {{"", "test"}, {"", "test"}}},
    // Line ends.
    {"data: a\r\n\r\ndata: b\r\rdata: c\n\n", {{"", "a"}, {"", "b"}, {"", "c"}}},
    {"data: a\r\ndata: b\rdata: c\n\r\n", {{"", "a\nb\nc"}}},
    {"data: a\n\rdata: b\n\n", {{"", "a"}, {"", "b"}}},
    {"data: a\r\n\ndata: b\r\n\r", {{"", "a"}, {"", "b"}}},
    {"\n\n\r\r\n\ndata: a\n\n\n\n\r\ndata: b\n\n", {{"", "a"}, {"", "b"}}},
    // A byte order mark, at the start only.
    {"\xef\xbb\xbf", {}},
    {"\xef\xbb\xbf"
     "data: a\n\n",
     {{"", "a"}}},
    {"\xef\xbb\xbf\n\xef\xbb\xbf"
     "data: a\n\ndata: b\n\n",
     {{"", "b"}}},
    {"\xef\xbb\xbf\xef\xbb\xbf"
     "data: a\n\ndata: b\n\n",
     {{"", "b"}}},
    {"\xef\xbb", {}},
    // Names, comments and fields that are none.
    {"event: x\ndata: a\n\ndata: b\n\n", {{"x", "a"}, {"", "b"}}},
    {"event: x\nevent: y\ndata: a\n\n", {{"y", "a"}}},
    {"event: x\nevent\ndata: a\n\n", {{"", "a"}}},
    {"event: x\n\ndata: b\n\n", {{"", "b"}}},
    {"data: a\nevent: x\n\n", {{"x", "a"}}},
    {": c\ndata: a\n:\n:data: b\n\n: d\n\n", {{"", "a"}}},
    {"id: 1\nretry: 10\n\ndata: a\nid: 2\nretry: x\n\n", {{"", "a"}}},
    {"Data: a\n\n data: b\n\ndatax: c\n\ndata : d\n\nda: e\n\n", {}},
    {"data: a: b:\n\n", {{"", "a: b:"}}},
    // The end.
    {"data: a", {{"", "a"}}},
    {"data: a\n", {{"", "a"}}},
    {"data: a\r", {{"", "a"}}},
    {"data: a\r\n", {{"", "a"}}},
    {"data: a\n\ndata: b", {{"", "a"}, {"", "b"}}},
    {"data: a\ndata: b", {{"", "a\nb"}}},
    {"data: a\ndat", {{"", "a"}}},
    {"data", {{"", ""}}},
    {"data: a\n\n: bye", {{"", "a"}}},
    // Text beyond ASCII is nothing special.
    {"data: \xf0\x9f\x98\x80\xc2\x85\xe2\x80\xa8\n\n",
     {{"", "\xf0\x9f\x98\x80\xc2\x85\xe2\x80\xa8"}}},
};

TEST(SseSplitter, ReadsWhatTheStandardSays) {
    for (const Case& each : kCases) {
        EXPECT_EQ(plain(each.text), each.events) << testing::PrintToString(each.text);
        EXPECT_EQ(split({each.text}), each.events) << testing::PrintToString(each.text);
    }
}

TEST(SseSplitter, ReadsTheSameHoweverCut) {
    for (const Case& each : kCases) {
        expect_same_however_cut(each.text);
        expect_same_with_two_cuts(each.text);
        if (HasFatalFailure()) return;
    }
}

TEST(SseSplitter, ReadsNulBytesAsText) {
    using std::literals::string_literals::operator""s;
    expect_same_however_cut("data: a\0b\n\0data: c\n\n\0\n\ndata\0: d\n\n"s);
}

TEST(SseSplitter, ReadsRandomStreamsTheSameHoweverCut) {
    constexpr std::string_view kPieces[] = {
        "data:", "data: ", "data",     "event: ", "event:",       "id: 7",   "retry:",
        ":",     " ",      "a",        "xyz",     "\n",           "\n\n",    "\r",
        "\r\n",  "\r\r",   "\r\n\r\n", "\n\n",    "\xef\xbb\xbf", "\xc3\xa4"};
    std::mt19937 random(31);
    for (int i = 0; i < 1500; ++i) {
        std::string text = random() % 8 == 0 ? "\xef\xbb\xbf" : "";
        for (std::size_t n = random() % 24; n > 0; --n)
            text += kPieces[random() % std::size(kPieces)];
        expect_same_however_cut(text);
        if (i < 60) expect_same_with_two_cuts(text.substr(0, 40));
        if (HasFatalFailure()) return;
    }
}

// So that what goes on to the client is cut between events and nowhere else.
TEST(SseSplitter, TakesWholeEventsWithTheirBlankLine) {
    Stream stream;
    stream.feed("data: a\n\ndata: b\r\n\r\n: c\n\n\nid: 1\n\ndata: d", false);
    EXPECT_EQ(stream.sizes, (std::vector<std::size_t>{9, 11, 5, 1, 7}));
    stream.feed("", true);
    EXPECT_EQ(stream.sizes.back(), 7u);
    EXPECT_EQ(stream.events.size(), 3u);
}

TEST(SseSplitter, DoesNotWaitBehindABlankLine) {
    for (const char* text :
         {"data: a\n\n", "data: a\r\n\r\n", "data: a\r\n\n", "data: a\r\n\r\nd"}) {
        Stream stream;
        stream.feed(text, false);
        EXPECT_EQ(stream.events.size(), 1u) << testing::PrintToString(text);
    }
    // Whether a carriage return is all of a line end shows only with the next byte.
    Stream stream;
    stream.feed("data: a\r\r", false);
    EXPECT_TRUE(stream.events.empty());
    stream.feed("\n", false);
    EXPECT_EQ(stream.sizes, (std::vector<std::size_t>{10}));
}

// Bytes that were offered before lie in pages that cannot be read any more: a second look crashes.
void offer_slowly(const std::string& head, const std::string& line, std::size_t size) {
    constexpr std::size_t kStep = 1024;
    std::string text = head;
    while (text.size() < size) text += line;
    text += text.ends_with('\n') ? "\n" : "\n\n";
    test::GuardedPages pages(text.size());
    const std::string_view kept = pages.at_begin(text);
    SseSplitter splitter;
    SseEvent event;
    for (std::size_t offered = kStep; offered < kept.size(); offered += kStep) {
        ASSERT_EQ(splitter.next(kept.substr(0, offered), false, event), 0u);
        pages.forget_before(kept.data() + offered);
    }
    pages.remember();
    ASSERT_EQ(splitter.next(kept, false, event), kept.size());
    ASSERT_TRUE(event.has_data);
    ASSERT_GT(event.data.size(), size / 2);
}

TEST(SseSplitter, LooksAtEachByteOfAHugeEventOnce) {
    constexpr std::size_t kSize = std::size_t{8} << 20;
    offer_slowly("event: x\ndata: ", "0123456789abcdef", kSize);
    offer_slowly("data: a\n", "data: " + std::string(200, 'x') + "\n", kSize);
    offer_slowly("", "data: " + std::string(57, 'x') + "\r\n", kSize);
}

}  // namespace

}  // namespace parley::sdk
