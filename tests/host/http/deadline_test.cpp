#include "http/deadline.hpp"

#include <optional>
#include <vector>

#include <gtest/gtest.h>

namespace parley::http {
namespace {

struct Clock {
    int started = 0;
    Deadlines all{[](void* self) { ++static_cast<Clock*>(self)->started; }, this};
};

struct Owner {
    int expired = 0;
    std::optional<Deadline> deadline;
    std::optional<Deadline>* to_clear = nullptr;

    explicit Owner(Clock& clock) {
        deadline.emplace(clock.all, this, [](void* self) {
            auto* owner = static_cast<Owner*>(self);
            ++owner->expired;
            if (owner->to_clear != nullptr) owner->to_clear->reset();
        });
    }
};

TEST(Deadline, FiresOnceWhenDue) {
    Clock clock;
    Owner owner(clock);
    owner.deadline->set(100);
    EXPECT_EQ(clock.started, 1);
    clock.all.set_now_ms(99);
    EXPECT_TRUE(clock.all.tick());
    EXPECT_EQ(owner.expired, 0);
    clock.all.set_now_ms(100);
    EXPECT_FALSE(clock.all.tick());
    EXPECT_EQ(owner.expired, 1);
    clock.all.set_now_ms(1000);
    EXPECT_FALSE(clock.all.tick());
    EXPECT_EQ(owner.expired, 1);
}

TEST(Deadline, IsReplacedAndCleared) {
    Clock clock;
    Owner owner(clock);
    owner.deadline->set(10);
    owner.deadline->set(1000);
    clock.all.set_now_ms(500);
    EXPECT_TRUE(clock.all.tick());
    EXPECT_EQ(owner.expired, 0);
    owner.deadline->set(0);
    clock.all.set_now_ms(5000);
    EXPECT_FALSE(clock.all.tick());
    EXPECT_EQ(owner.expired, 0);
}

TEST(Deadline, CountsNoTimeForWhichTheLoopWasHeldUp) {
    Clock clock;
    Owner owner(clock);
    owner.deadline->set(1000);
    clock.all.set_now_ms(6000);
    EXPECT_TRUE(clock.all.tick(5950));
    EXPECT_EQ(owner.expired, 0);
    clock.all.set_now_ms(6949);
    EXPECT_TRUE(clock.all.tick(Deadline::kLateMs - 1));
    EXPECT_EQ(owner.expired, 0);
    clock.all.set_now_ms(6950);
    EXPECT_FALSE(clock.all.tick());
    EXPECT_EQ(owner.expired, 1);
}

TEST(Deadline, WhatFiresMayDestroyOthers) {
    Clock clock;
    Owner first(clock);
    Owner second(clock);
    first.to_clear = &second.deadline;
    first.deadline->set(10);
    second.deadline->set(10);
    clock.all.set_now_ms(10);
    EXPECT_FALSE(clock.all.tick());
    EXPECT_EQ(first.expired, 1);
    EXPECT_EQ(second.expired, 0);
}

TEST(Deadline, TickingStartsAgain) {
    Clock clock;
    Owner owner(clock);
    owner.deadline->set(10);
    clock.all.set_now_ms(10);
    EXPECT_FALSE(clock.all.tick());
    owner.deadline->set(10);
    EXPECT_EQ(clock.started, 2);
}

}  // namespace
}  // namespace parley::http
