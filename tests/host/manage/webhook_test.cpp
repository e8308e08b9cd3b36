#include "manage/webhook.hpp"

#include <gtest/gtest.h>

namespace parley::manage {
namespace {

constexpr std::string_view kSecret = "It's a Secret to Everybody";
constexpr std::string_view kBody = "Hello, World!";
// As GitHub's documentation computes it.
constexpr std::string_view kSignature =
    "757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17";

// The class of what is wrong with a proof, 0 for nothing.
int check(const std::string& field, std::string_view body = kBody, bool is_private = false) {
    const std::string text = "POST /hooks/store HTTP/1.1\r\nhost: x\r\n" +
                             (field.empty() ? field : field + "\r\n") + "\r\n";
    http::RequestHead head;
    EXPECT_TRUE(http::parse_head(text, config::Limits(), head)) << text;
    const auto proof = check_webhook(head, body, kSecret, is_private);
    return proof ? 0 : proof.error().error_class;
}

TEST(Webhook, TakesTheSignaturesOfGitServers) {
    const std::string signature(kSignature);
    for (const std::string field : {"x-hub-signature-256: sha256=",  // GitHub, Forgejo
                                    "x-hub-signature: sha256=",      // Bitbucket
                                    "x-gitea-signature: "}) {
        EXPECT_EQ(check(field + signature), 0) << field;
        EXPECT_EQ(check(field + signature, "Hello, World?"), PARLEY_E_UNAUTHENTICATED) << field;
        EXPECT_EQ(check(field + signature.substr(1)), PARLEY_E_UNAUTHENTICATED) << field;
    }
    EXPECT_EQ(check("x-hub-signature: sha1=00\r\nx-hub-signature-256: sha256=" + signature), 0);
    EXPECT_EQ(check("x-hub-signature: sha1=00"), PARLEY_E_UNAUTHENTICATED);
}

TEST(Webhook, TakesTheSecretItselfWhereNobodyElseReadsIt) {
    for (const std::string field : {"x-gitlab-token: ", "authorization: Bearer "}) {
        EXPECT_EQ(check(field + std::string(kSecret), kBody, true), 0) << field;
        EXPECT_EQ(check(field + std::string(kSecret)), PARLEY_E_FORBIDDEN) << field;
        EXPECT_EQ(check(field + "another", kBody, true), PARLEY_E_UNAUTHENTICATED) << field;
    }
}

TEST(Webhook, TakesNothingElse) {
    EXPECT_EQ(check("", kBody, true), PARLEY_E_UNAUTHENTICATED);
    EXPECT_EQ(check("authorization: Basic eDp5", kBody, true), PARLEY_E_UNAUTHENTICATED);
    EXPECT_EQ(check("x-hub-signature-256: sha256=", kBody, true), PARLEY_E_UNAUTHENTICATED);
    // Who signs wrongly does not get in by a token beside.
    EXPECT_EQ(check("x-hub-signature-256: sha256=00\r\nx-gitlab-token: " + std::string(kSecret),
                    kBody,
                    true),
              PARLEY_E_UNAUTHENTICATED);
}

}  // namespace
}  // namespace parley::manage
