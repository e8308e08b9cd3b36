// accounts/proofs.hpp: what requests prove their account by. An upstream that repeats it, to say
// that it is wrong, must not say it to clients, logs and screens.
#pragma once

#include <cstddef>
#include <span>
#include <string_view>

#include "parley/http.h"

namespace parley::accounts {

// What stands behind "Bearer " and the like.
std::string_view proof_in(std::string_view header_value);

// Empty when the header proves nothing.
std::string_view proof_in(const parley_header& header);

// Where it stands in a text; npos: nowhere. What is short is not looked for: it stands in for a key
// where none is needed, and may well be a word.
std::size_t find_proof(std::string_view text, std::string_view proof, std::size_t from = 0);

// Writes stars over it.
void hide_proof(std::span<char> text, std::string_view proof);
void hide_proofs(std::span<char> text, std::span<const parley_header> sent);

}  // namespace parley::accounts
