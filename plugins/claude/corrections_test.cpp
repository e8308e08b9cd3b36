// corrections_test.cpp: what refusals teach, by the cases correct-*.
#include "codec/corrections.hpp"

#include "claude_test.hpp"

namespace parley::claude {

namespace {

struct CorrectCase : Case {
    CorrectCase() : Case("correct") {}
};

INSTANTIATE_TEST_SUITE_P(cases, CorrectCase, testing::ValuesIn(cases_of("correct")), test_name);

TEST_P(CorrectCase, TeachesWhatItShould) {
    expect("corrected.txt", codec::corrected(dialect(), folder(), "/v1/messages"));
}

}  // namespace

}  // namespace parley::claude
