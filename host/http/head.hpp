// http/head.hpp: the heads of requests and replies, read in one pass and strictly (no bare LF, no
// folding, one Content-Length, only "chunked", one Host). Names are those of Beast's table.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include <boost/beast/http/field.hpp>
#include <boost/container/small_vector.hpp>

#include "base/error.hpp"
#include "config/limits.hpp"

namespace parley::http {

using FieldId = boost::beast::http::field;

// One header field; the views point into the head's bytes.
struct Field {
    FieldId id;  // FieldId::unknown for names that Beast does not know
    std::string_view name;
    std::string_view value;
};

struct Head {
    boost::container::small_vector<Field, 24> fields;
    std::optional<std::uint64_t> content_length;
    bool chunked = false;
    bool keep_alive = true;
    bool upgrade = false;

    // The value of the first such field, or empty.
    std::string_view get(FieldId id) const;
    std::string_view get(std::string_view lower_case_name) const;
};

struct RequestHead : Head {
    std::string_view method;
    std::string_view target;  // origin form
    std::string_view path;
    std::string_view query;  // without the question mark
    std::string_view content_type;
    bool http_1_0 = false;
    bool expects_continue = false;
};

struct ReplyHead : Head {
    unsigned status = 0;
    std::string_view content_type;
    bool until_close = false;  // neither length nor chunks: the body ends with the connection
};

// Whether the first bytes of a connection or of a request can become a head at all: those of TLS
// and of HTTP/2 cannot, and who sends them waits for an answer before the line ends.
base::Result<void> check_beginning(std::string_view bytes);

// The length of the head that starts at bytes[0], blank line included; 0 when it is not whole yet.
// `scanned` (0 at first) remembers how far earlier calls have looked.
base::Result<std::size_t> find_head_end(std::string_view bytes,
                                        std::size_t& scanned,
                                        std::uint64_t head_bytes_max);

// Reads a whole head. The result points into `bytes`.
base::Result<void> parse_head(std::string_view bytes,
                              const config::Limits& limits,
                              RequestHead& out);
// `to_head_request`: the reply to a HEAD has no body, whatever it says.
base::Result<void> parse_head(std::string_view bytes, const config::Limits& limits, ReplyHead& out);

bool equals_ignoring_case(std::string_view a, std::string_view b);

}  // namespace parley::http
