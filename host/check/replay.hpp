// check/replay.hpp: a transcript said to a plugin again, in processes of their own.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "check/check.hpp"
#include "check/transcript.hpp"

namespace parley::check {

// What came of one step.
struct Came {
    std::string out;    // what the plugin said
    std::string fault;  // it crashed, hung, or could not be told; empty: none of that
};

// One for each step: a plugin that a step ends is begun anew for the next one. Fails where the
// plugin cannot be loaded. Call it before the process has other threads.
base::Result<std::vector<Came>> replay(const Subject& subject, std::span<const Step> steps);

// Steps for every component that there is, with nothing written down yet. The same for the same
// plugin.
base::Result<std::vector<Step>> usual_steps(const Subject& subject);

}  // namespace parley::check
