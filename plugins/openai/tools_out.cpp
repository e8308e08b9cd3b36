#include "tools_out.hpp"

#include "parley/sdk/client_tools.hpp"
#include "parley/sdk/custom_tool.hpp"
#include "parley/sdk/extras.hpp"
#include "strict_schema.hpp"
#include "words.hpp"

namespace parley::openai {

using sdk::JsonReader;
using sdk::JsonString;
using sdk::JsonWriter;
using sdk::view;

namespace {

class ToolWriter {
public:
    ToolWriter(Body& body, Crossing& to, Form form)
        : body_(body), w_(body.json), to_(to), form_(form) {
        for (uint64_t i = 0; i < to.request.tool_count; ++i) pick(*to.request.tools[i]);
    }

    void write() {
        if (search_ != nullptr) write_search();
        if (tools_.empty()) return;
        w_.key("tools").begin_array();
        for (std::size_t i = 0; i < tools_.size();) i = write_from(i);
        w_.end_array();
        write_choice();
        write_parallel();
    }

private:
    // What a chat client set up itself is passed on as it is.
    void write_search() {
        w_.key("web_search_options");
        const parley_server_tool& server = *search_->server;
        if (view(search_->wire_type) == "web_search_options" && server.config.len != 0) {
            w_.raw(view(server.config));
            return;
        }
        w_.begin_object();
        if (server.user_location.len != 0) w_.key("user_location").raw(view(server.user_location));
        w_.end_object();
    }

    // ---- which ----

    void pick(const parley_tool& tool) {
        if (tool.kind == PARLEY_TOOL_SERVER) {
            pick_server_tool(tool);
        } else if (tool.kind == PARLEY_TOOL_CLIENT && !is_own_client_tool(tool) &&
                   sdk::client_tool_schema(tool).empty()) {
            drop(tool);
        } else {
            add(tool);
        }
    }

    // Of tools with one name the last counts.
    void add(const parley_tool& tool) {
        for (const parley_tool*& other : tools_) {
            const bool same = view(other->name) == view(tool.name) &&
                              view(other->name_space) == view(tool.name_space);
            if (!same || tool.kind == PARLEY_TOOL_SERVER) continue;
            to_.warn(PARLEY_WARNING_TOOL_DROPPED, view(tool.name));
            other = &tool;
            return;
        }
        tools_.push_back(&tool);
    }

    void pick_server_tool(const parley_tool& tool) {
        const std::string_view type = view(tool.server->type);
        const bool own = form_ == Form::chat ? view(tool.wire_type) == "web_search_options"
                                             : to_.comes_from("openai-responses");
        const bool listed =
            to_.traits.lists("server_tools", type) && !sdk::stays_inside(*tool.server);
        const bool usual = form_ == Form::responses && !to_.traits.has("server_tools") &&
                           (type == "web_search" || type == "code_execution");
        if (form_ == Form::chat && type == "web_search" && (own || listed)) {
            search_ = &tool;
        } else if (form_ == Form::responses && (own || (can_say(type) && (listed || usual)))) {
            add(tool);
        } else {
            drop(tool);
        }
    }

    // There is a spelling here for it, whoever named it.
    static bool can_say(std::string_view type) {
        return type == "web_search" || type == "code_execution" || type == "image_generation";
    }

    // Agents always list the tools of their own provider: without them they can go on elsewhere.
    void drop(const parley_tool& tool) {
        const parley_tool_choice* choice = to_.request.tool_choice;
        const std::string_view type =
            tool.server != nullptr ? view(tool.server->type) : view(tool.wire_type);
        const bool forced =
            choice != nullptr &&
            ((choice->mode == PARLEY_CHOICE_TOOL && view(choice->name) == view(tool.name)) ||
             (choice->mode == PARLEY_CHOICE_REQUIRED && to_.request.tool_count == 1));
        const std::string what = std::string(type) + ": not offered at this model's place";
        if (forced) Crossing::reject(view(tool.origin), what);
        if (type == "mcp") {
            to_.refuse(view(tool.origin), what);
        } else {
            to_.warn(PARLEY_WARNING_TOOL_DROPPED, type);
        }
    }

    bool is_own_client_tool(const parley_tool& tool) const {
        const std::string_view type = view(tool.wire_type);
        return form_ == Form::responses &&
               (type == "local_shell" || type == "shell" || type == "apply_patch");
    }

    // ---- how ----

    // Writes one tool, or all of a name space; gives the number of the next.
    std::size_t write_from(std::size_t i) {
        const std::string_view space = view(tools_[i]->name_space);
        if (form_ == Form::chat || space.empty()) {
            write_one(*tools_[i]);
            return i + 1;
        }
        w_.begin_object().key("type").string("namespace").key("name").string(space);
        w_.key("description").string("").key("tools").begin_array();
        for (; i < tools_.size() && view(tools_[i]->name_space) == space; ++i) {
            write_one(*tools_[i]);
        }
        w_.end_array().end_object();
        return i;
    }

    void write_one(const parley_tool& tool) {
        if (tool.kind == PARLEY_TOOL_SERVER) {
            write_server_tool(tool);
        } else if (is_own_client_tool(tool)) {
            w_.begin_object().key("type").string(view(tool.wire_type)).end_object();
        } else if (tool.kind == PARLEY_TOOL_CUSTOM && has_custom_tools(to_)) {
            write_custom(tool);
        } else {
            write_function(tool);
        }
    }

    void begin(std::string_view kind) {
        w_.begin_object().key("type").string(kind);
        if (form_ == Form::chat) w_.key(kind).begin_object();
    }

    void end() {
        if (form_ == Form::chat) w_.end_object();
        w_.end_object();
    }

    void write_name(const parley_tool& tool) {
        w_.key("name").string(to_.names.wire(view(tool.name_space), view(tool.name)));
        if (tool.description.len != 0) w_.key("description").string(view(tool.description));
    }

    void write_function(const parley_tool& tool) {
        begin("function");
        write_name(tool);
        std::string schema(sdk::client_tool_schema(tool));
        if (tool.kind == PARLEY_TOOL_CUSTOM) schema = sdk::custom_tool_schema(tool);
        if (!schema.empty()) {
            w_.key("parameters").raw(schema);
        } else if (form_ == Form::responses) {
            w_.key("parameters").null();
        }
        const uint32_t strict = strict_for(to_, tool.strict, schema);
        // Responses takes functions for strict unless it is told otherwise.
        const bool deny = form_ == Form::responses && !to_.comes_from("openai-responses");
        if (strict != 0 || deny) w_.key("strict").boolean(strict == PARLEY_SAYS_YES);
        // Elsewhere the tool that searches for it may be missing.
        const bool may_wait = form_ == Form::responses && to_.comes_from("openai-responses");
        if (may_wait && tool.defer_loading != 0) {
            w_.key("defer_loading").boolean(tool.defer_loading == PARLEY_SAYS_YES);
        }
        sdk::write_extras(w_, tool, form_ == Form::chat ? "openai-chat" : "openai-responses");
        end();
    }

    void write_custom(const parley_tool& tool) {
        begin("custom");
        write_name(tool);
        const bool constrained =
            tool.custom_format == PARLEY_CUSTOM_LARK || tool.custom_format == PARLEY_CUSTOM_REGEX;
        if (constrained) {
            w_.key("format").begin_object().key("type").string("grammar");
            if (form_ == Form::chat) w_.key("grammar").begin_object();
            w_.key("syntax").string(tool.custom_format == PARLEY_CUSTOM_LARK ? "lark" : "regex");
            w_.key("definition").string(view(tool.grammar));
            if (form_ == Form::chat) w_.end_object();
            w_.end_object();
        } else if (tool.custom_format == PARLEY_CUSTOM_TEXT) {
            w_.key("format").begin_object().key("type").string("text").end_object();
        }
        end();
    }

    void write_server_tool(const parley_tool& tool) {
        const parley_server_tool& server = *tool.server;
        if (to_.comes_from("openai-responses")) {
            w_.raw(view(server.config));
            return;
        }
        w_.begin_object().key("type");
        if (view(server.type) == "code_execution") {
            w_.string("code_interpreter").key("container").begin_object();
            w_.key("type").string("auto").end_object();
        } else {
            w_.string(view(server.type));
        }
        if (server.allowed_domain_count != 0) {
            w_.key("filters").begin_object().key("allowed_domains").begin_array();
            for (uint64_t i = 0; i < server.allowed_domain_count; ++i) {
                w_.string(view(server.allowed_domains[i]));
            }
            w_.end_array().end_object();
        }
        if (server.blocked_domain_count != 0) {
            to_.warn(PARLEY_WARNING_FIELD_DROPPED, "blocked_domains");
        }
        if (server.user_location.len != 0) w_.key("user_location").raw(view(server.user_location));
        w_.end_object();
    }

    // ---- the choice ----

    // Tools are chosen by their own name, or with the name space in front of it.
    const parley_tool* chosen(parley_str name) const {
        for (const parley_tool* tool : tools_) {
            const std::string whole =
                std::string(view(tool->name_space)) + "__" + std::string(view(tool->name));
            if (view(tool->name) == view(name) || whole == view(name)) return tool;
        }
        return nullptr;
    }

    void write_chosen(parley_str name) {
        const parley_tool* tool = chosen(name);
        if (tool != nullptr && tool->kind == PARLEY_TOOL_SERVER) {
            w_.begin_object().key("type").string(view(tool->wire_type)).end_object();
            return;
        }
        const bool custom =
            tool != nullptr && tool->kind == PARLEY_TOOL_CUSTOM && has_custom_tools(to_);
        begin(custom ? "custom" : "function");
        const std::string_view space = tool != nullptr ? view(tool->name_space) : "";
        w_.key("name").string(
            to_.names.wire(space, tool != nullptr ? view(tool->name) : view(name)));
        end();
    }

    void write_choice() {
        const parley_tool_choice* choice = to_.request.tool_choice;
        if (choice == nullptr) return;
        w_.key("tool_choice");
        if (choice->allowed_count != 0 && to_.traits.flag("allowed_tools_ok", true)) {
            w_.begin_object().key("type").string("allowed_tools");
            if (form_ == Form::chat) w_.key("allowed_tools").begin_object();
            w_.key("mode").string(choice->mode == PARLEY_CHOICE_REQUIRED ? "required" : "auto");
            w_.key("tools").begin_array();
            for (uint64_t i = 0; i < choice->allowed_count; ++i) write_chosen(choice->allowed[i]);
            w_.end_array();
            if (form_ == Form::chat) w_.end_object();
            w_.end_object();
        } else if (choice->mode != PARLEY_CHOICE_TOOL) {
            const std::string_view word = word_of(choice->mode, kChoices);
            w_.string(word.empty() ? "auto" : word);
        } else if (to_.traits.flag("tool_choice_object_ok", true)) {
            write_chosen(choice->name);
        } else {
            w_.string("required");
        }
    }

    void write_parallel() {
        if (to_.request.parallel_tools == 0) return;
        const bool parallel = to_.request.parallel_tools == PARLEY_SAYS_YES;
        if (to_.traits.flag("parallel_ok", true)) {
            w_.key("parallel_tool_calls").boolean(parallel);
        } else if (!parallel) {
            to_.warn(PARLEY_WARNING_PARALLEL_UNENFORCED);
        }
    }

    Body& body_;
    JsonWriter& w_;
    Crossing& to_;
    Form form_;
    std::vector<const parley_tool*> tools_;
    const parley_tool* search_ = nullptr;
};

}  // namespace

bool has_custom_tools(const Crossing& to) {
    return to.traits.flag("custom_tools_ok", true);
}

void write_tools(Body& body, Crossing& to, Form form) {
    ToolWriter(body, to, form).write();
}

}  // namespace parley::openai
