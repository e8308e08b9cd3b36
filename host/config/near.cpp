#include "config/near.hpp"

#include <algorithm>

namespace parley::config {

namespace {

constexpr std::size_t kWordMax = 100;
constexpr std::size_t kQuotedMax = 60;
constexpr std::size_t kEditsMax = 3;

std::string lower_case(std::string_view text) {
    std::string out(text);
    for (char& c : out) {
        if (c >= 'A' && c <= 'Z') c = static_cast<char>(c + ('a' - 'A'));
    }
    return out;
}

// Insertions, deletions, replacements and swaps of neighbours.
std::size_t edits_between(std::string_view a, std::string_view b) {
    std::vector<std::size_t> older(b.size() + 1);
    std::vector<std::size_t> old(b.size() + 1);
    std::vector<std::size_t> row(b.size() + 1);
    for (std::size_t j = 0; j <= b.size(); ++j) row[j] = j;
    for (std::size_t i = 1; i <= a.size(); ++i) {
        older.swap(old);
        old.swap(row);
        row[0] = i;
        for (std::size_t j = 1; j <= b.size(); ++j) {
            const bool equal = a[i - 1] == b[j - 1];
            row[j] = std::min({old[j] + 1, row[j - 1] + 1, old[j - 1] + (equal ? 0 : 1)});
            const bool swapped = i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1];
            if (swapped) row[j] = std::min(row[j], older[j - 2] + 1);
        }
    }
    return row[b.size()];
}

// Edits, or more than kEditsMax when one was hardly meant to be the other.
std::size_t distance(std::string_view a, std::string_view b) {
    const std::size_t shorter = std::min(a.size(), b.size());
    const std::size_t longer = std::max(a.size(), b.size());
    const std::size_t edits = edits_between(a, b);
    const std::size_t allowed = std::clamp<std::size_t>(longer / 3, 1, kEditsMax);
    if (edits <= allowed && edits * 2 <= b.size()) return edits;
    // "key" for "api_key", "warning" for "warn".
    const bool is_part = a.find(b) != a.npos || b.find(a) != b.npos;
    const bool is_large_part = is_part && shorter >= 3 && shorter * 5 >= longer * 2;
    return is_large_part ? kEditsMax : kEditsMax + 1;
}

}  // namespace

std::string nearest(std::string_view word, const Words& candidates) {
    if (word.size() > kWordMax) return {};
    const std::string lower = lower_case(word);
    const std::string* best = nullptr;
    std::size_t fewest = kEditsMax + 1;
    for (const std::string& candidate : candidates) {
        const std::size_t edits = distance(lower, lower_case(candidate));
        if (edits >= fewest) continue;
        fewest = edits;
        best = &candidate;
    }
    return best == nullptr ? std::string{} : *best;
}

std::string cure_for(std::string_view word, const Words& candidates) {
    if (candidates.empty()) return "; none is known here";
    const std::string meant = nearest(word, candidates);
    if (!meant.empty()) return "; did you mean " + quote(meant);
    return "; known: " + join(candidates, ", ");
}

std::string quote(std::string_view text) {
    constexpr std::string_view kHex = "0123456789abcdef";
    std::string out = "\"";
    std::size_t taken = 0;
    for (const char c : text) {
        const auto byte = static_cast<unsigned char>(c);
        // Cut in front of a character, not inside of one.
        if (++taken > kQuotedMax && (byte & 0xC0) != 0x80) return out + "\"...";
        if (c == '"' || c == '\\') out += '\\';
        if (byte < 0x20 || byte == 0x7F) {
            out += "\\x";
            out += kHex[byte >> 4];
            out += kHex[byte & 15];
        } else {
            out += c;
        }
    }
    return out + '"';
}

std::string join(const Words& words, std::string_view between) {
    std::string out;
    for (const std::string& word : words) {
        if (!out.empty()) out += between;
        out += word;
    }
    return out;
}

}  // namespace parley::config
