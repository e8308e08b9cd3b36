// corrections.hpp: cases of correct_traits, one a folder: request.json, as a client of another
// dialect might have asked it; traits.json, where something is known of the model; refusal.json,
// the upstream's words; corrected.txt, what is learnt: a JSON object, or the word "declined".
#pragma once

#include <filesystem>
#include <fstream>
#include <sstream>

#include <gtest/gtest.h>

#include "codec/codec.hpp"

namespace parley::codec {

// What the case's refusal comes to. A correction must also end the matter: with it over the
// traits, the same refusal teaches nothing more of the same trait.
inline std::string corrected(const Dialect& dialect,
                             const std::filesystem::path& folder,
                             const std::string& path) {
    const auto text = [&](const char* file) {
        std::ostringstream all;
        all << std::ifstream(folder / file, std::ios::binary).rdbuf();
        return all.str();
    };
    Request asked;
    asked.path = path;
    asked.body = text("request.json");
    const Decoded decoded = dialect.decode_request(std::move(asked));
    parley_request foreign = *decoded.request;
    foreign.dialect = str("test");
    const std::string traits = text("traits.json");
    const std::string refusal = text("refusal.json");
    const std::string right = dialect.correct_traits(foreign, traits, refusal);
    if (right.empty()) return "declined\n";
    const std::size_t brace = traits.find('{');
    const bool none = brace == traits.npos || traits.find(':') == traits.npos;
    const std::string both =
        none ? right : "{" + right.substr(1, right.size() - 2) + "," + traits.substr(brace + 1);
    EXPECT_NE(dialect.correct_traits(foreign, both, refusal), right) << "the same lesson twice";
    return right + '\n';
}

}  // namespace parley::codec
