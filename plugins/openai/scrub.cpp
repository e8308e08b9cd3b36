#include "scrub.hpp"

#include "parley/sdk/cuts.hpp"
#include "parley/sdk/json.hpp"

namespace parley::openai {

using sdk::JsonReader;
using sdk::JsonString;

namespace {

constexpr std::string_view kEnvelope = kQuotedEnvelope.substr(1);

// Calls `each(key, from)` for each member; `from` is where the one before it ended. `each` must
// pass over the value.
template <class Each>
void each_member(JsonReader& r, Each&& each) {
    if (r.peek() != '{' || !r.enter_object()) {
        r.skip();
        return;
    }
    JsonString key;
    for (std::size_t from = r.at(); r.next_key(key); from = r.at()) each(key, from);
}

template <class Each>
void each_element(JsonReader& r, Each&& each) {
    if (r.peek() != '[' || !r.enter_array()) {
        r.skip();
        return;
    }
    while (r.next_item()) each();
}

bool is_carrier(std::string_view item) {
    bool is_reasoning = false;
    bool is_envelope = false;
    JsonReader r(item);
    each_member(r, [&](const JsonString& key, std::size_t) {
        JsonString text;
        const bool wanted = key.equals("type") || key.equals("encrypted_content");
        if (!wanted || r.peek() != '"' || !r.read_string(text)) {
            if (!wanted || text.raw.empty()) r.skip();
        } else if (key.equals("type")) {
            is_reasoning = text.equals("reasoning");
        } else {
            is_envelope = text.text().starts_with(kEnvelope);
        }
    });
    return is_reasoning && is_envelope;
}

class Scrubber {
public:
    explicit Scrubber(std::string_view body) : body_(body), r_(body) {}

    std::vector<parley_edit> run() {
        each_member(r_, [&](const JsonString& key, std::size_t) {
            if (key.equals("input")) {
                items();
            } else if (key.equals("messages")) {
                each_element(r_, [&] { message(); });
            } else {
                r_.skip();
            }
        });
        return std::move(edits_);
    }

private:
    void items() {
        std::vector<sdk::Element> elements;
        each_element(r_, [&] {
            r_.peek();
            const std::size_t at = r_.at();
            const std::string_view item = r_.raw();
            elements.push_back({at, r_.at(), is_carrier(item)});
        });
        sdk::cut_elements(elements, {}, edits_);
    }

    void message() {
        each_member(r_, [&](const JsonString& key, std::size_t) {
            if (key.equals("tool_calls")) {
                each_element(r_, [&] { call(); });
            } else {
                r_.skip();
            }
        });
    }

    void call() {
        each_member(r_, [&](const JsonString& key, std::size_t from) {
            const bool signs = key.equals("extra_content");
            const bool goes = r_.raw().find(kQuotedEnvelope) != std::string_view::npos && signs;
            if (goes) edits_.push_back(sdk::cut_member(body_, from, r_.at()));
        });
    }

    std::string_view body_;
    JsonReader r_;
    std::vector<parley_edit> edits_;
};

}  // namespace

std::vector<parley_edit> scrub(std::string_view body) {
    return Scrubber(body).run();
}

}  // namespace parley::openai
