// parley/sdk/state.hpp: parley.state/1 for a component made by make_component.
//
//   class MyPolicy {
//    public:
//     std::string save() const;                                        // empty: nothing
//     bool restore(std::string_view state, std::string_view version);  // false: it says nothing
//   };
//   parley_component c = parley::sdk::make_component<MyPolicy>({...}, &table);
//   parley::sdk::add_state<MyPolicy>(c);
#pragma once

#include <string>
#include <string_view>

#include "parley/sdk/plugin.hpp"
#include "parley/state.h"

namespace parley::sdk {

template <class T>
void add_state(parley_component& component) {
    component.get_extension = [](parley_instance*, parley_str id) -> const void* {
        using namespace detail;
        static const parley_state state{
            sizeof(parley_state),
            0,
            [](parley_instance* i, const parley_out* out, parley_error* e) {
                std::string saved;
                const parley_status status = guard(e, [&] { saved = self<T>(i).save(); });
                if (status < 0) return status;
                if (saved.empty()) return parley_status{PARLEY_DECLINED};
                return out->write(out, bytes(saved));
            },
            [](parley_instance* i, parley_bytes given, parley_str version, parley_error* e) {
                bool is_taken = false;
                const parley_status status =
                    guard(e, [&] { is_taken = self<T>(i).restore(view(given), view(version)); });
                if (status < 0 || is_taken) return status;
                return parley_status{PARLEY_DECLINED};
            }};
        return view(id) == PARLEY_STATE ? &state : nullptr;
    };
}

}  // namespace parley::sdk
