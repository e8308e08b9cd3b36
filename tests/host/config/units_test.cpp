#include "config/units.hpp"

#include <algorithm>
#include <map>
#include <memory>

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

// Each key with its slot in a new object, and a name for messages.
struct Seen {
    std::string path;
    const Key* key;
    std::shared_ptr<void> object;

    Slot slot() const { return key->slot(object.get()); }

    bool is_amount() const { return std::holds_alternative<std::uint64_t*>(slot()); }
};

std::vector<Seen> keys_of(const Table& table) {
    std::vector<Seen> seen;
    const auto object = table.fresh();
    for (const Key& key : table.keys) {
        seen.push_back({std::string(table.path) + "." + std::string(key.name), &key, object});
    }
    return seen;
}

std::vector<Seen> all_keys() {
    std::vector<Seen> all;
    for (const Table& table : tables()) {
        for (Seen& seen : keys_of(table)) all.push_back(std::move(seen));
    }
    return all;
}

TEST(Keys, UnitsStandInTheNames) {
    for (const Seen& seen : all_keys()) {
        const Key& key = *seen.key;
        EXPECT_EQ(key.form == Form::kDuration, key.name.ends_with("_ms")) << seen.path;
        EXPECT_EQ(key.form == Form::kBytes, key.name.find("bytes") != key.name.npos) << seen.path;
        EXPECT_EQ(seen.is_amount(), key.max > key.min) << seen.path;
    }
}

TEST(Keys, MeaningsAreNoSentences) {
    for (const Seen& seen : all_keys()) {
        EXPECT_FALSE(seen.key->meaning.empty()) << seen.path;
        EXPECT_FALSE(seen.key->meaning.ends_with('.')) << seen.path;
    }
}

TEST(Keys, DefaultsKeepTheBounds) {
    for (const Seen& seen : all_keys()) {
        if (!seen.is_amount()) continue;
        const std::uint64_t amount = *std::get<std::uint64_t*>(seen.slot());
        EXPECT_GE(amount, seen.key->min) << seen.path;
        EXPECT_LE(amount, seen.key->max) << seen.path;
    }
}

TEST(Keys, EveryLimitHasOne) {
    const auto amounts_in = [](std::string_view path) {
        const auto keys = keys_of(table_at(path));
        return std::count_if(keys.begin(), keys.end(), [](const Seen& s) { return s.is_amount(); });
    };
    EXPECT_EQ(static_cast<std::size_t>(amounts_in("limits")), sizeof(Limits) / 8);
    EXPECT_EQ(static_cast<std::size_t>(amounts_in("upstream")), sizeof(UpstreamLimits) / 8);
    EXPECT_EQ(static_cast<std::size_t>(amounts_in("routing")), sizeof(RoutingLimits) / 8);
}

TEST(Keys, NoTwoSetTheSameMember) {
    const auto at = [](auto* member) -> const void* { return member; };
    for (const Table& table : tables()) {
        std::map<const void*, std::string> members;
        for (const Seen& seen : keys_of(table)) members[std::visit(at, seen.slot())] = seen.path;
        EXPECT_EQ(members.size(), table.keys.size()) << table.path;
    }
}

}  // namespace
}  // namespace parley::config
