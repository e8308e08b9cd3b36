// plugins/policy.hpp: a policy of a plugin, as values.
#pragma once

#include <memory>
#include <span>
#include <string_view>

#include "base/error.hpp"
#include "parley/policy.h"
#include "plugins/instance.hpp"

namespace parley::plugins {

class Policy {
public:
    explicit Policy(std::shared_ptr<Instance> instance);

    std::string_view name() const { return instance_->name(); }

    // What it answers: an index that is in range, the name of another policy, or a rejection, whose
    // reason `why` then holds. A fault of the plugin is an error. Makes no memory but for errors.
    base::Result<parley_pick> pick(const parley_pick_ask& ask,
                                   std::span<const parley_candidate* const> candidates,
                                   base::Error& why) const;
    void report(const parley_pick_report& report) const;

private:
    std::shared_ptr<Instance> instance_;
    const parley_policy* table_;
};

}  // namespace parley::plugins
