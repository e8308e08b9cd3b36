// write_request.hpp: a canonical request in this wire's words.
#pragma once

#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "crossing.hpp"
#include "parley/dialect.h"
#include "parley/sdk/body.hpp"
#include "parley/sdk/plugin.hpp"
#include "thinking.hpp"

namespace parley::claude {

void write_request(const parley_request& request,
                   const parley_target& target,
                   sdk::Arena& arena,
                   parley_encoded_request& head,
                   sdk::Out& out);

// Which breakpoints are kept: the wire takes four.
class Marks {
public:
    Marks(const parley_request& request, std::size_t most);

    bool keeps(const void* node) const { return kept_.contains(node); }

    bool any() const { return !kept_.empty(); }

private:
    std::set<const void*> kept_;
};

void write_mark(sdk::JsonWriter& w, uint32_t cache);

// The tools, as far as this wire has them.
class ToolWriter {
public:
    explicit ToolWriter(Crossing& crossing);

    // Writes the member "tools", if there are any.
    void write(sdk::JsonWriter& w, const Marks& marks);
    void write_choice(sdk::JsonWriter& w) const;

    // A tool must be called.
    bool is_forced() const;

    bool has_schema_tool() const { return schema_tool_; }

private:
    bool keeps(const parley_tool& tool);
    bool allows(const parley_tool& tool) const;
    void drop(const parley_tool& tool);
    void write_one(sdk::JsonWriter& w, const parley_tool& tool, const Marks& marks);
    void write_function(sdk::JsonWriter& w, const parley_tool& tool);
    void write_server(sdk::JsonWriter& w, const parley_tool& tool);
    std::string wire_type(const parley_tool& tool);
    void write_schema_tool(sdk::JsonWriter& w);
    void collect_stubs();

    Crossing& c_;
    std::vector<const parley_tool*> tools_;
    std::vector<std::string> stubs_;  // names that only the history knows
    bool schema_tool_ = false;
};

// One content block of a turn.
struct Piece {
    const parley_part* part = nullptr;
    std::string text;  // when there is no part
};

struct Turn {
    uint32_t role = 0;  // USER, ASSISTANT or SYSTEM
    std::vector<Piece> pieces;
    std::vector<const parley_extra*> extras;
};

// The turns as the wire wants them: user and assistant by turns, the user first.
struct Talk {
    std::vector<Turn> turns;
    std::string prefill;  // how the answer shall begin, where a turn cannot say it
};

Talk arrange(Crossing& crossing, const ThinkingPlan& thinking);

// Writes content blocks.
class BlockWriter {
public:
    BlockWriter(Crossing& crossing, sdk::JsonWriter& w, const Marks& marks)
        : c_(crossing), w_(w), marks_(marks) {}

    void write(const Piece& piece, uint32_t role);
    void text(std::string_view text);

private:
    void part(const parley_part& part, uint32_t role);
    void text_part(const parley_part& part, uint32_t role);
    void reasoning(const parley_part& part);
    void call(const parley_part& part);
    void result(const parley_part& part);
    void image(const parley_part& part);
    void document(const parley_part& part);
    void search_result(const parley_part& part);
    void item(const parley_part& part);
    void base64(const parley_media& media);
    void source(const char* type, const char* member, parley_str value);
    void parts(const parley_part* const* all, uint64_t count);
    void extras(const parley_part& part);
    // The mark of a block, and its end.
    void close(const parley_part& part);

    Crossing& c_;
    sdk::JsonWriter& w_;
    const Marks& marks_;
};

// Whether a part has a place on this wire; what has none is warned of, or refused.
bool keeps_part(Crossing& crossing,
                const parley_part& part,
                uint32_t role,
                const ThinkingPlan& thinking);

}  // namespace parley::claude
