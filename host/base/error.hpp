// base/error.hpp: why something cannot be done: what, whose fault, whether to try again, in words.
#pragma once

#include <cstdint>
#include <string>
#include <utility>

#include <boost/system/result.hpp>

#include "parley/abi.h"

namespace parley::base {

struct Error {
    Error() = default;  // not an aggregate: Result<T> must tell a T from an Error

    int error_class = PARLEY_E_INTERNAL;    // PARLEY_E_*
    unsigned fault = PARLEY_FAULT_GATEWAY;  // PARLEY_FAULT_*
    unsigned scope = 0;                     // PARLEY_SCOPE_*
    unsigned advice = 0;                    // PARLEY_ADVICE_*
    unsigned http_status = 0;               // 0: by class
    std::uint64_t retry_after_ms = 0;
    std::string message;  // lower case, no full stop: "where: what: what was expected"
    std::string code;
    std::string param;
};

template <class T>
using Result = boost::system::result<T, Error>;

inline Error client_error(int error_class, std::string message, std::string param = {}) {
    Error e;
    e.error_class = error_class;
    e.fault = PARLEY_FAULT_CLIENT;
    e.scope = PARLEY_SCOPE_REQUEST;
    e.message = std::move(message);
    e.param = std::move(param);
    return e;
}

inline Error upstream_error(int error_class, std::string message) {
    Error e;
    e.error_class = error_class;
    e.fault = PARLEY_FAULT_UPSTREAM;
    e.message = std::move(message);
    return e;
}

inline Error gateway_error(int error_class, std::string message) {
    Error e;
    e.error_class = error_class;
    e.message = std::move(message);
    return e;
}

// The HTTP status that a class of error has when nobody chose one.
unsigned http_status_of(int error_class);

// The class that an HTTP status of a failed reply stands for.
int class_of_http_status(unsigned status);

// "rate_limited" and so on, for logs and metrics.
const char* name_of(int error_class);

// Needed by boost::system::result; reached only when a caller takes the value of a failure.
[[noreturn]] void throw_exception_from_error(const Error& error, const boost::source_location&);

}  // namespace parley::base
