// date_test.cpp: what retry-after says.
#include "http/date.hpp"

#include <ctime>

#include <gtest/gtest.h>

namespace parley::http {

namespace {

constexpr std::int64_t kNow = 784'111'777'000;  // Sun, 06 Nov 1994 08:49:37 GMT

TEST(RetryAfter, IsSecondsOrADate) {
    EXPECT_EQ(retry_after_ms("2", kNow), 2'000U);
    EXPECT_EQ(retry_after_ms("0.5", kNow), 500U);
    EXPECT_EQ(retry_after_ms("Sun, 06 Nov 1994 08:50:37 GMT", kNow), 60'000U);
    EXPECT_EQ(retry_after_ms("Sun, 06 Nov 1994 08:49:37 GMT", kNow), 0U);
    EXPECT_EQ(retry_after_ms("Sun, 06 Nov 1993 08:49:37 GMT", kNow), 0U) << "it is over";
}

TEST(RetryAfter, HostileValuesAreBoundedOrNothing) {
    EXPECT_EQ(retry_after_ms("1000000000000", kNow), 1'000'000'000'000'000U);
    EXPECT_EQ(retry_after_ms("1e300", kNow), 1'000'000'000'000'000U);
    for (const char* text : {"", "-5", "soon", "5 s", "nan", "Sun, 06 Nov", "Sun, 06 Nov 1994"}) {
        EXPECT_EQ(retry_after_ms(text, kNow), 0U) << text;
    }
}

TEST(RetryAfter, ADateThatWeWriteIsRead) {
    const auto date = read_date(http_date());
    ASSERT_TRUE(date);
    EXPECT_NEAR(static_cast<double>(*date), static_cast<double>(std::time(nullptr)), 2);
}

}  // namespace

}  // namespace parley::http
