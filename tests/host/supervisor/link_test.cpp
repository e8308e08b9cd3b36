#include "supervisor/link.hpp"

#include <array>
#include <cstddef>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <gtest/gtest.h>

#include "base/black_box.hpp"
#include "supervisor/parent.hpp"

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

// A supervisor and the workers that it starts after an upgrade are of different programs.
TEST_F(LinkTest, ALayoutOfTheBlackBoxIsALanguage) {
    using base::BlackBox;
    using base::BlackBoxLine;
    EXPECT_EQ(kLanguage, 1) << "write the layout of that language down here";
    EXPECT_EQ(sizeof(BlackBox), 86552u);
    EXPECT_EQ(offsetof(BlackBox, lines), 16u);
    EXPECT_EQ(offsetof(BlackBox, plugins), 4112u);
    EXPECT_EQ(offsetof(BlackBox, leak_bytes), 86544u);
    EXPECT_EQ(sizeof(BlackBoxLine), 32u);
    EXPECT_EQ(offsetof(BlackBoxLine, now), 8u);
    EXPECT_EQ(offsetof(BlackBoxLine, signal), 20u);
    EXPECT_EQ(sizeof(base::BlackBoxPlugin), 161u);
}

TEST_F(LinkTest, AWorkerSpeaksNoOtherLanguage) {
    const auto met = [](const std::string& value) {
        const auto parent = Parent::meet(value);
        return parent ? std::string() : parent.error().message;
    };
    const std::string link = std::to_string(::dup(there.get()));
    const std::string memory = std::to_string(::memfd_create("a-box", MFD_CLOEXEC));
    const std::string why = met(link + "," + memory + ",99");
    EXPECT_NE(why.find("speaks language 99; this program speaks 1, restart parley"), why.npos)
        << why;
    for (const char* none : {"", "3", "3,4", "3,4,", "3,4,1,5", "-1,4,1", "x,4,1", "3,4,1x"}) {
        EXPECT_NE(met(none).find("--worker: a supervisor says it"), std::string::npos) << none;
    }
}

TEST_F(LinkTest, AWorkerHearsWhatItKnowsAndNothingElse) {
    const int link = ::dup(there.get());
    const int memory = ::memfd_create("a-box", MFD_CLOEXEC);
    ASSERT_EQ(::ftruncate(memory, sizeof(base::BlackBox)), 0);
    EXPECT_TRUE(send(here.get(), "crash", "11 abc 3 a file.so"));
    EXPECT_TRUE(send(here.get(), "sing", "a verb of tomorrow"));
    EXPECT_TRUE(send(here.get(), "go", "2 and more that tomorrow says"));
    const std::string value = std::to_string(link) + "," + std::to_string(memory) + ",1";
    const auto parent = Parent::meet(value);
    ASSERT_TRUE(parent) << parent.error().message;
    EXPECT_EQ(parent->seat(), 2);
    ASSERT_EQ(parent->crashes().size(), 1u);
    EXPECT_EQ(parent->crashes().front().file, "a file.so");
}

}  // namespace
}  // namespace parley::supervisor
