// http/fields.hpp: which header fields go on, and which belong to one connection or one side.
#pragma once

#include <string_view>

#include <boost/container/small_vector.hpp>

#include "http/head.hpp"

namespace parley::http {

// A client's field may be sent to an upstream.
bool passes_to_upstream(const Field& field);

// An upstream's field may be shown to a client.
bool passes_to_client(const Field& field);

// The fields that a head's connection fields name: they are of that connection too (RFC 9110,
// section 7.6.1).
class ConnectionOptions {
public:
    explicit ConnectionOptions(const Head& head);

    bool name(std::string_view field) const;

private:
    boost::container::small_vector<std::string_view, 4> names_;  // but for the usual ones
};

}  // namespace parley::http
