#include "thinking.hpp"

#include <algorithm>
#include <array>

#include "words.hpp"

namespace parley::claude {

using sdk::view;

namespace {

using Mode = ThinkingPlan::Mode;

constexpr std::string_view kInterleavedBeta = "interleaved-thinking-2025-05-14";

constexpr uint64_t kBudgetMin = 1024;
constexpr uint64_t kBudgetMax = 32'000;
constexpr uint64_t kAnswerBesideBudget = 16'000;
constexpr uint64_t kMaxTokens = 32'000;
constexpr uint64_t kMaxTokensElsewhere = 4'096;

struct Level {
    uint32_t effort;
    std::string_view word;
    uint64_t budget;
};

// From little to much.
constexpr std::array kLevels{
    Level{PARLEY_EFFORT_MINIMAL, "low", 1024},
    Level{PARLEY_EFFORT_LOW, "low", 1024},
    Level{PARLEY_EFFORT_MEDIUM, "medium", 8192},
    Level{PARLEY_EFFORT_HIGH, "high", 24576},
    Level{PARLEY_EFFORT_XHIGH, "xhigh", 32768},
    Level{PARLEY_EFFORT_MAX, "max", 0},
};

const Level& level_of(uint32_t effort) {
    for (const Level& level : kLevels) {
        if (level.effort == effort) return level;
    }
    return kLevels[2];
}

uint32_t effort_of_budget(double budget) {
    if (budget <= 1024) return PARLEY_EFFORT_LOW;
    if (budget <= 8192) return PARLEY_EFFORT_MEDIUM;
    return budget <= 24576 ? PARLEY_EFFORT_HIGH : PARLEY_EFFORT_XHIGH;
}

class Planner {
public:
    Planner(Crossing& crossing, bool forced)
        : c_(crossing), forced_(forced), kind_(c_.traits.text("reasoning", "anthropic_adaptive")) {
        if (c_.request.reasoning != nullptr) ask_ = *c_.request.reasoning;
        normalise();
    }

    ThinkingPlan plan() {
        const bool manual = kind_ == "anthropic_manual";
        // A budget from a client of this wire means a model that takes one, unless known better.
        const bool as_told = c_.own && !c_.traits.has("reasoning");
        const bool by_budget = ask_.mode == PARLEY_THINK_BUDGET;
        if (kind_ == "none") {
            none();
        } else if (manual || (as_told && by_budget)) {
            by_tokens();
        } else {
            adaptive();
        }
        limit();
        if (plan_.mode == Mode::enabled) fit_budget();
        if (plan_.is_on()) display();
        const bool off = plan_.mode == Mode::disabled;
        plan_.keeps_blocks = !off && (plan_.is_on() || !manual) && kind_ != "none";
        return std::move(plan_);
    }

private:
    // -1 leaves it to the model, 0 turns it off.
    void normalise() {
        if (ask_.mode != PARLEY_THINK_BUDGET) return;
        if (ask_.budget.value < 0) ask_.mode = PARLEY_THINK_AUTO;
        if (ask_.budget.value == 0) ask_.mode = PARLEY_THINK_OFF;
    }

    void none() {
        const bool wanted = ask_.mode != 0 && ask_.mode != PARLEY_THINK_OFF;
        if (wanted) c_.warn(PARLEY_WARNING_THINKING_DISABLED);
    }

    void adaptive() {
        switch (ask_.mode) {
            case PARLEY_THINK_OFF:
                if (c_.traits.flag("can_disable_reasoning", true)) {
                    plan_.mode = Mode::disabled;
                    if (c_.own && ask_.effort != 0) plan_.effort = level_of(ask_.effort).word;
                } else {
                    c_.warn(PARLEY_WARNING_EFFORT_CLAMPED);
                    plan_.effort = "low";
                }
                break;
            case PARLEY_THINK_AUTO:
                plan_.mode = Mode::adaptive;
                break;
            case PARLEY_THINK_EFFORT:
                // A client of this wire can tell the one without the other.
                if (!c_.own || wants_reasoning() || ask_.summary != 0) {
                    plan_.mode = Mode::adaptive;
                }
                plan_.effort = word_of(ask_.effort);
                break;
            case PARLEY_THINK_BUDGET:
                plan_.mode = Mode::adaptive;
                plan_.effort =
                    word_of(ask_.effort != 0 ? ask_.effort : effort_of_budget(ask_.budget.value));
                break;
            default:
                break;
        }
    }

    // The level, or the next lower one that the model has.
    std::string_view word_of(uint32_t effort) {
        const bool minimal = effort == PARLEY_EFFORT_MINIMAL;
        std::string_view word = level_of(effort).word;
        if (c_.traits.has("effort_levels")) {
            std::size_t at = kLevels.size() - 1;
            while (at > 0 && kLevels[at].word != word) --at;
            while (at > 1 && !c_.traits.lists("effort_levels", kLevels[at].word)) --at;
            word = kLevels[at].word;
        }
        if (minimal || word != level_of(effort).word) c_.warn(PARLEY_WARNING_EFFORT_CLAMPED);
        return word;
    }

    void by_tokens() {
        if (ask_.mode == 0) return;
        plan_.mode = ask_.mode == PARLEY_THINK_OFF ? Mode::disabled : Mode::enabled;
        if (c_.own && ask_.effort != 0) plan_.effort = level_of(ask_.effort).word;
        if (plan_.mode == Mode::disabled) return;
        const uint64_t most = c_.traits.number("budget_max", kBudgetMax);
        if (ask_.mode == PARLEY_THINK_BUDGET) {
            plan_.budget = static_cast<uint64_t>(ask_.budget.value);
            // An own client knows what its model takes.
            if (c_.own && !c_.traits.has("budget_max")) return;
        } else {
            const uint32_t effort =
                ask_.mode == PARLEY_THINK_EFFORT ? ask_.effort : PARLEY_EFFORT_MEDIUM;
            plan_.budget = level_of(effort).budget;
            if (plan_.budget == 0) plan_.budget = most;
        }
        plan_.budget = std::clamp(plan_.budget, kBudgetMin, std::max(most, kBudgetMin));
    }

    // What the answer may take at most, thinking included.
    void limit() {
        if (c_.counts) return;
        const uint64_t most = c_.traits.number("max_output", 0);
        const parley_number& told = c_.request.max_output_tokens;
        if (told.text.len != 0) {
            plan_.max_tokens = view(told.text);
            if (most == 0 || told.value <= static_cast<double>(most)) return;
            c_.warn(PARLEY_WARNING_MAX_TOKENS_CLAMPED);
            plan_.max_tokens = std::to_string(most);
            return;
        }
        const bool known = most != 0 || view(c_.target.model).starts_with("claude");
        uint64_t limit = known ? kMaxTokens : kMaxTokensElsewhere;
        if (plan_.mode == Mode::enabled) limit = plan_.budget + kAnswerBesideBudget;
        if (most != 0) limit = std::min(limit, most);
        plan_.max_tokens = std::to_string(limit);
    }

    // Thinking by budget has conditions; where one fails there is none.
    void fit_budget() {
        if (forced_) {
            disable(PARLEY_WARNING_THINKING_DISABLED);
            return;
        }
        if (lacks_history()) {
            disable(PARLEY_WARNING_THINKING_DISABLED_MISSING_HISTORY);
            return;
        }
        if (!c_.own && (ask_.interleaved == PARLEY_SAYS_YES || thought_between_calls())) {
            c_.betas.emplace(kInterleavedBeta);
        }
        if (c_.counts) return;
        const uint64_t room = std::strtoull(plan_.max_tokens.c_str(), nullptr, 10);
        if (plan_.budget < room) return;
        if (room <= kBudgetMin) {
            disable(PARLEY_WARNING_THINKING_DISABLED);
        } else {
            plan_.budget = room - 1;
        }
    }

    void disable(std::string_view code) {
        plan_.mode = Mode::disabled;
        c_.warn(code);
    }

    // A tool loop must begin with the thinking that led to it.
    bool lacks_history() const {
        const parley_message* last = nullptr;
        for (uint64_t i = 0; i < c_.request.message_count; ++i) {
            const parley_message* message = c_.request.messages[i];
            if (message->role == PARLEY_ROLE_ASSISTANT) last = message;
        }
        if (last == nullptr || last->part_count == 0) return false;
        const auto calls = [](const parley_part* p) { return p->kind == PARLEY_PART_TOOL_CALL; };
        if (std::none_of(last->parts, last->parts + last->part_count, calls)) return false;
        const parley_part& first = *last->parts[0];
        return first.kind != PARLEY_PART_REASONING || first.seal == nullptr ||
               view(first.seal->family) != kFamily;
    }

    // The history holds thinking that led to calls, which only goes on where it may come between.
    bool thought_between_calls() const {
        for (uint64_t i = 0; i < c_.request.message_count; ++i) {
            const parley_message& message = *c_.request.messages[i];
            bool sealed = false;
            for (uint64_t p = 0; p < message.part_count; ++p) {
                const parley_part& part = *message.parts[p];
                const bool ours = part.seal != nullptr && view(part.seal->family) == kFamily;
                sealed = sealed || (part.kind == PARLEY_PART_REASONING && ours);
                if (sealed && part.kind == PARLEY_PART_TOOL_CALL) return true;
            }
        }
        return false;
    }

    void display() {
        if (ask_.summary == PARLEY_SUMMARY_NONE) {
            plan_.display = "omitted";
        } else if (ask_.summary != 0 || (!c_.own && wants_reasoning())) {
            plan_.display = "summarized";
        }
    }

    bool wants_reasoning() const {
        return (c_.request.flags & PARLEY_REQUEST_WANTS_REASONING) != 0;
    }

    Crossing& c_;
    bool forced_;
    std::string kind_;
    parley_reasoning_ask ask_{};
    ThinkingPlan plan_;
};

}  // namespace

ThinkingPlan plan_thinking(Crossing& crossing, bool forced) {
    return Planner(crossing, forced).plan();
}

void write_thinking(sdk::JsonWriter& w, const ThinkingPlan& plan) {
    if (plan.mode == Mode::omitted) return;
    w.key("thinking").begin_object().key("type");
    if (plan.mode == Mode::disabled) {
        w.string("disabled");
    } else if (plan.mode == Mode::adaptive) {
        w.string("adaptive");
    } else {
        w.string("enabled");
        w.key("budget_tokens").number(static_cast<int64_t>(plan.budget));
    }
    if (plan.is_on() && !plan.display.empty()) w.key("display").string(plan.display);
    w.end_object();
}

}  // namespace parley::claude
