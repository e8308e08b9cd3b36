#include "pipeline/opened_seals.hpp"

#include "parley/sdk/tree.hpp"

namespace parley::pipeline {

namespace {

using sdk::view;

class Opener {
public:
    Opener(const Seals& seals, std::string_view caller, base::Arena& arena)
        : seals_(seals), caller_(caller), arena_(arena.border()) {}

    const parley_request* open(const parley_request& request) {
        auto& opened = sdk::make<parley_request>(arena_);
        opened = request;
        std::vector<const parley_message*> messages;
        for (uint64_t i = 0; i < request.message_count; ++i) {
            if (const auto* message = open(*request.messages[i])) messages.push_back(message);
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
    const parley_message* open(const parley_message& message) {
        std::vector<const parley_part*> parts;
        bool changed = false;
        for (uint64_t i = 0; i < message.part_count; ++i) {
            const parley_part* part = message.parts[i];
            const parley_part* opened = open(*part);
            changed = changed || opened != part;
            if (opened != nullptr) parts.push_back(opened);
        }
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
            const bool carries = carrier.kind == PARLEY_PART_REASONING &&
                                 carrier.seal != nullptr &&
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
        const auto found = seals_.unwrap(view(part.seal->data), caller_);
        if (!found) warnings_.add(arena_, PARLEY_WARNING_SEAL_INVALID, view(part.origin));
        if (!found && part.kind == PARLEY_PART_REASONING) return nullptr;
        auto& copy = sdk::make<parley_part>(arena_);
        copy = part;
        copy.seal = nullptr;
        if (!found) return &copy;
        auto& seal = sdk::make<parley_seal>(arena_);
        seal.scheme = found->scheme;
        seal.family = arena_.copy(found->family);
        seal.model = arena_.copy(found->model);
        seal.data = arena_.copy(found->data);
        copy.seal = &seal;
        return &copy;
    }

    const Seals& seals_;
    std::string_view caller_;
    sdk::Arena arena_;
    sdk::Warnings warnings_;
};

}  // namespace

const parley_request* opened_seals(const parley_request& request,
                                   const Seals& seals,
                                   std::string_view caller,
                                   base::Arena& arena) {
    if ((request.flags & PARLEY_REQUEST_HAS_SEALS) == 0) return &request;
    return Opener(seals, caller, arena).open(request);
}

}  // namespace parley::pipeline
