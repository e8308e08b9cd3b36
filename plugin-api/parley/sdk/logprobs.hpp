// parley/sdk/logprobs.hpp: log probabilities of tokens, as the `extra` of TEXT_DELTA carries them,
// for a text and for a refusal alike:
//   {"logprobs":{"content":[{"token":"Hi","logprob":-0.1,"bytes":[72,105],"top_logprobs":[…]}]}}
#pragma once

#include <string>
#include <string_view>

#include "parley/sdk/json.hpp"

namespace parley::sdk {

// Calls `each(std::string_view)` with the object of each token in such an `extra`.
template <class Each>
void each_logprob(std::string_view extra, Each&& each) {
    JsonReader r(extra);
    JsonString key;
    if (extra.empty() || r.peek() != '{' || !r.enter_object()) return;
    while (r.next_key(key)) {
        if (key.raw != "logprobs" || r.peek() != '{' || !r.enter_object()) {
            r.skip();
            continue;
        }
        while (r.next_key(key)) {
            if (key.raw != "content" || r.peek() != '[' || !r.enter_array()) {
                r.skip();
                continue;
            }
            while (r.next_item()) each(r.raw());
        }
    }
}

// Tokens on their way to the `extra` of the text that they belong to.
class LogprobList {
public:
    bool empty() const { return tokens_.empty(); }

    // The object of a token.
    void add(std::string_view token) {
        if (!tokens_.empty()) tokens_ += ',';
        tokens_ += token;
    }

    void add_all(std::string_view extra) {
        each_logprob(extra, [&](std::string_view token) { add(token); });
    }

    // An `extra` with all of them; empty when there are none. None are left.
    std::string take() {
        if (tokens_.empty()) return {};
        std::string extra = "{\"logprobs\":{\"content\":[" + tokens_ + "]}}";
        tokens_.clear();
        return extra;
    }

private:
    std::string tokens_;
};

}  // namespace parley::sdk
