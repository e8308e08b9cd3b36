// read_tools.cpp: the tools of a request, and which of them may be used.
#include <algorithm>
#include <array>

#include "read_request.hpp"
#include "words.hpp"

namespace parley::claude {

using sdk::JsonReader;
using sdk::make;
using sdk::Path;
using sdk::str;
using sdk::view;

namespace {

// Tools that the client runs and the model knows without being told.
constexpr std::array<std::string_view, 4> kClientTools{
    "bash_", "text_editor_", "computer_", "memory_"};

// "web_search_20250305" -> "web_search"
std::string_view kind_of(std::string_view wire_type) {
    if (wire_type.starts_with("tool_search_tool")) return "tool_search";
    if (wire_type == "mcp_toolset") return "mcp";
    const std::size_t last = wire_type.rfind('_');
    const bool dated = last != wire_type.npos && wire_type.size() - last == 9 &&
                       wire_type.find_first_not_of("0123456789", last + 1) == wire_type.npos;
    return dated ? wire_type.substr(0, last) : wire_type;
}

const parley_str* texts(sdk::Arena& arena, std::string_view json, uint64_t& count) {
    std::vector<parley_str> all;
    JsonReader r(json);
    if (!json.empty() && r.peek() == '[' && r.enter_array()) {
        while (r.next_item()) all.push_back(sdk::read_text(arena, r));
    }
    count = all.size();
    return sdk::keep(arena, all);
}

class ToolReader {
public:
    ToolReader(sdk::RequestDraft& draft, BlockReader& blocks)
        : draft_(draft), arena_(draft.arena()), blocks_(blocks) {}

    void read(std::string_view json, const std::string& path) {
        Members m(json);
        const std::string type = m.text("type");
        const bool function = type.empty() || type == "custom";
        const bool client =
            std::any_of(kClientTools.begin(), kClientTools.end(), [&](std::string_view prefix) {
                return type.starts_with(prefix);
            });
        parley_tool& tool = draft_.tool(function ? PARLEY_TOOL_FUNCTION
                                        : client ? PARLEY_TOOL_CLIENT
                                                 : PARLEY_TOOL_SERVER,
                                        path);
        tool.name = m.text(arena_, "name");
        tool.cache = blocks_.cache_mark(m);
        tool.defer_loading = m.says("defer_loading");
        if (function) {
            if (tool.name.len == 0) invalid(path + ".name", path + ".name: a text was expected");
            this->function(tool, m);
        } else {
            tool.wire_type = arena_.copy(type);
        }
        if (tool.kind == PARLEY_TOOL_SERVER) {
            server(tool, m, kind_of(type));
            return;
        }
        keep_extras(arena_, m.rest(), tool.extras, tool.extra_count);
    }

private:
    void function(parley_tool& tool, Members& m) {
        tool.description = m.text(arena_, "description");
        tool.schema = arena_.copy(compact(m.take("input_schema")));
        tool.strict = m.says("strict");
        tool.eager_stream = m.says("eager_input_streaming");
        tool.input_examples = arena_.copy(compact(m.take("input_examples")));
    }

    void server(parley_tool& tool, Members& m, std::string_view kind) {
        auto& server = make<parley_server_tool>(arena_);
        tool.server = &server;
        server.type = arena_.copy(kind);
        server.allowed_domains =
            texts(arena_, m.take("allowed_domains"), server.allowed_domain_count);
        server.blocked_domains =
            texts(arena_, m.take("blocked_domains"), server.blocked_domain_count);
        server.max_uses = m.number("max_uses");
        server.user_location = arena_.copy(compact(m.take("user_location")));
        server.config = arena_.copy(m.rest());
    }

    sdk::RequestDraft& draft_;
    sdk::Arena& arena_;
    BlockReader& blocks_;
};

}  // namespace

void read_tools(std::string_view json, sdk::RequestDraft& draft, BlockReader& blocks) {
    JsonReader r(json);
    if (r.peek() != '[') invalid("tools", "tools: a list was expected");
    const Path path("tools");
    ToolReader reader(draft, blocks);
    r.enter_array();
    for (std::size_t i = 0; r.next_item(); ++i) reader.read(r.raw(), path[i].text());
}

void read_tool_choice(std::string_view json, sdk::RequestDraft& draft) {
    Members m(json);
    const std::string type = m.text("type");
    auto& choice = make<parley_tool_choice>(draft.arena());
    choice.name = m.text(draft.arena(), "name");
    if (type == "auto") {
        choice.mode = PARLEY_CHOICE_AUTO;
    } else if (type == "any") {
        choice.mode = PARLEY_CHOICE_REQUIRED;
    } else if (type == "none") {
        choice.mode = PARLEY_CHOICE_NONE;
    } else if (type == "tool" && choice.name.len != 0) {
        choice.mode = PARLEY_CHOICE_TOOL;
    } else {
        invalid("tool_choice", "tool_choice.type: auto, any, none or tool was expected");
    }
    draft.request.tool_choice = &choice;
    const uint32_t alone = m.says("disable_parallel_tool_use");
    if (alone != 0) {
        draft.request.parallel_tools = alone == PARLEY_SAYS_YES ? PARLEY_SAYS_NO : PARLEY_SAYS_YES;
    }
}

}  // namespace parley::claude
