#include "config/near.hpp"

#include <gtest/gtest.h>

namespace parley::config {
namespace {

const Words kWords{"listen", "threads", "tls_key", "key"};

TEST(Near, FindsWhatWasMeant) {
    EXPECT_EQ(nearest("listne", kWords), "listen");
    EXPECT_EQ(nearest("kye", kWords), "key");  // a swap is one edit
    EXPECT_EQ(nearest("Listen", kWords), "listen");
    EXPECT_EQ(nearest("tread", kWords), "threads");
    EXPECT_EQ(nearest("keys", kWords), "key");
    EXPECT_EQ(nearest("tls-key", kWords), "tls_key");
    EXPECT_EQ(nearest("key", {"label", "api_key"}), "api_key");
    EXPECT_EQ(nearest("warning", {"info", "warn"}), "warn");
}

TEST(Near, DoesNotGuessWildly) {
    EXPECT_EQ(nearest("ab", kWords), "");
    EXPECT_EQ(nearest("ke", {"api_key"}), "");
    EXPECT_EQ(nearest("max", {"head_fields_max"}), "");
    EXPECT_EQ(nearest("", kWords), "");
    EXPECT_EQ(nearest("certificate", kWords), "");
    EXPECT_EQ(nearest(std::string(100'000, 'l'), kWords), "");
}

TEST(Near, CureListsWhatIsKnownWhenNothingIsNear) {
    EXPECT_EQ(cure_for("lissten", kWords), "; did you mean \"listen\"");
    EXPECT_EQ(cure_for("port", {"listen", "threads"}), "; known: listen, threads");
    EXPECT_EQ(cure_for("port", {}), "; none is known here");
}

TEST(Near, QuotesStayOnOneLine) {
    EXPECT_EQ(quote("a \"b\" \\ \n\x7f"), R"("a \"b\" \\ \x0a\x7f")");
    EXPECT_EQ(quote(std::string(60, 'x')), "\"" + std::string(60, 'x') + "\"");
    EXPECT_EQ(quote(std::string(61, 'x')), "\"" + std::string(60, 'x') + "\"...");
    EXPECT_EQ(quote(std::string(59, 'x') + "\xC3\xA9!"),
              "\"" + std::string(59, 'x') + "\xC3\xA9\"...");
}

}  // namespace
}  // namespace parley::config
