#include "base/nearest.hpp"

#include <algorithm>

namespace parley::base {

namespace {

// Edit distance (insert, delete, replace), one row at a time.
std::size_t distance(std::string_view a, std::string_view b) {
    std::vector<std::size_t> row(b.size() + 1);
    for (std::size_t j = 0; j <= b.size(); ++j) row[j] = j;
    for (std::size_t i = 1; i <= a.size(); ++i) {
        std::size_t diagonal = row[0];
        row[0] = i;
        for (std::size_t j = 1; j <= b.size(); ++j) {
            const std::size_t replaced = diagonal + (a[i - 1] == b[j - 1] ? 0 : 1);
            diagonal = row[j];
            row[j] = std::min({row[j] + 1, row[j - 1] + 1, replaced});
        }
    }
    return row[b.size()];
}

}  // namespace

std::vector<std::string> nearest(std::string_view misspelt,
                                 const std::vector<std::string>& names,
                                 std::size_t count_max) {
    constexpr std::size_t kNameBytesMax = 128;
    std::vector<std::pair<std::size_t, std::string>> close;
    if (misspelt.size() > kNameBytesMax) return {};
    for (const std::string& name : names) {
        if (name.size() > kNameBytesMax) continue;
        const std::size_t d = distance(misspelt, name);
        const std::size_t far =
            std::max<std::size_t>(2, std::max(misspelt.size(), name.size()) / 3);
        if (d <= far) close.emplace_back(d, name);
    }
    std::sort(close.begin(), close.end());
    std::vector<std::string> out;
    for (auto& [d, name] : close) {
        if (out.size() == count_max) break;
        out.push_back(std::move(name));
    }
    return out;
}

}  // namespace parley::base
