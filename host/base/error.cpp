// base/error.cpp: the one table of error classes.
#include "base/error.hpp"

#include <array>
#include <stdexcept>

namespace parley::base {

namespace {

struct Row {
    int error_class;
    unsigned http_status;
    const char* name;
};

constexpr std::array kRows{
    Row{PARLEY_E_INVALID_ARGUMENT, 400, "invalid_request"},
    Row{PARLEY_E_UNSUPPORTED, 400, "unsupported"},
    Row{PARLEY_E_NOT_FOUND, 404, "not_found"},
    Row{PARLEY_E_UNAUTHENTICATED, 401, "unauthenticated"},
    Row{PARLEY_E_FORBIDDEN, 403, "forbidden"},
    Row{PARLEY_E_RATE_LIMITED, 429, "rate_limited"},
    Row{PARLEY_E_QUOTA_EXHAUSTED, 429, "quota_exhausted"},
    Row{PARLEY_E_PAYMENT_REQUIRED, 402, "payment_required"},
    Row{PARLEY_E_CONTEXT_TOO_LONG, 400, "context_too_long"},
    Row{PARLEY_E_CONTENT_BLOCKED, 400, "content_blocked"},
    Row{PARLEY_E_TOO_LARGE, 413, "too_large"},
    Row{PARLEY_E_OVERLOADED, 503, "overloaded"},
    Row{PARLEY_E_UPSTREAM_FAILED, 502, "upstream_failed"},
    Row{PARLEY_E_UPSTREAM_PROTOCOL, 502, "upstream_protocol"},
    Row{PARLEY_E_TIMEOUT, 504, "timeout"},
    Row{PARLEY_E_CANCELLED, 499, "cancelled"},
    Row{PARLEY_E_CONFLICT, 409, "conflict"},
    Row{PARLEY_E_PRECONDITION, 400, "precondition"},
    Row{PARLEY_E_CORRUPT_STATE, 500, "corrupt_state"},
    Row{PARLEY_E_CONFIG, 500, "config"},
    Row{PARLEY_E_INTERNAL, 500, "internal"},
    Row{PARLEY_E_NOT_IMPLEMENTED, 501, "not_implemented"},
    Row{PARLEY_E_BUDGET, 500, "budget"},
};

const Row& row_of(int error_class) {
    for (const Row& row : kRows) {
        if (row.error_class == error_class) return row;
    }
    return row_of(PARLEY_E_INTERNAL);
}

}  // namespace

unsigned http_status_of(int error_class) {
    return row_of(error_class).http_status;
}

const char* name_of(int error_class) {
    return row_of(error_class).name;
}

int class_of_http_status(unsigned status) {
    switch (status) {
        case 401:
            return PARLEY_E_UNAUTHENTICATED;
        case 402:
            return PARLEY_E_PAYMENT_REQUIRED;
        case 403:
            return PARLEY_E_FORBIDDEN;
        case 404:
            return PARLEY_E_NOT_FOUND;
        case 408:
        case 504:
            return PARLEY_E_TIMEOUT;
        case 409:
            return PARLEY_E_CONFLICT;
        case 413:
            return PARLEY_E_TOO_LARGE;
        case 429:
            return PARLEY_E_RATE_LIMITED;
        case 503:
        case 529:
            return PARLEY_E_OVERLOADED;
        default:
            return status >= 500 ? PARLEY_E_UPSTREAM_FAILED : PARLEY_E_INVALID_ARGUMENT;
    }
}

void throw_exception_from_error(const Error& error, const boost::source_location&) {
    throw std::logic_error("value of a failure: " + error.message);
}

}  // namespace parley::base
