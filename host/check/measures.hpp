// check/measures.hpp: where the figures of one plugin are taken, kind by kind.
#pragma once

#include <functional>
#include <memory>
#include <string_view>
#include <vector>

#include "check/child.hpp"
#include "check/trial.hpp"

namespace parley::check {

// In a process of its own; what is measured goes onto the scroll.
class Measures {
public:
    Measures(Trial& trial, const Scroll& scroll, int each_ms);

    Trial& trial() { return trial_; }

    // `inside` is something of the plugin whose allocations count; null: they do not. `with_cpp`:
    // so do those of the C++ library, which the host leaves alone during the call.
    void take(std::string_view component,
              std::string_view what,
              const void* inside,
              const std::function<void()>& call,
              bool with_cpp = true);

    void take_loading();

private:
    void put(std::string_view component,
             std::string_view what,
             std::vector<double> all,
             double taken,
             std::uint64_t calls);

    Trial& trial_;
    const Scroll& scroll_;
    double batch_ns_;
};

// Everything that the pipeline calls for each request or event; of other components what the host
// calls them for.
void measure_component(Measures& measures,
                       const std::shared_ptr<plugins::Library>& library,
                       const plugins::Component& component);

}  // namespace parley::check
