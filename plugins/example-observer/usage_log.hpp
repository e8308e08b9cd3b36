// usage_log.hpp: one line of JSON for each exchange.
#pragma once

#include <string>
#include <string_view>

#include "parley/sdk/observer.hpp"

namespace parley::example_observer {

class UsageLog {
public:
    explicit UsageLog(const parley_host*) {}

    void configure(std::string_view json);
    // The file is opened for each batch, so that it may be moved away at any time.
    void observe(const parley_notice_batch& batch, const parley_cancel& cancel) const;

private:
    std::string file_;
};

// What stands in the log about an exchange, with its newline.
std::string line_of(const parley_notice& notice);

}  // namespace parley::example_observer
