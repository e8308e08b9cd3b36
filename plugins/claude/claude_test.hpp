// claude_test.hpp: cases in folders, and requests of other dialects made by hand.
#pragma once

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "codec/codec.hpp"

namespace parley::claude {

using codec::Decoded;
using codec::Encoded;
using codec::Event;
using codec::Refused;

namespace fs = std::filesystem;

inline const codec::Dialect& dialect() {
    static const codec::Dialect messages("anthropic-messages");
    return messages;
}

inline std::string read_file(const fs::path& path) {
    std::ostringstream text;
    text << std::ifstream(path, std::ios::binary).rdbuf();
    return text.str();
}

// The folders of cases/ whose names begin with `subject` and a dash, without it.
inline std::vector<std::string> cases_of(const std::string& subject) {
    std::vector<std::string> names;
    for (const auto& entry : fs::directory_iterator("cases")) {
        const std::string name = entry.path().filename();
        if (name.starts_with(subject + "-")) names.push_back(name.substr(subject.size() + 1));
    }
    std::sort(names.begin(), names.end());
    return names;
}

inline std::string test_name(const testing::TestParamInfo<std::string>& each) {
    std::string name = each.param;
    std::replace(name.begin(), name.end(), '-', '_');
    return name;
}

class Case : public testing::TestWithParam<std::string> {
protected:
    explicit Case(const std::string& subject) : folder_("cases/" + subject + "-" + GetParam()) {}

    const fs::path& folder() const { return folder_; }

    bool has(const char* file) const { return fs::exists(folder_ / file); }

    std::string input(const char* file) const { return read_file(folder_ / file); }

    void expect(const char* file, const std::string& got) const {
        if (std::getenv("UPDATE_CASES") != nullptr) std::ofstream(folder_ / file) << got;
        EXPECT_EQ(got, read_file(folder_ / file)) << folder_ / file;
    }

private:
    fs::path folder_;
};

inline codec::Request post(std::string body, std::string path = "/v1/messages") {
    codec::Request request;
    request.path = std::move(path);
    request.body = std::move(body);
    return request;
}

inline Decoded decoded(const std::string& body, const std::string& path = "/v1/messages") {
    return dialect().decode_request(post(body, path));
}

// As a client of another dialect would ask.
inline Encoded crossed(const Decoded& asked,
                       const std::string& traits = {},
                       const std::string& model = "claude-x") {
    parley_request foreign = *asked.request;
    foreign.dialect = sdk::str("test");
    return dialect().encode_request(foreign, model, traits);
}

inline bool has_warning(const Encoded& encoded, std::string_view warning) {
    return std::find(encoded.warnings.begin(), encoded.warnings.end(), warning) !=
           encoded.warnings.end();
}

inline bool is_whole(const std::vector<Event>& events) {
    return events.back().raw.type == PARLEY_EVENT_FINISH;
}

// Where two texts part, with some of each: bodies are too long to be shown.
inline std::string difference(const std::string& a, const std::string& b) {
    if (a == b) return {};
    const auto [at, other] = std::mismatch(a.begin(), a.end(), b.begin(), b.end());
    const std::size_t from = static_cast<std::size_t>(at - a.begin());
    const std::size_t shown = from < 80 ? 0 : from - 80;
    return "at " + std::to_string(from) + ":\n  " + a.substr(shown, 240) + "\n  " +
           b.substr(shown, 240);
}

// The recorded traffic, if it is here: PARLEY_CORPUS names its folder.
inline fs::path corpus() {
    const char* told = std::getenv("PARLEY_CORPUS");
    return told != nullptr ? told : "../../../shared/corpus";
}

}  // namespace parley::claude
