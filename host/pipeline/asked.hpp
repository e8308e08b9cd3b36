// pipeline/asked.hpp: what a client asks for, as the rooms in front of the upstreams have read it.
#pragma once

#include <string_view>
#include <vector>

#include "accounts/callers.hpp"
#include "plugins/border.hpp"

namespace parley::pipeline {

// Views are valid as long as the exchange.
struct Asked {
    std::vector<parley_header> headers;  // the client's, without its key
    parley_http_request http = plugins::sized<parley_http_request>();
    parley_call call = plugins::sized<parley_call>();
    const plugins::Dialect* dialect = nullptr;  // the client's
    const accounts::Caller* caller = nullptr;   // null: a local client without a key
    parley_peek peek = plugins::sized<parley_peek>();

    std::string_view caller_name() const {
        return caller == nullptr ? std::string_view() : caller->name;
    }

    std::string_view model() const { return plugins::view(peek.model); }

    std::string_view body() const { return plugins::view(http.body); }

    bool wants_stream() const { return (peek.flags & PARLEY_PEEK_STREAM) != 0; }
};

}  // namespace parley::pipeline
