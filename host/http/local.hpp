// http/local.hpp: HTTP over a socket of this machine that has a path. Whoever may open the path may
// ask: its owner, and root.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <sys/types.h>

#include <boost/asio/local/stream_protocol.hpp>

#include "base/error.hpp"
#include "http/loop.hpp"
#include "http/stream.hpp"

namespace parley::http {

class LocalListener {
public:
    // Serves one connection from beginning to end.
    using Serve = std::function<base::Task<void>(Stream::Ptr)>;

    // Binds `path`, for its owner alone. A socket that a process left behind there is replaced;
    // one that is answered is not, unless this process relieves the one that answers.
    static base::Result<std::unique_ptr<LocalListener>> bind(Loop& loop,
                                                             std::string path,
                                                             Serve serve,
                                                             bool relieves = false);

    LocalListener(const LocalListener&) = delete;
    LocalListener& operator=(const LocalListener&) = delete;
    // Takes the path away, if it still leads here. On the loop, or when it has stopped.
    ~LocalListener();

private:
    LocalListener(Loop& loop,
                  boost::asio::local::stream_protocol::acceptor acceptor,
                  std::string path,
                  Serve serve);

    void accept();

    Loop& loop_;
    boost::asio::local::stream_protocol::acceptor acceptor_;
    std::string path_;
    ino_t inode_;  // of the path when it was bound
    Serve serve_;
};

struct LocalReply {
    unsigned status = 0;
    std::string body;
};

// One request and its reply; blocks. Not found: nobody listens there.
base::Result<LocalReply> ask_local(const std::string& path,
                                   std::string_view method,
                                   std::string_view target,
                                   std::string_view body);

}  // namespace parley::http
