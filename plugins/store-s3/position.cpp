#include "position.hpp"

#include <algorithm>
#include <array>
#include <charconv>

namespace parley::store_s3 {

namespace {

constexpr std::string_view kMark = "s3-1:";

// Servers write an object's time when its upload begins, by clocks that may differ.
constexpr int64_t kRecentMs = 60'000;

uint64_t digest(const Object& object) {
    return sdk::RevisionHash().add(object.key).add(object.etag).revision();
}

}  // namespace

std::optional<Position> Position::read(std::string_view text) {
    if (!text.starts_with(kMark) || !text.ends_with('.')) return std::nullopt;
    Position out;
    const char* at = text.data() + kMark.size();
    const char* const end = text.data() + text.size();
    auto read = std::from_chars(at, end, out.since_ms_);
    if (read.ec != std::errc()) return std::nullopt;
    while (*read.ptr == ':') {
        uint64_t number = 0;
        read = std::from_chars(read.ptr + 1, end, number, 16);
        if (read.ec != std::errc()) return std::nullopt;
        out.seen_.insert(number);
    }
    return read.ptr + 1 == end ? std::optional(std::move(out)) : std::nullopt;
}

Position Position::behind(const std::vector<Object>& all) {
    Position out;
    for (const Object& object : all) {
        out.since_ms_ = std::max(out.since_ms_, object.modified_ms - kRecentMs);
    }
    for (const Object& object : all) {
        if (object.modified_ms >= out.since_ms_) out.seen_.insert(digest(object));
    }
    return out;
}

std::string Position::text() const {
    std::string out = std::string(kMark) + std::to_string(since_ms_);
    for (const uint64_t number : seen_) {
        std::array<char, 20> digits{};
        const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), number, 16);
        out += ':';
        out.append(digits.data(), end.ptr);
    }
    return out + '.';
}

bool Position::is_news(const Object& object) const {
    return object.modified_ms >= since_ms_ && !seen_.contains(digest(object));
}

}  // namespace parley::store_s3
