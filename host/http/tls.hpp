// http/tls.hpp: contexts of OpenSSL for both sides.
#pragma once

#include <memory>
#include <mutex>
#include <string>

#include <openssl/ssl.h>

#include "base/error.hpp"

namespace parley::http {

struct SslContextFree {
    void operator()(SSL_CTX* context) const { SSL_CTX_free(context); }
};

using SslContext = std::unique_ptr<SSL_CTX, SslContextFree>;

// For upstreams: verifies the chain and the name, TLS 1.2 at least, reuses sessions. [any thread]
class ClientTls {
public:
    // `ca_file` replaces the system's certificates when it is not empty; it is read at once, so
    // that what is wrong with it is known at the start. Otherwise nothing is made before an
    // upstream wants it: what OpenSSL loads for a context is more than a megabyte. The same as
    // `before`, which may be null, when the certificates are.
    static base::Result<std::shared_ptr<ClientTls>> make(
        const std::string& ca_file, const std::shared_ptr<ClientTls>& before = nullptr);

    base::Result<SSL_CTX*> context();

private:
    ClientTls() = default;

    std::mutex mutex_;
    SslContext context_;
    std::string certificates_;  // those of ca_file, to be known again
};

// For a listener, with its certificate chain and key in PEM.
base::Result<SslContext> make_server_context(const std::string& certificate_file,
                                             const std::string& key_file);

// The oldest reason in OpenSSL's queue, in words; clears the queue.
std::string tls_error();

}  // namespace parley::http
