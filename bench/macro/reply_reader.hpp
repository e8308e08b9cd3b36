// Reads one reply strictly, whole or streamed, and finds everything in it that a client would miss.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "answers.hpp"
#include "histogram.hpp"
#include "http.hpp"

namespace bench {

enum class Fault {
    kNone,
    kConnect,
    kClosed,     // before the first byte of a reply
    kTruncated,  // after it
    kTimeout,
    kFraming,     // HTTP/1.1 rules broken, bytes after the end
    kStatus,      // not 200
    kBody,        // not one JSON object, or shorter than asked for
    kNoDone,      // a stream without its end: [DONE], message_stop
    kEventCount,  // a stream with lost or added events
    kErrorEvent,  // a stream that says error
    kUnsent,      // open loop: not sent before the end of the run
    kCount
};

inline constexpr const char* kFaultNames[] = {"none",
                                              "connect",
                                              "closed",
                                              "truncated",
                                              "timeout",
                                              "framing",
                                              "status",
                                              "body",
                                              "no_done",
                                              "event_count",
                                              "error_event",
                                              "unsent"};

// Chat's events have no names and end with [DONE]. Those of the messages shape have; of them a
// content_block_delta counts, and message_stop is the end.
class EventCounter {
public:
    void reset() {
        carry_.clear();
        events_ = 0;
        has_data_ = is_end_ = is_done_ = has_error_ = has_more_after_done_ = false;
        is_delta_ = true;
    }

    void feed(std::string_view piece, std::int64_t now_ns, Histogram& lag) {
        while (!piece.empty()) {
            const auto end = piece.find('\n');
            if (end == std::string_view::npos) {
                carry_.append(piece);
                return;
            }
            const auto line = piece.substr(0, end);
            piece.remove_prefix(end + 1);
            if (carry_.empty()) {
                read_line(line, now_ns, lag);
            } else {
                carry_.append(line);
                read_line(carry_, now_ns, lag);
                carry_.clear();
            }
        }
    }

    std::uint64_t events() const { return events_; }

    Fault verdict(std::uint64_t events_expected) const {
        if (has_error_) {
            return Fault::kErrorEvent;
        }
        if (!is_done_ || has_more_after_done_ || has_data_ || !carry_.empty()) {
            return Fault::kNoDone;
        }
        const bool is_lossy = events_expected > 0 && events_ != events_expected;
        return is_lossy ? Fault::kEventCount : Fault::kNone;
    }

private:
    void read_line(std::string_view line, std::int64_t now_ns, Histogram& lag) {
        if (line.ends_with('\r')) {
            line.remove_suffix(1);
        }
        if (line.empty()) {
            end_event();
        } else if (line == "data: [DONE]") {
            has_data_ = is_end_ = true;
        } else if (line.starts_with("data:")) {
            has_data_ = true;
            has_error_ |= line.starts_with(R"(data: {"error")");
            read_stamp(line, now_ns, lag);
        } else if (line.starts_with("event: ")) {
            const auto name = line.substr(sizeof("event: ") - 1);
            is_delta_ = name == "content_block_delta";
            is_end_ = name == "message_stop";
            has_error_ |= name == "error";
        }
    }

    void end_event() {
        if (has_data_) {
            has_more_after_done_ |= is_done_;
            is_done_ |= is_end_;
            events_ += is_delta_ && !is_end_ ? 1 : 0;
        }
        has_data_ = is_end_ = false;
        is_delta_ = true;
    }

    static void read_stamp(std::string_view line, std::int64_t now_ns, Histogram& lag) {
        static constexpr std::string_view kMark = R"(":"t=)";
        const auto at = line.find(kMark);
        if (at == std::string_view::npos) {
            return;
        }
        const auto sent_ns = parse_number(line.substr(at + kMark.size(), kStampDigits));
        if (sent_ns) {
            lag.add(now_ns - static_cast<std::int64_t>(*sent_ns));
        }
    }

    std::string carry_;
    std::uint64_t events_ = 0;
    // Of the event that is being read.
    bool has_data_ = false;
    bool is_delta_ = true;
    bool is_end_ = false;
    // Of the stream.
    bool is_done_ = false;
    bool has_error_ = false;
    bool has_more_after_done_ = false;
};

class ReplyReader {
public:
    enum class Status { kMore, kDone, kFault };

    struct Expected {
        std::uint64_t body_bytes_min = 0;
        std::uint64_t events = 0;
    };

    void reset() {
        head_.clear();
        counter_.reset();
        decoder_.reset();
        fields_ = {};
        status_ = 0;
        body_bytes_ = 0;
        first_ = last_ = '\0';
        state_ = State::kHead;
        fault_ = Fault::kNone;
    }

    // Any status but kMore ends the reply; a fault also ends the use of the connection.
    Status feed(std::string_view in,
                std::int64_t now_ns,
                const Expected& expected,
                Histogram& lag) {
        if (state_ == State::kHead && !read_head(in)) {
            return fault_ == Fault::kNone ? Status::kMore : Status::kFault;
        }
        const auto sink = [&](std::string_view piece) { take(piece, now_ns, lag); };
        if (state_ == State::kChunks) {
            const auto status = decoder_.feed(in, sink);
            if (status == ChunkDecoder::Status::kMore) {
                return Status::kMore;
            }
            return finish(status == ChunkDecoder::Status::kDone && in.empty(), expected);
        }
        if (state_ == State::kUntilClose) {
            sink(in);
            return Status::kMore;
        }
        const auto left = *fields_.content_length - body_bytes_;
        sink(in.substr(0, left));
        if (in.size() < left) {
            return Status::kMore;
        }
        return finish(in.size() == left, expected);
    }

    Status end_of_connection(const Expected& expected) {
        if (state_ == State::kUntilClose) {
            return finish(true, expected);
        }
        fault_ = has_begun() ? Fault::kTruncated : Fault::kClosed;
        return Status::kFault;
    }

    bool has_begun() const { return state_ != State::kHead || !head_.empty(); }

    Fault fault() const { return fault_; }

    int http_status() const { return status_; }

    std::uint64_t body_bytes() const { return body_bytes_; }

    std::uint64_t events() const { return counter_.events(); }

    bool must_close() const { return fields_.wants_close || state_ == State::kUntilClose; }

private:
    enum class State { kHead, kLength, kChunks, kUntilClose };

    // True once the head is whole and right; `in` is then what follows it.
    bool read_head(std::string_view& in) {
        static constexpr std::size_t kHeadBytesMax = std::size_t{64} * 1024;
        std::string_view bytes = in;
        const auto before = head_.size();
        if (before > 0) {
            head_.append(in);
            bytes = head_;
        }
        const auto end = bytes.find(kHeadEnd);
        if (end == std::string_view::npos) {
            if (before == 0) {
                head_ = in;
            }
            fault_ = head_.size() > kHeadBytesMax ? Fault::kFraming : Fault::kNone;
            return false;
        }
        const bool is_right = parse_head(bytes.substr(0, end + 2));
        fault_ = is_right ? Fault::kNone : Fault::kFraming;
        in.remove_prefix(end + kHeadEnd.size() - before);
        return is_right;
    }

    bool parse_head(std::string_view head) {
        const auto end = head.find("\r\n");
        const auto status = parse_number(head.substr(0, end).substr(0, 12).substr(9 > end ? 0 : 9));
        if (!head.starts_with("HTTP/1.1 ") || !status) {
            return false;
        }
        status_ = static_cast<int>(*status);
        fields_ = parse_fields(head.substr(end + 2));
        state_ = State::kUntilClose;
        if (fields_.is_chunked) {
            state_ = State::kChunks;
        } else if (fields_.content_length) {
            state_ = State::kLength;
        }
        return fields_.fault == nullptr;
    }

    void take(std::string_view piece, std::int64_t now_ns, Histogram& lag) {
        if (piece.empty()) {
            return;
        }
        if (body_bytes_ == 0) {
            first_ = piece.front();
        }
        last_ = piece.back();
        body_bytes_ += piece.size();
        if (fields_.is_event_stream) {
            counter_.feed(piece, now_ns, lag);
        }
    }

    Status finish(bool is_framed_right, const Expected& expected) {
        if (!is_framed_right) {
            fault_ = Fault::kFraming;
        } else if (status_ != 200) {
            fault_ = Fault::kStatus;
        } else if (fields_.is_event_stream) {
            fault_ = counter_.verdict(expected.events);
        } else if (expected.events > 0 || first_ != '{' || last_ != '}' ||
                   body_bytes_ < expected.body_bytes_min) {
            fault_ = Fault::kBody;
        }
        return fault_ == Fault::kNone ? Status::kDone : Status::kFault;
    }

    State state_ = State::kHead;
    Fault fault_ = Fault::kNone;
    std::string head_;
    Fields fields_;
    ChunkDecoder decoder_;
    EventCounter counter_;
    int status_ = 0;
    std::uint64_t body_bytes_ = 0;
    char first_ = '\0';
    char last_ = '\0';
};

}  // namespace bench
