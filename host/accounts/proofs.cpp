#include "accounts/proofs.hpp"

#include <algorithm>

#include "plugins/border.hpp"

namespace parley::accounts {

std::string_view proof_in(std::string_view header_value) {
    return header_value.substr(header_value.rfind(' ') + 1);
}

std::string_view proof_in(const parley_header& header) {
    if ((header.flags & PARLEY_HEADER_SECRET) == 0) return {};
    return proof_in(plugins::view(header.value));
}

std::size_t find_proof(std::string_view text, std::string_view proof, std::size_t from) {
    constexpr std::size_t kProofBytesMin = 16;
    return proof.size() < kProofBytesMin ? text.npos : text.find(proof, from);
}

void hide_proof(std::span<char> text, std::string_view proof) {
    std::size_t at = 0;
    while ((at = find_proof({text.data(), text.size()}, proof, at)) != proof.npos) {
        std::fill_n(text.begin() + static_cast<std::ptrdiff_t>(at), proof.size(), '*');
    }
}

void hide_proofs(std::span<char> text, std::span<const parley_header> sent) {
    for (const parley_header& header : sent) hide_proof(text, proof_in(header));
}

}  // namespace parley::accounts
