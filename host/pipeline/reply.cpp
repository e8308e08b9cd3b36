#include "pipeline/reply.hpp"

namespace parley::pipeline {

using base::Result;
using base::Task;
using plugins::view;

base::Error client_left() {
    return base::client_error(PARLEY_E_CANCELLED, "client left");
}

void Reply::begin(unsigned status, Framing framing, std::uint64_t length) {
    status_ = status;
    client_.begin_reply(status, framing, length);
    if (!route_.empty()) client_.add_field("x-parley-route", route_);
}

void Reply::add_field(std::string_view name, std::string_view value) {
    client_.add_field(name, value);
}

Task<Result<void>> Reply::write(http::Gather& bytes) {
    const std::size_t size = bytes.size();
    if (first_byte_ms_ == 0) first_byte_ms_ = client_.loop().now_ms();
    const bool sent = co_await client_.send(bytes);
    if (!sent) co_return client_left();
    bytes_ += size;
    co_return Result<void>();
}

Task<Result<void>> Reply::write(std::string_view bytes) {
    http::Gather gather;
    gather.add(bytes);
    const Result<void> written = co_await write(gather);
    co_return written;
}

Task<Result<void>> Reply::compose(const plugins::Composed& reply) {
    begin(reply.head.status, Framing::length, reply.body.size());
    add_field("content-type", view(reply.head.content_type));
    for (std::uint64_t i = 0; i < reply.head.header_count; ++i) {
        add_field(view(reply.head.headers[i].name), view(reply.head.headers[i].value));
    }
    add_ids();
    const Result<void> written = co_await write(reply.body.view());
    co_return written;
}

Task<void> Reply::end() {
    co_await client_.end_reply();
}

Task<void> Reply::break_off(std::string_view words) {
    if (words.empty() || !client_.can_append()) {
        client_.break_reply();
        co_return;
    }
    const Result<void> written = co_await write(words);
    if (written) {
        co_await client_.end_reply();
    }
}

}  // namespace parley::pipeline
