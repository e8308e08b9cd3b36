// estimate_test.cpp: a guess at the tokens of a request against what upstreams counted of it.
#include "pipeline/estimate.hpp"

#include <algorithm>
#include <iostream>

#include <gtest/gtest.h>

#include "corpus.hpp"
#include "fields.hpp"
#include "parley/sdk/usage.hpp"

namespace parley::codec {

namespace {

Request request_of(const Recorded& r) {
    Request request;
    request.path = r.wire == "openai-chat"        ? "/v1/chat/completions"
                   : r.wire == "openai-responses" ? "/v1/responses"
                                                  : "/v1/messages";
    if (r.wire == "gemini-generate")
        request.path = "/v1beta" + r.path.substr(r.path.find("/models/"));
    request.query = r.query;
    request.body = r.request;
    if (r.wire == "anthropic-messages") {
        request.headers.emplace_back("anthropic-version", "2023-06-01");
    }
    return request;
}

// What the upstream counted; 0: nothing.
uint64_t counted(const Recorded& r) {
    sdk::Usage usage;
    for (const Event& e : dialect(r.wire).decode(plain_request(), r.reply, r.streamed)) {
        if (e.raw.type == PARLEY_EVENT_USAGE) sdk::merge_usage(usage, sdk::usage_of(e.border()));
    }
    return usage.input_total;
}

bool is_talk(const Recorded& r) {
    if (r.request.empty() || r.reply.empty() || r.status >= 400) return false;
    // What a provider keeps or fetches is not in the request, nor is what its own tools read.
    for (const char* elsewhere : {"previous_response_id",
                                  "conversation\"",
                                  "cachedContent",
                                  "file_id",
                                  "fileData",
                                  "\"url\"",
                                  "https://",
                                  "web_search",
                                  "googleSearch",
                                  "google_search",
                                  "url_context",
                                  "urlContext",
                                  "code_execution",
                                  "codeExecution",
                                  "code_interpreter",
                                  "file_search",
                                  "\"mcp",
                                  "encrypted_content",
                                  "image_generation"}) {
        if (r.request.find(elsewhere) != r.request.npos) return false;
    }
    return r.wire != "gemini-generate" || (r.path.find("/models/") != std::string::npos &&
                                           r.path.find("enerateContent") != std::string::npos);
}

// Clients fold their history by it: rather too early than too late.
TEST(Estimate, IsRatherTooHigh) {
    if (corpus().empty()) GTEST_SKIP() << "no corpus";
    std::vector<double> ratios;
    std::vector<double> large;
    for (const Recorded& r : corpus()) {
        if (!is_talk(r)) continue;
        try {
            const Decoded asked = dialect(r.wire).decode_request(request_of(r));
            const uint64_t real = counted(r);
            // Some recordings count what a proxy put around the request.
            if (real < 20) continue;
            const auto guess = static_cast<double>(pipeline::estimated_tokens(*asked.request));
            ratios.push_back(guess / static_cast<double>(real));
            if (real >= 2000) large.push_back(ratios.back());
        } catch (const Refused&) {
            continue;
        }
    }
    ASSERT_GT(ratios.size(), 100u);
    std::sort(ratios.begin(), ratios.end());
    const auto low = std::lower_bound(ratios.begin(), ratios.end(), 1.0) - ratios.begin();
    std::cout << ratios.size() << " requests, " << low << " guessed too low, median "
              << ratios[ratios.size() / 2] << '\n';
    EXPECT_LT(static_cast<double>(low), 0.05 * static_cast<double>(ratios.size()));
    // What is added to every request is much of a small one and nothing of a large one.
    ASSERT_GT(large.size(), 20u);
    std::sort(large.begin(), large.end());
    std::cout << large.size() << " of 2000 tokens and more, median " << large[large.size() / 2]
              << '\n';
    EXPECT_LT(large[large.size() / 2], 2) << "too high to be of use";
}

}  // namespace

}  // namespace parley::codec
