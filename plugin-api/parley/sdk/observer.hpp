// parley/sdk/observer.hpp: the table of parley.observer/1 from a class.
//
//   class MyObserver {
//    public:
//     explicit MyObserver(const parley_host*);
//     void observe(const parley_notice_batch&, const parley_cancel&);
//   };
//   const parley_observer table = parley::sdk::observer_table<MyObserver>();
#pragma once

#include "parley/observer.h"
#include "parley/sdk/plugin.hpp"

namespace parley::sdk {

template <class T>
parley_observer observer_table() {
    using namespace detail;
    parley_observer t{};
    t.struct_size = sizeof(t);
    t.observe = [](parley_instance* i,
                   const parley_notice_batch* batch,
                   const parley_cancel* cancel,
                   parley_error* e) {
        return guard(e, [&] { self<T>(i).observe(*batch, *cancel); });
    };
    return t;
}

}  // namespace parley::sdk
