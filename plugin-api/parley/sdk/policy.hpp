// parley/sdk/policy.hpp: the table of parley.policy/1 from a class.
//
//   class MyPolicy {
//    public:
//     explicit MyPolicy(const parley_host*);
//     void pick(const parley_pick_ask&, std::span<const parley_candidate* const>, parley_pick&);
//     void report(const parley_pick_report&) noexcept;                             // optional
//   };
//   const parley_policy table = parley::sdk::policy_table<MyPolicy>();
#pragma once

#include <span>

#include "parley/policy.h"
#include "parley/sdk/plugin.hpp"

namespace parley::sdk {

template <class T>
parley_policy policy_table() {
    using namespace detail;
    parley_policy t{};
    t.struct_size = sizeof(t);
    t.pick = [](parley_instance* i,
                const parley_pick_ask* ask,
                const parley_candidate* const* candidates,
                uint32_t count,
                parley_pick* out,
                parley_error* e) {
        return guard(e, [&] {
            self<T>(i).pick(
                *ask, std::span<const parley_candidate* const>(candidates, count), *out);
        });
    };
    if constexpr (requires(T & p, const parley_pick_report& r) { p.report(r); }) {
        t.report = [](parley_instance* i, const parley_pick_report* report) {
            self<T>(i).report(*report);
        };
    }
    return t;
}

}  // namespace parley::sdk
