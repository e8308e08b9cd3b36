// http/reply.hpp: an upstream's reply as it arrives, head first, then the body piece by piece.
// [loop]
#pragma once

#include <cstdint>
#include <string_view>

#include "base/bytes.hpp"
#include "base/error.hpp"
#include "base/task.hpp"
#include "config/limits.hpp"
#include "http/chunked.hpp"
#include "http/head.hpp"
#include "http/source.hpp"
#include "http/stream.hpp"
#include "http/upstream.hpp"

namespace parley::http {

class ReplyReader final : public Source {
public:
    ReplyReader(UpstreamPool::Lease lease, const config::UpstreamLimits& limits)
        : lease_(std::move(lease)), stream_(lease_.stream()), limits_(limits) {}

    Stream& stream() { return stream_; }

    std::string_view authority() const { return lease_.authority(); }

    // Interim replies are passed over.
    base::Task<base::Result<void>> read_head() override;

    const ReplyHead& head() const override { return head_; }

    // Pieces lie in the loop's scratch.
    base::Task<base::Result<Piece>> read_body() override;

    void expire_after(std::uint64_t ms) override { stream_.expire_after(ms); }

    // Once given back, the connection may already serve another.
    void cancel() override {
        if (lease_) stream_.cancel();
    }

    void finish() override;

    // The request was not sent to its end: the connection is of no further use.
    void spoil() { spoilt_ = true; }

    // The connection was kept from an earlier request and closed before a byte of this reply came:
    // the upstream has not seen the request.
    bool was_stale() const { return lease_.reused() && !begun_; }

private:
    base::Task<base::Result<std::size_t>> read(std::span<char> into);
    base::Result<bool> take_head(std::span<char>& bytes);
    base::Result<Piece> decode(std::span<char> bytes);

    static constexpr int kInterimMax = 8;

    UpstreamPool::Lease lease_;
    Stream& stream_;
    const config::UpstreamLimits& limits_;
    base::Bytes head_bytes_;
    std::size_t scanned_ = 0;  // how far the head's end has been looked for
    ReplyHead head_;
    ChunkDecoder chunks_;
    std::uint64_t body_bytes_ = 0;
    std::span<char> first_;  // body bytes that came with the head, in the scratch
    std::size_t left_over_ = 0;
    bool begun_ = false;
    bool ended_ = false;
    bool spoilt_ = false;
};

}  // namespace parley::http
