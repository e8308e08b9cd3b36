#include "store/merge.hpp"

#include <array>
#include <cstdint>
#include <utility>

#include <boost/json/object.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

#include "store/account_document.hpp"
#include "store/wiped_memory.hpp"

namespace parley::store {

namespace json = boost::json;

using base::Secret;

namespace {

constexpr std::array<std::string_view, 5> kOfSecret{
    "secret", "revision", "expires_at_ms", "attributes", "of"};

bool is_of_secret(std::string_view name) {
    for (const std::string_view own : kOfSecret) {
        if (own == name) return true;
    }
    return false;
}

std::optional<json::object> object_of(const std::optional<Secret>& text) {
    if (!text) return {};
    json::error_code code;
    json::value value = json::parse(text->reveal(), code, wiped_memory());
    if (code || !value.is_object()) return {};
    return std::move(value.get_object());
}

std::int64_t number_at(const json::object& from, std::string_view name) {
    const json::value* value = from.if_contains(name);
    return value != nullptr && value->is_int64() ? value->get_int64() : 0;
}

bool is_same(const json::value* a, const json::value* b) {
    if (a == nullptr || b == nullptr) return a == b;
    return *a == *b;
}

bool has_same_secret(const json::object& a, const json::object& b) {
    return is_same(a.if_contains("secret"), b.if_contains("secret"));
}

bool is_our_secret_in_force(const json::object& base,
                            const json::object& ours,
                            const json::object& theirs) {
    if (has_same_secret(ours, base)) return false;
    if (has_same_secret(theirs, base)) return true;
    // Refreshes count on; what does not is a new login, and what we refreshed is of no use.
    const bool was_replaced =
        base.contains("secret") && number_at(theirs, "revision") <= number_at(base, "revision");
    if (was_replaced) return false;
    const auto age = [](const json::object& of) {
        return std::pair(number_at(of, "revision"), number_at(of, "expires_at_ms"));
    };
    return age(ours) > age(theirs);
}

void set(json::object& into, std::string_view name, const json::value* value) {
    if (value == nullptr) {
        into.erase(name);
    } else {
        into[name] = *value;
    }
}

// Brings into `into`, which is theirs, what we changed since `base`.
void bring(const json::object& base, const json::object& ours, json::object& into) {
    const bool is_our_secret = is_our_secret_in_force(base, ours, into);
    const auto bring_one = [&](std::string_view name) {
        if (is_of_secret(name)) return;
        const json::value* mine = ours.if_contains(name);
        if (!is_same(mine, base.if_contains(name))) set(into, name, mine);
    };
    for (const auto& member : ours) bring_one(member.key());
    for (const auto& member : base) bring_one(member.key());
    if (!is_our_secret) return;
    for (const std::string_view name : kOfSecret) set(into, name, ours.if_contains(name));
}

// Whose end is decided by who removes it.
bool stays_away(std::string_view key) {
    return key.starts_with(kAccountPrefix);
}

}  // namespace

std::optional<Secret> merged(std::string_view key,
                             const std::optional<Secret>& base,
                             const Secret& ours,
                             const std::optional<Secret>& theirs) {
    if (!theirs) {
        if (base && stays_away(key)) return {};
        return ours;
    }
    auto into = object_of(theirs);
    const auto mine = object_of(ours);
    if (!into || !mine) return ours;
    const auto before = object_of(base);
    bring(before ? *before : json::object(), *mine, *into);
    return Secret(json::serialize(*into));
}

}  // namespace parley::store
