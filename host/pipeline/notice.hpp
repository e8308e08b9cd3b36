// pipeline/notice.hpp: what an exchange came to, as a value of its own that observers are shown
// when it is long over.
#pragma once

#include <cstddef>
#include <vector>

#include "base/arena.hpp"
#include "parley/observer.h"
#include "pipeline/outcome.hpp"

namespace parley::pipeline {

class Notice {
public:
    explicit Notice(const Outcome& outcome);
    Notice(const Notice&) = delete;
    Notice& operator=(const Notice&) = delete;

    const parley_notice* border() const { return &notice_; }

    // That it takes in memory, about.
    std::size_t bytes() const;

private:
    void tell_end(const Outcome& outcome);
    void tell_attempts(const Outcome& outcome);
    parley_str keep(std::string_view text);

    base::Arena arena_;
    std::size_t text_bytes_ = 0;
    parley_exchange exchange_;
    parley_usage usage_;
    std::vector<parley_attempt_notice> attempts_;
    std::vector<const parley_attempt_notice*> list_;
    parley_notice notice_;
};

}  // namespace parley::pipeline
