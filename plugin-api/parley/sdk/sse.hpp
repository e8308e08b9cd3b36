// parley/sdk/sse.hpp: split a server-sent event stream into events (WHATWG HTML, section 9.2).
//
// The splitter keeps no bytes: the caller offers what it has, from the start of an unfinished event
// on, and is told how long the first whole event is. LF, CR, CRLF and mixes end a line, a byte
// order mark may stand at the start, several data lines are joined with LF.
#pragma once

#include <string>
#include <string_view>

#include "parley/sdk/scan.hpp"

namespace parley::sdk {

struct SseEvent {
    std::string_view name;  // of the last "event:" line; empty: "message"
    std::string_view data;  // valid until the bytes move or next is called again
    bool has_data = false;
};

class SseSplitter {
public:
    // Reads the first whole event of `bytes` and returns its length, blank line included; 0 when
    // there is none yet (offer the same bytes and more). With eof an event may end without its
    // blank line. Comments and blank lines on their own count as events without data.
    std::size_t next(std::string_view bytes, bool eof, SseEvent& event) {
        if (at_start_ && !pass_byte_order_mark(bytes, eof)) return 0;
        const char* begin = bytes.data();
        const char* end = begin + bytes.size();
        for (;;) {
            const char* stop = find_line_end(begin + scanned_, end);
            scanned_ = static_cast<std::size_t>(stop - begin);
            if (stop == end) break;
            const bool cr = *stop == '\r';
            // A CR at the very end may be the first half of a CRLF.
            if (cr && stop + 1 == end && !eof) return 0;
            const std::size_t line_at = line_at_;
            const std::size_t line_end = scanned_;
            scanned_ += cr && stop + 1 != end && stop[1] == '\n' ? 2 : 1;
            line_at_ = scanned_;
            if (line_end == line_at) return finish(bytes, event);
            line(bytes, line_at, line_end);
        }
        if (!eof || bytes.empty()) return 0;
        if (line_at_ != bytes.size()) line(bytes, line_at_, bytes.size());
        scanned_ = bytes.size();
        return finish(bytes, event);
    }

private:
    struct Part {
        std::size_t at = 0;
        std::size_t size = 0;

        std::string_view of(std::string_view bytes) const { return bytes.substr(at, size); }
    };

    bool pass_byte_order_mark(std::string_view bytes, bool eof) {
        constexpr std::string_view kMark = "\xef\xbb\xbf";
        if (bytes.size() < kMark.size() && !eof && kMark.starts_with(bytes)) return false;
        at_start_ = false;
        if (bytes.starts_with(kMark)) line_at_ = scanned_ = kMark.size();
        return true;
    }

    std::size_t finish(std::string_view bytes, SseEvent& event) {
        const std::size_t size = scanned_;
        event.name = name_.of(bytes);
        event.data = data_lines_ > 1 ? std::string_view(joined_) : data_.of(bytes);
        event.has_data = data_lines_ > 0;
        name_ = data_ = {};
        data_lines_ = 0;
        scanned_ = line_at_ = 0;
        return size;
    }

    void line(std::string_view bytes, std::size_t at, std::size_t end) {
        const std::string_view text = bytes.substr(at, end - at);
        const std::size_t colon = text.find(':');
        if (colon == 0) return;
        const std::string_view field = text.substr(0, colon);
        Part value{end, 0};
        if (colon != std::string_view::npos) {
            const bool space = colon + 1 < text.size() && text[colon + 1] == ' ';
            value.at = at + colon + 1 + (space ? 1 : 0);
            value.size = end - value.at;
        }
        if (field == "event") name_ = value;
        if (field == "data") add_data(bytes, value);
    }

    void add_data(std::string_view bytes, Part value) {
        ++data_lines_;
        if (data_lines_ == 1) {
            data_ = value;
            return;
        }
        if (data_lines_ == 2) joined_ = data_.of(bytes);
        joined_ += '\n';
        joined_ += value.of(bytes);
    }

    std::size_t line_at_ = 0;  // where the unfinished line starts
    std::size_t scanned_ = 0;  // how far line ends have been looked for
    Part name_;
    Part data_;
    std::string joined_;
    int data_lines_ = 0;
    bool at_start_ = true;
};

}  // namespace parley::sdk
