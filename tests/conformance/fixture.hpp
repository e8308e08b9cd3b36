// fixture.hpp: a folder of its own for each test, with plugins in it that only their owner writes.
#pragma once

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <sys/stat.h>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

#include "plugins/library.hpp"

namespace parley::plugins {

class PluginFolder : public testing::Test {
protected:
    // Has the process's first thread behind it: a sanitizer brings one of its own with that.
    static void SetUpTestSuite() {
        std::thread([] {}).join();
    }

    void SetUp() override {
        std::string pattern = testing::TempDir() + "/parley-XXXXXX";
        ASSERT_NE(::mkdtemp(pattern.data()), nullptr);
        folder_ = pattern;
        options_.services = std::make_shared<HostServices>();
        options_.services->log = [this](const PluginLine& line) {
            lines_.push_back(std::string(line.component) + ": " + std::string(line.text));
        };
        options_.unloaded = [this](const Unloaded& how) { unloaded_.push_back(how); };
    }

    void TearDown() override { std::filesystem::remove_all(folder_); }

    static std::string contents(const std::string& path) {
        std::ifstream file(path, std::ios::binary);
        return {std::istreambuf_iterator<char>(file), {}};
    }

    // The bytes of a built plugin.
    static std::string built(const std::string& name) {
        return contents(PARLEY_TEST_PLUGINS "/" + name + ".so");
    }

    std::string write(const std::string& name, const std::string& bytes) const {
        std::string path = folder_ + "/" + name;
        std::ofstream(path, std::ios::binary) << bytes;
        ::chmod(path.c_str(), 0644);
        return path;
    }

    std::string put(const std::string& name) const { return write(name + ".so", built(name)); }

    // What refusing a file says, after "plugin NAME: "; empty when it is taken.
    std::string refused(const std::string& path) {
        const auto library = Library::load(path, options_);
        if (library.has_value()) return {};
        check_ = library.error().code;
        const std::string where = "plugin " + path.substr(path.rfind('/') + 1) + ": ";
        const std::string& message = library.error().message;
        EXPECT_EQ(message.substr(0, where.size()), where);
        EXPECT_EQ(library.error().fault, unsigned{PARLEY_FAULT_PLUGIN});
        return message.substr(std::min(where.size(), message.size()));
    }

    std::string folder_;
    LoadOptions options_;
    std::string check_;  // of the last refusal
    std::vector<std::string> lines_;
    std::vector<Unloaded> unloaded_;
};

inline std::size_t entries(const std::string& folder) {
    const std::filesystem::directory_iterator all(folder);
    return static_cast<std::size_t>(std::distance(begin(all), end(all)));
}

inline std::size_t open_files() {
    return entries("/proc/self/fd");
}

inline std::size_t threads() {
    return entries("/proc/self/task");
}

}  // namespace parley::plugins
