// ask_in.hpp: what a client asks besides the conversation, as far as both dialects spell it alike.
#pragma once

#include <string>
#include <string_view>

#include "parley/sdk/draft.hpp"
#include "parley/sdk/json.hpp"

namespace parley::openai {

[[noreturn]] void invalid_request(const std::string& message,
                                  const std::string& param,
                                  const char* code);

// Nodes are made when something is said.
class Asked {
public:
    explicit Asked(sdk::RequestDraft& draft) : draft_(draft), arena_(draft.arena()) {}

    // Reads the value of a member that both dialects have; false (and nothing read) for another.
    bool read(const sdk::JsonString& key, sdk::JsonReader& r);

    // A member that only its own dialect knows.
    void keep_extra(const sdk::JsonString& key, sdk::JsonReader& r) { extras_.keep(key, r); }

    // "none", "low" …
    void read_effort(sdk::JsonReader& r);
    void read_summary(sdk::JsonReader& r);
    // "low", "medium", "high"
    void read_verbosity(sdk::JsonReader& r);
    // {"type":"json_schema",…}: the schema one level deeper in chat.
    void read_format(sdk::JsonReader& r, bool nested);

    // The body is read.
    void finish();

    parley_sampling& sampling() { return made(sampling_, draft_.request.sampling); }

    parley_cache& cache() { return made(cache_, draft_.request.cache); }

    parley_identity& identity() { return made(identity_, draft_.request.identity); }

    parley_previous& previous() { return made(previous_, draft_.request.previous); }

    parley_reasoning_ask& reasoning() { return made(reasoning_, draft_.request.reasoning); }

private:
    template <class T>
    T& made(T*& own, const T*& place) {
        if (own == nullptr) place = own = &sdk::make<T>(arena_);
        return *own;
    }

    bool read_identity(const sdk::JsonString& key, sdk::JsonReader& r);
    bool read_cache(const sdk::JsonString& key, sdk::JsonReader& r);
    void read_schema_member(const sdk::JsonString& key, sdk::JsonReader& r, parley_format& format);
    uint32_t read_tier(sdk::JsonReader& r);

    sdk::RequestDraft& draft_;
    sdk::Arena& arena_;
    parley_sampling* sampling_ = nullptr;
    parley_cache* cache_ = nullptr;
    parley_identity* identity_ = nullptr;
    parley_previous* previous_ = nullptr;
    parley_reasoning_ask* reasoning_ = nullptr;
    sdk::ExtraMembers extras_;
};

// The next value, raw, when it is an object; otherwise empty.
parley_str read_object(sdk::JsonReader& r);
// The same for anything but null.
parley_str read_value(sdk::JsonReader& r);

}  // namespace parley::openai
