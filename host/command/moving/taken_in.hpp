// command/moving/taken_in.hpp: accounts that are moved into the store.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "command/moving/moved.hpp"
#include "command/options.hpp"
#include "store/opened.hpp"

namespace parley::command {

// The configuration that the command line and the environment name, whether it is there or not.
std::string target_of(const Options& options);

// Writes the accounts into the store of the configuration, each after its login has read it. One
// that is there already stays as it is. A line for each; false when one could not be written.
bool take_in(const Options& options, Moved& moved);

// The accounts of the store, those that are broken, too. Nothing, with words about why, where they
// cannot be read.
std::optional<std::vector<store::Listed>> stored_accounts(const Options& options);

// What `parley export` wrote, into `moved`; returns why it is none of that, or nothing.
std::string read_exported(std::string_view text, Moved& moved);

}  // namespace parley::command
