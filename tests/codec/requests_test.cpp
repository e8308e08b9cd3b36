// requests_test.cpp: every recorded request comes back from its own dialect with the same meaning,
// and crosses to the others, or is refused with the name of what cannot cross.
#include <iostream>
#include <map>

#include <boost/json/parse.hpp>
#include <gtest/gtest.h>

#include "codec.hpp"
#include "corpus.hpp"
#include "fields.hpp"

namespace parley::codec {

namespace {

// The request of a recording as a client of Parley would send it.
Request request_of(const Recorded& r) {
    Request request;
    request.path = r.path;
    request.query = r.query;
    request.body = r.request;
    if (r.wire == "openai-chat") request.path = "/v1/chat/completions";
    if (r.wire == "openai-responses") request.path = "/v1/responses";
    if (r.wire == "anthropic-messages") {
        request.path = "/v1/messages";
        request.headers.emplace_back("anthropic-version", "2023-06-01");
    }
    if (r.wire == "gemini-generate") {
        const std::size_t models = r.path.find("/models/");
        request.path = "/v1beta" + r.path.substr(models);
    }
    return request;
}

bool is_generate(const Recorded& r) {
    if (r.request.empty() || r.status >= 400) return false;
    if (r.wire != "gemini-generate") return true;
    return r.path.find("/models/") != std::string::npos &&
           r.path.find("enerateContent") != std::string::npos;
}

class Requests : public testing::TestWithParam<std::string> {
protected:
    void SetUp() override {
        if (corpus().empty()) GTEST_SKIP() << "no corpus";
    }
};

// Encoding what was decoded from an encoding changes nothing any more, not a byte.
TEST_P(Requests, ReachAFixpointInTheirOwnDialect) {
    const Dialect& own = dialect(GetParam());
    int seen = 0;
    for (const Recorded& r : corpus()) {
        if (r.wire != GetParam() || !is_generate(r)) continue;
        SCOPED_TRACE(r.id);
        Decoded first;
        Encoded once;
        try {
            first = own.decode_request(request_of(r));
            once = own.encode_request(*first.request, "model-x");
        } catch (const Refused& refused) {
            EXPECT_FALSE(refused.param.empty() && refused.code.empty()) << refused.what();
            continue;
        }
        const Decoded second = own.decode_request(sent(GetParam(), once));
        const Encoded twice = own.encode_request(*second.request, "model-x");
        EXPECT_EQ(once.body, twice.body);
        EXPECT_NO_THROW(boost::json::parse(once.body)) << once.body.substr(0, 300);
        ++seen;
    }
    std::cout << GetParam() << ": " << seen << " recorded requests\n";
}

TEST_P(Requests, CrossToEveryOtherDialect) {
    const Dialect& own = dialect(GetParam());
    for (const std::string& id : kDialects) {
        if (id == GetParam()) continue;
        std::map<std::string, int> refusals;
        int crossed = 0;
        for (const Recorded& r : corpus()) {
            if (r.wire != GetParam() || !is_generate(r)) continue;
            SCOPED_TRACE(r.id + " -> " + id);
            try {
                const Decoded decoded = own.decode_request(request_of(r));
                const Encoded encoded = dialect(id).encode_request(*decoded.request, "model-x");
                EXPECT_NO_THROW(boost::json::parse(encoded.body)) << encoded.body.substr(0, 300);
                // What was written can be read by whoever owns the dialect.
                EXPECT_NO_THROW(dialect(id).decode_request(sent(id, encoded)));
                const Encoded again = dialect(id).encode_request(*decoded.request, "model-x");
                EXPECT_EQ(encoded.body, again.body);
                ++crossed;
            } catch (const Refused& refused) {
                EXPECT_TRUE(refused.error_class == PARLEY_E_UNSUPPORTED ||
                            refused.error_class == PARLEY_E_INVALID_ARGUMENT)
                    << refused.what();
                EXPECT_FALSE(std::string(refused.what()).empty());
                ++refusals[refused.what()];
            }
        }
        std::cout << GetParam() << " -> " << id << ": " << crossed << " crossed";
        for (const auto& [why, count] : refusals) std::cout << "\n  " << count << " x " << why;
        std::cout << '\n';
    }
}

INSTANTIATE_TEST_SUITE_P(Of, Requests, testing::ValuesIn(kDialects), [](const auto& dialect_id) {
    std::string name = dialect_id.param;
    std::replace(name.begin(), name.end(), '-', '_');
    return name;
});

}  // namespace

}  // namespace parley::codec
