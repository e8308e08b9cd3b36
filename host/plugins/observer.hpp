// plugins/observer.hpp: an observer of a plugin, as values.
#pragma once

#include <memory>
#include <string>

#include "base/error.hpp"
#include "parley/observer.h"
#include "plugins/cancel.hpp"
#include "plugins/instance.hpp"

namespace parley::plugins {

class Observer {
public:
    explicit Observer(std::shared_ptr<Instance> instance);

    const std::string& name() const { return instance_->name(); }

    const Instance& instance() const { return *instance_; }

    // May block. Not from two threads at a time.
    base::Result<void> observe(const parley_notice_batch& batch, const Cancel& cancel) const;

private:
    std::shared_ptr<Instance> instance_;
    const parley_observer* table_;
};

}  // namespace parley::plugins
