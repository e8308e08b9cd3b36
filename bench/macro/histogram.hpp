// A log-linear histogram in the manner of HdrHistogram: every value kept to within 1 %.
#pragma once

#include <algorithm>
#include <bit>
#include <cstdint>
#include <vector>

namespace bench {

class Histogram {
public:
    void add(std::int64_t value_ns) {
        const auto value = static_cast<std::uint64_t>(std::max<std::int64_t>(value_ns, 0));
        ++counts_[std::min(index_of(value), counts_.size() - 1)];
        ++count_;
        sum_ += value;
        max_ = std::max(max_, value);
    }

    std::uint64_t count() const { return count_; }

    double max_us() const { return static_cast<double>(max_) / 1e3; }

    double mean_us() const {
        return count_ == 0 ? 0 : static_cast<double>(sum_) / static_cast<double>(count_) / 1e3;
    }

    double quantile_us(double quantile) const {
        const double rank = quantile * static_cast<double>(count_);
        std::uint64_t seen = 0;
        for (std::size_t i = 0; i < counts_.size(); ++i) {
            seen += counts_[i];
            if (seen > 0 && static_cast<double>(seen) >= rank) {
                return static_cast<double>(std::min(middle_of(i), max_)) / 1e3;
            }
        }
        return 0;
    }

private:
    static constexpr unsigned kBits = 7;  // 128 steps for each doubling
    static constexpr std::uint64_t kSteps = 1U << kBits;
    static constexpr std::size_t kDoublings = 34;  // up to 20 minutes

    static std::size_t index_of(std::uint64_t value) {
        if (value < kSteps) {
            return value;
        }
        const auto shift = static_cast<unsigned>(std::bit_width(value)) - kBits - 1;
        return (shift + 1) * kSteps + ((value >> shift) - kSteps);
    }

    static std::uint64_t middle_of(std::size_t index) {
        if (index < kSteps) {
            return index;
        }
        const auto shift = index / kSteps - 1;
        const auto low = (index % kSteps + kSteps) << shift;
        return low + (std::uint64_t{1} << shift) / 2;
    }

    std::vector<std::uint64_t> counts_ = std::vector<std::uint64_t>(kSteps * kDoublings);
    std::uint64_t count_ = 0;
    std::uint64_t sum_ = 0;
    std::uint64_t max_ = 0;
};

}  // namespace bench
