// write_tools.cpp: tools and toolConfig.
#include <algorithm>
#include <set>
#include <vector>

#include "parley/sdk/client_tools.hpp"
#include "parley/sdk/custom_tool.hpp"
#include "server_tools.hpp"
#include "write_request.hpp"

namespace parley::gemini {

using sdk::JsonReader;
using sdk::JsonString;
using sdk::view;

namespace {

class ToolsWriter {
public:
    explicit ToolsWriter(Crossing& c) : c_(c), choice_(c.request.tool_choice) {}

    void write() {
        sort();
        if (functions_.empty() && servers_.empty()) {
            demand_none();
            return;
        }
        c_.w.key("tools").begin_array();
        if (!functions_.empty()) {
            c_.w.begin_object().key("functionDeclarations").begin_array();
            for (const parley_tool* tool : functions_) function(*tool);
            c_.w.end_array().end_object();
        }
        for (const parley_tool* tool : servers_) server(*tool);
        c_.w.end_array();
        // Only functions can be demanded.
        const bool demands = choice_ != nullptr && (choice_->mode == PARLEY_CHOICE_REQUIRED ||
                                                    choice_->mode == PARLEY_CHOICE_TOOL);
        if (demands && functions_.empty()) c_.warn(PARLEY_WARNING_FIELD_DROPPED, "tool_choice");
        config();
    }

private:
    void sort() {
        const parley_request& r = c_.request;
        for (uint64_t i = 0; i < r.tool_count; ++i) {
            const parley_tool& tool = *r.tools[i];
            if (tool.kind == PARLEY_TOOL_SERVER) continue;
            const bool known = tool.kind == PARLEY_TOOL_FUNCTION ||
                               tool.kind == PARLEY_TOOL_CUSTOM ||
                               !sdk::client_tool_schema(tool).empty();
            if (!known) {
                drop(tool, view(tool.wire_type));
            } else if (!is_shadowed(i) && is_allowed(tool)) {
                functions_.push_back(&tool);
            }
        }
        for (uint64_t i = 0; i < r.tool_count; ++i) {
            const parley_tool& tool = *r.tools[i];
            if (tool.kind == PARLEY_TOOL_SERVER) sort_server(tool);
        }
    }

    // Of two tools of one name the last counts.
    bool is_shadowed(uint64_t at) const {
        const parley_tool& tool = *c_.request.tools[at];
        for (uint64_t i = at + 1; i < c_.request.tool_count; ++i) {
            const parley_tool& later = *c_.request.tools[i];
            const bool same = view(later.name) == view(tool.name) &&
                              view(later.name_space) == view(tool.name_space);
            if (same && later.kind != PARLEY_TOOL_SERVER) return true;
        }
        return false;
    }

    // A subset that the model may, but need not use, is said by leaving out the others.
    bool is_allowed(const parley_tool& tool) const {
        if (choice_ == nullptr || choice_->allowed_count == 0) return true;
        if (choice_->mode == PARLEY_CHOICE_REQUIRED || choice_->mode == PARLEY_CHOICE_TOOL) {
            return true;
        }
        return std::any_of(choice_->allowed,
                           choice_->allowed + choice_->allowed_count,
                           [&](parley_str name) { return view(name) == view(tool.name); });
    }

    void sort_server(const parley_tool& tool) {
        const std::string_view type = view(tool.server->type);
        const auto known = std::find_if(kServerTools.begin(),
                                        kServerTools.end(),
                                        [&](const ServerTool& s) { return s.type == type; });
        const bool listed = !c_.traits.has("server_tools") || c_.traits.lists("server_tools", type);
        const bool spoken = c_.is_own || (known != kServerTools.end() && known->is_common);
        // Older models refuse both kinds of tools in one request.
        const bool alone = c_.thinks_by_level || functions_.empty();
        const bool elsewhere = !c_.is_own && sdk::stays_inside(*tool.server);
        if (listed && spoken && alone && !elsewhere) {
            servers_.push_back(&tool);
        } else {
            drop(tool, type);
        }
    }

    void drop(const parley_tool& tool, std::string_view type) {
        const bool is_forced =
            choice_ != nullptr &&
            ((choice_->mode == PARLEY_CHOICE_TOOL && view(choice_->name) == view(tool.name)) ||
             (choice_->mode == PARLEY_CHOICE_REQUIRED && c_.request.tool_count == 1));
        if (is_forced || (type == "mcp" && !c_.is_lenient)) {
            Crossing::refuse(std::string(type) + ": this model has no such tool",
                             view(tool.origin),
                             "unsupported_value");
        }
        c_.warn(PARLEY_WARNING_TOOL_DROPPED, type);
    }

    void demand_none() const {
        const bool must = choice_ != nullptr && (choice_->mode == PARLEY_CHOICE_REQUIRED ||
                                                 choice_->mode == PARLEY_CHOICE_TOOL);
        if (must && c_.request.tool_count != 0) {
            Crossing::refuse("tool_choice: no tool is left to choose", "tool_choice");
        }
    }

    void function(const parley_tool& tool) {
        c_.w.begin_object();
        c_.w.key("name").string(c_.names.wire(view(tool.name_space), view(tool.name)));
        if (tool.description.len != 0) c_.w.key("description").string(view(tool.description));
        const std::string made =
            tool.kind == PARLEY_TOOL_CUSTOM ? sdk::custom_tool_schema(tool) : std::string();
        const std::string_view schema =
            !made.empty() ? std::string_view(made) : sdk::client_tool_schema(tool);
        if (!schema.empty()) {
            write_schema(c_, c_.w, schema, {"parametersJsonSchema", "parameters", true});
        }
        if (tool.output_schema.len != 0) {
            write_schema(c_, c_.w, view(tool.output_schema), {"responseJsonSchema", "response"});
        }
        each_member(Crossing::own_extras(tool.extras, tool.extra_count),
                    [&](const JsonString& key, JsonReader& value) {
                        c_.w.key(key.text()).raw(value.raw());
                    });
        c_.w.end_object();
        if (tool.strict != PARLEY_SAYS_YES) return;
        if (!is_validated()) c_.warn(PARLEY_WARNING_STRICT_DROPPED);
    }

    void server(const parley_tool& tool) {
        const std::string_view type = view(tool.server->type);
        std::string_view member = c_.is_own ? view(tool.wire_type) : std::string_view();
        for (const ServerTool& known : kServerTools) {
            if (member.empty() && known.type == type) member = known.member;
        }
        const std::string_view config = c_.is_own ? view(tool.server->config) : std::string_view();
        c_.w.begin_object().key(member).raw(config.empty() ? "{}" : config).end_object();
        // It looks everywhere.
        if (c_.is_own) return;
        const auto lose = [&](uint64_t count, const char* what) {
            if (count != 0) c_.warn(PARLEY_WARNING_FIELD_DROPPED, what);
        };
        lose(tool.server->allowed_domain_count, "allowed_domains");
        lose(tool.server->blocked_domain_count, "blocked_domains");
    }

    // All functions are strict: calls are then held to the schemas without being demanded.
    bool is_validated() const {
        const bool is_free =
            choice_ == nullptr || choice_->mode == 0 || choice_->mode == PARLEY_CHOICE_AUTO;
        return is_free && c_.traits.flag("strict_ok", true) && !functions_.empty() &&
               std::all_of(functions_.begin(), functions_.end(), [](const parley_tool* tool) {
                   return tool->strict == PARLEY_SAYS_YES;
               });
    }

    void config() {
        std::string_view mode = is_validated() ? "VALIDATED" : "";
        std::vector<std::string_view> allowed;
        if (choice_ != nullptr && !functions_.empty()) {
            if (choice_->mode == PARLEY_CHOICE_NONE) mode = "NONE";
            if (choice_->mode == PARLEY_CHOICE_AUTO && mode.empty()) mode = "AUTO";
            if (choice_->mode == PARLEY_CHOICE_REQUIRED || choice_->mode == PARLEY_CHOICE_TOOL) {
                mode = "ANY";
                for (uint64_t i = 0; i < choice_->allowed_count; ++i) {
                    allowed.push_back(view(choice_->allowed[i]));
                }
            }
            if (choice_->mode == PARLEY_CHOICE_TOOL) allowed = {view(choice_->name)};
        }
        const std::string_view rest = c_.extra("toolConfig");
        const bool both = !functions_.empty() && !servers_.empty();
        const bool says_both = rest.find("erver") != rest.npos;
        if (mode.empty() && rest.empty() && !both) return;
        c_.w.key("toolConfig").begin_object();
        if (!mode.empty()) calling(mode, allowed);
        if (both && !says_both) c_.w.key("includeServerSideToolInvocations").boolean(true);
        each_member(rest, [&](const JsonString& key, JsonReader& value) {
            c_.w.key(key.text()).raw(value.raw());
        });
        c_.w.end_object();
    }

    void calling(std::string_view mode, const std::vector<std::string_view>& allowed) {
        c_.w.key("functionCallingConfig").begin_object().key("mode").string(mode);
        if (!allowed.empty()) {
            c_.w.key("allowedFunctionNames").begin_array();
            for (const std::string_view name : allowed) c_.w.string(wire_name(name));
            c_.w.end_array();
        }
        c_.w.end_object();
    }

    // By the plain name, whatever the name space.
    std::string wire_name(std::string_view name) const {
        for (const parley_tool* tool : functions_) {
            if (view(tool->name) == name) return c_.names.wire(view(tool->name_space), name);
        }
        return c_.names.wire({}, name);
    }

    Crossing& c_;
    const parley_tool_choice* choice_;
    std::vector<const parley_tool*> functions_;
    std::vector<const parley_tool*> servers_;
};

}  // namespace

void write_tools(Crossing& c) {
    ToolsWriter(c).write();
}

}  // namespace parley::gemini
