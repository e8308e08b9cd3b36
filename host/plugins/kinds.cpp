#include "plugins/kinds.hpp"

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstring>

#include "parley/dialect.h"
#include "parley/filter.h"
#include "parley/login.h"
#include "parley/observer.h"
#include "parley/op.h"
#include "parley/policy.h"
#include "parley/provider.h"
#include "parley/store.h"
#include "plugins/text.hpp"

namespace parley::plugins {

using base::Result;

namespace {

// What the headers mark "@need required" and "@need with SLOT"; the test kinds_test reads both.
#define PARLEY_SLOT(type, member)       \
    Slot {                              \
#member, offsetof(type, member) \
    }
// The size of a struct whose last member was `member`; it may have grown since.
#define PARLEY_UP_TO(type, member) (offsetof(type, member) + sizeof(type::member))

constexpr std::array kDialectNeeds = {
    PARLEY_SLOT(parley_dialect, routes),
    PARLEY_SLOT(parley_dialect, peek),
    PARLEY_SLOT(parley_dialect, retarget),
    PARLEY_SLOT(parley_dialect, tap_open),
    PARLEY_SLOT(parley_dialect, tap_feed),
    PARLEY_SLOT(parley_dialect, tap_fail),
    PARLEY_SLOT(parley_dialect, tap_close),
    PARLEY_SLOT(parley_dialect, encode_error),
    PARLEY_SLOT(parley_dialect, decode_error),
};
constexpr std::array kDialectBonds = {
    Bond{PARLEY_SLOT(parley_dialect, decode), PARLEY_SLOT(parley_dialect, decoder_open)},
    Bond{PARLEY_SLOT(parley_dialect, decoder_close), PARLEY_SLOT(parley_dialect, decoder_open)},
    Bond{PARLEY_SLOT(parley_dialect, encode), PARLEY_SLOT(parley_dialect, encoder_open)},
    Bond{PARLEY_SLOT(parley_dialect, encoder_close), PARLEY_SLOT(parley_dialect, encoder_open)},
};

constexpr std::array kProviderNeeds = {
    PARLEY_SLOT(parley_provider, dialects),
    PARLEY_SLOT(parley_provider, plan),
};
constexpr std::array kProviderBonds = {
    Bond{PARLEY_SLOT(parley_provider, answer_step), PARLEY_SLOT(parley_provider, answer_open)},
    Bond{PARLEY_SLOT(parley_provider, answer_close), PARLEY_SLOT(parley_provider, answer_open)},
};

constexpr std::array kLoginNeeds = {PARLEY_SLOT(parley_login, parse)};
constexpr std::array kLoginBonds = {
    Bond{PARLEY_SLOT(parley_login, ops), PARLEY_SLOT(parley_login, login_begin)},
    Bond{PARLEY_SLOT(parley_login, ops), PARLEY_SLOT(parley_login, refresh_begin)},
};

constexpr std::array kStoreNeeds = {
    PARLEY_SLOT(parley_store, open),
    PARLEY_SLOT(parley_store, close),
    PARLEY_SLOT(parley_store, get),
    PARLEY_SLOT(parley_store, list),
    PARLEY_SLOT(parley_store, put),
    PARLEY_SLOT(parley_store, remove),
};
constexpr std::array kStoreBonds = {
    Bond{PARLEY_SLOT(parley_store, renew), PARLEY_SLOT(parley_store, lease)},
    Bond{PARLEY_SLOT(parley_store, release), PARLEY_SLOT(parley_store, lease)},
};

constexpr std::array kPolicyNeeds = {PARLEY_SLOT(parley_policy, pick)};

constexpr std::array kFilterNeeds = {
    PARLEY_SLOT(parley_filter, interest),
    PARLEY_SLOT(parley_filter, open),
    PARLEY_SLOT(parley_filter, close),
};

constexpr std::array kObserverNeeds = {PARLEY_SLOT(parley_observer, observe)};

constexpr std::array kOpNeeds = {
    PARLEY_SLOT(parley_op_table, step),
    PARLEY_SLOT(parley_op_table, destroy),
};
constexpr Kind kOps{"parley_op_table", "ops", PARLEY_UP_TO(parley_op_table, destroy), kOpNeeds, {}};

constexpr std::array kKinds = {
    Kind{PARLEY_KIND_DIALECT,
         "dialect",
         PARLEY_UP_TO(parley_dialect, encode_count),
         kDialectNeeds,
         kDialectBonds},
    Kind{PARLEY_KIND_PROVIDER,
         "provider",
         PARLEY_UP_TO(parley_provider, answer_close),
         kProviderNeeds,
         kProviderBonds},
    Kind{PARLEY_KIND_LOGIN,
         "login",
         PARLEY_UP_TO(parley_login, redact),
         kLoginNeeds,
         kLoginBonds,
         offsetof(parley_login, ops)},
    Kind{PARLEY_KIND_STORE, "store", PARLEY_UP_TO(parley_store, health), kStoreNeeds, kStoreBonds},
    Kind{PARLEY_KIND_POLICY, "policy", PARLEY_UP_TO(parley_policy, report), kPolicyNeeds, {}},
    Kind{PARLEY_KIND_FILTER, "filter", PARLEY_UP_TO(parley_filter, close), kFilterNeeds, {}},
    Kind{PARLEY_KIND_OBSERVER,
         "observer",
         PARLEY_UP_TO(parley_observer, observe),
         kObserverNeeds,
         {}},
};

// What every table begins with.
struct TableHead {
    std::uint32_t struct_size;
    std::uint32_t reserved0;
};

const void* pointer_at(const void* table, std::size_t offset) {
    const void* pointer = nullptr;
    std::memcpy(&pointer, static_cast<const char*>(table) + offset, sizeof(pointer));
    return pointer;
}

base::Error fault(std::string text) {
    return refusal("B3", PARLEY_E_INVALID_ARGUMENT, "table: " + std::move(text));
}

}  // namespace

std::span<const Kind> kinds() {
    return kKinds;
}

const Kind* find_kind(std::string_view id) {
    const auto* const found = std::find_if(
        kKinds.begin(), kKinds.end(), [id](const Kind& kind) { return kind.id == id; });
    return found == kKinds.end() ? nullptr : found;
}

std::string_view short_kind(std::string_view id) {
    const Kind* kind = find_kind(id);
    return kind == nullptr ? id : kind->name;
}

bool is_kind_id(std::string_view id) {
    const std::size_t slash = id.rfind('/');
    if (slash == id.npos || !is_reverse_dns(id.substr(0, slash))) return false;
    const std::string_view number = id.substr(slash + 1);
    return !number.empty() && number.size() <= 4 && number[0] != '0' &&
           std::all_of(number.begin(), number.end(), [](char c) { return c >= '0' && c <= '9'; });
}

Result<void> check_struct_size(std::uint32_t size, std::size_t bytes_min) {
    if (size >= bytes_min && size <= kStructBytesMax && size % 8 == 0) return {};
    return refusal("B3",
                   PARLEY_E_INVALID_ARGUMENT,
                   "struct_size " + std::to_string(size) + "; a multiple of 8 from " +
                       std::to_string(bytes_min) + " to " + std::to_string(kStructBytesMax) +
                       " was expected, set it by sizeof");
}

Result<void> check_table(const Kind& kind, const void* table) {
    if (table == nullptr) return fault("missing; one of " + std::string(kind.id) + " was expected");
    TableHead head{};
    std::memcpy(&head, table, sizeof(head));
    if (Result<void> right = check_struct_size(head.struct_size, kind.bytes_min);
        right.has_error()) {
        return fault(right.error().message);
    }
    if (head.reserved0 != 0) {
        return fault("reserved0 is " + std::to_string(head.reserved0) + "; 0 was expected");
    }
    for (const Slot& slot : kind.required) {
        if (pointer_at(table, slot.offset) == nullptr) {
            return fault(std::string(slot.name) + " is missing; " + std::string(kind.id) +
                         " requires it");
        }
    }
    for (const Bond& bond : kind.bonds) {
        if (pointer_at(table, bond.with.offset) != nullptr &&
            pointer_at(table, bond.slot.offset) == nullptr) {
            return fault(std::string(bond.slot.name) + " is missing; it is needed with " +
                         std::string(bond.with.name));
        }
    }
    const void* ops = kind.ops_offset == 0 ? nullptr : pointer_at(table, kind.ops_offset);
    return ops == nullptr ? Result<void>() : check_table(kOps, ops);
}

}  // namespace parley::plugins
