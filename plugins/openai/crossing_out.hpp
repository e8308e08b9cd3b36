// crossing_out.hpp: a canonical request on its way to an upstream: the body, and what it loses.
#pragma once

#include <string>
#include <string_view>

#include "parley/dialect.h"
#include "parley/sdk/body.hpp"
#include "parley/sdk/json.hpp"
#include "parley/sdk/tool_names.hpp"
#include "parley/sdk/traits.hpp"
#include "parley/sdk/tree.hpp"

namespace parley::openai {

using sdk::Body;

// Where a request goes, what is known of the model there, and what it could not carry.
class Crossing {
public:
    Crossing(const parley_request& r,
             const parley_target& target,
             sdk::Arena& arena,
             const sdk::NameRules& rules)
        : request(r),
          traits(view_of(target.traits)),
          names(r, rules),
          model(view_of(target.model)),
          arena_(arena),
          lenient_((target.flags & PARLEY_TARGET_LENIENT) != 0) {}

    const parley_request& request;
    sdk::Traits traits;
    sdk::ToolNames names;
    std::string_view model;

    // Whether the client speaks the dialect itself, so that it means what it says.
    bool comes_from(std::string_view dialect) const { return view_of(request.dialect) == dialect; }

    // The client speaks one of this family's dialects.
    bool is_native() const { return view_of(request.dialect).starts_with("openai-"); }

    parley_str copy(std::string_view text) { return arena_.copy(text); }

    // A part that stands in for one that cannot be carried.
    const parley_part& text_part(parley_str text) {
        auto& part = sdk::make<parley_part>(arena_);
        part.kind = PARLEY_PART_TEXT;
        part.text = text;
        return part;
    }

    void warn(std::string_view code, std::string_view field = {}) {
        warnings_.add(arena_, code, field);
    }

    // Left out with a warning where the route is lenient.
    void refuse(std::string_view field, const std::string& why) {
        if (!lenient_) reject(field, why);
        warn(PARLEY_WARNING_FIELD_DROPPED, field);
    }

    // Leaving it out would never do.
    [[noreturn]] static void reject(std::string_view field, const std::string& why) {
        throw sdk::Failure(PARLEY_E_UNSUPPORTED, why, std::string(field), "unsupported_value");
    }

    // Fills the head; the texts that it points to are kept.
    void finish(std::string_view path, parley_encoded_request& head);

private:
    static std::string_view view_of(parley_str s) { return {s.ptr, s.len}; }

    sdk::Arena& arena_;
    bool lenient_;
    sdk::Warnings warnings_;
};

}  // namespace parley::openai
