// JsonReader against a table made by hand and against Boost.JSON; quoting and writing against
// JsonReader.
#include "parley/sdk/json.hpp"

#include <memory>
#include <random>
#include <string>
#include <vector>

#include <boost/json.hpp>
#include <gtest/gtest.h>

#include "random_json.hpp"
#include "support/guarded.hpp"

namespace parley::sdk {

namespace {

// A literal that holds NUL bytes, all of it.
template <std::size_t N>
std::string with_nul(const char (&text)[N]) {
    return {text, N - 1};
}

// Reads a value member by member.
void walk(JsonReader& r) {
    JsonString text;
    bool flag = false;
    switch (r.peek()) {
        case '{':
            r.enter_object();
            while (r.next_key(text)) walk(r);
            break;
        case '[':
            r.enter_array();
            while (r.next_item()) walk(r);
            break;
        case '"':
            r.read_string(text);
            break;
        case 't':
        case 'f':
            r.read_bool(flag);
            break;
        case 'n':
            r.read_null();
            break;
        default:
            r.skip();
    }
}

// What two ways of reading say of a text whose end is the end of readable memory.
bool accepts(std::string_view text) {
    static test::GuardedPages pages(1 << 20);
    const std::string_view kept = pages.at_end(text);
    JsonReader skipping(kept);
    skipping.skip();
    const bool skipped = skipping.at_end();
    EXPECT_EQ(skipped, skipping.at_end());
    JsonReader walking(kept);
    walk(walking);
    EXPECT_EQ(walking.at_end(), skipped) << testing::PrintToString(std::string(text));
    EXPECT_EQ(walking.at(), skipping.at()) << testing::PrintToString(std::string(text));
    return skipped;
}

std::string nested(std::size_t depth, const std::string& open, const std::string& close) {
    std::string text;
    for (std::size_t i = 0; i < depth; ++i) text += open;
    for (std::size_t i = 0; i < depth; ++i) text += close;
    return text;
}

const std::vector<std::string> kGood{
    // scalars
    "null",
    "true",
    "false",
    "0",
    "-0",
    "1",
    "-1",
    "10",
    "1234567890123456789012345678901234567890",
    "0.0",
    "0.5",
    "-0.5",
    "1.25",
    "1e1",
    "1E1",
    "1e+1",
    "1e-1",
    "0e0",
    "0e+0",
    "-0e-0",
    "1.5e300",
    "123.456e78",
    "1e400",
    "1E-400",
    "\"\"",
    "\"a\"",
    // white space
    " 1",
    "1 ",
    "\t\n\r 1 \r\n\t",
    " [ ] ",
    "\n{\r}\t",
    "[ 1 , 2 ]",
    "{ \"a\" : 1 , \"b\" : 2 }",
    // strings
    R"("\"\\\/\b\f\n\r\t")",
    R"("\u0000")",
    R"("\u0061")",
    R"("\uD83D\uDE00")",
    R"("\uabCD")",
    R"("\ud800")",
    R"("\udc00")",
    R"("\ud800\ud800")",
    R"("\ud800x")",
    "\"\x7f\"",
    "\"\xc2\x80\"",
    "\"\xdf\xbf\"",
    "\"\xe0\xa0\x80\"",
    "\"\xed\x9f\xbf\"",
    "\"\xee\x80\x80\"",
    "\"\xef\xbf\xbf\"",
    "\"\xf0\x90\x80\x80\"",
    "\"\xf4\x8f\xbf\xbf\"",
    "\"\xef\xbb\xbf\"",
    "\"\xe2\x80\xa8\"",
    // containers
    "[]",
    "{}",
    "[[]]",
    "[{}]",
    R"({"a":{}})",
    R"([1,"a",null,true,[],{}])",
    "[[[[1]]],2]",
    R"({"":0})",
    R"({"a":1,"a":2})",
    R"({"a":[1,{"b":[]}],"c":""})",
    R"({"\u0061":1,"a\"":2})",
};

const std::vector<std::string> kBad{
    // nothing, or more than one value
    "",
    " ",
    "\n",
    "1 2",
    "null null",
    "[] []",
    "{}{}",
    "[]]",
    "{}}",
    "[1]x",
    "{},",
    "\"a\" \"b\"",
    with_nul("[]\0"),
    with_nul("\0"),
    with_nul("1\0"),
    with_nul("[\0]"),
    with_nul("{\0}"),
    with_nul("\"\0\""),
    with_nul("[1,\0 2]"),
    "\xef\xbb\xbf[]",
    "[] #",
    "//1",
    "/**/1",
    "[1]//",
    // words
    "nul",
    "nulll",
    "tru",
    "True",
    "TRUE",
    "fals",
    "falsee",
    "nil",
    "undefined",
    "NaN",
    "Infinity",
    "-Infinity",
    "n",
    "t",
    "f",
    "[nul]",
    "[truefalse]",
    "{\"a\":nul}",
    // numbers
    "-",
    "+1",
    "01",
    "-01",
    "00",
    "1.",
    ".5",
    "-.5",
    "1.e1",
    "1e",
    "1e+",
    "1e-",
    "1E",
    "0x10",
    "1_0",
    "1a",
    "--1",
    "1-1",
    "0.",
    "0.e1",
    "[1.]",
    "[-]",
    "[.5]",
    "[1e]",
    "1.2.3",
    "1e1e1",
    "1e1.5",
    "1,5",
    "\xd9\xa1",
    // strings
    "\"",
    "\"a",
    "\"\\\"",
    "\"\\",
    "\"\\x\"",
    "\"\\a\"",
    "\"\\0\"",
    "\"\\'\"",
    "'a'",
    "a",
    "\"\\u\"",
    "\"\\u0\"",
    "\"\\u00\"",
    "\"\\u000\"",
    "\"\\u000g\"",
    "\"\\u-123\"",
    "\"\\u 123\"",
    "\"\\u+123\"",
    "\"\\U0041\"",
    "\"\\u0041",
    "\"\\u004",
    "\"\n\"",
    "\"\t\"",
    "\"\r\"",
    "\"\x01\"",
    "\"\x1f\"",
    "\"a\bb\"",
    // UTF-8
    "\"\x80\"",
    "\"\xbf\"",
    "\"\xc0\x80\"",
    "\"\xc1\xbf\"",
    "\"\xc3\"",
    "\"\xc3(\"",
    "\"\xe2\x82\"",
    "\"\xe0\x9f\xbf\"",
    "\"\xe0\x80\x80\"",
    "\"\xed\xa0\x80\"",
    "\"\xed\xbf\xbf\"",
    "\"\xf0\x8f\xbf\xbf\"",
    "\"\xf0\x80\x80\x80\"",
    "\"\xf4\x90\x80\x80\"",
    "\"\xf5\x80\x80\x80\"",
    "\"\xf8\x88\x80\x80\x80\"",
    "\"\xff\"",
    "\"\xfe\"",
    "\"\xf0\x9f\x98\"",
    "\"\xe2\x82",
    "\xc3\xa4",
    "[\xc3\xa4]",
    "{\"\xc3\":1}",
    "\"\xc3\xa4\xc3\"",
    "\xa0[]",
    // arrays
    "[",
    "]",
    "[1",
    "[1,",
    "[,",
    "[,]",
    "[,1]",
    "[1,]",
    "[1,,2]",
    "[1 2]",
    "[1:2]",
    "[1;2]",
    "[[]",
    "[}",
    "[1}",
    "[\"a\"",
    "[\"a",
    "[1,]]",
    "[[],]",
    "[]1",
    "[\x0b]",
    "[\x0c]",
    "[\xc2\xa0]",
    // objects
    "{",
    "}",
    "{]",
    "{1:2}",
    "{a:1}",
    "{'a':1}",
    "{\"a\"}",
    "{\"a\":}",
    "{\"a\"1}",
    "{\"a\":1",
    "{\"a\":1,",
    "{\"a\":1,}",
    "{,}",
    "{,\"a\":1}",
    "{\"a\":1,,\"b\":2}",
    "{\"a\":1 \"b\":2}",
    "{\"a\":1;\"b\":2}",
    "{\"a\",1}",
    "{\"a\"::1}",
    "{\"a\":1:2}",
    "{null:1}",
    "{[]:1}",
    "{\"a\":1]",
    "{\"a\":[}",
    "{\"a\":{]}",
    "{:1}",
    "{\"a\": ,\"b\":1}",
    "{\"a\"",
    "{\"a\":",
    "{\"a",
    "{\"\\u00\":1}",
};

TEST(JsonReader, AcceptsWhatIsJson) {
    for (const std::string& text : kGood) {
        EXPECT_TRUE(accepts(text)) << testing::PrintToString(text);
        // Inside of containers, and with more behind.
        EXPECT_TRUE(accepts("[" + text + "]")) << testing::PrintToString(text);
        std::string members = R"({"k":)";
        members.append(text).append(R"(,"l":[)").append(text).append("]}");
        EXPECT_TRUE(accepts(members)) << testing::PrintToString(text);
        EXPECT_TRUE(accepts(std::string(100, ' ') + text + std::string(100, '\n')));
    }
}

TEST(JsonReader, RefusesWhatIsNot) {
    for (const std::string& text : kBad) {
        EXPECT_FALSE(accepts(text)) << testing::PrintToString(text);
        // What follows does not make it better.
        EXPECT_FALSE(accepts("[" + text + "\x01]")) << testing::PrintToString(text);
    }
}

TEST(JsonReader, RefusesEveryPartOfAText) {
    const std::string whole =
        R"({"a":[1.5e-3,true,null,"é\u00e9😀\\"],"b":{"c":{"d":[[]]}},"e":"x"})";
    ASSERT_TRUE(accepts(whole));
    for (std::size_t size = 0; size < whole.size(); ++size) {
        EXPECT_FALSE(accepts(whole.substr(0, size))) << whole.substr(0, size);
    }
}

TEST(JsonReader, HasALimitOfDepth) {
    constexpr std::size_t kMax = JsonReader::kDepthMax;
    EXPECT_TRUE(accepts(nested(kMax, "[", "]")));
    EXPECT_FALSE(accepts(nested(kMax + 1, "[", "]")));
    const std::string open = R"({"a":)";
    EXPECT_TRUE(accepts(nested(kMax - 1, open, "}").insert((kMax - 1) * open.size(), "{}")));
    EXPECT_FALSE(accepts(nested(kMax, open, "}").insert(kMax * open.size(), "{}")));
    EXPECT_TRUE(accepts("[" + nested(kMax - 1, "[", "]") + "," + nested(kMax - 1, "[", "]") + "]"));
    EXPECT_FALSE(accepts(std::string(100000, '[')));
    // What a caller has entered counts too.
    const std::string text = nested(kMax + 1, "[", "]");
    JsonReader r(text);
    ASSERT_TRUE(r.enter_array());
    ASSERT_TRUE(r.next_item());
    EXPECT_FALSE(r.skip());
    EXPECT_EQ(r.at(), kMax);
}

TEST(JsonReader, SkipsAtAnyLevelOfAWalk) {
    JsonReader r(R"([{"a":[[1],{"b":[]}],"c":2},[3,[4]],5])");
    JsonString key;
    std::uint64_t number = 0;
    ASSERT_TRUE(r.enter_array());
    ASSERT_TRUE(r.next_item());
    ASSERT_TRUE(r.enter_object());
    ASSERT_TRUE(r.next_key(key));
    EXPECT_EQ(key.raw, "a");
    EXPECT_EQ(r.raw(), R"([[1],{"b":[]}])");
    ASSERT_TRUE(r.next_key(key));
    EXPECT_EQ(key.raw, "c");
    ASSERT_TRUE(r.read_count(number));
    EXPECT_EQ(number, 2u);
    EXPECT_FALSE(r.next_key(key));
    ASSERT_TRUE(r.next_item());
    EXPECT_EQ(r.raw(), "[3,[4]]");
    ASSERT_TRUE(r.next_item());
    EXPECT_EQ(r.raw(), "5");
    EXPECT_FALSE(r.next_item());
    EXPECT_TRUE(r.at_end());
}

TEST(JsonReader, ShowsBothOfTwoEqualKeys) {
    JsonReader r(R"({"a":1,"\u0061":2})");
    JsonString key;
    std::vector<std::string> values;
    ASSERT_TRUE(r.enter_object());
    while (r.next_key(key)) {
        EXPECT_TRUE(key.equals("a"));
        EXPECT_FALSE(key.equals("b"));
        EXPECT_EQ(key.text(), "a");
        values.emplace_back(r.raw());
    }
    EXPECT_EQ(values, (std::vector<std::string>{"1", "2"}));
}

TEST(JsonReader, ReadsCountsAndLeavesTheRestAlone) {
    const auto count = [](std::string_view text) {
        std::uint64_t value = 7;
        JsonReader r(text);
        EXPECT_TRUE(r.read_count(value)) << text;
        EXPECT_TRUE(r.at_end()) << text;
        return value;
    };
    EXPECT_EQ(count("0"), 0u);
    EXPECT_EQ(count(" 42 "), 42u);
    EXPECT_EQ(count("18446744073709551615"), 18446744073709551615u);
    for (const char* other : {"18446744073709551616",
                              "-1",
                              "-0",
                              "1.0",
                              "1e3",
                              "null",
                              "true",
                              "\"5\"",
                              "[5]",
                              "{\"a\":5}"}) {
        EXPECT_EQ(count(other), 7u) << other;
    }
    std::uint64_t value = 7;
    JsonReader broken("05");
    broken.read_count(value);
    EXPECT_FALSE(broken.at_end());
}

TEST(JsonReader, ReadsWordsOrPassesNothing) {
    bool flag = false;
    JsonReader r("[true,false,null,0]");
    r.enter_array();
    EXPECT_TRUE(r.next_item() && r.read_bool(flag) && flag);
    EXPECT_TRUE(r.next_item() && r.read_bool(flag) && !flag);
    EXPECT_TRUE(r.next_item());
    EXPECT_TRUE(r.read_null());
    EXPECT_TRUE(r.next_item());
    EXPECT_FALSE(r.read_null());
    EXPECT_FALSE(r.failed());
    EXPECT_TRUE(r.skip());
    EXPECT_FALSE(r.next_item());
    EXPECT_TRUE(r.at_end());
}

TEST(JsonReader, NamesTheByteAtFaultAndStaysThere) {
    const std::vector<std::pair<std::string, std::size_t>> faults{
        {"", 0},
        {"[1,]", 3},
        {R"({"a":tru})", 5},
        {"[1 2]", 3},
        {"\"a\nb\"", 2},
        {"\"\xc3(\"", 1},
        {R"({"a" 1})", 5},
        {"[1.  ]", 3},
        {"[\"\n  \"]", 2},
        {R"("\u12x4")", 5},
    };
    for (const auto& [text, at] : faults) {
        JsonReader r(text);
        r.skip();
        EXPECT_TRUE(r.failed()) << text;
        EXPECT_EQ(r.at(), at) << text;
        bool flag = true;
        std::uint64_t count = 0;
        JsonString string;
        EXPECT_EQ(r.peek(), '\0');
        EXPECT_FALSE(r.enter_object());
        EXPECT_FALSE(r.enter_array());
        EXPECT_FALSE(r.next_key(string));
        EXPECT_FALSE(r.next_item());
        EXPECT_FALSE(r.read_string(string));
        EXPECT_FALSE(r.read_bool(flag));
        EXPECT_FALSE(r.read_null());
        EXPECT_FALSE(r.read_count(count));
        EXPECT_FALSE(r.skip());
        EXPECT_EQ(r.raw(), "");
        EXPECT_FALSE(r.at_end());
        EXPECT_EQ(r.at(), at) << text;
    }
}

// A fault inside a word must not be read over by the next call.
TEST(JsonReader, DoesNotGoOnBehindAFault) {
    JsonReader r(R"(["\x",false])");
    JsonString text;
    bool flag = true;
    r.enter_array();
    ASSERT_TRUE(r.next_item());
    EXPECT_FALSE(r.read_string(text));
    EXPECT_FALSE(r.read_bool(flag));
    EXPECT_FALSE(r.at_end());
    JsonReader number("-false");
    EXPECT_FALSE(number.skip());
    EXPECT_FALSE(number.read_bool(flag));
}

// ---- Boost.JSON as a second opinion ----

boost::json::value build(JsonReader& r);

boost::json::object build_object(JsonReader& r) {
    boost::json::object object;
    JsonString key;
    r.enter_object();
    while (r.next_key(key)) {
        const std::string name = key.text();
        object[name] = build(r);
    }
    return object;
}

boost::json::array build_array(JsonReader& r) {
    boost::json::array array;
    r.enter_array();
    while (r.next_item()) array.push_back(build(r));
    return array;
}

boost::json::value build(JsonReader& r) {
    JsonString text;
    const char kind = r.peek();
    if (kind == '{') return build_object(r);
    if (kind == '[') return build_array(r);
    if (kind != '"') return boost::json::parse(r.raw());
    r.read_string(text);
    return boost::json::string(text.text());
}

// Boost refuses surrogates that stand alone; here they count as letters.
std::string without_surrogates(std::string text) {
    const auto is_hex = [&](std::size_t at) {
        return std::isxdigit(static_cast<unsigned char>(text[at])) != 0;
    };
    for (std::size_t at = text.find("\\u"); at != text.npos; at = text.find("\\u", at + 2)) {
        if (at + 6 > text.size()) break;
        const bool high = (text[at + 2] | 0x20) == 'd' && text[at + 3] >= '8';
        if (high && is_hex(at + 3) && is_hex(at + 4) && is_hex(at + 5))
            text.replace(at + 2, 1, "0");
    }
    return text;
}

enum class Verdict { kValid, kInvalid, kUnlike };

// Unlike where the two differ on purpose: Boost refuses huge exponents.
Verdict boosts_verdict(const std::string& text, boost::json::value& value) {
    boost::json::parse_options options;
    options.max_depth = JsonReader::kDepthMax;
    boost::json::error_code why;
    value = boost::json::parse(text, why, {}, options);
    if (why) value = boost::json::parse(without_surrogates(text), why, {}, options);
    if (why == boost::json::error::exponent_overflow) return Verdict::kUnlike;
    return why ? Verdict::kInvalid : Verdict::kValid;
}

TEST(JsonReader, AgreesWithBoostOnTheTables) {
    boost::json::value value;
    for (const std::string& text : kGood) {
        EXPECT_NE(boosts_verdict(text, value), Verdict::kInvalid) << testing::PrintToString(text);
    }
    for (const std::string& text : kBad) {
        EXPECT_NE(boosts_verdict(text, value), Verdict::kValid) << testing::PrintToString(text);
    }
    constexpr std::size_t kMax = JsonReader::kDepthMax;
    EXPECT_EQ(boosts_verdict(nested(kMax, "[", "]"), value), Verdict::kValid);
    EXPECT_EQ(boosts_verdict(nested(kMax + 1, "[", "]"), value), Verdict::kInvalid);
}

TEST(JsonReader, BuildsWhatBoostBuilds) {
    RandomJson json(11);
    for (int i = 0; i < 4000; ++i) {
        const std::string text = json.value();
        boost::json::value wanted;
        ASSERT_EQ(boosts_verdict(text, wanted), Verdict::kValid) << text;
        ASSERT_TRUE(accepts(text)) << text;
        JsonReader r(text);
        ASSERT_EQ(build(r), wanted) << text;
    }
}

TEST(JsonReader, AgreesWithBoostOnMutatedTexts) {
    RandomJson json(12);
    int good = 0;
    int unlike = 0;
    constexpr int kTexts = 30000;
    for (int i = 0; i < kTexts; ++i) {
        const std::string text = json.mutated(json.value());
        boost::json::value value;
        const Verdict verdict = boosts_verdict(text, value);
        good += verdict == Verdict::kValid;
        unlike += verdict == Verdict::kUnlike;
        if (verdict == Verdict::kUnlike) continue;
        ASSERT_EQ(accepts(text), verdict == Verdict::kValid) << testing::PrintToString(text);
    }
    // Neither verdict is rare, and hardly anything is left out.
    EXPECT_GT(good, kTexts / 20);
    EXPECT_LT(good, kTexts / 2);
    EXPECT_LT(unlike, kTexts / 50);
}

// ---- strings and writing ----

std::string unquoted(const std::string& quoted) {
    JsonReader r(quoted);
    JsonString text;
    EXPECT_TRUE(r.read_string(text)) << quoted;
    EXPECT_TRUE(r.at_end()) << quoted;
    return text.text();
}

std::string quote(std::string_view text) {
    std::string out;
    json_quote(text, out);
    return out;
}

TEST(JsonString, UnescapesEverything) {
    EXPECT_EQ(unquoted(R"("\"\\\/\b\f\n\r\t")"), "\"\\/\b\f\n\r\t");
    EXPECT_EQ(unquoted(R"("a\u0000b\u007f")"), with_nul("a\0b\x7f"));
    EXPECT_EQ(unquoted(R"("\u0080\u07ff\u0800\uffff")"),
              "\xc2\x80\xdf\xbf\xe0\xa0\x80\xef\xbf\xbf");
    EXPECT_EQ(unquoted(R"("\ud83d\ude00\uD800\uDC00\uDBFF\uDFFF")"),
              "\xf0\x9f\x98\x80\xf0\x90\x80\x80\xf4\x8f\xbf\xbf");
}

TEST(JsonString, ReplacesLoneSurrogates) {
    const std::string mark = "\xef\xbf\xbd";
    EXPECT_EQ(unquoted(R"("\ud83d")"), mark);
    EXPECT_EQ(unquoted(R"("\ude00x")"), mark + "x");
    EXPECT_EQ(unquoted(R"("\ud83d\ud83d\ude00")"), mark + "\xf0\x9f\x98\x80");
    EXPECT_EQ(unquoted(R"("\ud83d\n")"), mark + "\n");
    EXPECT_EQ(unquoted(R"("\ud83d\u0041")"), mark + "A");
    EXPECT_EQ(unquoted(R"("\ude00\ud83d")"), mark + mark);
    EXPECT_EQ(unquoted(R"("\ud83dude00")"), mark + "ude00");
}

TEST(JsonText, LosesHalvesOfCodePointsAndNothingElse) {
    const std::pair<const char*, const char*> kTexts[] = {
        {R"({"a":"\ud83e\udd9c \ud83e x \udd9c"})", R"({"a":"\ud83e\udd9c \ufffd x \ufffd"})"},
        {R"("\uD83E")", R"("\ufffd")"},
        {R"("\uDD9C\uD83E\uDD9C")", R"("\ufffd\uD83E\uDD9C")"},
        {R"("\ud83e\ud83e\udd9c")", R"("\ufffd\ud83e\udd9c")"},
        {R"("\\ud83e \"\u00e9 \ud7ff \ue000")", R"("\\ud83e \"\u00e9 \ud7ff \ue000")"},
        {R"("\ud83e)", R"("\ufffd)"},
        {R"("\ud8)", R"("\ud8)"},
        {"\"\\", "\"\\"},
        {"", ""},
    };
    for (const auto& [json, wanted] : kTexts) {
        EXPECT_EQ(json_without_lone_surrogates(json), wanted) << json;
    }
}

TEST(JsonQuote, ComesBackAsItWas) {
    std::mt19937 random(13);
    for (int i = 0; i < 3000; ++i) {
        std::string text;
        for (std::size_t n = random() % 40; n > 0; --n) {
            const std::string piece[] = {
                std::string(1, static_cast<char>(random() % 128)),
                "\xc3\xa4",
                "\xe2\x82\xac",
                "\xf0\x9f\x98\x80",
                std::string(random() % 20, 'x'),
            };
            text += piece[random() % 5];
        }
        ASSERT_EQ(unquoted(quote(text)), text);
        ASSERT_EQ(boost::json::parse(quote(text)).as_string(), text);
    }
}

TEST(JsonQuote, WritesValidTextOfAnyBytes) {
    std::mt19937 random(14);
    for (int i = 0; i < 3000; ++i) {
        std::string text(random() % 40, '\0');
        for (char& c : text)
            c = static_cast<char>(random() % 4 == 0 ? random() : 0x60 + random() % 99);
        ASSERT_TRUE(accepts(quote(text))) << testing::PrintToString(text);
    }
    EXPECT_EQ(quote("a\xff\xc3"), "\"a\xef\xbf\xbd\xef\xbf\xbd\"");
    EXPECT_EQ(quote("\x01\n\t\r\"\\"), R"("\u0001\n\t\r\"\\")");
    EXPECT_EQ(quote(""), "\"\"");
}

TEST(JsonWriter, MindsCommas) {
    std::string out;
    JsonWriter w(out);
    w.begin_object().key("a").number(-1).key("b").begin_array();
    w.string("x\n").boolean(true).boolean(false).null().begin_array().end_array();
    w.begin_object().end_object().raw("1.50").begin_object().key("").raw("{}").end_object();
    w.end_array().key("c").begin_object().end_object().key("d").string("").end_object();
    EXPECT_EQ(out, R"({"a":-1,"b":["x\n",true,false,null,[],{},1.50,{"":{}}],"c":{},"d":""})");
    EXPECT_TRUE(accepts(out));
}

// Numbers are all made the same: Boost 1.81 does not read back the fractions that it wrote.
void write(JsonWriter& w, boost::json::value& value) {
    if (auto* object = value.if_object()) {
        w.begin_object();
        for (auto&& member : *object) {
            w.key({member.key().data(), member.key().size()});
            write(w, member.value());
        }
        w.end_object();
    } else if (auto* array = value.if_array()) {
        w.begin_array();
        for (auto& item : *array) write(w, item);
        w.end_array();
    } else if (const auto* string = value.if_string()) {
        w.string({string->data(), string->size()});
    } else if (value.is_number()) {
        value = -7;
        w.number(-7);
    } else if (const auto* flag = value.if_bool()) {
        w.boolean(*flag);
    } else {
        w.null();
    }
}

TEST(JsonWriter, WritesWhatJsonReaderReads) {
    RandomJson json(15);
    for (int i = 0; i < 500; ++i) {
        boost::json::value value = boost::json::parse(json.value());
        std::string out;
        JsonWriter w(out);
        write(w, value);
        ASSERT_TRUE(accepts(out)) << out;
        ASSERT_EQ(boost::json::parse(out), value) << out;
    }
}

TEST(JsonReader, PassesWhatItSkips) {
    RandomJson json(16);
    for (int i = 0; i < 500; ++i) {
        const std::string text = json.value() + " ,";
        JsonReader skipping(text);
        JsonReader passing(text);
        ASSERT_TRUE(skipping.skip()) << text;
        ASSERT_TRUE(passing.pass()) << text;
        ASSERT_EQ(skipping.at(), passing.at()) << text;
    }
}

TEST(JsonReader, PassesFaultsInsideButNotAMissingEnd) {
    for (const std::string text : {"[1 2]", "{\"a\" 1}", "[\"\xff\n\"]", "{]"}) {
        EXPECT_TRUE(JsonReader(text).pass()) << text;
        EXPECT_FALSE(JsonReader(text).skip()) << text;
    }
    for (const std::string text : {"[", "{\"a\":\"]}", "[[]", "\"a", "1.", "tru", ""}) {
        EXPECT_FALSE(JsonReader(text).pass()) << text;
    }
}

}  // namespace

}  // namespace parley::sdk
