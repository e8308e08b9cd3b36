// plugins/exclusives.hpp: the instances of components of which at most one may be active at a time.
// One for a process. [control]
#pragma once

#include <memory>
#include <vector>

#include "plugins/instance.hpp"

namespace parley::plugins {

// One that takes another one's place as soon as nobody calls that.
struct Handover {
    std::shared_ptr<Instance> from;
    std::shared_ptr<Instance> to;
};

class Exclusives {
public:
    // The active instance of this component, whichever library it is of; null: none is active.
    std::shared_ptr<Instance> active(const Library& library, const Component& component) const;

    void add(const std::shared_ptr<Instance>& instance);

private:
    std::vector<std::weak_ptr<Instance>> all_;
};

}  // namespace parley::plugins
