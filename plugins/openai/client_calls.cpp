#include "client_calls.hpp"

#include "parley/sdk/json.hpp"
#include "parley/sdk/plugin.hpp"

namespace parley::openai {

using sdk::JsonReader;
using sdk::JsonString;
using sdk::view;

namespace {

constexpr ClientCall kCalls[] = {
    {"local_shell", "local_shell_call", "lsh_", "action", R"({"type":"exec","env":{}})"},
    {"shell", "shell_call", "sh_", "action", "{}"},
    {"apply_patch", "apply_patch_call", "apc_", "operation", "{}"},
};

bool has_member(std::string_view object, std::string_view name) {
    JsonReader r(object);
    JsonString key;
    r.enter_object();
    while (r.next_key(key)) {
        if (key.equals(name)) return true;
        r.skip();
    }
    return false;
}

bool is_object(std::string_view json) {
    JsonReader r(json);
    if (r.peek() != '{') return false;
    r.skip();
    return !r.failed() && r.at_end();
}

}  // namespace

const ClientCall* client_call(const parley_request& request, std::string_view name) {
    for (uint64_t i = 0; i < request.tool_count; ++i) {
        const parley_tool& tool = *request.tools[i];
        if (tool.kind != PARLEY_TOOL_CLIENT || view(tool.name) != name) continue;
        for (const ClientCall& call : kCalls) {
            if (call.tool == view(tool.wire_type)) return &call;
        }
    }
    return nullptr;
}

std::string client_call_member(const ClientCall& call, std::string_view arguments) {
    if (!is_object(arguments)) return {};
    std::string json;
    sdk::JsonWriter w(json);
    JsonString key;
    w.begin_object();
    JsonReader missing(call.missing);
    missing.enter_object();
    while (missing.next_key(key)) {
        const std::string_view value = missing.raw();
        if (!has_member(arguments, key.raw)) w.key(key.raw).raw(value);
    }
    JsonReader r(arguments);
    r.enter_object();
    while (r.next_key(key)) w.key(key.text()).raw(r.raw());
    w.end_object();
    return '"' + std::string(call.member) + "\":" + json;
}

}  // namespace parley::openai
