#include "plugins/exclusives.hpp"

#include "plugins/border.hpp"

namespace parley::plugins {

std::shared_ptr<Instance> Exclusives::active(const Library& library,
                                             const Component& component) const {
    for (const auto& each : all_) {
        auto instance = each.lock();
        if (instance == nullptr || !instance->is_active()) continue;
        const parley_component& other = instance->component();
        const bool is_same = instance->library().manifest().id == library.manifest().id &&
                             view(other.kind) == component.kind_id &&
                             view(other.id) == component.id;
        if (is_same) return instance;
    }
    return nullptr;
}

void Exclusives::add(const std::shared_ptr<Instance>& instance) {
    std::erase_if(all_, [](const auto& each) { return each.expired(); });
    all_.push_back(instance);
}

}  // namespace parley::plugins
