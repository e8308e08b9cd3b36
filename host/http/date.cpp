#include "http/date.hpp"

#include <array>
#include <ctime>

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

}  // namespace parley::http
