// read_tools.cpp: what the model may call, and whether it must.
#include <array>
#include <vector>

#include "openapi.hpp"
#include "read_request.hpp"
#include "server_tools.hpp"

namespace parley::gemini {

using sdk::Failure;
using sdk::JsonReader;
using sdk::JsonString;
using sdk::make;
using sdk::Path;
using sdk::RequestDraft;
using sdk::str;
using sdk::view;

namespace {

constexpr std::array<std::string_view, 5> kModes{"", "AUTO", "ANY", "NONE", "VALIDATED"};

class ToolsReader {
public:
    ToolsReader(bool is_strict, RequestDraft& draft)
        : is_strict_(is_strict), draft_(draft), arena_(draft.arena()) {}

    void read(std::string_view json) {
        JsonReader r(json);
        std::size_t index = 0;
        each_element(r, [&](JsonReader& entry) {
            const Path path = Path("tools")[index++];
            each_member(entry, [&](const JsonString& key, JsonReader& value) {
                if (is(key, "functionDeclarations")) {
                    functions(value, path / "functionDeclarations");
                } else {
                    server(key, value, path);
                }
            });
        });
    }

private:
    void functions(JsonReader& r, const Path& path) {
        std::size_t index = 0;
        each_element(r, [&](JsonReader& one) { function(one, path[index++]); });
    }

    void function(JsonReader& r, const Path& path) {
        parley_tool& tool = draft_.tool(PARLEY_TOOL_FUNCTION, path.text());
        if (is_strict_) tool.strict = PARLEY_SAYS_YES;
        std::string rest;
        each_member(r, [&](const JsonString& key, JsonReader& value) {
            if (key.raw == "name") {
                tool.name = sdk::read_text(arena_, value);
            } else if (key.raw == "description") {
                tool.description = sdk::read_text(arena_, value);
            } else if (is(key, "parametersJsonSchema")) {
                tool.schema = compacted(value.raw());
            } else if (key.raw == "parameters") {
                tool.schema = upgraded(value.raw());
            } else if (is(key, "responseJsonSchema")) {
                tool.output_schema = compacted(value.raw());
            } else if (key.raw == "response") {
                tool.output_schema = upgraded(value.raw());
            } else {
                keep_member(key, value, rest);
            }
        });
        if (tool.name.len == 0) {
            throw Failure(PARLEY_E_INVALID_ARGUMENT,
                          path.text() + ": a name was expected",
                          (path / "name").text());
        }
        if (!rest.empty()) keep_extras(tool, rest);
    }

    parley_str compacted(std::string_view json) {
        std::string text;
        if (json != "null") compact(json, text);
        return arena_.copy(text);
    }

    parley_str upgraded(std::string_view json) {
        return json == "null" ? parley_str{} : arena_.copy(to_json_schema(json));
    }

    void keep_extras(parley_tool& tool, const std::string& members) {
        auto& extra = make<parley_extra>(arena_);
        extra.dialect = str(kDialectId);
        extra.json = arena_.copy("{" + members + "}");
        const std::vector<const parley_extra*> extras{&extra};
        tool.extras = sdk::keep(arena_, extras);
        tool.extra_count = 1;
    }

    void server(const JsonString& key, JsonReader& r, const Path& path) {
        const ServerTool* known = server_tool_of(key);
        const std::string_view config = r.raw();
        if (config == "null") return;
        parley_tool& tool = draft_.tool(PARLEY_TOOL_SERVER, (path / key.raw).text());
        auto& server = make<parley_server_tool>(arena_);
        server.type = known != nullptr ? str(known->type) : arena_.copy(key.raw);
        tool.wire_type = known != nullptr ? str(known->member) : arena_.copy(key.raw);
        if (config != "{}") server.config = compacted(config);
        tool.server = &server;
    }

    bool is_strict_;
    RequestDraft& draft_;
    sdk::Arena& arena_;
};

void read_calling(JsonReader& r, ToolConfig& config, RequestDraft& draft) {
    auto& choice = make<parley_tool_choice>(draft.arena());
    std::vector<parley_str> allowed;
    std::string mode;
    each_member(r, [&](const JsonString& key, JsonReader& value) {
        if (key.raw == "mode") {
            mode = read_enum(value, kModes);
        } else if (is(key, "allowedFunctionNames")) {
            each_element(value, [&](JsonReader& one) {
                allowed.push_back(sdk::read_text(draft.arena(), one));
            });
        } else {
            value.skip();
        }
    });
    for (char& c : mode) c = c >= 'a' && c <= 'z' ? static_cast<char>(c - 32) : c;
    config.is_strict = mode == "VALIDATED";
    if (mode == "AUTO" || config.is_strict) choice.mode = PARLEY_CHOICE_AUTO;
    if (mode == "NONE") choice.mode = PARLEY_CHOICE_NONE;
    if (mode == "ANY") choice.mode = PARLEY_CHOICE_REQUIRED;
    if (choice.mode == 0) return;
    if (mode == "ANY" && allowed.size() == 1) {
        choice.mode = PARLEY_CHOICE_TOOL;
        choice.name = allowed.front();
    } else {
        choice.allowed = sdk::keep(draft.arena(), allowed);
        choice.allowed_count = allowed.size();
    }
    draft.request.tool_choice = &choice;
}

}  // namespace

void read_tools(std::string_view json, bool is_strict, RequestDraft& draft) {
    if (!json.empty()) ToolsReader(is_strict, draft).read(json);
}

ToolConfig read_tool_config(std::string_view json, RequestDraft& draft) {
    ToolConfig config;
    each_member(json, [&](const JsonString& key, JsonReader& value) {
        if (is(key, "functionCallingConfig")) {
            read_calling(value, config, draft);
        } else {
            keep_member(key, value, config.rest);
        }
    });
    return config;
}

}  // namespace parley::gemini
