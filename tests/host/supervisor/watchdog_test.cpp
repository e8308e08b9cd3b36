#include "supervisor/watchdog.hpp"

#include <memory>

#include <gtest/gtest.h>

namespace parley::supervisor {
namespace {

using Step = Watchdog::Step;

struct WatchdogTest : testing::Test {
    std::unique_ptr<base::BlackBox> box = std::make_unique<base::BlackBox>();
    base::BlackBoxLine& line = box->lines[3];
    Watchdog watchdog;

    WatchdogTest() {
        box->slow_call_ms = 100;
        box->stuck_dump_ms = 1'000;
        box->stuck_abort_ms = 10'000;
        line.thread = 42;
        line.is_loop = 1;
    }

    void visit(base::Place place) {
        line.now = place;
        line.visits = line.visits + 1;
    }

    Step look(std::uint64_t now_ms) {
        const auto found = watchdog.look(*box, now_ms);
        return found.empty() ? Step::none : found.front().step;
    }
};

TEST_F(WatchdogTest, TellsEachStepOfAVisitOnce) {
    visit(7 << 8 | 1);
    EXPECT_EQ(look(1'000), Step::none);
    EXPECT_EQ(look(1'099), Step::none);
    EXPECT_EQ(look(1'100), Step::slow);
    EXPECT_EQ(look(1'500), Step::none);
    EXPECT_EQ(look(2'000), Step::dump);
    EXPECT_EQ(look(10'999), Step::none);
    EXPECT_EQ(look(11'000), Step::abort);
    EXPECT_EQ(look(20'000), Step::none);
}

TEST_F(WatchdogTest, ManyShortVisitsAreNoLongOne) {
    for (std::uint64_t now_ms = 0; now_ms < 30'000; now_ms += 50) {
        visit(7 << 8 | 1);
        EXPECT_EQ(look(now_ms), Step::none);
        EXPECT_TRUE(watchdog.saw_life());
    }
}

TEST_F(WatchdogTest, WhoIsInNoPluginHoldsNothingUp) {
    visit(0);
    look(0);
    EXPECT_EQ(look(60'000), Step::none);
    EXPECT_FALSE(watchdog.saw_life());
}

TEST_F(WatchdogTest, OnlyLoopsAreWatched) {
    line.is_loop = 0;
    visit(7 << 8 | 1);
    look(0);
    EXPECT_EQ(look(60'000), Step::none);
}

TEST_F(WatchdogTest, ALineThatAnotherThreadTakesBeginsAnew) {
    visit(7 << 8 | 1);
    look(0);
    line.thread = 43;
    EXPECT_EQ(look(20'000), Step::none);
}

TEST_F(WatchdogTest, ALimitOfZeroIsNone) {
    box->stuck_abort_ms = 0;
    visit(7 << 8 | 1);
    look(0);
    EXPECT_EQ(look(60'000), Step::dump);
    EXPECT_EQ(look(120'000), Step::none);
}

}  // namespace
}  // namespace parley::supervisor
