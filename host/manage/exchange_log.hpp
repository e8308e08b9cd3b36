// manage/exchange_log.hpp: one line for each exchange.
#pragma once

#include "pipeline/outcome.hpp"

namespace parley::manage {

class ExchangeLog final : public pipeline::Recorder {
public:
    explicit ExchangeLog(bool enabled) : enabled_(enabled) {}

    void record(const pipeline::Outcome& outcome) override;

private:
    bool enabled_;
};

}  // namespace parley::manage
