// write_tools.cpp: the tools of a request, and which of them may be used.
#include <algorithm>
#include <map>

#include "decoder.hpp"
#include "json_text.hpp"
#include "parley/sdk/client_tools.hpp"
#include "parley/sdk/custom_tool.hpp"
#include "parley/sdk/extras.hpp"
#include "schema.hpp"
#include "words.hpp"
#include "write_request.hpp"

namespace parley::claude {

using sdk::view;

namespace {

// What other dialects' server tools are here.
struct ServerTool {
    std::string_view type;
    std::string_view wire_type;
    std::string_view beta;
};

constexpr ServerTool kServerTools[] = {
    {"web_search", "web_search_20250305", ""},
    {"web_fetch", "web_fetch_20250910", "web-fetch-2025-09-10"},
    {"code_execution", "code_execution_20250825", "code-execution-2025-08-25"},
};

const ServerTool* server_tool(std::string_view type) {
    for (const ServerTool& each : kServerTools) {
        if (each.type == type) return &each;
    }
    return nullptr;
}

std::string_view type_of(const parley_tool& tool) {
    if (tool.server != nullptr) return view(tool.server->type);
    return tool.wire_type.len != 0 ? view(tool.wire_type) : view(tool.name);
}

// {"type":"approximate","approximate":{…}} is flat here.
std::string flat_location(std::string_view json) {
    Members m(json);
    const std::string_view inner = m.take("approximate");
    if (!is_object(inner)) return std::string(json);
    return with_member(inner, "type", "\"approximate\"");
}

void write_texts(sdk::JsonWriter& w, std::string_view key, const parley_str* all, uint64_t count) {
    if (count == 0) return;
    w.key(key).begin_array();
    for (uint64_t i = 0; i < count; ++i) w.string(view(all[i]));
    w.end_array();
}

}  // namespace

ToolWriter::ToolWriter(Crossing& crossing)
    : c_(crossing), schema_tool_(sends_schema_as_tool(crossing.request, crossing.target)) {
    std::map<std::string, const parley_tool*> last;
    for (uint64_t i = 0; i < c_.request.tool_count; ++i) {
        const parley_tool& tool = *c_.request.tools[i];
        last[c_.names.wire(view(tool.name_space), view(tool.name))] = &tool;
    }
    for (uint64_t i = 0; i < c_.request.tool_count; ++i) {
        const parley_tool& tool = *c_.request.tools[i];
        const auto found = last.find(c_.names.wire(view(tool.name_space), view(tool.name)));
        if (tool.name.len != 0 && found->second != &tool) {
            c_.warn(PARLEY_WARNING_TOOL_DROPPED, view(tool.name));  // the later one counts
        } else if (keeps(tool)) {
            tools_.push_back(&tool);
        }
    }
    if (schema_tool_) c_.warn(PARLEY_WARNING_SCHEMA_VIA_TOOL);
    if (tools_.empty() && !schema_tool_ && !c_.own) collect_stubs();
}

// A history with calls needs a list of tools.
void ToolWriter::collect_stubs() {
    for (uint64_t m = 0; m < c_.request.message_count; ++m) {
        const parley_message& message = *c_.request.messages[m];
        for (uint64_t p = 0; p < message.part_count; ++p) {
            const parley_tool_call* call = message.parts[p]->tool_call;
            if (call == nullptr) continue;
            std::string name = c_.names.wire(view(call->name_space), view(call->name));
            if (std::find(stubs_.begin(), stubs_.end(), name) == stubs_.end()) {
                stubs_.push_back(std::move(name));
            }
        }
    }
}

bool ToolWriter::allows(const parley_tool& tool) const {
    const parley_tool_choice* choice = c_.request.tool_choice;
    if (choice == nullptr || choice->allowed_count == 0) return true;
    const auto is_it = [&](parley_str name) { return view(name) == view(tool.name); };
    return std::any_of(choice->allowed, choice->allowed + choice->allowed_count, is_it);
}

bool ToolWriter::keeps(const parley_tool& tool) {
    if (!allows(tool)) {
        // Functions are left out of the choice by it, those of the provider by this wire.
        if (tool.kind == PARLEY_TOOL_SERVER) c_.warn(PARLEY_WARNING_TOOL_DROPPED, type_of(tool));
        return false;
    }
    if (tool.kind == PARLEY_TOOL_FUNCTION || tool.kind == PARLEY_TOOL_CUSTOM) return true;
    if (c_.own) return tool.wire_type.len != 0;
    if (tool.kind == PARLEY_TOOL_CLIENT) return true;
    const std::string_view type = type_of(tool);
    const bool unlisted = c_.traits.has("server_tools") && !c_.traits.lists("server_tools", type);
    const bool known = tool.kind == PARLEY_TOOL_SERVER && server_tool(type) != nullptr;
    if (known && !unlisted && !sdk::stays_inside(*tool.server)) return true;
    drop(tool);
    return false;
}

// Clients list tools of their own provider as a matter of course; only those that cannot be done
// without are a reason to refuse.
void ToolWriter::drop(const parley_tool& tool) {
    const parley_tool_choice* choice = c_.request.tool_choice;
    const std::string_view type = type_of(tool);
    bool needed = type == "mcp";
    if (choice != nullptr && choice->mode == PARLEY_CHOICE_REQUIRED) {
        needed = needed || c_.request.tool_count == 1;
    }
    if (choice != nullptr && choice->mode == PARLEY_CHOICE_TOOL) {
        const std::string_view name = view(choice->name);
        needed = needed || name == view(tool.name) || name == type;
    }
    if (needed && !c_.lenient) {
        throw sdk::Failure(PARLEY_E_UNSUPPORTED,
                           "the tool \"" + std::string(type) + "\" is not offered here",
                           std::string(view(tool.origin)),
                           "unsupported_value");
    }
    c_.warn(PARLEY_WARNING_TOOL_DROPPED, type);
}

void ToolWriter::write(sdk::JsonWriter& w, const Marks& marks) {
    if (tools_.empty() && stubs_.empty() && !schema_tool_) return;
    w.key("tools").begin_array();
    for (const parley_tool* tool : tools_) write_one(w, *tool, marks);
    for (const std::string& name : stubs_) {
        w.begin_object().key("name").string(name);
        w.key("input_schema").raw(input_schema({})).end_object();
    }
    if (schema_tool_) write_schema_tool(w);
    w.end_array();
}

void ToolWriter::write_one(sdk::JsonWriter& w, const parley_tool& tool, const Marks& marks) {
    w.begin_object();
    if (tool.kind == PARLEY_TOOL_SERVER) {
        write_server(w, tool);
    } else if (tool.kind == PARLEY_TOOL_CLIENT && c_.own) {
        w.key("type").string(view(tool.wire_type)).key("name").string(view(tool.name));
    } else {
        write_function(w, tool);
    }
    if (c_.own) {
        if (tool.defer_loading != 0) {
            w.key("defer_loading").boolean(tool.defer_loading == PARLEY_SAYS_YES);
        }
        if (tool.eager_stream != 0) {
            w.key("eager_input_streaming").boolean(tool.eager_stream == PARLEY_SAYS_YES);
        }
        if (tool.input_examples.len != 0) w.key("input_examples").raw(view(tool.input_examples));
        sdk::write_extras(w, tool, kDialect);
    }
    if (tool.cache != 0 && marks.keeps(&tool)) write_mark(w, tool.cache);
    w.end_object();
}

void ToolWriter::write_function(sdk::JsonWriter& w, const parley_tool& tool) {
    const std::string_view name = tool.name.len != 0 ? view(tool.name) : view(tool.wire_type);
    w.key("name").string(c_.names.wire(view(tool.name_space), name));
    if (tool.description.len != 0) w.key("description").string(view(tool.description));
    const bool custom = tool.kind == PARLEY_TOOL_CUSTOM;
    w.key("input_schema");
    w.raw(custom ? sdk::custom_tool_schema(tool) : input_schema(sdk::client_tool_schema(tool)));
    if (tool.strict == 0 || custom) return;
    if (c_.own) {
        w.key("strict").boolean(tool.strict == PARLEY_SAYS_YES);
        return;
    }
    if (tool.strict != PARLEY_SAYS_YES) return;
    bool changed = tool.schema.len == 0;
    guaranteed_schema(view(tool.schema), changed);
    if (changed || !c_.traits.flag("strict_ok", true)) {
        c_.warn(PARLEY_WARNING_STRICT_DROPPED, view(tool.origin));
    } else {
        w.key("strict").boolean(true);
    }
}

std::string ToolWriter::wire_type(const parley_tool& tool) {
    if (c_.own) return std::string(view(tool.wire_type));
    const ServerTool& known = *server_tool(view(tool.server->type));
    if (!known.beta.empty()) c_.betas.emplace(known.beta);
    return std::string(known.wire_type);
}

void ToolWriter::write_server(sdk::JsonWriter& w, const parley_tool& tool) {
    const parley_server_tool& server = *tool.server;
    w.key("type").string(wire_type(tool));
    if (!c_.own) {
        w.key("name").string(view(server.type));
    } else if (tool.name.len != 0) {
        w.key("name").string(view(tool.name));
    }
    if (server.max_uses.text.len != 0) w.key("max_uses").raw(view(server.max_uses.text));
    write_texts(w, "allowed_domains", server.allowed_domains, server.allowed_domain_count);
    if (c_.own || server.allowed_domain_count == 0) {
        write_texts(w, "blocked_domains", server.blocked_domains, server.blocked_domain_count);
    }
    if (server.user_location.len != 0) {
        w.key("user_location").raw(flat_location(view(server.user_location)));
    }
    if (!c_.own || server.config.len == 0) return;
    sdk::JsonReader r(view(server.config));
    sdk::JsonString key;
    r.enter_object();
    while (r.next_key(key)) w.key(key.text()).raw(r.raw());
}

void ToolWriter::write_schema_tool(sdk::JsonWriter& w) {
    const parley_format& format = *c_.request.format;
    w.begin_object().key("name").string(kSchemaTool);
    w.key("description")
        .string(format.description.len != 0
                    ? view(format.description)
                    : "Call this with the answer, in the shape of its input.");
    w.key("input_schema").raw(input_schema(view(format.schema))).end_object();
}

bool ToolWriter::is_forced() const {
    const parley_tool_choice* choice = c_.request.tool_choice;
    const bool asked =
        choice != nullptr && !tools_.empty() &&
        (choice->mode == PARLEY_CHOICE_REQUIRED || choice->mode == PARLEY_CHOICE_TOOL);
    return asked || schema_tool_;
}

void ToolWriter::write_choice(sdk::JsonWriter& w) const {
    if (!stubs_.empty()) {
        w.key("tool_choice").begin_object().key("type").string("none").end_object();
        return;
    }
    if (tools_.empty() && !schema_tool_) return;
    const parley_tool_choice* told = c_.request.tool_choice;
    const uint32_t mode = told == nullptr ? 0 : told->mode;
    const bool alone = c_.request.parallel_tools == PARLEY_SAYS_NO;
    if (mode == 0 && !alone && !schema_tool_) return;
    w.key("tool_choice").begin_object().key("type");
    if (schema_tool_ && tools_.empty()) {
        w.string("tool").key("name").string(kSchemaTool);
    } else if (mode == PARLEY_CHOICE_TOOL) {
        w.string("tool").key("name").string(c_.names.wire({}, view(told->name)));
    } else if (mode == PARLEY_CHOICE_REQUIRED || schema_tool_) {
        w.string("any");
    } else {
        w.string(mode == PARLEY_CHOICE_NONE ? "none" : "auto");
    }
    const bool may_be_many = mode != PARLEY_CHOICE_NONE || schema_tool_;
    if (may_be_many && (alone || schema_tool_)) {
        w.key("disable_parallel_tool_use").boolean(true);
    } else if (may_be_many && c_.own && c_.request.parallel_tools == PARLEY_SAYS_YES) {
        w.key("disable_parallel_tool_use").boolean(false);
    }
    w.end_object();
}

}  // namespace parley::claude
