// write_turns.cpp: whose turn it is. The wire wants user and assistant by turns, the user first,
// results of tools in front of what the user says, and no empty turn.
#include <algorithm>

#include "words.hpp"
#include "write_request.hpp"

namespace parley::claude {

using sdk::view;

namespace {

class Arranger {
public:
    Arranger(Crossing& crossing, const ThinkingPlan& thinking)
        : c_(crossing), r_(crossing.request), thinking_(thinking) {}

    Talk run() {
        for (at_ = 0; at_ < r_.message_count; ++at_) message(*r_.messages[at_]);
        flush_reminders();
        const bool begins = !talk_.turns.empty() && !c_.own;
        if (begins && talk_.turns.front().role == PARLEY_ROLE_ASSISTANT) {
            c_.warn(PARLEY_WARNING_LEADING_USER_ADDED);
            Turn user{PARLEY_ROLE_USER, {}, {}};
            user.pieces.push_back({nullptr, "(conversation continues)"});
            talk_.turns.insert(talk_.turns.begin(), std::move(user));
        }
        end_with_user();
        return std::move(talk_);
    }

private:
    void message(const parley_message& m) {
        switch (m.role) {
            case PARLEY_ROLE_SYSTEM:
            case PARLEY_ROLE_DEVELOPER:
                system(m);
                break;
            case PARLEY_ROLE_TOOL:
                add(m, PARLEY_ROLE_USER);
                break;
            case PARLEY_ROLE_USER:
                if (!reminders_.empty()) flush_reminders();
                add(m, PARLEY_ROLE_USER);
                break;
            case PARLEY_ROLE_ASSISTANT:
                flush_reminders();
                add(m, PARLEY_ROLE_ASSISTANT);
                break;
            default:
                break;
        }
    }

    void add(const parley_message& m, uint32_t role) {
        std::vector<Piece> pieces;
        for (uint64_t i = 0; i < m.part_count; ++i) {
            if (keeps_part(c_, *m.parts[i], role, thinking_)) pieces.push_back({m.parts[i], {}});
        }
        if (pieces.empty()) return;
        Turn& into = turn(role);
        into.pieces.insert(into.pieces.end(), pieces.begin(), pieces.end());
        into.extras.insert(into.extras.end(), m.extras, m.extras + m.extra_count);
    }

    Turn& turn(uint32_t role) {
        if (talk_.turns.empty() || talk_.turns.back().role != role) {
            talk_.turns.push_back({role, {}, {}});
        }
        return talk_.turns.back();
    }

    // New rules in the middle: in place where the model knows them, otherwise with what the user
    // says next.
    void system(const parley_message& m) {
        const bool behind_user =
            !talk_.turns.empty() && talk_.turns.back().role == PARLEY_ROLE_USER;
        const bool in_place = c_.trait("mid_system", false) && (c_.own || fits_here(behind_user));
        if (in_place) {
            add(m, PARLEY_ROLE_SYSTEM);
            return;
        }
        c_.warn(PARLEY_WARNING_SYSTEM_DEMOTED, view(m.origin));
        for (uint64_t i = 0; i < m.part_count; ++i) {
            if (m.parts[i]->kind != PARLEY_PART_TEXT) continue;
            reminders_.push_back("<system-reminder>\n" + std::string(view(m.parts[i]->text)) +
                                 "\n</system-reminder>");
        }
    }

    bool fits_here(bool behind_user) const {
        if (!behind_user) return false;
        if (at_ + 1 == r_.message_count) return true;
        return r_.messages[at_ + 1]->role == PARLEY_ROLE_ASSISTANT;
    }

    void flush_reminders() {
        for (std::string& text : reminders_) {
            turn(PARLEY_ROLE_USER).pieces.push_back({nullptr, std::move(text)});
        }
        reminders_.clear();
    }

    // A last turn of the assistant says how the answer begins; models that cannot go on from it
    // are told so in words. What a tool of the provider began is gone on with by all.
    void end_with_user() {
        if (talk_.turns.empty() || talk_.turns.back().role != PARLEY_ROLE_ASSISTANT) return;
        if (c_.trait("prefill", false)) {
            if (!c_.own) trim(talk_.turns.back().pieces.back());
            return;
        }
        std::string prefill;
        for (const Piece& piece : talk_.turns.back().pieces) {
            if (piece.part->kind == PARLEY_PART_SERVER_ITEM ||
                piece.part->kind == PARLEY_PART_TOOL_CALL) {
                return;
            }
            if (piece.part->kind == PARLEY_PART_TEXT) prefill += view(piece.part->text);
        }
        c_.warn(PARLEY_WARNING_PREFILL_DROPPED);
        talk_.turns.pop_back();
        prefill.resize(prefill.find_last_not_of(" \t\r\n") + 1);
        talk_.prefill = std::move(prefill);
    }

    // Space at the end of such a turn is refused.
    static void trim(Piece& last) {
        if (last.part->kind != PARLEY_PART_TEXT) return;
        const std::string_view text = view(last.part->text);
        const std::size_t size = text.find_last_not_of(" \t\r\n") + 1;
        if (size != 0 && size != text.size()) last = {nullptr, std::string(text.substr(0, size))};
    }

    Crossing& c_;
    const parley_request& r_;
    const ThinkingPlan& thinking_;
    Talk talk_;
    std::vector<std::string> reminders_;
    uint64_t at_ = 0;
};

bool is_ours(const parley_seal& seal, const Crossing& c) {
    const bool model = seal.model.len == 0 || view(seal.model) == view(c.target.model);
    return view(seal.family) == kFamily && model;
}

bool keeps_image(Crossing& c, const parley_part& part, uint32_t role) {
    if (role == PARLEY_ROLE_USER) return true;
    c.warn(PARLEY_WARNING_FIELD_DROPPED, view(part.origin));
    return false;
}

}  // namespace

Talk arrange(Crossing& crossing, const ThinkingPlan& thinking) {
    return Arranger(crossing, thinking).run();
}

bool keeps_part(Crossing& c, const parley_part& part, uint32_t role, const ThinkingPlan& thinking) {
    switch (part.kind) {
        case PARLEY_PART_TEXT:
        case PARLEY_PART_REFUSAL:
            return part.text.len != 0;
        case PARLEY_PART_REASONING:
            return thinking.keeps_blocks && part.seal != nullptr && is_ours(*part.seal, c);
        case PARLEY_PART_TOOL_CALL:
        case PARLEY_PART_TOOL_RESULT:
        case PARLEY_PART_SEARCH_RESULT:
        case PARLEY_PART_TOOL_REFERENCE:
            return true;
        case PARLEY_PART_SERVER_ITEM:
            if (view(part.server_item->dialect) == kDialect) return true;
            if (view(part.server_item->tool) == "compaction") {
                c.refuse(view(part.origin), "a folded history can only go back where it came from");
                return false;
            }
            c.warn(PARLEY_WARNING_FIELD_DROPPED, view(part.origin));
            return part.server_item->summary.len != 0;
        case PARLEY_PART_IMAGE:
        case PARLEY_PART_DOCUMENT:
            return keeps_image(c, part, role);
        case PARLEY_PART_AUDIO:
        case PARLEY_PART_VIDEO:
            c.refuse(view(part.origin), "only text, images and documents can be sent here");
            return false;
        default:
            return false;
    }
}

}  // namespace parley::claude
