#include "config/units.hpp"

#include <gtest/gtest.h>

#include "config/address.hpp"
#include "config/keys.hpp"
#include "config/limits.hpp"

namespace parley::config {
namespace {

TEST(Units, ReadsDurations) {
    EXPECT_EQ(parse_duration("250ms"), 250u);
    EXPECT_EQ(parse_duration("10s"), 10'000u);
    EXPECT_EQ(parse_duration("5m"), 300'000u);
    EXPECT_EQ(parse_duration("1h"), 3'600'000u);
    EXPECT_EQ(parse_duration("0s"), 0u);
    for (const char* bad : {"",
                            "10",
                            "s",
                            "-1s",
                            "+1s",
                            "1.5s",
                            "1 s",
                            " 1s",
                            "1s ",
                            "1S",
                            "1d",
                            "1sec",
                            "1m30s",
                            "99999999999999999999s",
                            "18446744073709551615h"}) {
        EXPECT_EQ(parse_duration(bad), std::nullopt) << bad;
    }
}

TEST(Units, ReadsSizes) {
    EXPECT_EQ(parse_bytes("64KiB"), 65'536u);
    EXPECT_EQ(parse_bytes("10MiB"), 10'485'760u);
    EXPECT_EQ(parse_bytes("1GiB"), 1'073'741'824u);
    EXPECT_EQ(parse_bytes("1TiB"), 1'099'511'627'776u);
    EXPECT_EQ(parse_bytes("2kB"), 2000u);
    EXPECT_EQ(parse_bytes("2MB"), 2'000'000u);
    EXPECT_EQ(parse_bytes("2GB"), 2'000'000'000u);
    for (const char* bad : {"",
                            "64",
                            "64K",
                            "64kb",
                            "64KB",
                            "64 KiB",
                            "-1KiB",
                            "1.5MiB",
                            "1B",
                            "KiB",
                            "99999999999TiB"}) {
        EXPECT_EQ(parse_bytes(bad), std::nullopt) << bad;
    }
}

TEST(Units, PrintsTheRoundest) {
    EXPECT_EQ(print_duration(0), "0");
    EXPECT_EQ(print_duration(250), "250ms");
    EXPECT_EQ(print_duration(90'000), "90s");
    EXPECT_EQ(print_duration(86'400'000), "24h");
    EXPECT_EQ(print_bytes(0), "0");
    EXPECT_EQ(print_bytes(1000), "1000");
    EXPECT_EQ(print_bytes(1024), "1KiB");
    EXPECT_EQ(print_bytes(3ull << 30), "3GiB");
}

TEST(Address, ReadsHostAndPort) {
    const auto text = [](std::string_view given) {
        const auto address = parse_address(given);
        return address ? address->text() : "none";
    };
    EXPECT_EQ(text("8317"), "127.0.0.1:8317");
    EXPECT_EQ(text("0.0.0.0:0"), "0.0.0.0:0");
    EXPECT_EQ(text("localhost:80"), "localhost:80");
    EXPECT_EQ(text("node-1.example.com:65535"), "node-1.example.com:65535");
    EXPECT_EQ(text("[::1]:8317"), "[::1]:8317");
    EXPECT_EQ(text("[::ffff:1.2.3.4]:1"), "[::ffff:1.2.3.4]:1");
    EXPECT_EQ(parse_address("[::]:1")->host, "::");
    for (const char* bad :
         {"",           ":",           ":8317",       "host",         "host:",  "host:x",
          "host:65536", "host:-1",     "host:+1",     "::1:8317",     "[::1]",  "[]:1",
          "[::g]:1",    "[1.2.3.4]:1", "1.2.3:80",    "256.1.1.1:80", "a b:80", "-a:80",
          ".a:80",      "a/b:80",      "http://a:80", "80:80",        "8317 "}) {
        EXPECT_EQ(text(bad), "none") << bad;
    }
}

TEST(Keys, UnitsStandInTheNames) {
    for (const Table& table : tables()) {
        for (const Key& key : table.keys) {
            SCOPED_TRACE(std::string(table.path) + "." + std::string(key.name));
            EXPECT_EQ(key.form == Form::kDuration, key.name.ends_with("_ms"));
            EXPECT_EQ(key.form == Form::kBytes, key.name.find("bytes") != key.name.npos);
            const bool is_number = key.form == Form::kNumber || key.form == Form::kBytes ||
                                   key.form == Form::kDuration;
            EXPECT_EQ(is_number, key.max > key.min);
            EXPECT_FALSE(key.meaning.empty());
            EXPECT_FALSE(key.meaning.ends_with('.'));
        }
    }
}

TEST(Keys, DefaultsKeepTheBounds) {
    for (const Table& table : tables()) {
        const auto object = table.fresh();
        for (const Key& key : table.keys) {
            SCOPED_TRACE(std::string(table.path) + "." + std::string(key.name));
            const Slot slot = key.slot(object.get());
            if (const auto* amount = std::get_if<std::uint64_t*>(&slot)) {
                EXPECT_GE(**amount, key.min);
                EXPECT_LE(**amount, key.max);
            }
        }
    }
}

TEST(Keys, EveryLimitHasOne) {
    const auto members = [](const Table& table) {
        std::size_t count = 0;
        const auto object = table.fresh();
        for (const Key& key : table.keys) {
            count += std::holds_alternative<std::uint64_t*>(key.slot(object.get())) ? 1 : 0;
        }
        return count;
    };
    EXPECT_EQ(members(table_at("limits")) * sizeof(std::uint64_t), sizeof(Limits));
    EXPECT_EQ(members(table_at("upstream")) * sizeof(std::uint64_t), sizeof(UpstreamLimits));
}

TEST(Keys, NoTwoSetTheSameMember) {
    for (const Table& table : tables()) {
        const auto object = table.fresh();
        std::vector<const void*> members;
        for (const Key& key : table.keys) {
            const void* member =
                std::visit([](auto* at) -> const void* { return at; }, key.slot(object.get()));
            EXPECT_EQ(std::count(members.begin(), members.end(), member), 0) << key.name;
            members.push_back(member);
        }
    }
}

}  // namespace
}  // namespace parley::config
