// parley/sdk/cuts.hpp: take elements out of a JSON list, and members out of an object, by edits of
// the text they stand in.
#pragma once

#include <cstddef>
#include <string_view>
#include <vector>

#include "parley/dialect.h"
#include "parley/sdk/plugin.hpp"

namespace parley::sdk {

// Where an element stands, and whether it goes.
struct Element {
    std::size_t at;
    std::size_t end;
    bool goes;
};

// With an element goes the comma behind it, or in front of the last ones. Where none is left,
// `nothing` stands in for all of them.
inline void cut_elements(const std::vector<Element>& elements,
                         parley_str nothing,
                         std::vector<parley_edit>& edits) {
    std::size_t kept = 0;
    for (const Element& e : elements) kept += e.goes ? 0 : 1;
    if (kept == elements.size()) return;
    if (kept == 0) {
        const std::size_t from = elements.front().at;
        edits.push_back({from, elements.back().end - from, nothing});
        return;
    }
    std::size_t last = elements.size();
    while (elements[last - 1].goes) --last;
    for (std::size_t i = 0; i < last; ++i) {
        if (!elements[i].goes) continue;
        edits.push_back({elements[i].at, elements[i + 1].at - elements[i].at, {}});
    }
    if (last == elements.size()) return;
    const std::size_t from = elements[last - 1].end;
    edits.push_back({from, elements.back().end - from, {}});
}

// The edit that takes a member out of its object: `from` is where the member before it ended, or
// where the object began; `end` is where its own value ends.
inline parley_edit cut_member(std::string_view body, std::size_t from, std::size_t end) {
    constexpr std::string_view kSpace = " \t\r\n";
    const std::size_t first = body.find_first_not_of(kSpace, from);
    const std::size_t next = body.find_first_not_of(kSpace, end);
    const bool is_first = first != body.npos && body[first] != ',';
    if (is_first && next != body.npos && body[next] == ',') end = next + 1;
    return {from, end - from, {}};
}

}  // namespace parley::sdk
