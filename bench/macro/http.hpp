// Just enough HTTP/1.1, and strict: what a lenient reader would forgive is a fault here, so that a
// relay's framing errors surface in the bench instead of in a client.
#pragma once

#include <charconv>
#include <cstdint>
#include <optional>
#include <string_view>

namespace bench {

inline constexpr std::string_view kHeadEnd = "\r\n\r\n";

struct Fields {
    std::optional<std::uint64_t> content_length;
    bool is_chunked = false;
    bool wants_close = false;
    bool is_event_stream = false;
    const char* fault = nullptr;
};

inline char lower(char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

inline bool equals_ignoring_case(std::string_view a, std::string_view b) {
    if (a.size() != b.size()) {
        return false;
    }
    for (std::size_t i = 0; i < a.size(); ++i) {
        if (lower(a[i]) != lower(b[i])) {
            return false;
        }
    }
    return true;
}

inline std::string_view trimmed(std::string_view text) {
    while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) {
        text.remove_prefix(1);
    }
    while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) {
        text.remove_suffix(1);
    }
    return text;
}

inline std::optional<std::uint64_t> parse_number(std::string_view text, int base = 10) {
    std::uint64_t value = 0;
    const char* end = text.data() + text.size();
    const auto [stop, error] = std::from_chars(text.data(), end, value, base);
    if (text.empty() || error != std::errc() || stop != end) {
        return std::nullopt;
    }
    return value;
}

inline void read_field(std::string_view name, std::string_view value, Fields& fields) {
    if (equals_ignoring_case(name, "content-length")) {
        const auto length = parse_number(value);
        if (!length || fields.content_length) {
            fields.fault = "bad or repeated content-length";
        }
        fields.content_length = length;
    } else if (equals_ignoring_case(name, "transfer-encoding")) {
        if (!equals_ignoring_case(value, "chunked") || fields.is_chunked) {
            fields.fault = "transfer-encoding other than one chunked";
        }
        fields.is_chunked = true;
    } else if (equals_ignoring_case(name, "connection")) {
        fields.wants_close = equals_ignoring_case(value, "close");
    } else if (equals_ignoring_case(name, "content-type")) {
        fields.is_event_stream = value.starts_with("text/event-stream");
    }
}

// `lines` follows the first line of the head and ends with the CRLF of the last field, or is empty.
inline Fields parse_fields(std::string_view lines) {
    Fields fields;
    while (!lines.empty() && fields.fault == nullptr) {
        const auto end = lines.find("\r\n");
        if (end == std::string_view::npos) {
            fields.fault = "field without CRLF";
            break;
        }
        const auto line = lines.substr(0, end);
        lines.remove_prefix(end + 2);
        const auto colon = line.find(':');
        const auto name = line.substr(0, colon);
        if (colon == std::string_view::npos || name.empty() ||
            name.find_first_of(" \t\r\n") != std::string_view::npos ||
            line.find_first_of("\r\n") != std::string_view::npos) {
            fields.fault = "malformed field";
            break;
        }
        read_field(name, trimmed(line.substr(colon + 1)), fields);
    }
    if (fields.is_chunked && fields.content_length) {
        fields.fault = "content-length beside transfer-encoding";
    }
    return fields;
}

// Hands decoded bytes to a sink as they come. Chunk extensions and trailers are faults: nothing
// in the bench sends them.
class ChunkDecoder {
public:
    enum class Status { kMore, kDone, kFault };

    void reset() { *this = ChunkDecoder(); }

    template <class Sink>
    Status feed(std::string_view& in, Sink&& sink) {
        while (!in.empty()) {
            if (state_ == State::kData) {
                sink(take_data(in));
                continue;
            }
            const char c = in.front();
            in.remove_prefix(1);
            if (!step(c)) {
                return Status::kFault;
            }
            if (state_ == State::kDone) {
                return Status::kDone;
            }
        }
        return Status::kMore;
    }

private:
    enum class State { kSize, kSizeLf, kData, kDataCr, kDataLf, kLastCr, kLastLf, kDone };

    std::string_view take_data(std::string_view& in) {
        const auto piece = in.substr(0, left_);
        in.remove_prefix(piece.size());
        left_ -= piece.size();
        if (left_ == 0) {
            state_ = State::kDataCr;
        }
        return piece;
    }

    bool step(char c) {
        switch (state_) {
            case State::kSize:
                return c == '\r' ? go(digits_ > 0, State::kSizeLf) : add_digit(c);
            case State::kSizeLf:
                digits_ = 0;
                return go(c == '\n', left_ == 0 ? State::kLastCr : State::kData);
            case State::kDataCr:
                return go(c == '\r', State::kDataLf);
            case State::kDataLf:
                return go(c == '\n', State::kSize);
            case State::kLastCr:
                return go(c == '\r', State::kLastLf);
            case State::kLastLf:
                return go(c == '\n', State::kDone);
            case State::kData:
            case State::kDone:
                break;
        }
        return false;
    }

    bool go(bool is_right, State next) {
        state_ = next;
        return is_right;
    }

    bool add_digit(char c) {
        const auto digit = parse_number(std::string_view(&c, 1), 16);
        if (!digit || ++digits_ > 8) {
            return false;
        }
        left_ = left_ * 16 + static_cast<std::size_t>(*digit);
        return true;
    }

    State state_ = State::kSize;
    std::size_t left_ = 0;
    int digits_ = 0;
};

}  // namespace bench
