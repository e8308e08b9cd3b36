// stage.hpp: what the suite runs a store on: its server, if it has one, and a place of its own for
// each test. A store of somebody else is tested by
//   PARLEY_STORE_PLUGIN=FILE.so PARLEY_STORE_SETTINGS='{"key": "%"}'
// where % becomes another name for each test.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "client.hpp"

namespace parley::store_test {

class Stage {
public:
    virtual ~Stage() = default;

    // Starts what the store needs; why it cannot, in words, or nothing.
    virtual std::string start() { return {}; }

    // The settings of a store that has nothing in it yet, as JSON.
    virtual std::string fresh_settings() = 0;

    std::string name;
    std::string plugin;  // the file
    // A document that is put as it has been before has the revision that it had then.
    bool revision_is_content = false;
};

// One of each kind, started by the first test that asks for it and ended with the program.
Stage& stage(const std::string& name);
std::vector<std::string> stage_names();

std::unique_ptr<Stage> file_stage();
std::unique_ptr<Stage> git_stage();
std::unique_ptr<Stage> postgres_stage();
std::unique_ptr<Stage> s3_stage();

// A folder that goes with its owner.
class Scratch {
public:
    Scratch();
    ~Scratch();
    Scratch(const Scratch&) = delete;
    Scratch& operator=(const Scratch&) = delete;

    const std::string& path() const { return path_; }

private:
    std::string path_;
};

// A test with a store that has nothing in it. Skips, with the reason, where its server is missing.
class StoreTest : public testing::TestWithParam<std::string> {
protected:
    void SetUp() override;

    // Another client of the same store.
    std::unique_ptr<Client> another();

    // Skips a test of what this store says that it cannot do.
    bool lacks(std::uint32_t capability) const { return !store_->can(capability); }

    std::string settings_;
    std::unique_ptr<Client> store_;
};

inline std::string name_of(const testing::TestParamInfo<std::string>& stage) {
    return stage.param;
}

#define PARLEY_NEEDS(capability) \
    if (lacks(capability)) GTEST_SKIP() << GetParam() << " does not offer " #capability

#define PARLEY_EXPECT_CLASS(told, error_class)                                  \
    do {                                                                        \
        const auto& told_ = (told);                                             \
        EXPECT_EQ(told_.status, -(error_class)) << told_.message;               \
        EXPECT_TRUE(told_.status >= 0 || !told_.message.empty()) << "no words"; \
    } while (false)

#define PARLEY_ASSERT_OK(told)                                            \
    do {                                                                  \
        const auto& told_ = (told);                                       \
        ASSERT_TRUE(told_.ok()) << told_.status << ": " << told_.message; \
    } while (false)

}  // namespace parley::store_test
