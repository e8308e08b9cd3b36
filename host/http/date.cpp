#include "http/date.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <ctime>
#include <string>

namespace parley::http {

std::string_view http_date() {
    thread_local std::time_t second = 0;
    thread_local std::array<char, 32> text;
    thread_local std::size_t size = 0;
    const std::time_t now = std::time(nullptr);
    if (now != second) {
        second = now;
        std::tm utc{};
        gmtime_r(&now, &utc);
        size = std::strftime(text.data(), text.size(), "%a, %d %b %Y %H:%M:%S GMT", &utc);
    }
    return {text.data(), size};
}

std::optional<std::int64_t> read_date(std::string_view text) {
    std::tm utc{};
    const std::string whole(text);
    const char* end = ::strptime(whole.c_str(), "%a, %d %b %Y %H:%M:%S GMT", &utc);
    if (end == nullptr || *end != '\0') return {};
    return std::int64_t{::timegm(&utc)};
}

std::uint64_t retry_after_ms(std::string_view field, std::int64_t wall_ms) {
    constexpr double kLongestMs = 1e15;
    double seconds = 0;
    const char* stop = field.data() + field.size();
    const auto [end, fault] = std::from_chars(field.data(), stop, seconds);
    if (fault == std::errc() && end == stop) {
        if (!(seconds > 0)) return 0;
        return static_cast<std::uint64_t>(std::min(seconds * 1000, kLongestMs));
    }
    const std::optional<std::int64_t> date = read_date(field);
    if (!date || *date * 1000 <= wall_ms) return 0;
    return static_cast<std::uint64_t>(*date * 1000 - wall_ms);
}

}  // namespace parley::http
