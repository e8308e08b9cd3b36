// config/near.hpp: the cure in a fault: what a misspelt word was meant to be.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace parley::config {

using Words = std::vector<std::string>;

// The candidate that is fewest edits away, "" when none is near enough to be meant.
std::string nearest(std::string_view word, const Words& candidates);

// `; did you mean "listen"`, else `; known: a, b, c`, else `; none is known here`.
std::string cure_for(std::string_view word, const Words& candidates);

// The text in quotes, fit for one line: control characters escaped, cut when very long.
std::string quote(std::string_view text);

// `"a", "b"` and the like.
std::string join(const Words& words, std::string_view between);

}  // namespace parley::config
