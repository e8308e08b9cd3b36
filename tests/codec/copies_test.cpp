// copies_test.cpp: what is large in a translated request is passed on where it lies.
#include <gtest/gtest.h>

#include "support/allocations.hpp"
#include "support/crossings.hpp"

namespace parley::support {

namespace {

constexpr std::size_t kMediaBytes = 3'000'000;
// The window of the stop cutter and the like.
constexpr std::size_t kRoomBytes = 512 * 1024;

std::string base64(char letter) {
    return std::string(kMediaBytes, letter);
}

// A picture and a document, as a client of Chat sends them.
std::string with_media() {
    return R"({"model":"m","messages":[{"role":"user","content":[{"type":"text","text":"Look."},)"
           R"({"type":"image_url","image_url":{"url":"data:image/png;base64,)" +
           base64('A') +
           R"("}},{"type":"file","file":{"filename":"a.pdf","file_data":)"
           R"("data:application/pdf;base64,)" +
           base64('B') + R"("}}]}]})";
}

template <class Look>
void at_every_crossing(Look look) {
    int crossings = 0;
    for (const std::string& client : dialects()) {
        for (const std::string& upstream : dialects()) {
            if (client == upstream) continue;
            SCOPED_TRACE(client + " -> " + upstream);
            look(client, upstream);
            ++crossings;
        }
    }
    EXPECT_EQ(crossings, 12);
}

TEST(Copies, OfMediaAreNotMade) {
    at_every_crossing([](const std::string& client, const std::string& upstream) {
        const Request asked(client, with_media());
        const std::string_view body = asked.body();
        const std::size_t before = allocated_bytes();
        Exchange exchange(client, upstream, asked);
        EXPECT_LT(allocated_bytes() - before, kRoomBytes);
        std::size_t passed_on = 0;
        exchange.crossing().encoded().body.for_each([&](std::string_view piece) {
            const bool lies_there = piece.data() >= body.data() &&
                                    piece.data() + piece.size() <= body.data() + body.size();
            if (lies_there && piece.size() >= kMediaBytes) ++passed_on;
        });
        EXPECT_EQ(passed_on, 2u);
    });
}

}  // namespace

}  // namespace parley::support
