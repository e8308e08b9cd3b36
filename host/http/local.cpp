#include "http/local.hpp"

#include <exception>
#include <filesystem>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <unistd.h>

#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http/read.hpp>
#include <boost/beast/http/string_body.hpp>
#include <boost/beast/http/write.hpp>

#include "base/log.hpp"

namespace parley::http {

namespace asio = boost::asio;
using asio::local::stream_protocol;
using base::gateway_error;
using base::Result;
using base::Task;

namespace {

constexpr int kBacklog = 16;
// Of one question, which may load a plugin or read a large configuration.
constexpr time_t kAskSeconds = 60;
constexpr std::uint64_t kReplyBytesMax = 64ull * 1024 * 1024;

base::Error cannot(const std::string& path, const boost::system::error_code& fault) {
    return gateway_error(PARLEY_E_CONFIG, "socket " + path + ": " + fault.message());
}

// Nobody but us, and root, asks over this connection, whatever became of the path.
bool is_own(int descriptor) {
    ucred peer{};
    socklen_t size = sizeof(peer);
    const int fault = ::getsockopt(descriptor, SOL_SOCKET, SO_PEERCRED, &peer, &size);
    return fault == 0 && (peer.uid == ::geteuid() || peer.uid == 0);
}

// 0: there is none.
ino_t inode_of(const std::string& path) {
    struct stat facts {};

    return ::lstat(path.c_str(), &facts) == 0 ? facts.st_ino : 0;
}

bool is_answered(asio::io_context& io, const stream_protocol::endpoint& at) {
    boost::system::error_code fault;
    stream_protocol::socket(io).connect(at, fault);
    return !fault;
}

Task<void> run(Stream::Ptr stream, LocalListener::Serve serve) {
    try {
        co_await serve(stream);
    } catch (const std::exception& fault) {
        base::log(base::LogLevel::error, "control connection lost", {{"why", fault.what()}});
    }
    stream->close();
}

}  // namespace

Result<std::unique_ptr<LocalListener>> LocalListener::bind(Loop& loop,
                                                           std::string path,
                                                           Serve serve,
                                                           bool relieves) {
    if (path.size() >= sizeof(sockaddr_un::sun_path)) {
        return gateway_error(PARLEY_E_CONFIG,
                             "socket " + path + ": the path is too long; at most " +
                                 std::to_string(sizeof(sockaddr_un::sun_path) - 1) + " bytes");
    }
    const stream_protocol::endpoint at(path);
    if (!relieves && is_answered(loop.io(), at)) {
        return gateway_error(PARLEY_E_CONFLICT,
                             "socket " + path + ": another parley answers there");
    }
    ::unlink(path.c_str());
    stream_protocol::acceptor acceptor(loop.io());
    boost::system::error_code fault;
    acceptor.open(stream_protocol(), fault);
    if (fault) return cannot(path, fault);
    const mode_t before = ::umask(0177);
    acceptor.bind(at, fault);
    ::umask(before);
    if (!fault) acceptor.listen(kBacklog, fault);
    if (fault) return cannot(path, fault);
    std::unique_ptr<LocalListener> made(
        new LocalListener(loop, std::move(acceptor), std::move(path), std::move(serve)));
    made->accept();
    return made;
}

LocalListener::LocalListener(Loop& loop,
                             stream_protocol::acceptor acceptor,
                             std::string path,
                             Serve serve)
    : loop_(loop),
      acceptor_(std::move(acceptor)),
      path_(std::move(path)),
      inode_(inode_of(path_)),
      serve_(std::move(serve)) {}

LocalListener::~LocalListener() {
    boost::system::error_code ignored;
    acceptor_.close(ignored);
    if (inode_of(path_) == inode_) ::unlink(path_.c_str());
}

void LocalListener::accept() {
    acceptor_.async_accept(
        [this](const boost::system::error_code& fault, stream_protocol::socket socket) {
            if (fault == asio::error::operation_aborted) return;
            loop_.wake();
            boost::system::error_code not_ours;
            if (!fault && is_own(socket.native_handle())) {
                const int descriptor = socket.release(not_ours);
                base::spawn(run(Stream::of(loop_, descriptor), serve_));
            }
            accept();
        });
}

Result<LocalReply> ask_local(const std::string& path,
                             std::string_view method,
                             std::string_view target,
                             std::string_view body) {
    namespace http = boost::beast::http;
    boost::system::error_code fault;
    asio::io_context io;
    stream_protocol::socket socket(io);
    socket.connect(stream_protocol::endpoint(path), fault);
    if (fault) return gateway_error(PARLEY_E_NOT_FOUND, fault.message());
    const timeval most{kAskSeconds, 0};
    ::setsockopt(socket.native_handle(), SOL_SOCKET, SO_RCVTIMEO, &most, sizeof(most));
    http::request<http::string_body> request;
    request.method_string({method.data(), method.size()});
    request.target({target.data(), target.size()});
    request.version(11);
    request.set(http::field::host, "localhost");
    request.body() = body;
    request.prepare_payload();
    http::write(socket, request, fault);
    if (fault) return cannot(path, fault);
    boost::beast::flat_buffer buffer;
    http::response_parser<http::string_body> reply;
    reply.body_limit(kReplyBytesMax);
    http::read(socket, buffer, reply, fault);
    if (fault) return cannot(path, fault);
    return LocalReply{reply.get().result_int(), std::move(reply.get().body())};
}

}  // namespace parley::http
