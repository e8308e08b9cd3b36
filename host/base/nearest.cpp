#include "base/nearest.hpp"

#include <algorithm>

namespace parley::base {

namespace {

constexpr std::size_t kWordMax = 100;
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

std::vector<std::string> nearest(std::string_view misspelt,
                                 const std::vector<std::string>& names,
                                 std::size_t count_max) {
    if (misspelt.size() > kWordMax) return {};
    const std::string lower = lower_case(misspelt);
    std::vector<std::pair<std::size_t, const std::string*>> close;
    for (const std::string& name : names) {
        if (name.size() > kWordMax) continue;
        const std::size_t edits = distance(lower, lower_case(name));
        if (edits <= kEditsMax) close.emplace_back(edits, &name);
    }
    const auto fewer = [](const auto& a, const auto& b) { return a.first < b.first; };
    std::stable_sort(close.begin(), close.end(), fewer);
    close.resize(std::min(close.size(), count_max));
    std::vector<std::string> out;
    for (const auto& [edits, name] : close) out.push_back(*name);
    return out;
}

}  // namespace parley::base
