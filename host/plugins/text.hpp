// plugins/text.hpp: what plugins call themselves and say, made safe to show, and why one is
// refused.
#pragma once

#include <string>
#include <string_view>
#include <utility>

#include "base/counted.hpp"
#include "base/error.hpp"

namespace parley::plugins {

// The text with everything escaped that could fake a line, move a cursor or is not UTF-8, at most
// about `bytes_max` long.
std::string printable(std::string_view text, std::size_t bytes_max);

// The same between quotes, for names inside a sentence.
std::string quoted(std::string_view text);

// "my-provider": lower case letters and digits in words joined by single hyphens.
bool is_kebab(std::string_view text);

// "dev.parley.example": two or more such words joined by dots.
bool is_reverse_dns(std::string_view text);

using base::counted;

// Why a plugin is not taken. `check` is the number that the check has in the list of
// `parley plugin check`, so that words can be looked up: "A3".
inline base::Error refusal(std::string check, int error_class, std::string message) {
    base::Error e;
    e.error_class = error_class;
    e.fault = PARLEY_FAULT_PLUGIN;
    e.scope = PARLEY_SCOPE_PLUGIN;
    e.advice = PARLEY_ADVICE_NEVER;
    e.message = std::move(message);
    e.code = std::move(check);
    return e;
}

}  // namespace parley::plugins
