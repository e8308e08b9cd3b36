#include "http/reply.hpp"

#include <algorithm>
#include <cstring>

namespace parley::http {

using base::Error;
using base::Result;
using base::Task;
using base::upstream_error;

namespace {

Error broken(std::string what) {
    return upstream_error(PARLEY_E_UPSTREAM_PROTOCOL, "upstream: " + std::move(what));
}

}  // namespace

// Reads at least one byte; 0 is the far end's orderly end.
Task<Result<std::size_t>> ReplyReader::read(std::span<char> into) {
    for (;;) {
        std::size_t got = 0;
        const Io io = stream_.try_read(into, got);
        if (io == Io::ok) {
            begun_ = true;
            co_return got;
        }
        if (io == Io::eof) co_return std::size_t(0);
        if (io == Io::failed) co_return broken("connection broken");
        const Wake wake = co_await stream_.readable();
        if (wake == Wake::cancelled) co_return upstream_error(PARLEY_E_CANCELLED, "client left");
        if (wake == Wake::expired)
            co_return upstream_error(PARLEY_E_TIMEOUT, "upstream: timed out");
    }
}

Task<Result<void>> ReplyReader::read_head() {
    const std::span<char> scratch = stream_.loop().scratch();
    int interim = 0;
    for (;;) {
        Result<std::size_t> got = co_await read(scratch);
        if (!got) co_return std::move(got).error();
        if (*got == 0) co_return broken("connection closed before the reply");
        std::span<char> bytes = scratch.first(*got);
        while (!bytes.empty()) {
            Result<bool> whole = take_head(bytes);
            if (!whole) co_return std::move(whole).error();
            if (!*whole) break;
            if (head_.status >= 200) {
                first_ = bytes;
                co_return Result<void>();
            }
            if (head_.status == 101) co_return broken("switching protocols was not asked for");
            if (++interim > kInterimMax) co_return broken("too many interim replies");
            head_bytes_.clear();
        }
    }
}

// Takes a head, or the next part of one, from the front of `bytes`; false when it is not whole yet.
// The body behind it is not copied.
Result<bool> ReplyReader::take_head(std::span<char>& bytes) {
    const std::size_t before = head_bytes_.size();
    if (before != 0) head_bytes_.append({bytes.data(), bytes.size()});
    const std::string_view seen =
        before != 0 ? head_bytes_.view() : std::string_view(bytes.data(), bytes.size());
    auto end = find_head_end(seen, scanned_, limits_.head_bytes_max);
    if (!end) return broken("malformed reply head: " + end.error().message);
    if (*end == 0) {
        if (before == 0) head_bytes_.append(seen);
        if (head_bytes_.size() > limits_.head_bytes_max) return broken("reply head too large");
        return false;
    }
    if (before == 0) head_bytes_.append(seen.substr(0, *end));
    head_bytes_.truncate(*end);
    bytes = bytes.subspan(*end - before);
    scanned_ = 0;
    config::Limits limits;
    limits.head_fields_max = limits_.head_fields_max;
    head_ = ReplyHead();
    auto parsed = parse_head(head_bytes_.view(), limits, head_);
    if (!parsed) return broken("malformed reply head: " + parsed.error().message);
    return true;
}

Task<Result<Source::Piece>> ReplyReader::read_body() {
    const bool bodiless = head_.status == 204 || head_.status == 304 ||
                          (head_.content_length && *head_.content_length == 0);
    if (ended_ || bodiless) {
        left_over_ = first_.size();
        ended_ = true;
        Piece end;
        end.end = true;
        co_return end;
    }
    for (;;) {
        std::span<char> bytes = std::exchange(first_, std::span<char>());
        if (bytes.empty()) {
            bytes = stream_.loop().scratch();
            Result<std::size_t> got = co_await read(bytes);
            if (!got) co_return std::move(got).error();
            if (*got == 0) {
                if (!head_.until_close) co_return broken("connection closed inside the reply");
                ended_ = true;
                Piece end;
                end.end = true;
                co_return end;
            }
            bytes = bytes.first(*got);
        }
        Result<Piece> piece = decode(bytes);
        if (!piece || !piece->bytes.empty() || piece->end) co_return piece;
    }
}

Result<Source::Piece> ReplyReader::decode(std::span<char> bytes) {
    Piece piece;
    if (head_.chunked) {
        const ChunkDecoder::Step step = chunks_.decode(bytes);
        if (chunks_.broken()) return broken("malformed chunk");
        piece.bytes = {bytes.data(), step.payload};
        piece.end = chunks_.done();
        left_over_ = bytes.size() - step.consumed;
    } else if (head_.content_length) {
        const std::uint64_t left = *head_.content_length - body_bytes_;
        const std::size_t n = std::min<std::uint64_t>(left, bytes.size());
        piece.bytes = {bytes.data(), n};
        piece.end = n == left;
        left_over_ = bytes.size() - n;
    } else {
        piece.bytes = {bytes.data(), bytes.size()};
    }
    body_bytes_ += piece.bytes.size();
    if (body_bytes_ > limits_.reply_bytes_max) return broken("reply over upstream.reply_bytes_max");
    ended_ = piece.end;
    return piece;
}

void ReplyReader::finish() {
    if (ended_ && !spoilt_ && head_.keep_alive && left_over_ == 0) {
        lease_.release();
    } else {
        lease_.close();
    }
}

}  // namespace parley::http
