#include "http/call.hpp"

#include <algorithm>

#include <boost/asio/ip/address.hpp>
#include <boost/url/parse.hpp>
#include <boost/url/url_view.hpp>

#include "http/reply.hpp"

namespace parley::http {

using base::Result;
using base::Task;
using base::upstream_error;

namespace {

constexpr std::size_t kFirstBodyBytes = 4096;

bool is_loopback(const std::string& host) {
    boost::system::error_code fault;
    const auto address = boost::asio::ip::make_address(host, fault);
    return !fault && address.is_loopback();
}

// What is outgrown is overwritten: replies to logins hold secrets.
class GrowingSecret {
public:
    GrowingSecret() { text_.reserve(kFirstBodyBytes); }

    GrowingSecret(const GrowingSecret&) = delete;
    GrowingSecret& operator=(const GrowingSecret&) = delete;

    ~GrowingSecret() { base::wipe(text_.data(), text_.size()); }

    std::size_t size() const { return text_.size(); }

    void append(std::string_view bytes) {
        if (bytes.size() > text_.capacity() - text_.size()) {
            std::string larger;
            larger.reserve(std::max(2 * text_.capacity(), text_.size() + bytes.size()));
            larger += text_;
            text_.swap(larger);
            base::wipe(larger.data(), larger.size());
        }
        text_ += bytes;
    }

    base::Secret take() { return base::Secret(std::move(text_)); }

private:
    std::string text_;
};

std::string head_of(const Call& call, std::string_view authority) {
    std::string head = call.method + ' ' + call.target + " HTTP/1.1\r\nhost: ";
    head += authority;
    head += "\r\n";
    if (!call.body.empty() || call.method != "GET") {
        head += "content-length: " + std::to_string(call.body.reveal().size()) + "\r\n";
    }
    return head;
}

Task<Result<void>> send(ReplyReader& reply, const Call& call) {
    const std::string head = head_of(call, reply.authority());
    Gather gather;
    gather.add(head);
    gather.add(call.fields.reveal());
    gather.add("\r\n");
    gather.add(call.body.reveal());
    const bool sent = co_await write_all(reply.stream(), gather);
    if (sent) co_return Result<void>();
    reply.spoil();
    if (reply.stream().cancelled()) co_return upstream_error(PARLEY_E_CANCELLED, "cancelled");
    co_return upstream_error(PARLEY_E_UPSTREAM_PROTOCOL, "connection broken while sending");
}

Task<Result<void>> read_body(ReplyReader& reply, std::uint64_t bytes_max, GrowingSecret& body) {
    for (;;) {
        const Result<Source::Piece> piece = co_await reply.read_body();
        if (!piece) co_return piece.error();
        if (piece->bytes.size() > bytes_max - body.size()) {
            co_return upstream_error(PARLEY_E_TOO_LARGE,
                                     "the reply is over " + std::to_string(bytes_max) + " bytes");
        }
        body.append(piece->bytes);
        if (piece->end) co_return Result<void>();
    }
}

Task<Result<CallReply>> exchange(ReplyReader& reply, const Call& call) {
    Result<void> sent = co_await send(reply, call);
    if (!sent) co_return std::move(sent).error();
    Result<void> headed = co_await reply.read_head();
    if (!headed) co_return std::move(headed).error();
    GrowingSecret body;
    Result<void> whole = co_await read_body(reply, call.reply_bytes_max, body);
    if (!whole) co_return std::move(whole).error();
    const ReplyHead& head = reply.head();
    CallReply told;
    told.status = head.status;
    told.content_type = head.content_type;
    for (const Field& field : head.fields) told.fields.emplace_back(field.name, field.value);
    told.body = body.take();
    reply.finish();
    co_return told;
}

}  // namespace

Result<void> set_url(std::string_view url, Call& call) {
    const auto wrong = [](const char* what) {
        return base::gateway_error(PARLEY_E_INVALID_ARGUMENT, std::string("url: ") + what);
    };
    const auto parsed = boost::urls::parse_uri(url);
    if (!parsed || parsed->host().empty()) return wrong("not an absolute one");
    const bool is_plain = parsed->scheme() == "http";
    if (!is_plain && parsed->scheme() != "https") return wrong("neither http nor https");
    if (parsed->has_userinfo()) return wrong("holds a user's name");
    if (is_plain && !is_loopback(parsed->host_address())) {
        return wrong("plain http to an address that is not loopback");
    }
    call.origin = std::string(parsed->scheme()) + "://" + std::string(parsed->encoded_authority());
    call.target = std::string(parsed->encoded_path());
    if (call.target.empty()) call.target = "/";
    if (parsed->has_query()) call.target += '?' + std::string(parsed->encoded_query());
    return {};
}

Task<Result<CallReply>> perform(UpstreamPool& pool, const Call& call, Cancellation& cancellation) {
    const std::uint64_t end_ms = pool.loop().now_ms() + call.timeout_ms;
    // What may not be sent twice does not go over a connection that may have been closed by now.
    for (bool fresh = !call.is_idempotent;; fresh = true) {
        const std::uint64_t now_ms = pool.loop().now_ms();
        const std::uint64_t left_ms = end_ms > now_ms ? end_ms - now_ms : 1;
        const std::uint64_t connect_ms = std::min(left_ms, pool.limits().connect_ms);
        const UpstreamPool::Way way(connect_ms, call.egress);
        Result<UpstreamPool::Lease> lease =
            co_await pool.acquire(call.origin, way, fresh, cancellation);
        if (!lease) co_return std::move(lease).error();
        ReplyReader reply(std::move(*lease), pool.limits());
        if (cancellation.fired()) co_return upstream_error(PARLEY_E_CANCELLED, "cancelled");
        const std::uint64_t then_ms = pool.loop().now_ms();
        reply.expire_after(end_ms > then_ms ? end_ms - then_ms : 1);
        cancellation.hook(&reply, [](void* r) { static_cast<ReplyReader*>(r)->cancel(); });
        Result<CallReply> told = co_await exchange(reply, call);
        cancellation.unhook();
        if (told || !call.is_idempotent || fresh || cancellation.fired()) co_return told;
        const bool died = told.error().error_class == PARLEY_E_UPSTREAM_PROTOCOL;
        if (!died) co_return told;
    }
}

}  // namespace parley::http
