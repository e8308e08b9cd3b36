// pipeline/outcome.hpp: what an exchange came to, for whoever keeps account of it.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "base/error.hpp"
#include "parley/event.h"

namespace parley::pipeline {

// One try with one account, as observers are told of it too. Times count from its start; kNever
// when it did not get that far. Views live as long as the exchange.
struct AttemptNote {
    static constexpr std::uint64_t kNever = UINT64_MAX;

    std::string_view provider;
    std::string_view account;  // its label
    std::string_view account_id;
    std::string_view upstream_model;
    std::string_view code;       // of the error; may be empty
    unsigned status = 0;         // of the upstream's reply; 0: there was none
    int error_class = 0;         // PARLEY_E_*; 0: it served
    unsigned scope = 0;          // PARLEY_SCOPE_*: what was bad; 0: nothing
    bool is_reused = false;      // on a connection that was open already
    std::uint64_t start_ms = 0;  // from the start of the exchange
    std::uint64_t connect_ms = kNever;
    std::uint64_t head_ms = kNever;
    std::uint64_t content_ms = kNever;
    std::uint64_t total_ms = 0;
    std::uint64_t cool_down_ms = 0;   // how long whom it concerns is left alone for it
    std::uint64_t input_tokens = 0;   // 0: not told
    std::uint64_t output_tokens = 0;  // likewise
    std::uint64_t sent_bytes = 0;
    std::uint64_t received_bytes = 0;
};

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
    std::string_view route;  // that the model was found by; empty: none
    std::string_view session_key;
    std::string_view trace;                 // traceparent; may be empty
    unsigned operation = 0;                 // PARLEY_OPERATION_*; 0: it matched none
    unsigned finish = 0;                    // PARLEY_FINISH_*; 0: not known
    bool is_relayed = false;                // bytes for bytes
    bool has_left = false;                  // the client, before the end
    std::int64_t started_ms = 0;            // wall clock
    std::uint64_t read_ms = UINT64_MAX;     // when the request was read; never: it was not
    unsigned status = 0;                    // as sent; 499: the client left before that
    std::span<const AttemptNote> attempts;  // in their order
    bool is_budget_spent = false;           // another attempt was one too many for the caller
    bool stream = false;
    std::uint64_t request_bytes = 0;
    std::uint64_t reply_bytes = 0;
    std::uint64_t first_byte_ms = 0;
    std::uint64_t total_ms = 0;
    std::string_view lost;  // in crossing to another dialect, as x-parley-warnings tells it
    parley_usage usage{};
    const base::Error* error = nullptr;  // null: a success
};

class Recorder {
public:
    virtual ~Recorder() = default;
    virtual void record(const Outcome& outcome) = 0;
};

}  // namespace parley::pipeline
