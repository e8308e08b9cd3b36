// faults.hpp: the words that tests compare.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "config/load.hpp"

namespace parley::config {

using Texts = std::vector<std::string>;

inline const Environment kNoEnvironment{{{"HOME", "/h"}}};

inline Texts texts_of(const std::vector<Fault>& faults) {
    Texts texts;
    for (const Fault& fault : faults) texts.push_back(fault.text("p.toml"));
    return texts;
}

inline Texts faults_in(std::string_view text, const Environment& environment = kNoEnvironment) {
    return texts_of(load_text(text, "p.toml", environment).faults);
}

// What a text without faults says.
inline Config config_of(std::string_view text, const Environment& environment = kNoEnvironment) {
    Loaded loaded = load_text(text, "p.toml", environment);
    EXPECT_EQ(texts_of(loaded.faults), Texts{}) << text;
    EXPECT_EQ(texts_of(loaded.warnings), Texts{}) << text;
    return std::move(loaded.config);
}

}  // namespace parley::config
