// reference_test.cpp: docs/configuration.md is what the program says of itself.
//
// After a change to a key: UPDATE_CASES=1 config_test --gtest_filter='Reference.*'
#include <fstream>
#include <iterator>

#include "faults.hpp"

namespace parley::config {
namespace {

constexpr const char* kDocument = PARLEY_SOURCE_DIR "/docs/configuration.md";
constexpr std::string_view kMarker =
    "<!-- From here on this is the table of keys in host/config, printed; a test compares. -->\n\n";

std::string document() {
    std::ifstream in(kDocument, std::ios::binary);
    return {std::istreambuf_iterator<char>(in), {}};
}

TEST(Reference, IsWhatTheDocumentHolds) {
    const std::string text = document();
    const std::size_t marker = text.find(kMarker);
    ASSERT_NE(marker, text.npos) << kDocument << " has no marker line";
    const std::string by_hand = text.substr(0, marker + kMarker.size());
    if (process_environment().find("UPDATE_CASES") != nullptr) {
        std::ofstream(kDocument, std::ios::binary) << by_hand << reference();
        return;
    }
    EXPECT_EQ(text.substr(by_hand.size()), reference())
        << "run this test with UPDATE_CASES=1 to write it anew";
}

TEST(Reference, TheDocumentsExamplesLoad) {
    const std::string text = document();
    const Environment environment{{{"HOME", "/h"}, {"OPENAI_API_KEY", "sk"}, {"SPARE_KEY", "sk2"}}};
    const std::string_view fence = "```toml\n";
    int examples = 0;
    for (std::size_t at = text.find(fence); at != text.npos; at = text.find(fence, at + 1)) {
        const std::size_t begin = at + fence.size();
        config_of(text.substr(begin, text.find("```", begin) - begin), environment);
        ++examples;
    }
    EXPECT_EQ(examples, 1);
}

TEST(Reference, NamesFormsBoundsAndDefaults) {
    const std::string text = reference();
    const auto has = [&](std::string_view part) { return text.find(part) != text.npos; };
    EXPECT_TRUE(has("### `[limits]`\n\n"));
    EXPECT_TRUE(has("Variables: `PARLEY_LIMITS__<KEY>`."));
    EXPECT_TRUE(has("Variables: `PARLEY_PROVIDER__<NAME>__ACCOUNT__<LABEL>__<KEY>`."));
    EXPECT_TRUE(has("| `head_ms` | duration, 1ms to 1h | `\"15s\"` | "));
    EXPECT_TRUE(has("| `head_bytes_max` | size, 1KiB to 16MiB | `\"64KiB\"` | "));
    EXPECT_TRUE(has("| `threads` | integer, 0 to 1024 | `0` | "));
    EXPECT_TRUE(has("| `name` | name | required | "));
    EXPECT_TRUE(has("| `format` | `\"text\"`, `\"json\"` | `\"text\"` | "));
    EXPECT_TRUE(has("| `label` | name | `\"main\"` | "));
    EXPECT_TRUE(has("| `listen` | array of addresses | `[\"127.0.0.1:8317\"]` | "));
}

}  // namespace
}  // namespace parley::config
