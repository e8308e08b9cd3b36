// chunks.hpp: split a reply into the JSON objects that it consists of.
#pragma once

#include <cstddef>
#include <string_view>

#include "parley/sdk/nesting.hpp"
#include "parley/sdk/sse.hpp"

namespace parley::gemini {

// Splits whatever the wire may be: events with data, one JSON array of chunks, a single object, or
// events with a bare object between them (some servers report errors so). It keeps no bytes: the
// caller offers what it has, from the start of the unfinished piece on.
class ChunkSplitter {
public:
    struct Piece {
        std::string_view json;  // valid until the bytes move or next is called again
        bool has_json = false;
    };

    // The length of the first whole piece of `bytes`; 0 when there is none yet.
    std::size_t next(std::string_view bytes, bool eof, Piece& piece) {
        piece = {};
        if (bytes.empty()) return 0;
        switch (bytes.front()) {
            case ' ':
            case '\t':
            case '\r':
            case '\n':
            case ',': {
                const std::size_t size = bytes.find_first_not_of(" \t\r\n,");
                return size == bytes.npos ? bytes.size() : size;
            }
            case '[':
                in_array_ = had_array_ = true;
                return 1;
            case ']':
                in_array_ = false;
                return 1;
            case '{':
                return value(bytes, piece);
            default:
                return event(bytes, eof, piece);
        }
    }

    // An array has begun and not ended.
    bool in_array() const { return in_array_; }

    bool had_array() const { return had_array_; }

private:
    std::size_t value(std::string_view bytes, Piece& piece) {
        const char* begin = bytes.data();
        const char* end = begin + bytes.size();
        const char* stop = sdk::pass_nested(begin + scanned_, end, 0, at_);
        scanned_ = static_cast<std::size_t>(stop - begin);
        if (at_.depth != 0) return 0;
        const std::size_t size = scanned_;
        piece = {bytes.substr(0, size), true};
        scanned_ = 0;
        at_ = {};
        return size;
    }

    std::size_t event(std::string_view bytes, bool eof, Piece& piece) {
        sdk::SseEvent event;
        const std::size_t size = splitter_.next(bytes, eof, event);
        const bool told = size != 0 && !event.data.empty() && event.data != "[DONE]";
        if (told) piece = {event.data, true};
        return size;
    }

    sdk::SseSplitter splitter_;
    sdk::JsonNesting at_;
    std::size_t scanned_ = 0;
    bool in_array_ = false;
    bool had_array_ = false;
};

}  // namespace parley::gemini
