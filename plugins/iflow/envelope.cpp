#include "envelope.hpp"

#include <charconv>

namespace parley::iflow {

using sdk::view;

std::string_view data_of(const parley_resume& reply, std::span<const std::string_view> sent) {
    const std::string_view body = view(reply.bytes);
    const uint32_t status = reply.head->status;
    if (status != 200) {
        // The cookie or the token is not taken any more; nobody but a person helps.
        sdk::throw_refusal(reply, sent, status == 401 || status == 403);
    }
    const std::string_view data = sdk::member_raw(body, "data");
    const bool is_good = sdk::member_raw(body, "success") == "true" && data.starts_with('{');
    if (is_good) return data;
    const std::string_view success = sdk::member_raw(body, "success");
    if (success == "false") sdk::throw_refusal(reply, sent, true);
    throw sdk::server_failure(PARLEY_E_UPSTREAM_PROTOCOL, "its reply is none of iFlow's");
}

int64_t read_time(std::string_view text) {
    const auto number = [&](std::size_t at, std::size_t size) {
        int64_t value = -1;
        const char* from = text.data() + at;
        const auto [end, fault] = std::from_chars(from, from + size, value);
        return end == from + size && fault == std::errc() ? value : int64_t{-1};
    };
    constexpr std::string_view kForm = "0000-00-00 00:00";
    if (text.size() != kForm.size() || text[4] != '-' || text[7] != '-' || text[10] != ' ' ||
        text[13] != ':') {
        return 0;
    }
    const int64_t month = number(5, 2);
    const int64_t day = number(8, 2);
    const int64_t hour = number(11, 2);
    const int64_t minute = number(14, 2);
    int64_t year = number(0, 4);
    if (year < 1970 || month < 1 || month > 12 || day < 1 || hour < 0 || minute < 0) return 0;
    // Days since 1970 of a date whose year begins in March.
    if (month <= 2) --year;
    const int64_t of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
    const int64_t days = year * 365 + year / 4 - year / 100 + year / 400 + of_year - 719'468;
    constexpr int64_t kHoursAhead = 8;
    return (((days * 24 + hour - kHoursAhead) * 60) + minute) * 60'000;
}

}  // namespace parley::iflow
