// manage/exchange_log.hpp: one line for each exchange.
#pragma once

#include <atomic>
#include <cstdint>

#include "pipeline/outcome.hpp"

namespace parley::manage {

// Those who bring no key that is known: one of them a second is told of, with how many were not.
class Knocks {
public:
    bool is_told(std::uint64_t now_ms, std::uint64_t& untold);

private:
    std::atomic<std::uint64_t> told_ms_{0};
    std::atomic<std::uint64_t> untold_{0};
};

class ExchangeLog final : public pipeline::Recorder {
public:
    explicit ExchangeLog(bool enabled) : enabled_(enabled) {}

    void record(const pipeline::Outcome& outcome) override;

    void enable(bool enabled) { enabled_ = enabled; }

private:
    std::atomic<bool> enabled_;
    Knocks knocks_;
};

}  // namespace parley::manage
