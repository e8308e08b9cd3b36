// check/transcript.hpp: what a plugin was told and what it said to that, to be told it again.
//
// A transcript is a file of JSON objects, one a line and one a step; docs/transcripts.md says what
// they hold.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <boost/json/object.hpp>

#include "base/error.hpp"

namespace parley::check {

struct Step {
    std::string call;                // "reply", "plan" ...
    std::string of;                  // the id of a component; empty: the one that takes such calls
    boost::json::object with;        // what else the call is given
    boost::json::value in;           // what the plugin is told
    std::string in_file;             // where that stands by itself; empty: in the transcript
    std::optional<std::string> out;  // what it said; absent: nobody has written that down yet

    std::string in_text() const;
};

// Every fault names its line. `folder` is where an "in_file" is looked for.
base::Result<std::vector<Step>> read_transcript(std::string_view text, const std::string& folder);
std::string to_text(const Step& step);

// The lines of two texts that are not the same in both, with "- " and "+ " before them.
std::string differing_lines(std::string_view before, std::string_view after);

}  // namespace parley::check
