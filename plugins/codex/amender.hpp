// amender.hpp: a Responses request as ChatGPT's backend takes it.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "parley/provider.h"
#include "parley/sdk/json.hpp"
#include "parley/sdk/plugin.hpp"

namespace parley::codex {

// A member of a JSON object where it stands.
struct Member {
    sdk::JsonString key;
    std::string_view value;
    bool is_dropped = false;
};

class Amender {
public:
    // Both must outlive the amendment.
    Amender(std::string_view body, sdk::Arena& arena) : body_(body), arena_(arena) {}

    // Throws Failure for what the backend cannot be asked.
    void amend(parley_amendment& out);

private:
    std::vector<Member> members_of(std::string_view object) const;
    void judge(Member& member);
    void check_service_tier(Member& member);
    void check_input(const Member& member);
    void check_item(std::string_view item);
    void check_parts(std::string_view parts);
    void check_tools(const Member& member);
    void check_tool(std::string_view tool);
    void add_include(const Member& member);
    void force();
    void drop(Member& member, std::string_view code);
    void remove_dropped(const std::vector<Member>& members);
    void insert_first(std::string_view member);
    void replace(std::string_view value, std::string_view with);

    uint64_t at(const char* place) const { return static_cast<uint64_t>(place - body_.data()); }

    std::string_view body_;
    sdk::Arena& arena_;
    std::vector<Member> members_;
    std::vector<parley_edit> edits_;
    std::vector<const parley_warning*> warnings_;
    std::string first_;  // members that are added in front
};

}  // namespace parley::codex
