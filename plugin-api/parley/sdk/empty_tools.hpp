// parley/sdk/empty_tools.hpp: places that speak like Chat Completions and answer oddly to an empty
// list of tools: it is taken out, which means the same everywhere else.
#pragma once

#include <algorithm>
#include <string_view>

#include "parley/provider.h"
#include "parley/sdk/json.hpp"
#include "parley/sdk/plugin.hpp"

namespace parley::sdk {

// A body that may have such a list at its top, found without reading it all.
inline bool may_have_empty_tools(std::string_view body) {
    constexpr std::string_view kName = "\"tools\"";
    const auto pass = [&](std::size_t& at, char wanted) {
        at = std::min(body.find_first_not_of(" \t\r\n", at), body.size());
        return at < body.size() && body[at++] == wanted;
    };
    for (std::size_t at = body.find(kName); at != body.npos; at = body.find(kName, at)) {
        at += kName.size();
        if (pass(at, ':') && pass(at, '[') && pass(at, ']')) return true;
    }
    return false;
}

// The edit that takes it out, with one comma beside it; one of no length where there is none.
inline parley_edit without_empty_tools(std::string_view body) {
    JsonReader r(body);
    JsonString key;
    std::size_t before = 0;  // behind the member before, or behind the brace
    bool is_first = true;
    parley_edit edit{};
    if (r.peek() != '{' || !r.enter_object()) return edit;
    before = r.at();
    while (r.next_key(key)) {
        const bool is_tools = key.raw == "tools" && r.peek() == '[';
        const std::string_view value = r.raw();
        const std::size_t end = r.at();
        if (is_tools && value.find_first_not_of(" \t\r\n", 1) == value.size() - 1) {
            // With the comma in front of it, or else the one behind it.
            const std::size_t next = std::min(body.find_first_not_of(" \t\r\n", end), body.size());
            const bool takes_next = is_first && next < body.size() && body[next] == ',';
            edit = {before, (takes_next ? next + 1 : end) - before, {}};
            break;
        }
        before = end;
        is_first = false;
    }
    return edit;
}

// What a provider's amend does with it.
inline void amend_empty_tools(std::string_view body, Arena& arena, parley_amendment& out) {
    const parley_edit edit = without_empty_tools(body);
    if (edit.len == 0) return;
    auto* kept = arena.array<parley_edit>(1);
    *kept = edit;
    out.edits = kept;
    out.edit_count = 1;
}

}  // namespace parley::sdk
