// JsonTop: however the text is cut, the same verdict and the same values, those that JsonReader
// sees.
#include <array>
#include <memory>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "parley/sdk/json_top.hpp"
#include "random_json.hpp"

namespace parley::sdk {

namespace {

using State = JsonTop::State;

constexpr std::array<std::string_view, 3> kKeys{"usage", "error", "a\"b"};

struct Seen {
    State state = State::open;
    std::vector<std::string> values;
    std::vector<bool> has;
    bool operator==(const Seen&) const = default;
};

std::ostream& operator<<(std::ostream& out, const Seen& seen) {
    out << "state " << static_cast<int>(seen.state);
    for (const std::string& value : seen.values) out << " [" << value << "]";
    return out;
}

Seen look(const JsonTop& top) {
    Seen seen{top.state(), {}, {}};
    for (std::size_t i = 0; i < kKeys.size(); ++i) {
        seen.values.emplace_back(top.value(i));
        seen.has.push_back(top.has(i));
    }
    return seen;
}

// Feeds each piece from memory of its own, which then goes away.
Seen feed(const std::vector<std::string_view>& pieces) {
    JsonTop top(kKeys);
    for (const std::string_view piece : pieces) {
        const auto copy = std::make_unique<char[]>(piece.size());
        piece.copy(copy.get(), piece.size());
        top.feed({copy.get(), piece.size()});
    }
    return look(top);
}

Seen whole(std::string_view text) {
    return feed({text});
}

void expect_same_however_cut(std::string_view text) {
    const Seen wanted = whole(text);
    std::vector<std::string_view> bytes;
    for (std::size_t i = 0; i <= text.size(); ++i) {
        ASSERT_EQ(feed({text.substr(0, i), text.substr(i)}), wanted) << i << " of " << text;
        if (i < text.size()) bytes.push_back(text.substr(i, 1));
    }
    ASSERT_EQ(feed(bytes), wanted) << text;
}

// The values that JsonReader finds, the last of each key.
std::vector<std::string> read(std::string_view text) {
    std::vector<std::string> values(kKeys.size());
    JsonReader r(text);
    JsonString key;
    r.enter_object();
    while (r.next_key(key)) {
        const std::string_view value = r.raw();
        for (std::size_t i = 0; i < kKeys.size(); ++i) {
            if (key.equals(kKeys[i])) values[i] = value;
        }
    }
    return values;
}

// An object some of whose keys are looked for, in one spelling or another.
std::string random_object(RandomJson& json) {
    constexpr std::string_view kSpelled[] = {"usage",
                                             "us\\u0061ge",
                                             "error",
                                             "\\u0065\\u0072\\u0072\\u006f\\u0072",
                                             "a\\\"b",
                                             "a\\u0022b",
                                             "usag",
                                             "usages",
                                             "",
                                             "er\\u0072or\\\\",
                                             "a\"b",
                                             "a\\\\b"};
    std::string text = json.below(3) == 0 ? " \n{" : "{";
    for (std::size_t n = json.below(6); n > 0; --n) {
        std::string_view key = json.pick(kSpelled);
        if (key == "a\"b") key = "other";
        text += json.below(3) == 0 ? " \"" : "\"";
        text += std::string(key) + (json.below(3) == 0 ? "\" \t:" : "\":") + json.value(3);
        if (n > 1) text += ',';
    }
    return text + (json.below(3) == 0 ? " }\r\n" : "}");
}

TEST(JsonTop, FindsWhatJsonReaderFindsHoweverCut) {
    RandomJson json(21);
    for (int i = 0; i < 1500; ++i) {
        const std::string text = random_object(json);
        const Seen seen = whole(text);
        ASSERT_EQ(seen.state, State::complete) << text;
        ASSERT_EQ(seen.values, read(text)) << text;
        if (i % 5 == 0) expect_same_however_cut(text);
        if (HasFatalFailure()) return;
    }
}

TEST(JsonTop, IsNotCompleteBeforeTheLastBrace) {
    RandomJson json(22);
    for (int i = 0; i < 300; ++i) {
        const std::string text = random_object(json);
        for (std::size_t size = 0; size <= text.rfind('}'); ++size) {
            ASSERT_EQ(whole(text.substr(0, size)).state, State::open) << text.substr(0, size);
        }
    }
}

TEST(JsonTop, SaysTheSameOfBrokenTextsHoweverCut) {
    RandomJson json(23);
    for (int i = 0; i < 1500; ++i) {
        expect_same_however_cut(json.mutated(random_object(json)));
        if (HasFatalFailure()) return;
    }
}

TEST(JsonTop, TakesOnlyObjects) {
    for (const char* text :
         {"[]", "[{}]", "1", "null", "\"a\"", "<html>", "}", "\xef\xbb\xbf{}", ","}) {
        EXPECT_EQ(whole(text).state, State::broken) << text;
    }
    for (const char* text : {"{}x", "{} {", "{}}", "{}]", "{},", "{\"a\":1]", "{\"a\":[]]"}) {
        EXPECT_EQ(whole(text).state, State::broken) << text;
    }
    EXPECT_EQ(whole("").state, State::open);
    EXPECT_EQ(whole(" \n").state, State::open);
    EXPECT_EQ(whole("{} \r\n\t").state, State::complete);
}

TEST(JsonTop, LooksAtTheTopLevelOnly) {
    const Seen seen =
        whole(R"({"x":{"usage":1},"y":["error",{"error":2}],"z":"\"usage\":3","error":4})");
    EXPECT_EQ(seen.values, (std::vector<std::string>{"", "4", ""}));
    EXPECT_EQ(seen.has, (std::vector<bool>{false, true, false}));
}

TEST(JsonTop, KeepsTheLastOfTwo) {
    EXPECT_EQ(whole(R"({"usage":1,"usage":{"a":2}})").values[0], R"({"a":2})");
    EXPECT_EQ(whole(R"({"usage":1,"us\u0061ge" : [ 1 ] })").values[0], "[ 1 ]");
}

TEST(JsonTop, DropsWhatIsTooLongAndSaysThatItCame) {
    constexpr std::size_t kMax = JsonTop::kValueBytesMax;
    const auto text = [](std::size_t size) {
        return R"({"usage":")" + std::string(size - 2, 'x') + R"(","error":1})";
    };
    EXPECT_EQ(whole(text(kMax)).values[0].size(), kMax);
    const Seen over = whole(text(kMax + 1));
    EXPECT_EQ(over.state, State::complete);
    EXPECT_EQ(over.values, (std::vector<std::string>{"", "1", ""}));
    EXPECT_EQ(over.has, (std::vector<bool>{true, true, false}));
    // In pieces, and of many small parts.
    const std::string both = text(kMax + 1);
    for (const std::size_t at : {1u, 9u, 10u, 5000u, 16390u, 16394u, 16395u}) {
        const std::string_view view = both;
        EXPECT_EQ(feed({view.substr(0, at), view.substr(at)}), over) << at;
    }
    std::string list = R"({"usage":[1)";
    while (list.size() < kMax + 20) list += ",[1]";
    EXPECT_EQ(whole(list + "]}").values[0], "");
}

TEST(JsonTop, PassesOverLongKeys) {
    const std::string usage = R"("usage":1})";
    EXPECT_EQ(whole("{\"" + std::string(500, 'x') + "\":2," + usage).values[0], "1");
    // Cut off at the limit, a longer key must not be taken for one that is looked for.
    const std::string longest(JsonTop::kKeyBytesMax, 'k');
    for (std::size_t size = longest.size() - 4; size <= longest.size(); ++size) {
        const std::string key = longest.substr(0, size);
        const std::array<std::string_view, 1> keys{key};
        JsonTop top(keys);
        top.feed("{\"" + key + "k\":1}");
        EXPECT_EQ(top.value(0), "") << size;
    }
}

TEST(JsonTop, GoesAsDeepAsItMust) {
    const std::string deep = "{\"a\":" + std::string(5000, '[') + std::string(5000, ']');
    EXPECT_EQ(whole(deep + ",\"usage\":1}").values[0], "1");
    EXPECT_EQ(whole(deep).state, State::open);
}

}  // namespace

}  // namespace parley::sdk
