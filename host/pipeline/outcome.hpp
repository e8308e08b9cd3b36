// pipeline/outcome.hpp: what an exchange came to, for whoever keeps account of it.
#pragma once

#include <cstdint>
#include <string_view>

#include "base/error.hpp"
#include "parley/event.h"

namespace parley::pipeline {

// Views are valid during Recorder::record only.
struct Outcome {
    std::string_view id;
    std::string_view peer;
    std::string_view caller;
    std::string_view method;
    std::string_view path;
    std::string_view dialect;
    std::string_view model;  // as asked
    std::string_view provider;
    std::string_view account;
    std::string_view upstream_model;
    unsigned status = 0;  // as sent; 499: the client left before that
    unsigned attempts = 0;
    bool stream = false;
    std::uint64_t request_bytes = 0;
    std::uint64_t reply_bytes = 0;
    std::uint64_t first_byte_ms = 0;
    std::uint64_t total_ms = 0;
    parley_usage usage{};
    const base::Error* error = nullptr;  // null: a success
};

class Recorder {
public:
    virtual ~Recorder() = default;
    virtual void record(const Outcome& outcome) = 0;
};

}  // namespace parley::pipeline
