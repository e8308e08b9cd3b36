// seals_test.cpp: what comes back is what was carried, for the same caller, or nothing.
#include "pipeline/seals.hpp"

#include <filesystem>
#include <sys/stat.h>
#include <unistd.h>

#include <gtest/gtest.h>

#include "base/base64.hpp"

namespace parley::pipeline {

namespace {

Seals seals_of(std::string key) {
    return Seals(base::Secret(std::move(key)));
}

TEST(Seals, ComeBackUnchanged) {
    const Seals seals = seals_of("key");
    for (const std::string& data : {std::string(),
                                    std::string("c2ln"),
                                    std::string("\0\xff\n", 3),
                                    std::string(100'000, 'x')}) {
        const Seal seal{4, "family", "model-1", data};
        const std::string envelope = seals.wrap(seal, "alice");
        EXPECT_TRUE(envelope.starts_with("pl1."));
        const auto back = seals.unwrap(envelope, "alice");
        ASSERT_TRUE(back);
        EXPECT_EQ(back->scheme, 4u);
        EXPECT_EQ(back->family, "family");
        EXPECT_EQ(back->model, "model-1");
        EXPECT_EQ(back->data, data);
        EXPECT_EQ(back->place, "");
        const auto placed = seals.unwrap(seals.wrap({4, "f", "m", data, "here"}, "alice"), "alice");
        ASSERT_TRUE(placed);
        EXPECT_EQ(placed->data, data);
        EXPECT_EQ(placed->place, "here");
    }
}

TEST(Seals, AreNothingToAnyoneElse) {
    const Seals seals = seals_of("key");
    const std::string envelope = seals.wrap({1, "f", "", "data"}, "alice");
    EXPECT_FALSE(seals.unwrap(envelope, "bob"));
    EXPECT_FALSE(seals_of("another key").unwrap(envelope, "alice"));
    EXPECT_FALSE(seals.unwrap("c2ln", "alice"));
    EXPECT_FALSE(seals.unwrap("pl1.", "alice"));
    EXPECT_FALSE(seals.unwrap("pl1.!!!!", "alice"));
}

TEST(Seals, AnyChangeVoidsThem) {
    const Seals seals = seals_of("key");
    const std::string envelope = seals.wrap({1, "f", "m", "some data"}, "alice");
    std::string bytes = *base::from_base64url(envelope.substr(4));
    for (std::size_t at = 0; at < bytes.size(); ++at) {
        for (const int bit : {0, 3, 7}) {
            bytes[at] = static_cast<char>(bytes[at] ^ (1 << bit));
            EXPECT_FALSE(seals.unwrap("pl1." + base::to_base64url(bytes), "alice")) << at;
            bytes[at] = static_cast<char>(bytes[at] ^ (1 << bit));
        }
        EXPECT_FALSE(seals.unwrap("pl1." + base::to_base64url(bytes.substr(0, at)), "alice"));
    }
}

TEST(SealKey, IsKeptInTheStateFolderForItsOwnerOnly) {
    const auto folder =
        std::filesystem::temp_directory_path() / ("parley-seals-" + std::to_string(::getpid()));
    std::string warning;
    const base::Secret first = kept_seal_key(folder.string(), warning);
    const base::Secret second = kept_seal_key(folder.string(), warning);
    EXPECT_EQ(warning, "");
    EXPECT_EQ(first.reveal().size(), 32u);
    EXPECT_TRUE(first == second);

    struct stat about {};

    ASSERT_EQ(::stat((folder / "seal.key").c_str(), &about), 0);
    EXPECT_EQ(about.st_mode & 0777, 0600u);
    std::filesystem::remove_all(folder);
    const base::Secret lost = kept_seal_key("/proc/nowhere", warning);
    EXPECT_EQ(lost.reveal().size(), 32u);
    EXPECT_NE(warning, "");
}

}  // namespace

}  // namespace parley::pipeline
