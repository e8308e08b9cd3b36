// Reads requests off one upstream connection, strictly, and says what each one asks for.
#pragma once

#include <cstring>
#include <memory>
#include <string>
#include <string_view>

#include "http.hpp"

namespace bench {

// Grows and stays grown, as growing costs a copy and every request of a run has the same size.
class Buffer {
public:
    std::string_view view() const { return {data_.get() + begin_, end_ - begin_}; }

    std::size_t size() const { return end_ - begin_; }

    char* free_space() { return data_.get() + end_; }

    std::size_t free_bytes() const { return capacity_ - end_; }

    void produce(std::size_t bytes) { end_ += bytes; }

    void consume(std::size_t bytes) {
        begin_ += bytes;
        if (begin_ == end_) {
            begin_ = end_ = 0;
        }
    }

    void make_room() {
        if (free_bytes() > 0) {
            return;
        }
        const std::size_t capacity = size() * 2 > capacity_ ? capacity_ * 2 : capacity_;
        auto data = std::make_unique_for_overwrite<char[]>(capacity);
        std::memcpy(data.get(), data_.get() + begin_, size());
        data_ = std::move(data);
        end_ = size();
        begin_ = 0;
        capacity_ = capacity;
    }

private:
    std::size_t capacity_ = std::size_t{8} * 1024;
    std::unique_ptr<char[]> data_ = std::make_unique_for_overwrite<char[]>(capacity_);
    std::size_t begin_ = 0;
    std::size_t end_ = 0;
};

class RequestReader {
public:
    enum class Ask { kNotYet, kMalformed, kTooLarge, kList, kUnknownPath, kUnknownModel, kModel };

    static constexpr std::size_t kHeadBytesMax = std::size_t{64} * 1024;
    static constexpr std::size_t kBodyBytesMax = std::size_t{64} * 1024 * 1024;

    Buffer& in() { return in_; }

    // What follows "bench-" in the model name, cut at eight bytes; until the next call of next().
    std::string_view model() const { return model_; }

    bool wants_close() const { return fields_.wants_close; }

    Ask next() {
        if (!has_head_) {
            const auto bytes = in_.view();
            const auto end = bytes.find(kHeadEnd);
            if (end == std::string_view::npos) {
                return bytes.size() > kHeadBytesMax ? Ask::kTooLarge : Ask::kNotYet;
            }
            const bool is_right = read_head(bytes.substr(0, end + 2));
            in_.consume(end + kHeadEnd.size());
            if (!is_right) {
                return Ask::kMalformed;
            }
            has_head_ = true;
        }
        return fields_.is_chunked ? read_chunks() : read_length();
    }

private:
    bool read_head(std::string_view head) {
        const auto end = head.find("\r\n");
        const auto line = head.substr(0, end);
        fields_ = parse_fields(head.substr(end + 2));
        is_chat_ = line == "POST /v1/chat/completions HTTP/1.1";
        is_get_ = line.starts_with("GET /");
        return line.ends_with(" HTTP/1.1") && fields_.fault == nullptr;
    }

    Ask read_length() {
        const auto length = fields_.content_length.value_or(0);
        if (length > kBodyBytesMax) {
            return Ask::kTooLarge;
        }
        if (in_.size() < length) {
            return Ask::kNotYet;
        }
        const Ask ask = look_at(in_.view().substr(0, length));
        in_.consume(length);
        return ask;
    }

    Ask read_chunks() {
        auto bytes = in_.view();
        const auto before = bytes.size();
        const auto status =
            decoder_.feed(bytes, [&](std::string_view piece) { decoded_.append(piece); });
        in_.consume(before - bytes.size());
        if (status == ChunkDecoder::Status::kFault) {
            return Ask::kMalformed;
        }
        if (status == ChunkDecoder::Status::kMore) {
            return decoded_.size() > kBodyBytesMax ? Ask::kTooLarge : Ask::kNotYet;
        }
        const Ask ask = look_at(decoded_);
        decoded_.clear();
        decoder_.reset();
        return ask;
    }

    Ask look_at(std::string_view body) {
        has_head_ = false;
        if (!is_chat_) {
            return is_get_ ? Ask::kList : Ask::kUnknownPath;
        }
        const auto at = find_model(body);
        if (at == std::string_view::npos) {
            return Ask::kUnknownModel;
        }
        model_ = body.substr(at, 8);
        return Ask::kModel;
    }

    // SDKs write the model first or last; only others pay for a search through all messages.
    static std::size_t find_model(std::string_view body) {
        static constexpr std::string_view kPrefix = "bench-";
        constexpr std::size_t kEnd = 512;
        auto at = body.substr(0, kEnd).find(kPrefix);
        if (at == std::string_view::npos && body.size() > kEnd) {
            at = body.find(kPrefix, body.size() - kEnd);
        }
        if (at == std::string_view::npos) {
            at = body.find(kPrefix);
        }
        return at == std::string_view::npos ? at : at + kPrefix.size();
    }

    Buffer in_;
    bool has_head_ = false;
    bool is_chat_ = false;
    bool is_get_ = false;
    Fields fields_;
    ChunkDecoder decoder_;
    std::string decoded_;
    std::string model_;
};

}  // namespace bench
