// corrections_test.cpp: what refusals teach, by the cases correct-*.
#include "codec/corrections.hpp"

#include "gemini_test.hpp"

namespace parley::gemini {

namespace {

struct CorrectCase : Case {
    CorrectCase() : Case("correct") {}
};

INSTANTIATE_TEST_SUITE_P(cases, CorrectCase, testing::ValuesIn(cases_of("correct")), test_name);

TEST_P(CorrectCase, TeachesWhatItShould) {
    expect("corrected.txt",
           codec::corrected(dialect(), folder(), "/v1beta/models/m-x:generateContent"));
}

}  // namespace

}  // namespace parley::gemini
