// check/measures.hpp: everything that a plugin is called for, kind by kind, and the figures of it.
#pragma once

#include <functional>
#include <memory>
#include <string_view>
#include <vector>

#include "check/child.hpp"
#include "check/trial.hpp"

namespace parley::check {

// What is done with each call.
class Calls {
public:
    virtual ~Calls() = default;

    // `inside` is something of the plugin whose allocations count; null: they do not. `with_cpp`:
    // so do those of the C++ library, which the host leaves alone during the call.
    virtual void take(std::string_view component,
                      std::string_view what,
                      const void* inside,
                      const std::function<void()>& call,
                      bool with_cpp = true) = 0;
};

// In a process of its own; what is measured goes onto the scroll.
class Measures final : public Calls {
public:
    Measures(Trial& trial, const Scroll& scroll, int each_ms);

    Trial& trial() { return trial_; }

    void take(std::string_view component,
              std::string_view what,
              const void* inside,
              const std::function<void()>& call,
              bool with_cpp = true) override;

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
// calls them for. Stores are asked where they are told to work.
void call_everything(Calls& calls,
                     const Trial& trial,
                     const std::shared_ptr<plugins::Instance>& made);

void measure_component(Measures& measures,
                       const std::shared_ptr<plugins::Library>& library,
                       const plugins::Component& component);

}  // namespace parley::check
