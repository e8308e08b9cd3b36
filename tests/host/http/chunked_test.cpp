#include "http/chunked.hpp"

#include <string>

#include <gtest/gtest.h>

namespace parley::http {
namespace {

struct Decoded {
    std::string payload;
    std::string rest;
    bool done = false;
    bool broken = false;
};

// Feeds the text in pieces of `step` bytes.
Decoded decode(const std::string& text, std::size_t step) {
    ChunkDecoder chunks;
    Decoded out;
    std::size_t at = 0;
    while (at < text.size() && !chunks.done() && !chunks.broken()) {
        std::string piece = text.substr(at, step);
        const auto result = chunks.decode(piece);
        out.payload += piece.substr(0, result.payload);
        at += result.consumed;
    }
    out.rest = text.substr(at);
    out.done = chunks.done();
    out.broken = chunks.broken();
    return out;
}

TEST(Chunked, EverySplitGivesTheSame) {
    const std::string text =
        "5\r\nhello\r\n00B;name=\"v\"\r\n, world and\r\n1\r\n!\r\n0\r\nx-a: 1\r\n\r\nNEXT";
    for (std::size_t step = 1; step <= text.size(); ++step) {
        const Decoded out = decode(text, step);
        EXPECT_EQ(out.payload, "hello, world and!") << step;
        EXPECT_TRUE(out.done) << step;
        EXPECT_EQ(out.rest, "NEXT") << step;
    }
}

TEST(Chunked, CutIsNeitherDoneNorBroken) {
    const std::string text = "5\r\nhello\r\n0\r\n\r\n";
    for (std::size_t size = 0; size < text.size(); ++size) {
        const Decoded out = decode(text.substr(0, size), 3);
        EXPECT_FALSE(out.done) << size;
        EXPECT_FALSE(out.broken) << size;
    }
}

TEST(Chunked, RefusesWhatIsNotStrict) {
    for (const char* text : {"\r\n",
                             "+5\r\nhello\r\n",
                             "0x5\r\nhello\r\n",
                             " 5\r\nhello\r\n",
                             "5 \r\nhello\r\n",
                             "5\nhello\r\n",
                             "5\r\nhello\n0\r\n",
                             "5\r\nhelloX",
                             "5;\x01\r\nhello\r\n",
                             "g\r\n",
                             "0\r\nx\n\r\n",
                             "0\r\n\rX",
                             "ffffffffffffffff\r\n",
                             "-1\r\n"}) {
        EXPECT_TRUE(decode(text, 100).broken) << text;
    }
}

TEST(Chunked, ExtensionsAndTrailersAreBounded) {
    EXPECT_TRUE(decode("5;" + std::string(ChunkDecoder::kExtensionBytesMax + 1, 'a'), 1000).broken);
    EXPECT_TRUE(
        decode("0\r\n" + std::string(ChunkDecoder::kTrailerBytesMax + 1, 'a'), 1000).broken);
}

}  // namespace
}  // namespace parley::http
