#include "config/units.hpp"

#include <array>
#include <charconv>
#include <limits>
#include <span>

namespace parley::config {

namespace {

struct Unit {
    std::string_view name;
    std::uint64_t factor;
};

// Largest first within a system, so that printing finds the roundest.
constexpr std::array kDurations{
    Unit{"h", 3'600'000}, Unit{"m", 60'000}, Unit{"s", 1000}, Unit{"ms", 1}};
constexpr std::array kBinary{
    Unit{"TiB", 1ull << 40}, Unit{"GiB", 1ull << 30}, Unit{"MiB", 1ull << 20}, Unit{"KiB", 1024}};
constexpr std::array kDecimal{Unit{"GB", 1'000'000'000}, Unit{"MB", 1'000'000}, Unit{"kB", 1000}};

std::optional<std::uint64_t> parse(std::string_view text, std::span<const Unit> units) {
    std::uint64_t count = 0;
    const char* end = text.data() + text.size();
    const auto [rest, error] = std::from_chars(text.data(), end, count);
    if (error != std::errc{}) return {};
    const std::string_view name(rest, static_cast<std::size_t>(end - rest));
    for (const Unit& unit : units) {
        if (name != unit.name) continue;
        if (count > std::numeric_limits<std::uint64_t>::max() / unit.factor) return {};
        return count * unit.factor;
    }
    return {};
}

std::optional<std::string> print(std::uint64_t amount, std::span<const Unit> units) {
    for (const Unit& unit : units) {
        if (amount == 0 || amount % unit.factor != 0) continue;
        return std::to_string(amount / unit.factor) + std::string(unit.name);
    }
    return {};
}

}  // namespace

std::optional<std::uint64_t> parse_duration(std::string_view text) {
    return parse(text, kDurations);
}

std::string print_duration(std::uint64_t ms) {
    return print(ms, kDurations).value_or("0");
}

std::optional<std::uint64_t> parse_bytes(std::string_view text) {
    const auto binary = parse(text, kBinary);
    return binary ? binary : parse(text, kDecimal);
}

std::string print_bytes(std::uint64_t bytes) {
    return print(bytes, kBinary).value_or(std::to_string(bytes));
}

}  // namespace parley::config
