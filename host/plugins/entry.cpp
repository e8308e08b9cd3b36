#include "plugins/entry.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>

#include "config/schema.hpp"
#include "parley/login.h"
#include "plugins/text.hpp"

namespace parley::plugins {

using base::Result;

namespace {

constexpr std::uint32_t kComponentsMax = 64;
constexpr std::uint64_t kNameBytesMax = 256;
constexpr std::uint64_t kSchemaBytesMax = std::uint64_t{256} * 1024;
constexpr std::size_t kEntryBytesMin = offsetof(parley_entry, component) + sizeof(void*);
constexpr std::size_t kComponentBytesMin =
    offsetof(parley_component, get_extension) + sizeof(void*);

base::Error fault(std::string text) {
    return refusal("B3", PARLEY_E_INVALID_ARGUMENT, std::move(text));
}

struct Text {
    const char* name = "";
    const parley_str& value;
    std::uint64_t bytes_max = kNameBytesMax;
};

Result<void> check_text(const Text& text) {
    if (text.value.len > text.bytes_max) {
        return fault(std::string(text.name) + " has " + counted(text.value.len, "byte") +
                     "; at most " + std::to_string(text.bytes_max) + " were expected");
    }
    if (text.value.len != 0 && text.value.ptr == nullptr) {
        return fault(std::string(text.name) + " is NULL with a length; text was expected");
    }
    return {};
}

std::string_view view(const parley_str& text) {
    return {text.ptr, text.len};
}

Result<void> compare(const Text& text, const std::string& manifest) {
    if (Result<void> right = check_text(text); right.has_error()) return right.error();
    if (view(text.value) == manifest) return {};
    return fault(std::string(text.name) + " is " + quoted(view(text.value)) +
                 ", but the manifest says " + quoted(manifest) + "; write the same in both");
}

Result<void> compare_abi(const parley_entry& entry, const Manifest& manifest) {
    if (entry.abi_major != manifest.abi_major || entry.abi_minor != manifest.abi_minor) {
        return fault("abi is " + std::to_string(entry.abi_major) + '.' +
                     std::to_string(entry.abi_minor) + ", but the manifest says " +
                     std::to_string(manifest.abi_major) + '.' + std::to_string(manifest.abi_minor) +
                     "; write the same in both");
    }
    if (implied_flags(entry.flags) != manifest.flags) {
        return fault("flags are " + std::to_string(implied_flags(entry.flags)) +
                     ", but the manifest says " + std::to_string(manifest.flags) +
                     "; write the same in both");
    }
    return {};
}

// Prefixes what is wrong with where it is.
Result<void> in(const std::string& where, const Result<void>& result) {
    if (result.has_value()) return {};
    base::Error error = result.error();
    error.message.insert(0, where + ": ");
    return error;
}

Result<void> check_entry_fields(const parley_entry& entry, const Manifest& manifest) {
    Result<void> right = check_struct_size(entry.struct_size, kEntryBytesMin);
    if (right.has_value()) right = compare_abi(entry, manifest);
    if (right.has_value()) right = compare({"id", entry.id}, manifest.id);
    if (right.has_value()) right = compare({"version", entry.version}, manifest.version);
    if (right.has_value()) right = check_text({"vendor", entry.vendor});
    if (right.has_error()) return right;
    if (entry.reserved0 != 0) {
        return fault("reserved0 is " + std::to_string(entry.reserved0) + "; 0 was expected");
    }
    if (entry.component_count == nullptr)
        return fault("component_count is missing; it is required");
    if (entry.component == nullptr) return fault("component is missing; it is required");
    return {};
}

Result<void> check_texts(const parley_component& record) {
    Result<void> right = check_text({"kind", record.kind});
    if (right.has_value()) right = check_text({"id", record.id});
    if (right.has_value()) right = check_text({"title", record.title});
    if (right.has_value()) {
        right = check_text({"config_schema", record.config_schema, kSchemaBytesMax});
    }
    if (right.has_error()) return right;
    if (!is_kind_id(view(record.kind))) {
        return fault("kind is " + quoted(view(record.kind)) +
                     "; an id such as \"parley.provider/1\" was expected");
    }
    if (!is_kebab(view(record.id))) {
        return fault("id is " + quoted(view(record.id)) +
                     "; a name such as \"my-provider\" was expected");
    }
    const auto schema = config::Schema::parse(view(record.config_schema));
    if (schema) return {};
    return refusal("C2", PARLEY_E_INVALID_ARGUMENT, "config_schema: " + schema.error().message);
}

Result<void> check_record(const parley_component& record) {
    Result<void> right = check_struct_size(record.struct_size, kComponentBytesMin);
    if (right.has_value()) right = check_texts(record);
    if (right.has_error()) return right;
    const bool is_login = view(record.kind) == PARLEY_KIND_LOGIN;
    if (is_login && (record.flags & PARLEY_COMPONENT_EXCLUSIVE) != 0) {
        return fault(
            "PARLEY_COMPONENT_EXCLUSIVE is set, but each provider has a login of its own, and one "
            "may be under way at any time; own such a thing for one call, or by a lease of the "
            "store");
    }
    if (record.create == nullptr) return fault("create is missing; it is required");
    if (record.destroy == nullptr) return fault("destroy is missing; it is required");
    const Kind* kind = find_kind(view(record.kind));
    if (kind != nullptr) return check_table(*kind, record.table);
    if (record.table == nullptr) return fault("table: missing; it is required");
    return {};
}

Component describe(const parley_component& record) {
    return {&record,
            find_kind(view(record.kind)),
            view(record.kind),
            view(record.id),
            view(record.title),
            view(record.config_schema)};
}

// The manifest lists the kinds so that nothing need be loaded to know them.
Result<void> compare_kinds(const std::vector<Component>& components, const Manifest& manifest) {
    for (const Component& component : components) {
        const std::string_view kind = short_kind(component.kind_id);
        const auto& listed = manifest.kinds;
        if (std::find(listed.begin(), listed.end(), kind) == listed.end()) {
            return fault("component " + quoted(component.id) + ": is of kind " + quoted(kind) +
                         ", which the manifest does not list; add it to KINDS");
        }
    }
    for (const std::string& kind : manifest.kinds) {
        const bool offered =
            std::any_of(components.begin(), components.end(), [&](const Component& component) {
                return short_kind(component.kind_id) == kind;
            });
        if (!offered) {
            return fault("entry: no component of kind " + quoted(kind) +
                         ", which the manifest lists; take it out of KINDS");
        }
    }
    return {};
}

std::string where(std::uint32_t index, const parley_component& record) {
    if (check_struct_size(record.struct_size, kComponentBytesMin).has_value() &&
        check_text({"id", record.id}).has_value() && is_kebab(view(record.id))) {
        return "component " + quoted(view(record.id));
    }
    return "component " + std::to_string(index);
}

}  // namespace

Result<void> check_entry(const parley_entry& entry, const Manifest& manifest) {
    return in("entry", check_entry_fields(entry, manifest));
}

Result<std::vector<Component>> read_components(const parley_entry& entry,
                                               const Manifest& manifest) {
    const std::uint32_t count = entry.component_count();
    if (count == 0 || count > kComponentsMax) {
        return fault("entry: " + counted(count, "component") + "; 1 to " +
                     std::to_string(kComponentsMax) + " were expected");
    }
    std::vector<Component> out;
    for (std::uint32_t i = 0; i < count; ++i) {
        const parley_component* record = entry.component(i);
        if (record == nullptr) {
            return fault("component " + std::to_string(i) + ": NULL; component_count says " +
                         std::to_string(count));
        }
        if (Result<void> right = in(where(i, *record), check_record(*record)); right.has_error()) {
            return right.error();
        }
        const Component next = describe(*record);
        const bool taken = std::any_of(out.begin(), out.end(), [&](const Component& other) {
            return other.id == next.id && other.kind_id == next.kind_id;
        });
        if (taken) {
            return fault("component " + quoted(next.id) + ": comes twice with kind " +
                         quoted(next.kind_id) + "; give each its own id");
        }
        out.push_back(next);
    }
    if (Result<void> right = compare_kinds(out, manifest); right.has_error()) return right.error();
    return out;
}

}  // namespace parley::plugins
