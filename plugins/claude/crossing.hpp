// crossing.hpp: what every step of writing a request needs to know.
#pragma once

#include <set>
#include <string>
#include <string_view>

#include "parley/dialect.h"
#include "parley/sdk/tool_names.hpp"
#include "parley/sdk/traits.hpp"
#include "parley/sdk/tree.hpp"

namespace parley::claude {

struct Crossing {
    Crossing(const parley_request& request, const parley_target& target, sdk::Arena& arena);

    void warn(std::string_view code, std::string_view field = {});

    // The request asks for what this wire has not. A lenient target leaves it out.
    void refuse(std::string_view field, const std::string& what);

    // What leaving out would hide from the client in every case.
    [[noreturn]] static void refuse_always(std::string_view field, const std::string& what);

    // A trait that, unless the models file says so, an own client is trusted to know.
    bool trait(std::string_view name, bool otherwise) const;

    const parley_request& request;
    const parley_target& target;
    sdk::Arena& arena;
    sdk::Traits traits;
    sdk::ToolNames names;
    sdk::Warnings warnings;
    std::set<std::string, std::less<>> betas;
    bool own;  // the client speaks this dialect too
    bool lenient;
    bool counts;  // only the tokens are asked for
};

}  // namespace parley::claude
