// windows.cpp: the windows of limits that a reply's head tells. Those of keys refill steadily and
// are a model's; those of plans ("unified") begin anew when they end, and the account shares them.
#include "parley/sdk/windows.hpp"

#include <algorithm>

#include "provider.hpp"

namespace parley::claude {

using sdk::view;

namespace {

constexpr uint64_t kWhole = 1'000'000;  // a plan, in millionths

// What stands behind the last hyphen; `name` is left with what stands before it.
std::string_view split_off(std::string_view& name) {
    const std::size_t at = name.rfind('-');
    if (at == name.npos) return {};
    const std::string_view field = name.substr(at + 1);
    name = name.substr(0, at);
    return field;
}

// "5h", "7d", and "7d_oi" for some of the models.
uint64_t length_of(std::string_view name) {
    double count = 0;
    if (!sdk::detail::takes_number(name, count) || name.empty()) return 0;
    constexpr double kHourMs = 3'600'000;
    return sdk::detail::whole_ms(count * (name.front() == 'd' ? 24 * kHourMs : kHourMs));
}

// A window of a plan; `name` is "5h".
void read_plan(std::string_view field, std::string_view value, parley_window& io) {
    const std::string_view name = view(io.name);
    io.kind = PARLEY_WINDOW_SHARE;
    io.length_ms = length_of(name);
    io.scope = name.find('_') == name.npos ? PARLEY_SCOPE_ACCOUNT : PARLEY_SCOPE_MODEL;
    double used = 0;
    if (field == "utilization" && sdk::detail::takes_number(value, used)) {
        io.limit = kWhole;
        const auto taken = static_cast<uint64_t>(std::min(used, 1.0) * kWhole);
        io.remaining = std::min(io.remaining, kWhole - taken);
    } else if (field == "status" && value == "rejected") {
        io.limit = kWhole;
        io.remaining = 0;
    }
}

// A window of a key; `io.name` is "input-tokens".
void read_key(std::string_view field, std::string_view value, parley_window& io) {
    io.flags = PARLEY_WINDOW_REFILLS;
    if (field == "limit") sdk::Windows::read_count(value, io.limit);
    if (field == "remaining") sdk::Windows::read_count(value, io.remaining);
}

}  // namespace

std::size_t Provider::windows(const parley_http_reply_head& head,
                              int64_t wall_ms,
                              std::span<parley_window> room) noexcept {
    sdk::Windows windows(room);
    for (uint64_t i = 0; i < head.header_count; ++i) {
        std::string_view name = view(head.headers[i].name);
        if (!sdk::detail::takes_prefix(name, "anthropic-ratelimit-")) continue;
        const std::string_view value = view(head.headers[i].value);
        const bool is_of_plan = sdk::detail::takes_prefix(name, "unified-");
        const std::string_view field = split_off(name);
        // Some fields are about the plan as a whole: "unified-status".
        const bool is_window = is_of_plan ? length_of(name) != 0 : !field.empty();
        parley_window* window = is_window ? windows.of(name) : nullptr;
        if (window == nullptr) continue;
        if (field == "reset") {
            sdk::read_wait(value, wall_ms, window->reset_ms);
        } else if (is_of_plan) {
            read_plan(field, value, *window);
        } else {
            read_key(field, value, *window);
        }
    }
    return windows.finish();
}

}  // namespace parley::claude
