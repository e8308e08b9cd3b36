// http/tls.hpp: contexts of OpenSSL for both sides.
#pragma once

#include <memory>
#include <string>

#include <openssl/ssl.h>

#include "base/error.hpp"

namespace parley::http {

struct SslContextFree {
    void operator()(SSL_CTX* context) const { SSL_CTX_free(context); }
};

using SslContext = std::unique_ptr<SSL_CTX, SslContextFree>;

// For upstreams: verifies the chain and the name, TLS 1.2 at least, reuses sessions. `ca_file`
// replaces the system's certificates when it is not empty.
base::Result<SslContext> make_client_context(const std::string& ca_file);

// For a listener, with its certificate chain and key in PEM.
base::Result<SslContext> make_server_context(const std::string& certificate_file,
                                             const std::string& key_file);

// The oldest reason in OpenSSL's queue, in words; clears the queue.
std::string tls_error();

}  // namespace parley::http
