#include "supervisor/link.hpp"

#include <array>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <gtest/gtest.h>

namespace parley::supervisor {
namespace {

struct LinkTest : testing::Test {
    Descriptor here;
    Descriptor there;

    LinkTest() {
        std::array<int, 2> pair{};
        EXPECT_EQ(::socketpair(AF_UNIX, SOCK_SEQPACKET, 0, pair.data()), 0);
        here = Descriptor(pair[0]);
        there = Descriptor(pair[1]);
    }
};

TEST_F(LinkTest, KeepsMessagesApart) {
    EXPECT_TRUE(send(here.get(), "ready"));
    EXPECT_TRUE(send(here.get(), "keep", "127.0.0.1:0"));
    const auto first = receive(there.get());
    const auto second = receive(there.get());
    ASSERT_TRUE(first && second);
    EXPECT_EQ(first->verb, "ready");
    EXPECT_EQ(first->rest, "");
    EXPECT_FALSE(first->descriptor);
    EXPECT_EQ(second->verb, "keep");
    EXPECT_EQ(second->rest, "127.0.0.1:0");
}

TEST_F(LinkTest, PassesADescriptorThatIsTheReceivers) {
    std::array<int, 2> pipe{};
    ASSERT_EQ(::pipe(pipe.data()), 0);
    const Descriptor read_end(pipe[0]);
    {
        const Descriptor write_end(pipe[1]);
        EXPECT_TRUE(send(here.get(), "door", "x y z", write_end.get()));
    }
    const auto message = receive(there.get());
    ASSERT_TRUE(message);
    EXPECT_EQ(message->rest, "x y z");
    ASSERT_TRUE(message->descriptor);
    EXPECT_EQ(::write(message->descriptor.get(), "!", 1), 1);
    char byte = 0;
    EXPECT_EQ(::read(read_end.get(), &byte, 1), 1);
    EXPECT_EQ(byte, '!');
}

TEST_F(LinkTest, SaysWhenTheOtherSideIsGone) {
    here = Descriptor();
    EXPECT_FALSE(receive(there.get()));
    EXPECT_FALSE(send(there.get(), "ready"));
}

}  // namespace
}  // namespace parley::supervisor
