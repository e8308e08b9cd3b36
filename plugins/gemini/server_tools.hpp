// server_tools.hpp: tools that Google runs, by their canonical and their own names.
#pragma once

#include <array>
#include <string_view>

#include "wire.hpp"

namespace parley::gemini {

struct ServerTool {
    std::string_view type;
    std::string_view member;
    bool is_common = false;  // others know it by the canonical type alone
};

inline constexpr std::array kServerTools{
    ServerTool{"web_search", "googleSearch", true},
    ServerTool{"web_fetch", "urlContext", true},
    ServerTool{"code_execution", "codeExecution", true},
    ServerTool{"maps", "googleMaps"},
    ServerTool{"file_search", "fileSearch"},
    ServerTool{"computer", "computerUse"},
    ServerTool{"mcp", "mcpServers"},
    // The spelling of old models; they are told apart when written, not when read.
    ServerTool{"web_search", "googleSearchRetrieval"},
};

inline const ServerTool* server_tool_of(const sdk::JsonString& key) {
    for (const ServerTool& tool : kServerTools) {
        if (is(key, tool.member)) return &tool;
    }
    return nullptr;
}

}  // namespace parley::gemini
