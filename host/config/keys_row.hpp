// config/keys_row.hpp: how the tables of keys are written down.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "config/config.hpp"
#include "config/keys.hpp"

namespace parley::config {

template <class T>
struct OwnerOf;

template <class Owner, class Value>
struct OwnerOf<Value Owner::*> {
    using Type = Owner;
};

// The slot at the end of a chain of members: slot<&Config::limits, &Limits::head_ms>.
template <auto kFirst, auto... kRest>
Slot slot(void* object) {
    using Owner = typename OwnerOf<decltype(kFirst)>::Type;
    return &((static_cast<Owner*>(object)->*kFirst).*....*kRest);
}

template <class T>
std::shared_ptr<void> fresh() {
    return std::make_shared<T>();
}

using SlotOf = Slot (*)(void*);

struct Bounds {
    std::uint64_t min;
    std::uint64_t max;
};

constexpr std::uint64_t kKiB = 1024;
constexpr std::uint64_t kMiB = 1024 * kKiB;
constexpr std::uint64_t kGiB = 1024 * kMiB;
constexpr std::uint64_t kTiB = 1024 * kGiB;
constexpr std::uint64_t kHour = 3'600'000;
constexpr std::uint64_t kDay = 24 * kHour;
constexpr std::uint64_t kMillion = 1'000'000;

inline Key key(Form form, std::string_view name, SlotOf slot, std::string_view meaning) {
    return {.name = name, .form = form, .slot = slot, .meaning = meaning};
}

inline Key bounded(
    Form form, std::string_view name, SlotOf slot, Bounds bounds, std::string_view text) {
    Key out = key(form, name, slot, text);
    out.min = bounds.min;
    out.max = bounds.max;
    return out;
}

inline Key number(std::string_view name, SlotOf slot, Bounds bounds, std::string_view meaning) {
    return bounded(Form::kNumber, name, slot, bounds, meaning);
}

inline Key bytes(std::string_view name, SlotOf slot, Bounds bounds, std::string_view meaning) {
    return bounded(Form::kBytes, name, slot, bounds, meaning);
}

inline Key duration(std::string_view name, SlotOf slot, Bounds bounds, std::string_view meaning) {
    return bounded(Form::kDuration, name, slot, bounds, meaning);
}

inline Key choice(std::string_view name,
                  SlotOf slot,
                  std::vector<std::string> choices,
                  std::string_view meaning) {
    Key out = key(Form::kChoice, name, slot, meaning);
    out.choices = std::move(choices);
    return out;
}

inline Key required(Key out) {
    out.is_required = true;
    return out;
}

// What may hold a secret, such as the fields of requests.
inline Key hidden(Key out) {
    out.is_private = true;
    return out;
}

inline Key or_else(std::string_view fallback, Key out) {
    out.fallback = fallback;
    return out;
}

// limits_table.cpp
Table limits_table();
Table stash_table();
Table lessons_table();
Table upstream_table();
Table supervisor_table();
Table reload_table();

// routing_table.cpp
Table routing_table();
Table failover_table();

// plugins_table.cpp
Table plugins_table();
Table filter_table();
Table observer_table();

// store_table.cpp
Table accounts_table();
Table store_table();
Table observers_table();

}  // namespace parley::config
