// names_test.cpp: names and ids that fit a wire, and custom tools behind functions.
#include <random>
#include <set>

#include "hub_test.hpp"
#include "parley/sdk/custom_tool.hpp"
#include "parley/sdk/tool_names.hpp"
#include "parley/sdk/tree.hpp"

namespace parley::sdk {

namespace {

class Tools {
public:
    void add(std::string_view name, std::string_view name_space = {}, uint32_t kind = 1) {
        auto& tool = make<parley_tool>(arena_);
        tool.kind = kind;
        tool.name = arena_.copy(name);
        tool.name_space = arena_.copy(name_space);
        all_.push_back(&tool);
    }

    const parley_request& request() {
        request_ = &make<parley_request>(arena_);
        request_->tools = keep(arena_, all_);
        request_->tool_count = all_.size();
        return *request_;
    }

private:
    TestArena memory_;
    Arena arena_{memory_.border()};
    std::vector<const parley_tool*> all_;
    parley_request* request_ = nullptr;
};

TEST(ToolNames, LegalNamesStayAndOthersMapBack) {
    Tools tools;
    tools.add("get_weather");
    tools.add("get.weather");
    tools.add("wetter für wien");
    tools.add("x", "space");
    tools.add("apply", "", PARLEY_TOOL_CUSTOM);
    const ToolNames names(tools.request(), {});
    EXPECT_EQ(names.wire("", "get_weather"), "get_weather");
    EXPECT_NE(names.wire("", "get.weather"), "get_weather");
    EXPECT_EQ(names.wire("", "wetter für wien"), "wetter_f_r_wien");
    EXPECT_EQ(names.wire("space", "x"), "space__x");
    EXPECT_EQ(names.find("space__x")->name_space, "space");
    EXPECT_TRUE(names.find("apply")->is_custom);
    EXPECT_EQ(names.find("made_up"), nullptr);
}

TEST(ToolNames, AnySetMapsOneToOne) {
    constexpr std::string_view kLetters = "ab._-:9 \xc3\xa4";
    for (unsigned seed = 0; seed < 200; ++seed) {
        std::mt19937 random(seed);
        Tools tools;
        std::set<std::string> originals;
        for (int i = 0; i < 20; ++i) {
            std::string name;
            const std::size_t size = 1 + random() % (i % 3 == 0 ? 100 : 3);
            while (name.size() < size) {
                const std::size_t at = random() % 9;
                name += at == 8 ? kLetters.substr(8) : kLetters.substr(at, 1);
            }
            if (originals.insert(name).second) tools.add(name);
        }
        const ToolNames names(tools.request(), {});
        std::set<std::string> wires;
        for (const std::string& name : originals) {
            const std::string wire = names.wire("", name);
            EXPECT_TRUE(wires.insert(wire).second) << wire;
            EXPECT_LE(wire.size(), 64u);
            for (const char c : wire) EXPECT_TRUE(is_word(c)) << wire;
            ASSERT_NE(names.find(wire), nullptr);
            EXPECT_EQ(names.find(wire)->name, name);
        }
    }
}

TEST(Ids, MapIsTheSameEachTimeAndLegal) {
    EXPECT_EQ(call_id("call_1", "toolu_", 64), "call_1");
    const std::string mapped = call_id("a b/c", "toolu_", 64);
    EXPECT_EQ(mapped, call_id("a b/c", "toolu_", 64));
    EXPECT_EQ(mapped.size(), 6u + 24u);
    EXPECT_NE(mapped, call_id("a b/d", "toolu_", 64));
    EXPECT_EQ(call_id(std::string(80, 'x'), "call_", 64).size(), 29u);
    EXPECT_EQ(id_with_prefix("msg_", "chatcmpl-abc.1"), "msg_abc1");
    EXPECT_NE(made_call_id("r", 0, "f"), made_call_id("r", 1, "f"));
}

TEST(CustomInput, ComesBackHoweverItIsCut) {
    const std::string input = "line \"one\"\n\t\\ \xf0\x9f\x98\x80 end";
    for (const std::string& arguments :
         {custom_tool_arguments(input),
          std::string("{ \"input\" : \"line \\\"one\\\"\\n\\t\\\\ \\ud83d\\ude00 end\" }")}) {
        for (std::size_t piece = 1; piece <= arguments.size(); ++piece) {
            CustomInput custom;
            std::string got;
            const auto emit = [&](std::string_view text) { got += text; };
            for (std::size_t at = 0; at < arguments.size(); at += piece) {
                custom.feed(arguments.substr(at, piece), emit);
            }
            custom.end(emit);
            EXPECT_EQ(got, input) << piece;
        }
    }
}

TEST(CustomInput, AnotherShapeIsTheInputItself) {
    for (const std::string arguments : {"{\"text\":\"x\"}", "[1]", "\"plain\"", "not json"}) {
        CustomInput custom;
        std::string got;
        const auto emit = [&](std::string_view text) { got += text; };
        for (const char c : arguments) custom.feed(std::string_view(&c, 1), emit);
        custom.end(emit);
        EXPECT_EQ(got, arguments);
    }
}

}  // namespace

}  // namespace parley::sdk
