// http/chunked.hpp: the chunked transfer coding, read strictly (RFC 9112, section 7.1).
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

namespace parley::http {

class ChunkDecoder {
public:
    static constexpr std::size_t kExtensionBytesMax = 4096;  // of all chunks together
    static constexpr std::size_t kTrailerBytesMax = 8192;

    struct Step {
        std::size_t consumed = 0;  // of the input
        std::size_t payload = 0;   // bytes that now stand at the start of the buffer
    };

    // Moves the payload of `buffer` to its start and stops behind the last chunk. Extensions and
    // trailers are dropped.
    Step decode(std::span<char> buffer);

    bool done() const { return state_ == State::done; }

    bool broken() const { return state_ == State::broken; }

private:
    enum class State {
        size_first,
        size,
        extension,
        size_lf,
        data,
        data_cr,
        data_lf,
        trailer_start,
        trailer,
        trailer_lf,
        end_lf,
        done,
        broken,
    };

    State on_size(unsigned char c);
    State on_trailer(unsigned char c);
    State step(unsigned char c);
    State count(std::size_t& bytes, std::size_t max, State next);

    State state_ = State::size_first;
    std::uint64_t left_ = 0;
    int digits_ = 0;
    std::size_t extension_bytes_ = 0;
    std::size_t trailer_bytes_ = 0;
};

}  // namespace parley::http
