#include "crossing.hpp"

#include "words.hpp"

namespace parley::claude {

using sdk::view;

Crossing::Crossing(const parley_request& r, const parley_target& t, sdk::Arena& a)
    : request(r),
      target(t),
      arena(a),
      traits(view(t.traits)),
      names(r, name_rules()),
      own(view(r.dialect) == kDialect),
      lenient((t.flags & PARLEY_TARGET_LENIENT) != 0),
      counts(r.operation == PARLEY_OPERATION_COUNT_TOKENS) {}

void Crossing::warn(std::string_view code, std::string_view field) {
    warnings.add(arena, code, field);
}

void Crossing::refuse(std::string_view field, const std::string& what) {
    if (!lenient) refuse_always(field, what);
    warn(PARLEY_WARNING_FIELD_DROPPED, field);
}

void Crossing::refuse_always(std::string_view field, const std::string& what) {
    throw sdk::Failure(PARLEY_E_UNSUPPORTED,
                       std::string(field) + ": " + what,
                       std::string(field),
                       "unsupported_value");
}

bool Crossing::trait(std::string_view name, bool otherwise) const {
    return traits.flag(name, own || otherwise);
}

}  // namespace parley::claude
