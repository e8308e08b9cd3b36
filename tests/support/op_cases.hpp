// support/op_cases.hpp: what the border wants of every op, shown on written answers: each folder
// cases/<subject>-<name> holds answers.txt and the transcript.txt that comes of them.
// UPDATE_CASES=1 writes the transcripts anew.
#pragma once

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <functional>
#include <memory>
#include <sstream>
#include <string>
#include <vector>

#include <gtest/gtest.h>
#include <openssl/sha.h>

#include "parley/host.h"
#include "parley/sdk/login.hpp"
#include "parley/sdk/op_stage.hpp"

namespace parley::stage {

using Begin = std::function<std::unique_ptr<sdk::Op>()>;

inline std::string read_file(const std::filesystem::path& path) {
    std::ostringstream text;
    text << std::ifstream(path, std::ios::binary).rdbuf();
    return text.str();
}

// A host that can hash and nothing else.
inline const parley_host* hashing_host() {
    static const parley_host_crypto crypto = [] {
        parley_host_crypto made{};
        made.struct_size = sizeof(made);
        made.sha256 = [](const parley_host*, parley_bytes data, uint8_t* out) -> parley_status {
            SHA256(data.ptr, data.len, out);
            return PARLEY_OK;
        };
        return made;
    }();
    static const parley_host host = [] {
        parley_host made{};
        made.struct_size = sizeof(made);
        made.get_extension = [](const parley_host*, parley_str) -> const void* { return &crypto; };
        return made;
    }();
    return &host;
}

// The folders of cases/ whose names begin with a subject.
inline std::vector<std::string> op_cases_of(const std::string& subject) {
    std::vector<std::string> names;
    for (const auto& entry : std::filesystem::directory_iterator("cases")) {
        const std::string name = entry.path().filename();
        if (name.starts_with(subject + "-")) names.push_back(name);
    }
    std::sort(names.begin(), names.end());
    return names;
}

inline std::string op_case_name(const testing::TestParamInfo<std::string>& each) {
    std::string name = each.param;
    std::replace(name.begin(), name.end(), '-', '_');
    return name;
}

class OpCase : public testing::TestWithParam<std::string> {
protected:
    virtual std::unique_ptr<sdk::Op> begin() = 0;

    std::vector<Answer> answers() const {
        return read_answers(read_file(folder() / "answers.txt"));
    }

    void goes_by_its_transcript() {
        Stage play(&sdk::detail::op_table(), on_border());
        play.play(answers());
        EXPECT_EQ(play.broken, "");
        EXPECT_TRUE(play.is_over()) << play.transcript;
        const auto file = folder() / "transcript.txt";
        if (std::getenv("UPDATE_CASES") != nullptr) std::ofstream(file) << play.transcript;
        EXPECT_EQ(play.transcript, read_file(file)) << file;
    }

    void can_be_cancelled_after_every_step() {
        const auto all = answers();
        for (std::size_t steps = 0; steps <= all.size(); ++steps) {
            Stage play(&sdk::detail::op_table(), on_border());
            play.play({all.begin(), all.begin() + static_cast<std::ptrdiff_t>(steps)});
            play.end();
            EXPECT_EQ(play.broken, "") << steps;
        }
    }

    // Whether some step looks at errors itself, and may make something else of them.
    virtual bool sees_errors() const { return false; }

    // It ends with the error, or goes on where a step has seen it.
    void bears_every_error_at_every_step() {
        const auto all = answers();
        for (std::size_t at = 0; at < all.size(); ++at) {
            for (int error_class = 1; error_class <= PARLEY_E_BUDGET; ++error_class) {
                Stage play(&sdk::detail::op_table(), on_border());
                std::vector<Answer> spoilt(all.begin(),
                                           all.begin() + static_cast<std::ptrdiff_t>(at));
                spoilt.push_back({"fail", std::to_string(error_class) + " it broke", {}, ""});
                play.play(spoilt);
                EXPECT_EQ(play.broken, "") << at;
                const bool is_seen = play.message != "it broke";
                EXPECT_TRUE(!is_seen || sees_errors()) << at << ": " << play.transcript;
                EXPECT_TRUE(is_seen || play.status == -error_class) << at;
            }
        }
    }

private:
    std::filesystem::path folder() const { return std::filesystem::path("cases") / GetParam(); }

    parley_op* on_border() { return reinterpret_cast<parley_op*>(begin().release()); }
};

}  // namespace parley::stage

// What every op is held to; `Fixture` is an OpCase, and INSTANTIATE_TEST_SUITE_P names its cases.
#define PARLEY_OP_TESTS(Fixture)                    \
    TEST_P(Fixture, GoesByItsTranscript) {          \
        goes_by_its_transcript();                   \
    }                                               \
    TEST_P(Fixture, CanBeCancelledAfterEveryStep) { \
        can_be_cancelled_after_every_step();        \
    }                                               \
    TEST_P(Fixture, BearsEveryErrorAtEveryStep) {   \
        bears_every_error_at_every_step();          \
    }                                               \
    static_assert(true)

// The cases of one subject, by whose name they are called.
#define PARLEY_OP_CASES(Fixture, subject)                                               \
    INSTANTIATE_TEST_SUITE_P(subject,                                                   \
                             Fixture,                                                   \
                             testing::ValuesIn(::parley::stage::op_cases_of(#subject)), \
                             ::parley::stage::op_case_name)
