// copies_test.cpp: what is large in a translated request is passed on where it lies.
#include <gtest/gtest.h>

#include "support/allocations.hpp"
#include "support/crossings.hpp"

namespace parley::support {

namespace {

constexpr std::size_t kMediaBytes = 3'000'000;
constexpr std::size_t kTextBytes = 2'000'000;
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

// A text and a picture. `line` is what the text is made of, as it stands in JSON.
std::string with_text(std::string_view line) {
    std::string text;
    while (text.size() < kTextBytes) text += line;
    return R"({"model":"m","messages":[{"role":"user","content":[{"type":"text","text":")" + text +
           R"("},{"type":"image_url","image_url":{"url":"data:image/png;base64,)" + base64('A') +
           R"("}}]}]})";
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

// What the request is made of, beside what is passed on where it lies.
struct Spent {
    std::size_t taken = 0;   // by the host and the plugins, but for the output
    std::size_t copied = 0;  // into the output
};

Spent spent_on(const std::string& client, const std::string& upstream, const Request& asked) {
    const std::string_view body = asked.body();
    const std::size_t before = allocated_bytes();
    Exchange exchange(client, upstream, asked);
    Spent spent;
    spent.taken = allocated_bytes() - before;
    exchange.crossing().encoded().body.for_each([&](std::string_view piece) {
        const bool lies_there =
            piece.data() >= body.data() && piece.data() + piece.size() <= body.data() + body.size();
        if (!lies_there) spent.copied += piece.size();
    });
    return spent;
}

// It goes from the client's body into the upstream's, with nothing in between.
TEST(Copies, OfATextAreTheOutputAlone) {
    const std::string asked_for = with_text("Words that need no escapes, and so on. ");
    at_every_crossing([&](const std::string& client, const std::string& upstream) {
        const Spent spent = spent_on(client, upstream, Request(client, asked_for));
        EXPECT_LT(spent.taken, kRoomBytes);
        EXPECT_LT(spent.copied, kTextBytes + kRoomBytes);
    });
}

// Escapes are read once: what they stand for is the one copy more.
TEST(Copies, OfATextWithEscapesAreTwo) {
    const std::string asked_for = with_text(R"(A \"line\" of text, and its end.\n)");
    at_every_crossing([&](const std::string& client, const std::string& upstream) {
        const Spent spent = spent_on(client, upstream, Request(client, asked_for));
        EXPECT_LT(spent.taken, kTextBytes + kRoomBytes);
        EXPECT_LT(spent.copied, kTextBytes + kRoomBytes);
    });
}

}  // namespace

}  // namespace parley::support
