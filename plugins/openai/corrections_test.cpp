// corrections_test.cpp: what refusals teach, by the cases correct-chat-* and correct-responses-*.
#include "codec/corrections.hpp"

#include <algorithm>

namespace parley::openai {

namespace {

namespace fs = std::filesystem;

void run(const std::string& wire, const std::string& path) {
    const codec::Dialect dialect("openai-" + wire);
    int count = 0;
    for (const auto& entry : fs::directory_iterator("cases")) {
        const std::string name = entry.path().filename();
        if (!name.starts_with("correct-" + wire + "-")) continue;
        ++count;
        const fs::path file = entry.path() / "corrected.txt";
        const std::string got = codec::corrected(dialect, entry.path(), path);
        if (std::getenv("UPDATE_CASES") != nullptr) std::ofstream(file) << got;
        std::ostringstream wanted;
        wanted << std::ifstream(file).rdbuf();
        EXPECT_EQ(got, wanted.str()) << file;
    }
    EXPECT_GT(count, 5) << wire;
}

TEST(Corrections, OfChat) {
    run("chat", "/v1/chat/completions");
}

TEST(Corrections, OfResponses) {
    run("responses", "/v1/responses");
}

}  // namespace

}  // namespace parley::openai
