#include "any_request.hpp"

#include <algorithm>

namespace parley::codec {

namespace {

class Talker {
public:
    explicit Talker(const AnyRequest& wanted)
        : wanted_(wanted), chance_(wanted.seed), made_(wanted.client) {}

    Decoded talk() {
        if (chance_.one_in(2)) made_.instruct(chance_.words());
        if (chance_.one_in(4)) made_.instruct(chance_.words(), PARLEY_ROLE_DEVELOPER);
        tools();
        made_.begin(PARLEY_ROLE_USER);
        made_.text(chance_.words(40));
        for (uint32_t i = 0; i < wanted_.turns; ++i) turn();
        return made_.finish();
    }

private:
    void tools() {
        for (uint32_t n = chance_.below(5); n != 0; --n) {
            // Two careful names are never the same.
            names_.push_back(wanted_.careful ? chance_.legal_name() + "_" + std::to_string(n)
                                             : chance_.any_name());
            parley_tool& tool = made_.function(names_.back(), chance_.schema());
            if (chance_.one_in(2)) tool.description = made_.copy(chance_.words(20));
            customs_.push_back(!wanted_.careful && chance_.one_in(4));
            if (customs_.back()) tool.kind = PARLEY_TOOL_CUSTOM;
        }
    }

    void turn() {
        made_.begin(PARLEY_ROLE_ASSISTANT);
        if (!wanted_.seals.empty() && chance_.one_in(2)) thought();
        for (uint32_t n = chance_.below(3); n != 0; --n) said();
        std::vector<std::string> ids;
        const uint32_t calls = names_.empty() ? 0 : chance_.below(4);
        for (uint32_t n = 0; n < calls; ++n) ids.push_back(call());
        if (ids.empty()) made_.text(chance_.words());
        results(ids);
        if (!wanted_.careful && chance_.one_in(6)) {
            made_.begin(PARLEY_ROLE_SYSTEM);
            made_.text(chance_.words());
        }
        made_.begin(PARLEY_ROLE_USER);
        for (uint32_t n = chance_.below(8); n != 0; --n) made_.text(chance_.text(6));
        made_.text(chance_.words());
    }

    void said() {
        const bool refuses = !wanted_.careful && chance_.one_in(6);
        parley_part& part = made_.part(refuses ? PARLEY_PART_REFUSAL : PARLEY_PART_TEXT);
        part.text = made_.copy(chance_.words(10));
        if (!refuses && wanted_.seals == "gemini" && chance_.one_in(3)) seal(part);
    }

    const parley_seal& seal() {
        auto& seal = made_.make<parley_seal>();
        seal.family = made_.copy(wanted_.seals);
        seal.scheme = wanted_.seals == "anthropic" ? PARLEY_SEAL_SIGNATURE
                      : wanted_.seals == "openai"  ? PARLEY_SEAL_ENCRYPTED
                                                   : PARLEY_SEAL_THOUGHT_SIGNATURE;
        seal.data = made_.copy(std::string(kSealMark) + std::to_string(chance_.below(100000)));
        return seal;
    }

    void seal(parley_part& part) { part.seal = &seal(); }

    void thought() {
        auto& thought = made_.make<parley_reasoning>();
        auto& section = made_.make<parley_reasoning_section>();
        section.kind =
            wanted_.seals == "anthropic" ? PARLEY_REASONING_RAW : PARLEY_REASONING_SUMMARY;
        section.text = made_.copy(chance_.words());
        const std::vector<const parley_reasoning_section*> sections{&section};
        thought.sections = made_.keep(sections);
        thought.section_count = sections.size();
        parley_part& part = made_.part(PARLEY_PART_REASONING);
        part.reasoning = &thought;
        seal(part);
    }

    std::string call() {
        const uint32_t tool = chance_.below(static_cast<uint32_t>(names_.size()));
        std::string id = "call_" + std::to_string(++calls_);
        if (!wanted_.careful) id = chance_.one_in(8) ? "same" : chance_.call_id();
        const bool custom = customs_[tool];
        auto& call = made_.tool_call(id, names_[tool], custom ? chance_.text(9) : arguments());
        if (custom) call.kind = PARLEY_TOOL_CALL_CUSTOM;
        return id;
    }

    std::string arguments() {
        if (wanted_.careful) return R"({"p0":)" + std::to_string(chance_.below(100)) + '}';
        return chance_.one_in(8) ? chance_.json() : chance_.one_in(8) ? "" : chance_.json_object();
    }

    void results(std::vector<std::string> ids) {
        if (ids.empty()) return;
        if (!wanted_.careful) {
            for (std::size_t i = ids.size(); i > 1; --i) {
                std::swap(ids[i - 1], ids[chance_.below(static_cast<uint32_t>(i))]);
            }
            if (chance_.one_in(5)) ids.pop_back();
            if (chance_.one_in(8)) ids.push_back("nobody's");
            if (chance_.one_in(8) && !ids.empty()) ids.push_back(ids.front());
        }
        made_.begin(PARLEY_ROLE_TOOL);
        for (const std::string& id : ids) {
            auto& result = made_.tool_result(id, [&] { made_.text(chance_.words(12)); });
            if (chance_.one_in(5)) result.is_error = PARLEY_SAYS_YES;
        }
    }

    const AnyRequest& wanted_;
    Chance chance_;
    MadeRequest made_;
    std::vector<std::string> names_;
    std::vector<bool> customs_;
    int calls_ = 0;
};

}  // namespace

Decoded AnyRequest::make() const {
    return Talker(*this).talk();
}

}  // namespace parley::codec
