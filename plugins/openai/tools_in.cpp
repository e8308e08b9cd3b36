#include "tools_in.hpp"

#include "ask_in.hpp"
#include "words.hpp"

namespace parley::openai {

using sdk::JsonReader;
using sdk::JsonString;
using sdk::Path;
using sdk::read_says;
using sdk::read_text;
using sdk::str;
using sdk::view;

namespace {

struct Name {
    std::string_view wire;
    std::string_view canonical;
};

// What the provider runs, under the name that all dialects share.
constexpr Name kServerTools[] = {
    {"web_search_preview", "web_search"},
    {"web_search_preview_2025_03_11", "web_search"},
    {"web_search_2025_08_26", "web_search"},
    {"code_interpreter", "code_execution"},
    {"computer_use_preview", "computer"},
};

std::string_view canonical(std::string_view wire) {
    for (const Name& name : kServerTools) {
        if (name.wire == wire) return name.canonical;
    }
    return wire;
}

bool is_client_tool(std::string_view type) {
    return type == "local_shell" || type == "shell" || type == "apply_patch";
}

class ToolReader {
public:
    explicit ToolReader(sdk::RequestDraft& draft) : draft_(draft), arena_(draft.arena()) {}

    void read(std::string_view raw, const Path& path, parley_str name_space) {
        if (!raw.starts_with('{')) {
            invalid_request("a tool must be an object", path.text(), "invalid_type");
        }
        const std::string_view type = view(member(raw, "type"));
        if (type == "function" || type.empty()) {
            function(inner(raw, "function"), path, name_space);
        } else if (type == "custom") {
            custom(inner(raw, "custom"), path, name_space);
        } else if (type == "namespace") {
            name_spaces(raw, path);
        } else {
            hosted(raw, type, path);
        }
    }

    void function(std::string_view raw, const Path& path, parley_str name_space) {
        parley_tool& tool = draft_.tool(PARLEY_TOOL_FUNCTION, path.text());
        tool.name_space = name_space;
        sdk::ExtraMembers unknown;
        JsonReader r(raw);
        JsonString key;
        r.enter_object();
        while (r.next_key(key)) {
            if (key.raw == "name") {
                tool.name = read_text(arena_, r);
            } else if (key.raw == "description") {
                tool.description = read_text(arena_, r);
            } else if (key.raw == "parameters") {
                tool.schema = read_object(r);
            } else if (key.raw == "strict") {
                tool.strict = read_says(r);
            } else if (key.raw == "defer_loading") {
                tool.defer_loading = read_says(r);
            } else if (key.raw == "type") {
                r.skip();
            } else {
                unknown.keep(key, r);
            }
        }
        demand_name(tool, path);
        unknown.attach(arena_, view(draft_.request.dialect), tool);
    }

private:
    // A string member of an object; empty when it has none.
    parley_str member(std::string_view raw, std::string_view name) {
        JsonReader r(raw);
        JsonString key;
        r.enter_object();
        while (r.next_key(key)) {
            if (key.raw == name) return read_text(arena_, r);
            r.skip();
        }
        return {};
    }

    // Chat keeps what matters one level deeper.
    static std::string_view inner(std::string_view raw, std::string_view name) {
        JsonReader r(raw);
        JsonString key;
        r.enter_object();
        while (r.next_key(key)) {
            const std::string_view value = r.raw();
            if (key.raw == name && value.starts_with('{')) return value;
        }
        return raw;
    }

    static void demand_name(const parley_tool& tool, const Path& path) {
        if (tool.name.len == 0) {
            invalid_request(
                "a tool needs a name", (path / "name").text(), "missing_required_parameter");
        }
    }

    void custom(std::string_view raw, const Path& path, parley_str name_space) {
        parley_tool& tool = draft_.tool(PARLEY_TOOL_CUSTOM, path.text());
        tool.name_space = name_space;
        JsonReader r(raw);
        JsonString key;
        r.enter_object();
        while (r.next_key(key)) {
            if (key.raw == "name") {
                tool.name = read_text(arena_, r);
            } else if (key.raw == "description") {
                tool.description = read_text(arena_, r);
            } else if (key.raw == "format" && r.peek() == '{') {
                grammar(r.raw(), tool);
            } else {
                r.skip();
            }
        }
        demand_name(tool, path);
    }

    // {"type":"grammar","syntax":…,"definition":…}, in chat inside of "grammar"
    void grammar(std::string_view raw, parley_tool& tool) {
        constexpr Word kSyntaxes[] = {{"lark", PARLEY_CUSTOM_LARK}, {"regex", PARLEY_CUSTOM_REGEX}};
        tool.custom_format = PARLEY_CUSTOM_TEXT;
        if (view(member(raw, "type")) != "grammar") return;
        const std::string_view told = inner(raw, "grammar");
        const uint32_t syntax = value_of(view(member(told, "syntax")), kSyntaxes);
        if (syntax == 0) return;
        tool.custom_format = syntax;
        tool.grammar = member(told, "definition");
    }

    void name_spaces(std::string_view raw, const Path& path) {
        const parley_str name_space = member(raw, "name");
        JsonReader r(raw);
        JsonString key;
        r.enter_object();
        while (r.next_key(key)) {
            if (key.raw != "tools" || r.peek() != '[') {
                r.skip();
                continue;
            }
            r.enter_array();
            for (std::size_t i = 0; r.next_item(); ++i)
                read(r.raw(), (path / "tools")[i], name_space);
        }
    }

    void hosted(std::string_view raw, std::string_view type, const Path& path) {
        const bool client = is_client_tool(type);
        parley_tool& tool =
            draft_.tool(client ? PARLEY_TOOL_CLIENT : PARLEY_TOOL_SERVER, path.text());
        tool.wire_type = arena_.copy(type);
        tool.name = arena_.copy(canonical(type));
        if (client) return;
        auto& server = sdk::make<parley_server_tool>(arena_);
        server.type = tool.name;
        server.config = str(raw);
        read_search(raw, server);
        tool.server = &server;
    }

    void read_search(std::string_view raw, parley_server_tool& server) {
        JsonReader r(raw);
        JsonString key;
        r.enter_object();
        while (r.next_key(key)) {
            if (key.raw == "user_location") {
                server.user_location = read_object(r);
            } else if (key.raw == "filters" && r.peek() == '{') {
                read_domains(r.raw(), server);
            } else {
                r.skip();
            }
        }
    }

    void read_domains(std::string_view raw, parley_server_tool& server) {
        JsonReader r(raw);
        JsonString key;
        r.enter_object();
        while (r.next_key(key)) {
            if (key.raw != "allowed_domains" || r.peek() != '[') {
                r.skip();
                continue;
            }
            std::vector<parley_str> domains;
            r.enter_array();
            while (r.next_item()) domains.push_back(read_text(arena_, r));
            server.allowed_domains = sdk::keep(arena_, domains);
            server.allowed_domain_count = domains.size();
        }
    }

    sdk::RequestDraft& draft_;
    sdk::Arena& arena_;
};

// {"type":"function","name":…}, {"type":"function","function":{"name":…}}, {"name":…}, and a
// hosted tool by its type
parley_str chosen_name(std::string_view raw, sdk::Arena& arena) {
    JsonReader r(raw);
    JsonString key;
    parley_str name{};
    parley_str type{};
    if (r.peek() != '{' || !r.enter_object()) return name;
    while (r.next_key(key)) {
        if (key.raw == "name") {
            name = read_text(arena, r);
        } else if (key.raw == "type") {
            type = read_text(arena, r);
        } else if ((key.raw == "function" || key.raw == "custom") && r.peek() == '{') {
            name = chosen_name(r.raw(), arena);
        } else {
            r.skip();
        }
    }
    return name.len != 0 ? name : str(canonical(view(type)));
}

std::string_view type_of(std::string_view raw, sdk::Arena& arena) {
    JsonReader r(raw);
    JsonString key;
    r.enter_object();
    while (r.next_key(key)) {
        if (key.raw == "type") return view(read_text(arena, r));
        r.skip();
    }
    return {};
}

// {"mode":…,"tools":[…]}
void read_allowed(std::string_view raw, parley_tool_choice& choice, sdk::Arena& arena) {
    JsonReader r(raw);
    JsonString key;
    r.enter_object();
    while (r.next_key(key)) {
        if (key.raw == "mode") {
            choice.mode = value_of(view(read_text(arena, r)), kChoices);
        } else if (key.raw == "allowed_tools" && r.peek() == '{') {
            read_allowed(r.raw(), choice, arena);
        } else if (key.raw == "tools" && r.peek() == '[') {
            std::vector<parley_str> names;
            r.enter_array();
            while (r.next_item()) names.push_back(chosen_name(r.raw(), arena));
            choice.allowed = sdk::keep(arena, names);
            choice.allowed_count = names.size();
        } else {
            r.skip();
        }
    }
    if (choice.mode == 0) choice.mode = PARLEY_CHOICE_AUTO;
}

}  // namespace

void read_tools(JsonReader& r, sdk::RequestDraft& draft) {
    if (r.read_null()) return;
    if (r.peek() != '[') invalid_request("tools: a list expected", "tools", "invalid_type");
    ToolReader tools(draft);
    r.enter_array();
    for (std::size_t i = 0; r.next_item(); ++i) tools.read(r.raw(), Path("tools")[i], {});
}

void read_functions(JsonReader& r, sdk::RequestDraft& draft) {
    if (r.peek() != '[') {
        r.skip();
        return;
    }
    ToolReader tools(draft);
    r.enter_array();
    for (std::size_t i = 0; r.next_item(); ++i) {
        const Path path = Path("functions")[i];
        const std::string_view raw = r.raw();
        if (!raw.starts_with('{')) {
            invalid_request("a function must be an object", path.text(), "invalid_type");
        }
        tools.function(raw, path, {});
    }
}

void read_tool_choice(JsonReader& r, sdk::RequestDraft& draft) {
    sdk::Arena& arena = draft.arena();
    if (r.read_null()) return;
    auto& choice = sdk::make<parley_tool_choice>(arena);
    if (r.peek() == '"') {
        choice.mode = value_of(view(read_text(arena, r)), kChoices);
        if (choice.mode != 0) draft.request.tool_choice = &choice;
        return;
    }
    const std::string_view raw = r.raw();
    if (!raw.starts_with('{')) {
        invalid_request("a word or an object expected", "tool_choice", "invalid_type");
    }
    draft.request.tool_choice = &choice;
    if (type_of(raw, arena) == "allowed_tools") {
        read_allowed(raw, choice, arena);
        return;
    }
    choice.mode = PARLEY_CHOICE_TOOL;
    choice.name = chosen_name(raw, arena);
}

void read_web_search_options(JsonReader& r, sdk::RequestDraft& draft) {
    sdk::Arena& arena = draft.arena();
    const parley_str config = read_object(r);
    if (config.len == 0) return;
    parley_tool& tool = draft.tool(PARLEY_TOOL_SERVER, "web_search_options");
    tool.name = str("web_search");
    tool.wire_type = str("web_search_options");
    auto& server = sdk::make<parley_server_tool>(arena);
    server.type = tool.name;
    server.config = config;
    JsonReader inner(view(config));
    JsonString key;
    inner.enter_object();
    while (inner.next_key(key)) {
        if (key.raw == "user_location") {
            server.user_location = read_object(inner);
        } else {
            inner.skip();
        }
    }
    tool.server = &server;
}

}  // namespace parley::openai
