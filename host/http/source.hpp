// http/source.hpp: where a reply comes from: an upstream's connection, or a plugin that answers
// itself. Head first, then the body piece by piece. [loop]
#pragma once

#include <string_view>

#include "base/error.hpp"
#include "base/task.hpp"
#include "http/head.hpp"

namespace parley::http {

class Source {
public:
    struct Piece {
        std::string_view bytes;  // valid until the next suspension
        bool end = false;        // the body is whole
    };

    virtual ~Source() = default;

    virtual base::Task<base::Result<void>> read_head() = 0;
    // Valid, views included, as long as the source.
    virtual const ReplyHead& head() const = 0;
    // What has arrived of the body: at least one byte, or the end.
    virtual base::Task<base::Result<Piece>> read_body() = 0;
    // From now on a wait for the upstream ends after so many milliseconds. 0: never.
    virtual void expire_after(std::uint64_t ms) = 0;
    // Ends every wait, now and later.
    virtual void cancel() = 0;
    // The body is whole or given up; connections that can be reused are kept.
    virtual void finish() = 0;
};

}  // namespace parley::http
