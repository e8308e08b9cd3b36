// store_s3_test.cpp: signatures, answers and positions, by what is known of them.
#include <gtest/gtest.h>

#include "object.hpp"
#include "position.hpp"
#include "signature.hpp"
#include "xml.hpp"

namespace parley::store_s3 {

namespace {

// The example "GET Bucket (List Objects)" of AWS's documentation of Signature Version 4.
TEST(Signature, IsThatOfTheDocumentation) {
    Signed request;
    request.method = "GET";
    request.host = "examplebucket.s3.amazonaws.com";
    request.path = "/";
    request.query = query_text({{"prefix", "J"}, {"max-keys", "2"}});
    request.payload_sha256 = sha256_hex("");
    request.region = "us-east-1";
    request.wall_ms = 1'369'353'600'000;
    const Credentials credentials{
        "AKIAIOSFODNN7EXAMPLE", "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY", ""};
    EXPECT_EQ(amz_date(request.wall_ms), "20130524T000000Z");
    EXPECT_EQ(authorization(request, credentials),
              "AWS4-HMAC-SHA256 Credential=AKIAIOSFODNN7EXAMPLE/20130524/us-east-1/s3/aws4_request,"
              " SignedHeaders=host;x-amz-content-sha256;x-amz-date, Signature="
              "34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7");
}

TEST(Signature, EncodesAsAwsDoes) {
    EXPECT_EQ(percent_encoded("a/b c+\xc3\xa9~*", true), "a/b%20c%2B%C3%A9~%2A");
    EXPECT_EQ(percent_encoded("a/b", false), "a%2Fb");
    EXPECT_EQ(query_text({{"b", "2"}, {"a", "x y"}}), "a=x%20y&b=2");
}

TEST(Xml, IsReadWithItsEntities) {
    const std::string xml = "<L><C><K>a&amp;b &lt;&#39;&#xe9;</K></C><C><K>2</K></C></L>";
    ASSERT_EQ(xml_elements(xml, "C").size(), 2u);
    EXPECT_EQ(xml_text(xml, "K"), "a&b <'\xc3\xa9");
    EXPECT_EQ(xml_text(xml, "None"), "");
    EXPECT_EQ(iso_date_ms("2013-05-24T00:00:00.250Z"), 1'369'353'600'250);
    EXPECT_EQ(iso_date_ms("yesterday"), 0);
}

TEST(ObjectForm, TellsDocumentsFromRemovals) {
    EXPECT_EQ(object_value(document_object("")), "");
    EXPECT_EQ(object_value(document_object("x")), "x");
    EXPECT_EQ(object_value(removed_object()), std::nullopt);
    EXPECT_EQ(removed_object().size(), removed_size());
    EXPECT_NE(document_object("").size(), removed_size());
    EXPECT_EQ(object_value("{\"by\":\"hand\"}"), "{\"by\":\"hand\"}");
    EXPECT_NE(document_object("x"), document_object("x"));
    const std::string removed = removed_object();
    EXPECT_EQ(object_value(document_object(removed)), removed);
}

Object object(const std::string& key, const std::string& etag, int64_t modified_ms) {
    return {key, etag, 0, modified_ms};
}

TEST(PositionText, KnowsWhatItHasSeen) {
    const Object old = object("old", "1", 1'000'000);
    const Object now = object("now", "2", 2'000'000);
    const auto at = Position::read(Position::behind({old, now}).text());
    ASSERT_TRUE(at.has_value());
    EXPECT_FALSE(at->is_news(old));
    EXPECT_FALSE(at->is_news(now));
    EXPECT_TRUE(at->is_news(object("now", "3", 2'000'000)));
    EXPECT_TRUE(at->is_news(object("late", "4", 1'990'000)));
    EXPECT_TRUE(at->is_news(object("old", "5", 2'000'001)));
    for (const char* odd : {"", "s3-1:", "s3-1:1", "s3-1:1:zz.", "s3-1:1.x", "1:2:3"}) {
        EXPECT_FALSE(Position::read(odd).has_value()) << odd;
    }
}

}  // namespace

}  // namespace parley::store_s3
