#include "plugins/observer.hpp"

#include "base/arena.hpp"
#include "plugins/border.hpp"

namespace parley::plugins {

using base::Result;

Observer::Observer(std::shared_ptr<Instance> instance)
    : instance_(std::move(instance)),
      table_(static_cast<const parley_observer*>(instance_->component().table)) {}

Result<void> Observer::observe(const parley_notice_batch& batch, const Cancel& cancel) const {
    constexpr std::size_t kErrorBytesMax = 64 * 1024;
    base::Arena arena(kErrorBytesMax);
    parley_error error = cleared_error(arena);
    const base::Visit visit = instance_->visit(base::Function::observe);
    const auto status = table_->observe(instance_->get(), &batch, cancel.border(), &error);
    return outcome(status, error, name());
}

}  // namespace parley::plugins
