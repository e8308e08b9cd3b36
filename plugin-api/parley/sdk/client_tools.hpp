// parley/sdk/client_tools.hpp: tools that the client runs and that only the models of its own
// provider know by heart; every other model is told what they take.
#pragma once

#include <string_view>

#include "parley/request.h"
#include "parley/sdk/json.hpp"
#include "parley/sdk/plugin.hpp"

namespace parley::sdk {

namespace detail {

struct ClientTool {
    std::string_view prefix;  // of the wire type, which may end in a date
    std::string_view schema;  // as the provider documents the arguments
};

inline constexpr ClientTool kClientTools[] = {
    {"bash",
     R"({"type":"object","properties":{"command":{"type":"string"},)"
     R"("restart":{"type":"boolean"}}})"},
    {"text_editor",
     R"({"type":"object","properties":{"command":{"type":"string","enum":["view","create",)"
     R"("str_replace","insert","undo_edit"]},"path":{"type":"string"},)"
     R"("file_text":{"type":"string"},"old_str":{"type":"string"},"new_str":{"type":"string"},)"
     R"("insert_line":{"type":"integer"},"insert_text":{"type":"string"},)"
     R"("view_range":{"type":"array","items":{"type":"integer"}}},"required":["command","path"]})"},
    {"memory",
     R"({"type":"object","properties":{"command":{"type":"string","enum":["view","create",)"
     R"("str_replace","insert","delete","rename"]},"path":{"type":"string"},)"
     R"("file_text":{"type":"string"},"old_str":{"type":"string"},"new_str":{"type":"string"},)"
     R"("insert_line":{"type":"integer"},"insert_text":{"type":"string"},)"
     R"("old_path":{"type":"string"},"new_path":{"type":"string"}},"required":["command"]})"},
    {"local_shell",
     R"({"type":"object","properties":{"command":{"type":"array","items":{"type":"string"}},)"
     R"("working_directory":{"type":"string"},"timeout_ms":{"type":"integer"}},)"
     R"("required":["command"]})"},
    {"shell",
     R"({"type":"object","properties":{"commands":{"type":"array","items":{"type":"string"}},)"
     R"("timeout_ms":{"type":"integer"},"max_output_length":{"type":"integer"}},)"
     R"("required":["commands"]})"},
    {"apply_patch",
     R"({"type":"object","properties":{"type":{"type":"string","enum":["create_file",)"
     R"("update_file","delete_file"]},"path":{"type":"string"},"diff":{"type":"string"}},)"
     R"("required":["type","path"]})"},
};

}  // namespace detail

// The JSON Schema of a tool's arguments: its own, or the documented one; empty when neither is
// known.
inline std::string_view client_tool_schema(const parley_tool& tool) {
    if (tool.schema.len != 0) return view(tool.schema);
    const std::string_view type = view(tool.wire_type);
    if (type.empty()) return {};
    for (const detail::ClientTool& known : detail::kClientTools) {
        if (type.starts_with(known.prefix)) return known.schema;
    }
    return {};
}

// Whether the client lets its search look at nothing but what its own provider has stored. Another
// provider's search would go out.
inline bool stays_inside(const parley_server_tool& server) {
    JsonReader r(view(server.config));
    JsonString key;
    if (server.config.len == 0 || r.peek() != '{' || !r.enter_object()) return false;
    while (r.next_key(key)) {
        const std::string_view value = r.raw();
        if (key.raw == "external_web_access") return value == "false";
    }
    return false;
}

}  // namespace parley::sdk
