// read_request.hpp: what a client of this wire asks, in canonical form.
#pragma once

#include <string_view>
#include <vector>

#include "json_text.hpp"
#include "parley/dialect.h"
#include "parley/sdk/draft.hpp"

namespace parley::claude {

const parley_request* read_request(const parley_call& call, sdk::Arena& arena);

// The content blocks of messages, results and documents.
class BlockReader {
public:
    explicit BlockReader(sdk::RequestDraft& draft) : draft_(draft), arena_(draft.arena()) {}

    using Parts = std::vector<const parley_part*>;

    // The next value: a text, or a list of blocks.
    Parts content(sdk::JsonReader& r, const sdk::Path& path);
    // One block.
    parley_part& block(std::string_view json, const sdk::Path& path);

    // PARLEY_CACHE_* of a cache_control object, which is now understood.
    uint32_t cache_mark(Members& members);

    bool saw_mark() const { return saw_mark_; }

private:
    void text(parley_part& part, Members& members);
    void citation(parley_citation& citation, std::string_view json);
    void reasoning(parley_part& part, Members& members);
    void tool_call(parley_part& part, Members& members);
    void tool_result(parley_part& part, Members& members, const sdk::Path& path);
    void media(parley_part& part, Members& members, const sdk::Path& path);
    void search_result(parley_part& part, Members& members, const sdk::Path& path);
    void item(parley_part& part, std::string_view json, std::string_view type);
    void parts_of(std::string_view json,
                  const sdk::Path& path,
                  const parley_part* const*& parts,
                  uint64_t& count);
    const parley_seal* seal(uint32_t scheme, parley_str data);

    sdk::RequestDraft& draft_;
    sdk::Arena& arena_;
    bool saw_mark_ = false;
};

// The list of tools.
void read_tools(std::string_view json, sdk::RequestDraft& draft, BlockReader& blocks);
// Which of them may or must be used.
void read_tool_choice(std::string_view json, sdk::RequestDraft& draft);

// PARLEY_CACHE_* of {"type":"ephemeral","ttl":…}.
uint32_t cache_ttl(std::string_view json);

// What the client said that only this wire knows, for a node of the tree.
void keep_extras(sdk::Arena& arena,
                 std::string_view json,
                 const parley_extra* const*& extras,
                 uint64_t& count);

[[noreturn]] void invalid(const std::string& param, const std::string& what);

}  // namespace parley::claude
