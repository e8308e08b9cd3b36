// http/call.hpp: one small request and its whole reply, as logins need it. Redirects are replies
// like any other; certificates are verified. [loop]
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/error.hpp"
#include "base/secret.hpp"
#include "base/task.hpp"
#include "http/upstream.hpp"

namespace parley::http {

struct Call {
    std::string origin;  // "https://host[:port]"
    std::string method;
    std::string target;   // path and query
    base::Secret fields;  // "name: value\r\n" of each, without framing: they may prove somebody
    base::Secret body;
    std::uint64_t reply_bytes_max = 0;
    std::uint64_t timeout_ms = 0;  // from first to last byte
    bool is_idempotent = false;    // may be sent again when a connection dies
    config::EgressPtr egress = {};
};

struct CallReply {
    unsigned status = 0;
    std::string content_type;
    std::vector<std::pair<std::string, std::string>> fields;
    base::Secret body;
};

// Reads "https://host/path?query" into origin and target, or says what is wrong with it. Plain http
// goes to loopback addresses only.
base::Result<void> set_url(std::string_view url, Call& call);

// Fails only when there was no whole reply. `call` and `cancellation` must outlive the task.
base::Task<base::Result<CallReply>> perform(UpstreamPool& pool,
                                            const Call& call,
                                            Cancellation& cancellation);

}  // namespace parley::http
