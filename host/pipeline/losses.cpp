#include "pipeline/losses.hpp"

#include <algorithm>
#include <utility>

#include "parley/sdk/plugin.hpp"

namespace parley::pipeline {

using sdk::view;

namespace {

constexpr std::size_t kBytesMax = 1024;
constexpr std::size_t kLossBytesMax = 128;
constexpr std::size_t kLossesMax = 256;  // that have no room in any case

// Something that was said reaches nobody.
constexpr std::string_view kGravest[] = {
    PARLEY_WARNING_TOOL_CALL_DROPPED,
    PARLEY_WARNING_TOOL_DROPPED,
    PARLEY_WARNING_ORPHAN_TOOL_RESULT,
    PARLEY_WARNING_DUPLICATE_TOOL_RESULT,
    PARLEY_WARNING_TOOL_RESULT_SYNTHESISED,
    PARLEY_WARNING_PREFILL_DROPPED,
    PARLEY_WARNING_SEAL_INVALID,
};

// A promise is kept in another way, or not as far.
constexpr std::string_view kGrave[] = {
    PARLEY_WARNING_STRICT_DROPPED,
    PARLEY_WARNING_SCHEMA_WEAKENED,
    PARLEY_WARNING_JSON_MODE_PROMPTED,
    PARLEY_WARNING_SCHEMA_VIA_TOOL,
    PARLEY_WARNING_PARALLEL_UNENFORCED,
    PARLEY_WARNING_SYSTEM_DEMOTED,
    PARLEY_WARNING_MAX_TOKENS_CLAMPED,
    PARLEY_WARNING_THINKING_DISABLED,
    PARLEY_WARNING_THINKING_DISABLED_MISSING_HISTORY,
    PARLEY_WARNING_FINISH_APPROXIMATED,
    PARLEY_WARNING_USAGE_REPAIRED,
    PARLEY_WARNING_TOKEN_COUNT_ESTIMATED,
};

// Nothing is missing, it stands elsewhere.
constexpr std::string_view kSlight[] = {
    PARLEY_WARNING_TOOL_RENAMED,
    PARLEY_WARNING_LEADING_USER_ADDED,
    PARLEY_WARNING_TOOL_IMAGE_MOVED,
    PARLEY_WARNING_MEDIA_FETCHED,
};

unsigned rank_of(std::string_view code) {
    const auto is_among = [code](const auto& codes) {
        return std::find(std::begin(codes), std::end(codes), code) != std::end(codes);
    };
    if (is_among(kGravest)) return 0;
    if (is_among(kGrave)) return 1;
    return is_among(kSlight) ? 3 : 2;
}

// A header's value has no room for control characters, nor for what is not ASCII.
std::string text_of(const parley_warning& warning) {
    constexpr std::string_view kCut = "...";
    std::string text(view(warning.code));
    if (warning.field.len != 0) {
        text += ';';
        text += view(warning.field);
    }
    if (text.size() > kLossBytesMax) {
        text.resize(kLossBytesMax - kCut.size());
        text += kCut;
    }
    const auto is_foreign = [](char c) { return c < ' ' || c > '~' || c == ','; };
    std::replace_if(text.begin(), text.end(), is_foreign, '?');
    return text;
}

std::string count_of(std::uint64_t others) {
    return "and_others;" + std::to_string(others);
}

}  // namespace

void Losses::add(const parley_warning& warning) {
    add(Loss{rank_of(view(warning.code)), text_of(warning)});
}

void Losses::add(const parley_warning* const* warnings, std::uint64_t count) {
    for (std::uint64_t i = 0; i < count; ++i) add(*warnings[i]);
}

void Losses::add(const Losses& others) {
    for (const Loss& loss : others.all_) add(loss);
    others_ += others.others_;
}

// Those beyond the bound are counted as often as they come.
void Losses::add(Loss loss) {
    if (all_.size() == kLossesMax) {
        ++others_;
        return;
    }
    const auto is_known = [&loss](const Loss& known) { return known.text == loss.text; };
    if (std::none_of(all_.begin(), all_.end(), is_known)) all_.push_back(std::move(loss));
}

std::string Losses::text() const {
    constexpr std::string_view kNext = ", ";
    std::vector<const Loss*> order;
    order.reserve(all_.size());
    for (const Loss& loss : all_) order.push_back(&loss);
    std::stable_sort(
        order.begin(), order.end(), [](const Loss* a, const Loss* b) { return a->rank < b->rank; });
    std::string out;
    std::uint64_t left = order.size() + others_;
    for (const Loss* loss : order) {
        const std::size_t size = out.size() + (out.empty() ? 0 : kNext.size()) + loss->text.size();
        const std::size_t count_size = left == 1 ? 0 : kNext.size() + count_of(left - 1).size();
        if (size + count_size > kBytesMax) break;
        if (!out.empty()) out += kNext;
        out += loss->text;
        --left;
    }
    if (left != 0) (out += out.empty() ? "" : kNext) += count_of(left);
    return out;
}

}  // namespace parley::pipeline
