#include "pipeline/restored.hpp"

#include <algorithm>

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
        put_beside(parts);
        if (parts.empty()) return nullptr;
        auto& copy = sdk::make<parley_message>(arena_);
        copy = message;
        copy.parts = sdk::keep(arena_, parts);
        copy.part_count = parts.size();
        return &copy;
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
        if (!found && part.kind == PARLEY_PART_REASONING) return nullptr;
        auto& copy = sdk::make<parley_part>(arena_);
        copy = part;
        copy.seal = nullptr;
        if (!found) return &copy;
        copy.seal = seal_of(*found);
        return &copy;
    }

    const parley_seal* seal_of(const Seal& from) {
        auto& seal = sdk::make<parley_seal>(arena_);
        seal.scheme = from.scheme;
        seal.family = arena_.copy(from.family);
        seal.model = arena_.copy(from.model);
        seal.data = arena_.copy(from.data);
        return &seal;
    }

    // Puts what the stash has before the calls of a turn. False: nothing.
    bool unstash(std::vector<const parley_part*>& parts) {
        const auto is_call = [](const parley_part* p) { return p->kind == PARLEY_PART_TOOL_CALL; };
        const auto is_sealed = [](const parley_part* p) { return p->seal != nullptr; };
        if (std::none_of(parts.begin(), parts.end(), is_call)) return false;
        if (std::any_of(parts.begin(), parts.end(), is_sealed)) return false;
        std::vector<const parley_part*> out;
        bool found = false;
        for (const parley_part* part : parts) {
            if (!is_call(part)) {
                out.push_back(part);
                continue;
            }
            const auto kept =
                carriage_.stash.find(carriage_.caller, view(part->tool_call->id), carriage_.now_ms);
            found = found || !kept.empty();
            auto& call = sdk::make<parley_part>(arena_);
            call = *part;
            for (const Stashed& each : kept) {
                if (each.of_call)
                    call.seal = seal_of(each.seal);
                else
                    out.push_back(reasoning_of(each, view(part->origin)));
            }
            out.push_back(&call);
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
        reasoning.redacted = sections.empty() ? 1 : 0;
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

const parley_request* restored(const parley_request& request,
                               const Carriage& carriage,
                               base::Arena& arena) {
    const bool has_seals = (request.flags & PARLEY_REQUEST_HAS_SEALS) != 0;
    if (!has_seals && !has_calls(request)) return &request;
    return Restorer(carriage, arena).restore(request);
}

}  // namespace parley::pipeline
