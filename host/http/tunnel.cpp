#include "http/tunnel.hpp"

#include <array>
#include <charconv>
#include <vector>

#include <boost/asio/ip/address.hpp>
#include <openssl/evp.h>

namespace parley::http {

using base::Result;
using base::Secret;
using base::Task;
using base::upstream_error;

namespace {

constexpr std::size_t kHeadBytesMax = 16 * 1024;

base::Error failed(std::string what) {
    return upstream_error(PARLEY_E_UPSTREAM_FAILED, std::move(what));
}

Task<Result<void>> send(Stream& stream, std::string_view bytes) {
    Gather gather;
    gather.add(bytes);
    const bool sent = co_await write_all(stream, gather);
    if (sent) co_return Result<void>();
    co_return failed("connection broken");
}

// At least one byte, and no more than fit.
Task<Result<std::size_t>> read_some(Stream& stream, std::span<char> into) {
    for (;;) {
        std::size_t got = 0;
        const Io io = stream.try_read(into, got);
        if (io == Io::ok) co_return got;
        if (io != Io::again) co_return failed("closed the connection");
        const Wake wake = co_await stream.readable();
        if (wake == Wake::cancelled) co_return upstream_error(PARLEY_E_CANCELLED, "client left");
        if (wake == Wake::expired) co_return upstream_error(PARLEY_E_TIMEOUT, "timed out");
    }
}

Task<Result<void>> read_all(Stream& stream, std::span<char> into) {
    while (!into.empty()) {
        Result<std::size_t> got = co_await read_some(stream, into);
        if (!got) co_return std::move(got).error();
        into = into.subspan(*got);
    }
    co_return Result<void>();
}

// ---- HTTP: RFC 9110, 9.3.6 ----

std::string to_base64(std::string_view bytes) {
    std::string text(4 * ((bytes.size() + 2) / 3) + 1, '\0');
    const int size = EVP_EncodeBlock(reinterpret_cast<unsigned char*>(text.data()),
                                     reinterpret_cast<const unsigned char*>(bytes.data()),
                                     static_cast<int>(bytes.size()));
    text.resize(static_cast<std::size_t>(size));
    return text;
}

Secret connect_request(const config::Egress& via, std::string_view host, std::uint16_t port) {
    std::string authority(host);
    if (host.find(':') != host.npos) authority = '[' + authority + ']';
    authority += ':' + std::to_string(port);
    std::string head = "CONNECT " + authority + " HTTP/1.1\r\nhost: " + authority + "\r\n";
    if (!via.user.empty() || !via.password.empty()) {
        std::string pair(via.user.reveal());
        pair += ':';
        pair += via.password.reveal();
        const Secret proof(to_base64(pair));
        base::wipe(pair.data(), pair.size());
        head += "proxy-authorization: Basic ";
        head += proof.reveal();
        head += "\r\n";
    }
    return Secret(head + "\r\n");
}

// "HTTP/1.1 200 whatever" -> 200; 0 for anything else.
unsigned status_of(std::string_view head) {
    constexpr std::string_view kStart = "HTTP/1.";
    constexpr std::size_t kStatusAt = 9;
    constexpr std::size_t kStatusBytes = 3;
    if (!head.starts_with(kStart) || head.size() < kStatusAt + kStatusBytes) return 0;
    unsigned status = 0;
    const char* from = head.data() + kStatusAt;
    const auto [end, fault] = std::from_chars(from, from + kStatusBytes, status);
    return fault == std::errc() && end == from + kStatusBytes ? status : 0;
}

// One byte at a time at the end, so that nothing behind the head is taken.
Task<Result<unsigned>> read_head(Stream& stream) {
    constexpr std::string_view kEnd = "\r\n\r\n";
    std::string head;
    while (!head.ends_with(kEnd)) {
        if (head.size() > kHeadBytesMax) co_return failed("an answer that does not end");
        char byte = 0;
        Result<std::size_t> got = co_await read_some(stream, std::span<char>(&byte, 1));
        if (!got) co_return std::move(got).error();
        head += byte;
    }
    co_return status_of(head);
}

Task<Result<void>> connect_by_http(Stream& stream,
                                   const config::Egress& via,
                                   std::string_view host,
                                   std::uint16_t port) {
    const Secret request = connect_request(via, host, port);
    Result<void> sent = co_await send(stream, request.reveal());
    if (!sent) co_return sent;
    constexpr unsigned kProxyAuthenticationRequired = 407;
    for (;;) {
        const Result<unsigned> status = co_await read_head(stream);
        if (!status) co_return status.error();
        const bool is_interim = *status >= 100 && *status < 200;
        if (is_interim) continue;
        if (*status >= 200 && *status < 300) co_return Result<void>();
        if (*status == 0) co_return failed("no answer in HTTP");
        std::string why = "refused with HTTP " + std::to_string(*status);
        if (*status == kProxyAuthenticationRequired) {
            why += via.user.empty() ? ": it wants a name and a password"
                                    : ": it does not take this name and password";
        }
        co_return failed(std::move(why));
    }
}

// ---- SOCKS: RFC 1928, 1929 ----

constexpr char kVersion = 5;
constexpr char kByPassword = 2;
constexpr char kNobodyAsked = 0;

const char* words_of_reply(unsigned code) {
    switch (code) {
        case 1:
            return "failed";
        case 2:
            return "does not allow it";
        case 3:
            return "cannot reach the network";
        case 4:
            return "cannot reach the host";
        case 5:
            return "was refused there";
        case 6:
            return "gave up waiting";
        case 7:
            return "does not know the command";
        case 8:
            return "does not know this kind of address";
        default:
            return "refused";
    }
}

Task<Result<void>> prove(Stream& stream, const config::Egress& via) {
    std::string bytes("\x01");
    for (const Secret* part : {&via.user, &via.password}) {
        bytes += static_cast<char>(part->reveal().size());
        bytes += part->reveal();
    }
    const Secret request(std::move(bytes));
    Result<void> sent = co_await send(stream, request.reveal());
    if (!sent) co_return sent;
    std::array<char, 2> reply{};
    Result<void> got = co_await read_all(stream, reply);
    if (!got) co_return got;
    if (reply[1] != 0) co_return failed("does not take this name and password");
    co_return Result<void>();
}

Task<Result<void>> greet(Stream& stream, const config::Egress& via) {
    const bool has_proof = !via.user.empty();
    std::string hello{kVersion, static_cast<char>(has_proof ? 2 : 1), kNobodyAsked};
    if (has_proof) hello += kByPassword;
    Result<void> sent = co_await send(stream, hello);
    if (!sent) co_return sent;
    std::array<char, 2> reply{};
    Result<void> got = co_await read_all(stream, reply);
    if (!got) co_return got;
    if (reply[0] != kVersion) co_return failed("does not speak SOCKS 5");
    if (reply[1] == kNobodyAsked) co_return Result<void>();
    if (reply[1] == kByPassword && has_proof) co_return co_await prove(stream, via);
    co_return failed(has_proof ? "wants another proof than a password"
                               : "wants a name and a password");
}

// An address as it is, a name for the proxy to resolve.
std::string socks_request(const std::string& host, std::uint16_t port) {
    std::string bytes{kVersion, 1, 0};
    boost::system::error_code is_name;
    const auto address = boost::asio::ip::make_address(host, is_name);
    const auto add = [&](char kind, const auto& raw) {
        bytes += kind;
        bytes.append(reinterpret_cast<const char*>(raw.data()), raw.size());
    };
    if (is_name) {
        bytes += 3;
        bytes += static_cast<char>(host.size());
        bytes += host;
    } else if (address.is_v4()) {
        add(1, address.to_v4().to_bytes());
    } else {
        add(4, address.to_v6().to_bytes());
    }
    bytes += static_cast<char>(port >> 8);
    bytes += static_cast<char>(port & 0xFF);
    return bytes;
}

Task<Result<void>> connect_by_socks(Stream& stream,
                                    const config::Egress& via,
                                    const std::string& host,
                                    std::uint16_t port) {
    constexpr std::size_t kNameBytesMax = 255;
    if (host.size() > kNameBytesMax) co_return failed("the host's name is too long for SOCKS");
    Result<void> met = co_await greet(stream, via);
    if (!met) co_return met;
    const std::string request = socks_request(host, port);
    Result<void> sent = co_await send(stream, request);
    if (!sent) co_return sent;
    // Version, answer, nothing, and the kind and first byte of an address.
    std::array<char, 5> reply{};
    Result<void> got = co_await read_all(stream, reply);
    if (!got) co_return got;
    if (reply[0] != kVersion) co_return failed("does not speak SOCKS 5");
    if (reply[1] != 0) co_return failed(words_of_reply(static_cast<unsigned char>(reply[1])));
    std::size_t rest = 2;  // the port
    if (reply[3] == 1) rest += 3;
    if (reply[3] == 4) rest += 15;
    if (reply[3] == 3) rest += static_cast<unsigned char>(reply[4]);
    std::vector<char> address(rest);
    co_return co_await read_all(stream, address);
}

}  // namespace

Task<Result<void>> open_tunnel(Stream::Ptr stream,
                               const config::Egress& via,
                               std::string host,
                               std::uint16_t port) {
    if (via.kind == config::Egress::Kind::socks5) {
        co_return co_await connect_by_socks(*stream, via, host, port);
    }
    co_return co_await connect_by_http(*stream, via, host, port);
}

}  // namespace parley::http
