// windows.cpp: the windows of a ChatGPT plan, and those of an API key.
#include "parley/sdk/windows.hpp"

#include <algorithm>

#include "provider.hpp"

namespace parley::codex {

using sdk::view;

namespace {

constexpr uint64_t kWhole = 1'000'000;  // a plan, in millionths

// One field of x-codex-primary-used-percent and its kin.
void read_field(std::string_view field,
                std::string_view value,
                int64_t wall_ms,
                parley_window& io) {
    double number = 0;
    std::string_view rest = value;
    const bool is_number = sdk::detail::takes_number(rest, number) && rest.empty();
    if (field == "used-percent" && is_number) {
        const double used = std::min(number / 100, 1.0);
        io.limit = kWhole;
        io.remaining = kWhole - static_cast<uint64_t>(used * kWhole);
    } else if (field == "window-minutes" && is_number) {
        io.length_ms = sdk::detail::whole_ms(number * 60'000);
    } else if (field == "reset-at" || field == "reset-after-seconds" ||
               field == "resets-in-seconds") {
        sdk::read_wait(value, wall_ms, io.reset_ms);
    }
}

}  // namespace

std::size_t Provider::windows(const parley_http_reply_head& head,
                              int64_t wall_ms,
                              std::span<parley_window> room) noexcept {
    sdk::Windows windows(room);
    for (uint64_t i = 0; i < head.header_count; ++i) {
        std::string_view field = view(head.headers[i].name);
        if (!sdk::detail::takes_prefix(field, "x-codex-")) continue;
        const std::string_view name = field.substr(0, field.find('-'));
        if (name != "primary" && name != "secondary") continue;
        field.remove_prefix(std::min(name.size() + 1, field.size()));
        parley_window* window = windows.of(name);
        if (window == nullptr) continue;
        window->kind = PARLEY_WINDOW_SHARE;
        window->scope = PARLEY_SCOPE_ACCOUNT;
        read_field(field, view(head.headers[i].value), wall_ms, *window);
    }
    const std::size_t count = windows.finish();
    return count != 0 ? count : sdk::read_windows(head, wall_ms, room);
}

}  // namespace parley::codex
