#include "http/inflate.hpp"

#include <string>

#include <brotli/encode.h>
#include <gtest/gtest.h>
#include <zlib.h>
#include <zstd.h>

namespace parley::http {
namespace {

constexpr InflateLimits kLimits{1024 * 1024, 100};

std::string zlib_packed(const std::string& plain, int window_bits) {
    z_stream z{};
    EXPECT_EQ(deflateInit2(&z, 9, Z_DEFLATED, window_bits, 8, Z_DEFAULT_STRATEGY), Z_OK);
    std::string packed(deflateBound(&z, plain.size()) + 64, '\0');
    z.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(plain.data()));
    z.avail_in = static_cast<uInt>(plain.size());
    z.next_out = reinterpret_cast<Bytef*>(packed.data());
    z.avail_out = static_cast<uInt>(packed.size());
    EXPECT_EQ(deflate(&z, Z_FINISH), Z_STREAM_END);
    packed.resize(z.total_out);
    deflateEnd(&z);
    return packed;
}

std::string brotli_packed(const std::string& plain) {
    std::size_t size = BrotliEncoderMaxCompressedSize(plain.size()) + 64;
    std::string packed(size, '\0');
    EXPECT_TRUE(BrotliEncoderCompress(5,
                                      22,
                                      BROTLI_MODE_TEXT,
                                      plain.size(),
                                      reinterpret_cast<const uint8_t*>(plain.data()),
                                      &size,
                                      reinterpret_cast<uint8_t*>(packed.data())));
    packed.resize(size);
    return packed;
}

std::string zstd_packed(const std::string& plain) {
    std::string packed(ZSTD_compressBound(plain.size()), '\0');
    packed.resize(ZSTD_compress(packed.data(), packed.size(), plain.data(), plain.size(), 3));
    return packed;
}

struct Coding {
    const char* name;
    std::string (*pack)(const std::string&);
};

class Inflate : public testing::TestWithParam<Coding> {};

TEST_P(Inflate, RestoresWhatWasPacked) {
    std::string plain;
    for (int i = 0; i < 5000; ++i) plain += "line " + std::to_string(i * 7919) + "\n";
    base::Bytes out;
    const auto done = inflate(GetParam().name, GetParam().pack(plain), kLimits, out);
    ASSERT_TRUE(done.has_value()) << done.error().message;
    EXPECT_EQ(out.view(), plain);
}

TEST_P(Inflate, EveryCutIsRefused) {
    const std::string packed = GetParam().pack("{\"model\":\"m\",\"input\":\"hello hello\"}");
    for (std::size_t size = 0; size < packed.size(); ++size) {
        base::Bytes out;
        EXPECT_FALSE(inflate(GetParam().name, packed.substr(0, size), kLimits, out)) << size;
    }
}

TEST_P(Inflate, BombsAreRefused) {
    const std::string packed = GetParam().pack(std::string(64 * 1024 * 1024, 'a'));
    base::Bytes out;
    const auto by_size = inflate(GetParam().name, packed, {1024 * 1024, 1'000'000}, out);
    ASSERT_FALSE(by_size.has_value());
    EXPECT_EQ(by_size.error().error_class, PARLEY_E_TOO_LARGE);
    EXPECT_LT(out.capacity(), 4u * 1024 * 1024);
    base::Bytes other;
    const auto by_ratio = inflate(GetParam().name, packed, {1ull << 40, 100}, other);
    ASSERT_FALSE(by_ratio.has_value());
    EXPECT_EQ(by_ratio.error().error_class, PARLEY_E_TOO_LARGE);
    EXPECT_LT(other.capacity(), 16u * 1024 * 1024);
}

INSTANTIATE_TEST_SUITE_P(
    Codings,
    Inflate,
    testing::Values(Coding{"gzip", [](const std::string& p) { return zlib_packed(p, 15 + 16); }},
                    Coding{"deflate", [](const std::string& p) { return zlib_packed(p, 15); }},
                    Coding{"br", brotli_packed},
                    Coding{"zstd", zstd_packed}),
    [](const auto& tested) { return tested.param.name; });

TEST(InflateCodings, AreUndoneLastFirst) {
    base::Bytes out;
    const std::string packed = zstd_packed(zlib_packed("twice", 15 + 16));
    ASSERT_TRUE(inflate("gzip, zstd", packed, kLimits, out).has_value());
    EXPECT_EQ(out.view(), "twice");
}

TEST(InflateCodings, RawDeflateIsTaken) {
    base::Bytes out;
    ASSERT_TRUE(inflate("deflate", zlib_packed("raw raw raw raw", -15), kLimits, out).has_value());
    EXPECT_EQ(out.view(), "raw raw raw raw");
}

TEST(InflateCodings, UnknownOnesAreNamed) {
    base::Bytes out;
    const auto done = inflate("lzma", "x", kLimits, out);
    ASSERT_FALSE(done.has_value());
    EXPECT_EQ(done.error().http_status, 415u);
    EXPECT_NE(done.error().message.find("lzma"), std::string::npos);
}

TEST(Codings, AreOneListWhateverFieldsTheyStandIn) {
    const auto codings = [](std::initializer_list<std::string_view> values) {
        Head head;
        for (const auto value : values) {
            head.fields.push_back({FieldId::content_encoding, "content-encoding", value});
        }
        return codings_of(head);
    };
    EXPECT_EQ(codings({}), "");
    EXPECT_EQ(codings({"identity"}), "");
    EXPECT_EQ(codings({"Identity, identity", ""}), "");
    EXPECT_EQ(codings({"gzip"}), "gzip");
    EXPECT_EQ(codings({"gzip , identity,, br"}), "gzip, br");
    EXPECT_EQ(codings({"gzip", "br"}), "gzip, br");
}

}  // namespace
}  // namespace parley::http
