// write_request.hpp: a canonical request becomes Google's.
#pragma once

#include <string>
#include <string_view>

#include "names.hpp"
#include "parley/dialect.h"
#include "parley/sdk/body.hpp"
#include "parley/sdk/tree.hpp"
#include "wire.hpp"

namespace parley::gemini {

void write_request(const parley_request& request,
                   const parley_target& target,
                   sdk::Arena& arena,
                   parley_encoded_request& head,
                   sdk::Out& out);

// What the writers of a request share.
struct Crossing {
    Crossing(const parley_request& r, const parley_target& t, sdk::Arena& a, sdk::Out& o)
        : request(r),
          traits(sdk::view(t.traits)),
          names(wire_names(r, t)),
          arena(a),
          body(r, o),
          w(body.json),
          is_own(sdk::view(r.dialect) == kDialectId),
          is_lenient((t.flags & PARLEY_TARGET_LENIENT) != 0),
          thinks_by_level(gemini::thinks_by_level(traits)) {}

    void warn(std::string_view code, std::string_view field = {}) {
        warnings.add(arena, code, field);
    }

    [[noreturn]] static void refuse(std::string message,
                                    std::string_view param,
                                    std::string code = "unsupported_parameter") {
        throw sdk::Failure(
            PARLEY_E_UNSUPPORTED, std::move(message), std::string(param), std::move(code));
    }

    // What would break a contract is refused, or left out where that was asked for.
    void refuse_or_drop(std::string_view field, std::string_view why) {
        if (!is_lenient) refuse(std::string(field) + ": " + std::string(why), field);
        warn(PARLEY_WARNING_FIELD_DROPPED, field);
    }

    // Members of an object that only this dialect knows; nothing for other dialects.
    static std::string_view own_extras(const parley_extra* const* extras, uint64_t count) {
        for (uint64_t i = 0; i < count; ++i) {
            if (sdk::view(extras[i]->dialect) == kDialectId) return sdk::view(extras[i]->json);
        }
        return {};
    }

    std::string_view request_extras() const {
        return own_extras(request.extras, request.extra_count);
    }

    // The value of a member of the request's extras, or nothing.
    std::string_view extra(std::string_view name) const {
        return sdk::Traits(request_extras()).raw(name);
    }

    const parley_request& request;
    sdk::Traits traits;
    sdk::ToolNames names;
    sdk::Arena& arena;
    sdk::Body body;
    sdk::JsonWriter& w;
    sdk::Warnings warnings;
    bool is_own;
    bool is_lenient;
    bool thinks_by_level;
    std::string instruction;  // what must be said in words, behind the client's instructions
};

// Each writes members of the request's object, commas included.
void write_contents(Crossing& c);      // write_contents.cpp
void write_tools(Crossing& c);         // write_tools.cpp
void write_generation(Crossing& c);    // write_config.cpp
void judge_fields(Crossing& c);        // what has no place here, refused or left out
void settle_prefill(Crossing& c);      // an answer that the client began
bool drops_format(const Crossing& c);  // the answer's shape can only be told in words

// The turn that the client began to answer itself and that is left out; null: none.
const parley_message* dropped_prefill(const Crossing& c);

// A schema in the form that the model takes, as the member of that name. True when it lost words.
struct SchemaNames {
    std::string_view json_schema;
    std::string_view openapi;
    bool is_parameters = false;  // an object without members is left out
};

bool write_schema(const Crossing& c,
                  sdk::JsonWriter& w,
                  std::string_view schema,
                  const SchemaNames& names);

}  // namespace parley::gemini
