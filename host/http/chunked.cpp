#include "http/chunked.hpp"

#include <algorithm>
#include <cstring>

namespace parley::http {

namespace {

constexpr int kSizeDigitsMax = 15;

int hex_value(unsigned char c) {
    if (c >= '0' && c <= '9') return c - '0';
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    if (c >= 'A' && c <= 'F') return c - 'A' + 10;
    return -1;
}

bool is_text(unsigned char c) {
    return c == '\t' || (c >= 0x20 && c != 0x7f);
}

}  // namespace

ChunkDecoder::Step ChunkDecoder::decode(std::span<char> buffer) {
    Step step_result;
    std::size_t at = 0;
    while (at < buffer.size() && !done() && !broken()) {
        if (state_ != State::data) {
            state_ = step(static_cast<unsigned char>(buffer[at++]));
            continue;
        }
        const std::size_t n = std::min<std::uint64_t>(left_, buffer.size() - at);
        if (step_result.payload != at) {
            std::memmove(buffer.data() + step_result.payload, buffer.data() + at, n);
        }
        step_result.payload += n;
        at += n;
        left_ -= n;
        if (left_ == 0) state_ = State::data_cr;
    }
    step_result.consumed = at;
    return step_result;
}

ChunkDecoder::State ChunkDecoder::count(std::size_t& bytes, std::size_t max, State next) {
    return ++bytes > max ? State::broken : next;
}

ChunkDecoder::State ChunkDecoder::on_size(unsigned char c) {
    const int value = hex_value(c);
    if (value >= 0) {
        if (++digits_ > kSizeDigitsMax) return State::broken;
        left_ = left_ * 16 + static_cast<unsigned>(value);
        return State::size;
    }
    if (state_ == State::size_first) return State::broken;
    if (c == '\r') return State::size_lf;
    return c == ';' ? State::extension : State::broken;
}

ChunkDecoder::State ChunkDecoder::on_trailer(unsigned char c) {
    if (c == '\r') return state_ == State::trailer_start ? State::end_lf : State::trailer_lf;
    if (!is_text(c)) return State::broken;
    return count(trailer_bytes_, kTrailerBytesMax, State::trailer);
}

ChunkDecoder::State ChunkDecoder::step(unsigned char c) {
    switch (state_) {
        case State::size_first:
        case State::size:
            return on_size(c);
        case State::extension:
            if (c == '\r') return State::size_lf;
            if (!is_text(c)) return State::broken;
            return count(extension_bytes_, kExtensionBytesMax, State::extension);
        case State::size_lf:
            if (c != '\n') return State::broken;
            digits_ = 0;
            return left_ == 0 ? State::trailer_start : State::data;
        case State::data_cr:
            return c == '\r' ? State::data_lf : State::broken;
        case State::data_lf:
            return c == '\n' ? State::size_first : State::broken;
        case State::trailer_start:
        case State::trailer:
            return on_trailer(c);
        case State::trailer_lf:
            return c == '\n' ? State::trailer_start : State::broken;
        case State::end_lf:
            return c == '\n' ? State::done : State::broken;
        default:
            return State::broken;
    }
}

}  // namespace parley::http
