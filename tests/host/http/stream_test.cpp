// A TLS connection to a server of OpenSSL's own, in a thread.
#include "http/stream.hpp"

#include <future>
#include <string>
#include <thread>

#include <boost/asio/connect.hpp>
#include <gtest/gtest.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

#include "base/task.hpp"
#include "http/tls.hpp"

namespace parley::http {
namespace {

using boost::asio::ip::tcp;

constexpr std::uint64_t kDeadlineMs = 20'000;

SslContext server_context() {
    SslContext context(SSL_CTX_new(TLS_server_method()));
    EVP_PKEY* key = EVP_EC_gen("P-256");
    X509* certificate = X509_new();
    ASN1_INTEGER_set(X509_get_serialNumber(certificate), 1);
    X509_gmtime_adj(X509_getm_notBefore(certificate), 0);
    X509_gmtime_adj(X509_getm_notAfter(certificate), 3600);
    X509_set_pubkey(certificate, key);
    X509_sign(certificate, key, EVP_sha256());
    SSL_CTX_use_certificate(context.get(), certificate);
    SSL_CTX_use_PrivateKey(context.get(), key);
    // A client that closes with a ticket unread resets the connection, and what it sent is lost.
    SSL_CTX_set_num_tickets(context.get(), 0);
    X509_free(certificate);
    EVP_PKEY_free(key);
    return context;
}

// As for upstreams, but that nobody has signed this server's certificate.
SSL* trusting_client(ClientTls& tls) {
    SSL* ssl = SSL_new(*tls.context());
    SSL_set_verify(ssl, SSL_VERIFY_NONE, nullptr);
    SSL_set_connect_state(ssl);
    return ssl;
}

// Takes `size` bytes, once it may.
std::size_t take(tcp::socket socket, std::size_t size, std::future<void> may_read) {
    socket.non_blocking(false);
    const SslContext context = server_context();
    std::unique_ptr<SSL, decltype(&SSL_free)> ssl(SSL_new(context.get()), SSL_free);
    SSL_set_fd(ssl.get(), socket.native_handle());
    if (SSL_accept(ssl.get()) != 1) return 0;
    may_read.wait();
    std::string piece(64 * 1024, '\0');
    std::size_t taken = 0;
    while (taken < size) {
        const int n = SSL_read(ssl.get(), piece.data(), static_cast<int>(piece.size()));
        if (n <= 0) break;
        taken += static_cast<std::size_t>(n);
    }
    return taken;
}

struct Upload {
    std::string body;
    std::promise<void> blocked;
    bool has_blocked = false;
    bool is_sent = false;
};

// As an attempt sends a request: it listens for an early answer whenever it cannot write.
base::Task<void> send(Loop& loop, Stream::Ptr stream, Upload& upload) {
    stream->expire_after(kDeadlineMs);
    const auto shaken = co_await stream->handshake();
    Gather gather;
    gather.add(upload.body);
    for (Wake wake = Wake::ready; shaken && wake == Wake::ready;) {
        const Io io = gather.write_some(*stream);
        upload.is_sent = io == Io::ok;
        if (io != Io::again || stream->has_input()) break;
        if (!std::exchange(upload.has_blocked, true)) upload.blocked.set_value();
        wake = co_await stream->readable_or_writable();
    }
    if (!upload.has_blocked) upload.blocked.set_value();
    stream->close();
    loop.stop();
}

TEST(Stream, LooksForInputWhileATlsWriteWaits) {
    Loop loop(0);
    tcp::acceptor acceptor(loop.io(), tcp::endpoint(boost::asio::ip::address_v4::loopback(), 0));
    tcp::socket socket(loop.io());
    socket.connect(acceptor.local_endpoint());
    Upload upload;
    upload.body.assign(48 * 1024 * 1024, 'x');
    auto taken = std::async(std::launch::async,
                            take,
                            acceptor.accept(),
                            upload.body.size(),
                            upload.blocked.get_future());
    const std::shared_ptr<ClientTls> tls = *ClientTls::make("");
    base::spawn(send(loop, Stream::make(loop, std::move(socket), trusting_client(*tls)), upload));
    loop.run();
    EXPECT_TRUE(upload.has_blocked) << "the test needs a larger body";
    EXPECT_TRUE(upload.is_sent);
    EXPECT_EQ(taken.get(), upload.body.size());
}

}  // namespace
}  // namespace parley::http
