// parley/sdk/tool_names.hpp: the tools' names as an upstream takes them, and back again.
//
// Both directions are made from the canonical request alone, so the encoder of the request and the
// decoder of the reply agree without sharing anything.
#pragma once

#include <algorithm>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <utility>

#include "parley/request.h"
#include "parley/sdk/ids.hpp"
#include "parley/sdk/plugin.hpp"

namespace parley::sdk {

// What a wire takes as a tool's name.
struct NameRules {
    std::size_t size_max = 64;
    bool (*allows)(char) = is_word;
    bool (*may_begin)(char) = is_word;
    bool has_name_spaces = false;  // otherwise "space__name"
};

class ToolNames {
public:
    struct Tool {
        std::string_view name_space;
        std::string_view name;
        bool is_custom = false;  // its input is free text
    };

    // Names of the request's tools, and of the calls in its history.
    ToolNames(const parley_request& request, const NameRules& rules) : rules_(rules) {
        // A name that is legal as it stands is never taken away from its tool.
        for (uint64_t i = 0; i < request.tool_count; ++i) {
            const parley_tool& t = *request.tools[i];
            if (is_legal(qualified(view(t.name_space), view(t.name)))) add(t);
        }
        for (uint64_t i = 0; i < request.tool_count; ++i) add(*request.tools[i]);
        for (uint64_t m = 0; m < request.message_count; ++m) {
            const parley_message& message = *request.messages[m];
            for (uint64_t p = 0; p < message.part_count; ++p) {
                const parley_tool_call* call = message.parts[p]->tool_call;
                if (call == nullptr) continue;
                add({view(call->name_space),
                     view(call->name),
                     call->kind == PARLEY_TOOL_CALL_CUSTOM});
            }
        }
    }

    // As the upstream knows it. A name that the request never had is made legal on the spot.
    std::string wire(std::string_view name_space, std::string_view name) const {
        const auto found = to_wire_.find({name_space, name});
        return found == to_wire_.end() ? legal(qualified(name_space, name)) : found->second;
    }

    // By the upstream's name; null for one that the model made up.
    const Tool* find(std::string_view wire) const {
        const auto found = from_wire_.find(wire);
        return found == from_wire_.end() ? nullptr : &found->second;
    }

private:
    void add(const parley_tool& t) {
        add({view(t.name_space), view(t.name), t.kind == PARLEY_TOOL_CUSTOM});
    }

    void add(const Tool& tool) {
        const std::pair key(tool.name_space, tool.name);
        if (tool.name.empty() || to_wire_.contains(key)) return;
        const std::string whole = qualified(tool.name_space, tool.name);
        std::string name = legal(whole);
        if (from_wire_.contains(name)) name = marked(name, whole);
        from_wire_.emplace(name, tool);
        to_wire_.emplace(key, std::move(name));
    }

    std::string qualified(std::string_view name_space, std::string_view name) const {
        if (name_space.empty() || rules_.has_name_spaces) return std::string(name);
        return std::string(name_space) + "__" + std::string(name);
    }

    bool is_legal(std::string_view name) const {
        return !name.empty() && name.size() <= rules_.size_max && rules_.may_begin(name.front()) &&
               std::all_of(name.begin(), name.end(), rules_.allows);
    }

    std::string legal(const std::string& name) const {
        if (is_legal(name)) return name;
        std::string out;
        for (const char c : name) {
            const bool goes_on = (static_cast<unsigned char>(c) & 0xc0) == 0x80;
            if (goes_on) continue;  // one _ for a code point
            out += rules_.allows(c) ? c : '_';
        }
        if (out.empty() || !rules_.may_begin(out.front())) out.insert(out.begin(), '_');
        return out.size() > rules_.size_max ? marked(out, name) : out;
    }

    // Cut short and told apart by a digest of the original.
    std::string marked(std::string_view name, std::string_view original) const {
        constexpr std::size_t kMark = 9;
        std::string out(name.substr(0, rules_.size_max - kMark));
        return out + '_' + Digest().add(original).short_text();
    }

    NameRules rules_;
    std::map<std::pair<std::string_view, std::string_view>, std::string> to_wire_;
    std::map<std::string, Tool, std::less<>> from_wire_;
};

}  // namespace parley::sdk
