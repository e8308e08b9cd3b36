#include "pipeline/restored.hpp"

#include <algorithm>

#include "parley/event.h"
#include "parley/sdk/owned.hpp"
#include "parley/sdk/tree.hpp"

namespace parley::pipeline {

namespace {

using sdk::view;

class Restorer {
public:
    Restorer(const Carriage& carriage, base::Arena& arena)
        : carriage_(carriage), arena_(arena.border()) {}

    const parley_request* restore(const parley_request& request) {
        auto& opened = sdk::make<parley_request>(arena_);
        opened = request;
        std::vector<const parley_message*> messages;
        for (uint64_t i = 0; i < request.message_count; ++i) {
            if (const auto* message = restore(*request.messages[i])) messages.push_back(message);
        }
        opened.messages = sdk::keep(arena_, messages);
        opened.message_count = messages.size();
        std::vector<const parley_warning*> warnings(request.warnings,
                                                    request.warnings + request.warning_count);
        warnings.insert(warnings.end(), warnings_.all().begin(), warnings_.all().end());
        opened.warnings = sdk::keep(arena_, warnings);
        opened.warning_count = warnings.size();
        return &opened;
    }

private:
    // Null when nothing is left of it.
    const parley_message* restore(const parley_message& message) {
        std::vector<const parley_part*> parts;
        bool changed = false;
        for (uint64_t i = 0; i < message.part_count; ++i) {
            const parley_part* part = message.parts[i];
            const parley_part* opened = open(*part);
            changed = changed || opened != part;
            if (opened != nullptr) parts.push_back(opened);
        }
        if (message.role == PARLEY_ROLE_ASSISTANT && unstash(parts)) changed = true;
        if (!changed) return &message;
        put_first(parts);
        put_beside(parts);
        if (parts.empty()) return nullptr;
        auto& copy = sdk::make<parley_message>(arena_);
        copy = message;
        copy.parts = sdk::keep(arena_, parts);
        copy.part_count = parts.size();
        return &copy;
    }

    // Where a client drops reasoning but keeps a seal, it keeps it with the words and calls that
    // the reasoning led to: both go back to the front of their step.
    void put_first(std::vector<const parley_part*>& parts) {
        std::vector<const parley_part*> out;
        long step = 0;  // where the step in hand begins
        for (std::size_t i = 0; i < parts.size(); ++i) {
            if (!is_bare(*parts[i])) {
                out.push_back(parts[i]);
                if (is_call(parts[i])) step = static_cast<long>(out.size());
                continue;
            }
            const auto call =
                std::find_if(parts.begin() + static_cast<long>(i), parts.end(), is_call);
            const parley_part* worded =
                with_words(*parts[i], call == parts.end() ? nullptr : *call);
            if (worded != nullptr) out.insert(out.begin() + step++, worded);
        }
        parts = std::move(out);
    }

    static bool is_call(const parley_part* part) { return part->kind == PARLEY_PART_TOOL_CALL; }

    static bool is_bare(const parley_part& part) {
        return part.kind == PARLEY_PART_REASONING && part.seal != nullptr &&
               part.seal->scheme != PARLEY_SEAL_THOUGHT_SIGNATURE && part.reasoning != nullptr &&
               part.reasoning->redacted != 0 && part.reasoning->section_count == 0;
    }

    // A signature is of words; null when they are nowhere. Other seals hold what they seal.
    const parley_part* with_words(const parley_part& bare, const parley_part* call) {
        if (bare.seal->scheme != PARLEY_SEAL_SIGNATURE) return &bare;
        if (call != nullptr && call->tool_call != nullptr) {
            for (const Stashed& each : stashed(*call)) {
                const bool is_it = !each.of_call && each.seal.data == view(bare.seal->data);
                if (is_it) return reasoning_of(each, view(bare.origin));
            }
        }
        warnings_.add(arena_, PARLEY_WARNING_SEAL_DROPPED, view(bare.origin));
        return nullptr;
    }

    std::vector<Stashed> stashed(const parley_part& call) {
        return carriage_.stash.find(carriage_.caller, view(call.tool_call->id), carriage_.now_ms);
    }

    // A signature that belongs beside a part came in front of it, where clients of the other
    // dialects have room for it.
    void put_beside(std::vector<const parley_part*>& parts) {
        for (std::size_t i = 0; i + 1 < parts.size(); ++i) {
            const parley_part& carrier = *parts[i];
            const bool carries = carrier.kind == PARLEY_PART_REASONING && carrier.seal != nullptr &&
                                 carrier.seal->scheme == PARLEY_SEAL_THOUGHT_SIGNATURE;
            if (!carries || parts[i + 1]->seal != nullptr) continue;
            auto& sealed = sdk::make<parley_part>(arena_);
            sealed = *parts[i + 1];
            sealed.seal = carrier.seal;
            parts[i + 1] = &sealed;
            parts.erase(parts.begin() + static_cast<long>(i));
        }
    }

    const parley_part* open(const parley_part& part) {
        if (part.seal == nullptr || view(part.seal->family) != kEnvelopeFamily) return &part;
        const auto found = carriage_.seals.unwrap(view(part.seal->data), carriage_.caller);
        if (!found) warnings_.add(arena_, PARLEY_WARNING_SEAL_INVALID, view(part.origin));
        const bool is_lost = found && is_of_another(*found, view(part.origin));
        if ((!found || is_lost) && part.kind == PARLEY_PART_REASONING) return nullptr;
        auto& copy = sdk::make<parley_part>(arena_);
        copy = part;
        copy.seal = nullptr;
        if (!found || is_lost) return &copy;
        copy.seal = seal_of(*found);
        return &copy;
    }

    bool is_of_another(const Seal& seal, std::string_view origin) {
        if (!carriage_.is_of_another(seal)) return false;
        warnings_.add(arena_, PARLEY_WARNING_SEAL_DROPPED, origin);
        return true;
    }

    const parley_seal* seal_of(const Seal& from) {
        auto& seal = sdk::make<parley_seal>(arena_);
        seal.scheme = from.scheme;
        seal.family = arena_.copy(from.family);
        seal.model = arena_.copy(from.model);
        seal.data = arena_.copy(from.data);
        return &seal;
    }

    // Puts what the stash has of a turn's calls in front of their steps. False: nothing.
    bool unstash(std::vector<const parley_part*>& parts) {
        const auto is_sealed = [](const parley_part* p) { return p->seal != nullptr; };
        if (std::none_of(parts.begin(), parts.end(), is_call)) return false;
        if (std::any_of(parts.begin(), parts.end(), is_sealed)) return false;
        std::vector<const parley_part*> out;
        bool found = false;
        long step = 0;
        for (const parley_part* part : parts) {
            out.push_back(part);
            if (!is_call(part)) continue;
            const auto kept = stashed(*part);
            found = found || !kept.empty();
            auto& call = sdk::make<parley_part>(arena_);
            call = *part;
            out.back() = &call;
            for (const Stashed& each : kept) {
                if (is_of_another(each.seal, view(part->origin))) continue;
                if (each.of_call)
                    call.seal = seal_of(each.seal);
                else
                    out.insert(out.begin() + step++, reasoning_of(each, view(part->origin)));
            }
            step = static_cast<long>(out.size());
        }
        if (found) parts = std::move(out);
        return found;
    }

    const parley_part* reasoning_of(const Stashed& from, std::string_view origin) {
        std::vector<const parley_reasoning_section*> sections;
        for (const Stashed::Section& each : from.sections) {
            auto& section = sdk::make<parley_reasoning_section>(arena_);
            section.kind = each.kind;
            section.text = arena_.copy(each.text);
            sections.push_back(&section);
        }
        auto& reasoning = sdk::make<parley_reasoning>(arena_);
        // A signature may stand alone where the provider shows no words.
        reasoning.redacted = sections.empty() && from.seal.scheme != PARLEY_SEAL_SIGNATURE ? 1 : 0;
        reasoning.sections = sdk::keep(arena_, sections);
        reasoning.section_count = sections.size();
        auto& part = sdk::make<parley_part>(arena_);
        part.kind = PARLEY_PART_REASONING;
        part.origin = arena_.copy(origin);
        part.reasoning = &reasoning;
        if (from.seal.scheme != 0) part.seal = seal_of(from.seal);
        return &part;
    }

    const Carriage& carriage_;
    sdk::Arena arena_;
    sdk::Warnings warnings_;
};

bool has_calls(const parley_request& request) {
    for (std::uint64_t i = 0; i < request.message_count; ++i) {
        if (request.messages[i]->role == PARLEY_ROLE_TOOL) return true;
    }
    return false;
}

}  // namespace

void Carriage::own(const Seal& seal) const {
    if (owners == nullptr || seal.scheme != PARLEY_SEAL_ENCRYPTED) return;
    owners->keep(sdk::end_of(seal.data), account, static_cast<std::int64_t>(now_ms));
}

bool Carriage::is_of_another(const Seal& seal) const {
    if (!seal.place.empty() && seal.place != place) return true;
    if (owners == nullptr || seal.scheme != PARLEY_SEAL_ENCRYPTED) return false;
    const std::uint32_t owner =
        owners->find(sdk::end_of(seal.data), static_cast<std::int64_t>(now_ms));
    return owner != 0 && owner != account;
}

const parley_request* restored(const parley_request& request,
                               const Carriage& carriage,
                               base::Arena& arena) {
    const bool has_seals = (request.flags & PARLEY_REQUEST_HAS_SEALS) != 0;
    if (!has_seals && !has_calls(request)) return &request;
    return Restorer(carriage, arena).restore(request);
}

}  // namespace parley::pipeline
