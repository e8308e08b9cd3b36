// manage/exchange_log.hpp: one line for each exchange.
#pragma once

#include <atomic>

#include "pipeline/outcome.hpp"

namespace parley::manage {

class ExchangeLog final : public pipeline::Recorder {
public:
    explicit ExchangeLog(bool enabled) : enabled_(enabled) {}

    void record(const pipeline::Outcome& outcome) override;

    void enable(bool enabled) { enabled_ = enabled; }

private:
    std::atomic<bool> enabled_;
};

}  // namespace parley::manage
