// plugins/kinds.hpp: the kinds of components that this host knows, and what their tables must have.
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <string_view>

#include "base/error.hpp"

namespace parley::plugins {

// A pointer inside a table.
struct Slot {
    std::string_view name;
    std::size_t offset;
};

// `slot` must be there when `with` is.
struct Bond {
    Slot slot;
    Slot with;
};

struct Kind {
    std::string_view id;    // "parley.provider/1"
    std::string_view name;  // "provider", as manifests say
    std::size_t bytes_min;  // the size of the table when the kind was new
    std::span<const Slot> required;
    std::span<const Bond> bonds;
    std::size_t ops_offset = 0;  // of the pointer to a parley_op_table; 0: the kind begins no ops
};

std::span<const Kind> kinds();

// nullptr for a kind that this host does not know.
const Kind* find_kind(std::string_view id);

// "provider" of "parley.provider/1"; the id itself of kinds that are not ours.
std::string_view short_kind(std::string_view id);

// "parley.provider/1": a reverse DNS name, a slash and a number.
bool is_kind_id(std::string_view id);

// Structs of the border say their own size; one that is out of these bounds is none.
inline constexpr std::size_t kStructBytesMax = 4096;
base::Result<void> check_struct_size(std::uint32_t size, std::size_t bytes_min);

// Fails with check B3 when the table cannot be used.
base::Result<void> check_table(const Kind& kind, const void* table);

}  // namespace parley::plugins
