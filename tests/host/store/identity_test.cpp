#include "store/identity.hpp"

#include <gtest/gtest.h>

namespace parley::store {
namespace {

namespace json = boost::json;

std::string place(std::string_view properties, const json::object& settings) {
    const std::string schema = R"({"type":"object","properties":)" + std::string(properties) + "}";
    return place_of(schema, settings);
}

TEST(StoreIdentity, IsThePlaceAlone) {
    constexpr std::string_view kProperties = R"({
        "url": {"type": "string", "x-place": true, "x-secret": true},
        "schema": {"type": "string", "x-place": true, "default": "parley"},
        "token": {"type": "string", "x-secret": true},
        "timeout_ms": {"type": "integer", "default": 100}})";
    const std::string one = place(kProperties, {{"url", "a://me:one@host/d"}, {"unknown", 1}});
    EXPECT_EQ(one, R"({"url":"a://me@host/d","schema":"parley"})");
    EXPECT_EQ(one, place(kProperties, {{"url", "a://me:two@host/d"}, {"timeout_ms", 5}}));
    EXPECT_EQ(one, place(kProperties, {{"url", "a://me@host/d"}, {"schema", "parley"}}));
    EXPECT_NE(one, place(kProperties, {{"url", "a://me@host/other"}}));
    EXPECT_NE(one, place(kProperties, {{"url", "a://me@host/d"}, {"schema", "other"}}));
}

TEST(StoreIdentity, IsAllThatIsNoSecretWhereNoPlaceIsMarked) {
    constexpr std::string_view kProperties =
        R"({"a": {"type": "string"}, "b": {"type": "string", "x-secret": true}})";
    EXPECT_EQ(place(kProperties, {{"a", "1"}, {"b", "2"}}), R"({"a":"1"})");
}

TEST(StoreIdentity, HoldsNoPassword) {
    const std::pair<std::string_view, std::string_view> all[] = {
        {"postgresql://me:s%40cret@host:5432/d?sslmode=require",
         "postgresql://me@host:5432/d?sslmode=require"},
        {"postgresql://host/d?user=me&password=secret&x=1", "postgresql://host/d?user=me&&x=1"},
        {"host=a password=secret dbname=b", "host=a  dbname=b"},
        {R"(password = 'my \' secret' host=a)", " host=a"},
        {"https://git.example.com/a/b.git", "https://git.example.com/a/b.git"},
        {"/srv/store@home:1", "/srv/store@home:1"},
    };
    for (const auto& [address, without] : all) EXPECT_EQ(without_password(address), without);
}

}  // namespace
}  // namespace parley::store
