// http/fields.hpp: which header fields go on, and which belong to one connection or one side.
#pragma once

#include "http/head.hpp"

namespace parley::http {

// A client's field may be sent to an upstream.
bool passes_to_upstream(const Field& field);

// An upstream's field may be shown to a client.
bool passes_to_client(const Field& field);

}  // namespace parley::http
