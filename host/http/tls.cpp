#include "http/tls.hpp"

#include <filesystem>
#include <fstream>
#include <iterator>

#include <openssl/err.h>

#include "base/digest.hpp"
#include "http/upstream.hpp"

namespace parley::http {

using base::gateway_error;
using base::Result;

namespace {

int choose_http_1_1(SSL*,
                    const unsigned char** out,
                    unsigned char* size,
                    const unsigned char* offered,
                    unsigned int offered_size,
                    void*) {
    static constexpr unsigned char kProtocol[] = "\x08http/1.1";
    unsigned char* chosen = nullptr;
    const int result = SSL_select_next_proto(
        &chosen, size, kProtocol, sizeof(kProtocol) - 1, offered, offered_size);
    *out = chosen;
    return result == OPENSSL_NPN_NEGOTIATED ? SSL_TLSEXT_ERR_OK : SSL_TLSEXT_ERR_NOACK;
}

SslContext make_context(const SSL_METHOD* method) {
    SslContext context(SSL_CTX_new(method));
    if (context == nullptr) return context;
    SSL_CTX_set_min_proto_version(context.get(), TLS1_2_VERSION);
    SSL_CTX_set_mode(context.get(),
                     SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER |
                         SSL_MODE_RELEASE_BUFFERS);
    SSL_CTX_set_options(context.get(), SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION);
    return context;
}

// A hashed folder is read one certificate at a time, when a chain needs it; the bundle file would
// cost every process megabytes and a second of start.
bool load_system_certificates(SSL_CTX* context) {
    namespace fs = std::filesystem;
    std::error_code fault;
    for (const auto& entry : fs::directory_iterator(X509_get_default_cert_dir(), fault)) {
        if (entry.path().extension() != ".0") continue;
        return SSL_CTX_set_default_verify_dir(context) == 1;
    }
    return SSL_CTX_set_default_verify_paths(context) == 1;
}

Result<SslContext> make_client_context(const std::string& ca_file) {
    SslContext context = make_context(TLS_client_method());
    if (context == nullptr) return gateway_error(PARLEY_E_INTERNAL, "tls: " + tls_error());
    const bool loaded = ca_file.empty()
                            ? load_system_certificates(context.get())
                            : SSL_CTX_load_verify_file(context.get(), ca_file.c_str()) == 1;
    if (!loaded) {
        return gateway_error(PARLEY_E_CONFIG,
                             "tls: certificates in " + ca_file + ": " + tls_error());
    }
    SSL_CTX_set_verify(context.get(), SSL_VERIFY_PEER, nullptr);
    SSL_CTX_set_session_cache_mode(context.get(),
                                   SSL_SESS_CACHE_CLIENT | SSL_SESS_CACHE_NO_INTERNAL);
    static constexpr unsigned char kProtocol[] = "\x08http/1.1";
    SSL_CTX_set_alpn_protos(context.get(), kProtocol, sizeof(kProtocol) - 1);
    UpstreamPool::keep_sessions(context.get());
    return context;
}

// Never empty; of a file that cannot be read, which is another's to say, that of nothing.
std::string digest_of_file(const std::string& file) {
    std::ifstream in(file, std::ios::binary);
    const std::string text((std::istreambuf_iterator<char>(in)), std::istreambuf_iterator<char>());
    const base::Digest digest = base::sha256(text);
    return {digest.begin(), digest.end()};
}

}  // namespace

std::string tls_error() {
    const unsigned long code = ERR_get_error();
    ERR_clear_error();
    if (code == 0) return "unknown";
    const char* reason = ERR_reason_error_string(code);
    return reason == nullptr ? "unknown" : reason;
}

Result<std::shared_ptr<ClientTls>> ClientTls::make(const std::string& ca_file,
                                                   const std::shared_ptr<ClientTls>& before) {
    std::shared_ptr<ClientTls> tls(new ClientTls());
    if (!ca_file.empty()) tls->certificates_ = digest_of_file(ca_file);
    if (before != nullptr && tls->certificates_ == before->certificates_) return before;
    if (ca_file.empty()) return tls;
    auto made = make_client_context(ca_file);
    if (!made) return std::move(made).error();
    tls->context_ = std::move(*made);
    return tls;
}

Result<SSL_CTX*> ClientTls::context() {
    const std::lock_guard lock(mutex_);
    if (context_ == nullptr) {
        auto made = make_client_context({});
        if (!made) return std::move(made).error();
        context_ = std::move(*made);
    }
    return context_.get();
}

Result<SslContext> make_server_context(const std::string& certificate_file,
                                       const std::string& key_file) {
    SslContext context = make_context(TLS_server_method());
    if (context == nullptr) return gateway_error(PARLEY_E_INTERNAL, "tls: " + tls_error());
    if (SSL_CTX_use_certificate_chain_file(context.get(), certificate_file.c_str()) != 1) {
        return gateway_error(PARLEY_E_CONFIG,
                             "tls: certificate " + certificate_file + ": " + tls_error());
    }
    if (SSL_CTX_use_PrivateKey_file(context.get(), key_file.c_str(), SSL_FILETYPE_PEM) != 1) {
        return gateway_error(PARLEY_E_CONFIG, "tls: key " + key_file + ": " + tls_error());
    }
    SSL_CTX_set_alpn_select_cb(context.get(), choose_http_1_1, nullptr);
    return context;
}

}  // namespace parley::http
