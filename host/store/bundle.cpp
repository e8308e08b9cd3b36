#include "store/bundle.hpp"

#include <utility>

namespace parley::store {

using base::Result;
using plugins::Cancel;
using plugins::DocumentWrite;

Result<void> Bundle::add(DocumentWrite write) {
    bytes_ += write.value.reveal().size();
    writes_.push_back(std::move(write));
    const bool is_full = writes_.size() == kBatchDocuments || bytes_ >= kBatchBytes;
    return is_full ? end() : Result<void>();
}

// Nothing is read as long as all is as expected.
Result<void> Bundle::end() {
    bytes_ = 0;
    Writes writes = std::exchange(writes_, {});
    Outcome outcome = write_together(writes);
    if (outcome == Outcome::kInTheWay) {
        auto left = look_at(std::move(writes));
        if (!left) return std::move(left).error();
        writes = std::move(*left);
        outcome = write_together(writes);
    }
    for (DocumentWrite& write : writes) {
        auto ok = outcome == Outcome::kTaken ? told_(write, {}) : write_alone(write);
        if (!ok) return ok;
    }
    return {};
}

Bundle::Outcome Bundle::write_together(const Writes& writes) {
    if (writes.size() < 2 || !into_.documents().store().can(PARLEY_STORE_BATCH)) {
        return Outcome::kAlone;
    }
    const Cancel cancel(into_.limits().call_ms, nullptr);
    const auto written = into_.documents().write_all(writes, cancel);
    if (!written) return Outcome::kAlone;  // which then tells whose fault it is
    return written->is_conflict ? Outcome::kInTheWay : Outcome::kTaken;
}

Result<Bundle::Writes> Bundle::look_at(Writes writes) {
    Writes left;
    for (DocumentWrite& write : writes) {
        auto needed = look_(write);
        if (!needed) return std::move(needed).error();
        if (*needed) left.push_back(std::move(write));
    }
    return left;
}

Result<void> Bundle::write_alone(DocumentWrite& write) {
    for (;;) {
        const Cancel cancel(into_.limits().call_ms, nullptr);
        auto written = into_.documents().write(write, cancel);
        if (!written) return told_(write, std::move(written).error());
        if (!written->is_conflict) return told_(write, {});
        auto needed = look_(write);
        if (!needed) return std::move(needed).error();
        if (!*needed) return {};
    }
}

}  // namespace parley::store
