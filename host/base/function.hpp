// base/function.hpp: which function of a plugin a thread is in, for the black box.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

namespace parley::base {

enum class Function : std::uint8_t {
    none,
    load,
    create,
    destroy,
    routes,
    match,
    peek,
    retarget,
    encode_error,
    decode_error,
    encode_models,
    tap,
    decode_request,
    encode_request,
    decoder,
    encoder,
    correct,
    models,
    plan,
    classify,
    answer,
    pick,
    login,
    store,
    filter,
    observe,
    other,
};

constexpr std::string_view name_of(Function function) {
    constexpr std::array<std::string_view, 27> kNames{
        "none",           "load",           "create",        "destroy",
        "routes",         "match",          "peek",          "retarget",
        "encode_error",   "decode_error",   "encode_models", "tap",
        "decode_request", "encode_request", "decoder",       "encoder",
        "correct_traits", "models",         "plan",          "classify",
        "answer",         "pick",           "login",         "store",
        "filter",         "observe",        "other"};
    const auto at = static_cast<std::size_t>(function);
    return at < kNames.size() ? kNames[at] : "other";
}

}  // namespace parley::base
