// http/listener.hpp: accepts clients and hands them to the loops in turn.
#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include <boost/asio/ip/tcp.hpp>

#include "base/error.hpp"
#include "http/loop.hpp"
#include "http/stream.hpp"
#include "http/tls.hpp"

namespace parley::http {

// How many connections are open, over all listeners and loops.
using ConnectionCount = std::atomic<std::uint64_t>;

class Listener : public std::enable_shared_from_this<Listener> {
public:
    // Serves one connection from beginning to end, on the loop that the stream belongs to.
    using Serve = std::function<base::Task<void>(Stream::Ptr)>;

    // How connections are taken that come from now on.
    struct Terms {
        std::shared_ptr<SSL_CTX> tls;  // may be null
        std::uint64_t connections_max = 0;
        std::uint64_t handshake_ms = 0;
    };

    // Where to listen: "host:port"; port 0 takes any free one. `opened` is a socket that listens
    // there already, which the listener owns from here on; -1: none. With `shares_port` it may
    // overlap with listeners that share theirs meanwhile.
    struct Place {
        std::string address;
        int opened = -1;
        bool shares_port = false;
    };

    static base::Result<std::shared_ptr<Listener>> bind(const Place& place,
                                                        std::vector<Loop*> loops,
                                                        Terms terms,
                                                        std::shared_ptr<ConnectionCount> count,
                                                        Serve serve);

    // "127.0.0.1:8317", with the port that was taken.
    std::string address() const;

    // The listening socket, which stays the listener's.
    int socket() { return acceptor_.native_handle(); }

    // Whether an address that overlaps with this one can be bound by `shares_port`.
    void share_port(bool shares);

    void start();

    // [first loop]
    void change(Terms terms) { terms_ = std::move(terms); }

    // No new connections; those waiting in the system's queue are refused. [first loop]
    void stop();
    // The same, but those that wait already are still served. [first loop]
    void retire();

private:
    Listener(boost::asio::ip::tcp::acceptor acceptor,
             std::vector<Loop*> loops,
             Terms terms,
             std::shared_ptr<ConnectionCount> count,
             Serve serve);

    Loop& next_loop();
    void accept();
    void hold_back(const std::string& why);
    void accepted(Loop& loop, boost::asio::ip::tcp::socket socket);
    static base::Task<void> run(Stream::Ptr stream,
                                std::uint64_t handshake_ms,
                                Serve serve,
                                std::shared_ptr<ConnectionCount> count);

    boost::asio::ip::tcp::acceptor acceptor_;
    std::vector<Loop*> loops_;
    Terms terms_;
    std::shared_ptr<ConnectionCount> count_;
    Serve serve_;
    Deadline retry_;
    std::uint64_t tell_again_ms_ = 0;
    std::size_t turn_ = 0;
    bool stopped_ = false;
};

std::string to_text(const boost::asio::ip::tcp::endpoint& endpoint);

// "host:port", "[v6]:port" or "port".
base::Result<boost::asio::ip::tcp::endpoint> parse_address(std::string_view text);

}  // namespace parley::http
