// gemini_test.hpp: cases in folders, and what all tests of this plugin ask.
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

#include <boost/json.hpp>
#include <gtest/gtest.h>

#include "codec/codec.hpp"

namespace parley::gemini {

using codec::Event;
using codec::sized;
using sdk::str;
using sdk::view;

inline const codec::Dialect& dialect() {
    static const codec::Dialect one("gemini-generate");
    return one;
}

inline std::string read_file(const std::filesystem::path& path) {
    std::ostringstream text;
    text << std::ifstream(path, std::ios::binary).rdbuf();
    return text.str();
}

// An input: one line, lines of headers, an empty line, the body.
struct Message {
    explicit Message(const std::string& text) {
        const std::size_t end = text.find("\n\n");
        std::istringstream head(text.substr(0, end));
        std::getline(head, first);
        for (std::string line; std::getline(head, line);) {
            const std::size_t colon = line.find(": ");
            headers.emplace_back(line.substr(0, colon), line.substr(colon + 2));
        }
        body = end == text.npos ? "" : text.substr(end + 2);
    }

    std::string header(std::string_view name) const {
        for (const auto& [each, value] : headers) {
            if (each == name) return value;
        }
        return {};
    }

    std::string first;
    std::vector<std::pair<std::string, std::string>> headers;
    std::string body;
};

// The folders of cases/ whose names begin with a subject.
inline std::vector<std::string> cases_of(const std::string& subject) {
    std::vector<std::string> names;
    for (const auto& entry : std::filesystem::directory_iterator("cases")) {
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
    explicit Case(const std::string& subject)
        : folder_(std::filesystem::path("cases") / (subject + "-" + GetParam())) {}

    const std::filesystem::path& folder() const { return folder_; }

    Message input(const char* file) const { return Message(read_file(folder_ / file)); }

    // UPDATE_CASES=1 writes anew what comes out.
    void expect(const char* file, const std::string& got) const {
        if (std::getenv("UPDATE_CASES") != nullptr) std::ofstream(folder_ / file) << got;
        EXPECT_EQ(got, read_file(folder_ / file)) << folder_ / file;
    }

private:
    std::filesystem::path folder_;
};

// A request as it stands in a case or in a test.
inline codec::Request post(const std::string& target, std::string body) {
    codec::Request request;
    const std::size_t query = target.find('?');
    request.path = target.substr(0, query);
    if (query != target.npos) request.query = target.substr(query + 1);
    request.body = std::move(body);
    return request;
}

inline codec::Decoded ask(std::string body,
                          const std::string& target = "/v1beta/models/m-x:generateContent") {
    return dialect().decode_request(post(target, std::move(body)));
}

// What is sent to the same dialect, as a request that can be read again.
inline codec::Request sent(const parley_request& request,
                           const std::string& model = "m-x",
                           const std::string& traits = {}) {
    const codec::Encoded encoded = dialect().encode_request(request, model, traits);
    return post(encoded.path + (encoded.query.empty() ? "" : "?" + encoded.query), encoded.body);
}

}  // namespace parley::gemini
