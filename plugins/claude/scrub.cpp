#include "scrub.hpp"

#include <string>

#include "json_text.hpp"
#include "parley/sdk/cuts.hpp"
#include "parley/sdk/find.hpp"
#include "words.hpp"

namespace parley::claude {

using sdk::JsonReader;
using sdk::JsonString;
using sdk::str;

namespace {

constexpr std::string_view kNothingLeft = R"({"type":"text","text":"no text"})";

// Whether a member of this name is an empty text somewhere.
bool has_empty(std::string_view body, std::string_view quoted_name) {
    for (std::size_t at = body.find(quoted_name); at != body.npos;
         at = body.find(quoted_name, at + 1)) {
        const std::size_t value = body.find_first_not_of(" \t\r\n:", at + quoted_name.size());
        if (value != body.npos && body.substr(value).starts_with("\"\"")) return true;
    }
    return false;
}

// Whether a body may hold any of it: a few quick looks instead of a walk.
bool may_hold(std::string_view body) {
    return sdk::holds(body, "\"pl1.") || has_empty(body, "\"signature\"") ||
           has_empty(body, "\"encrypted_index\"");
}

// Sources that a translated model named lack what Anthropic seals its own with.
bool has_alien_citation(std::string_view block) {
    Members m(block);
    const std::string_view citations = m.take("citations");
    JsonReader r(citations);
    if (citations.empty() || r.peek() != '[' || !r.enter_array()) return false;
    while (r.next_item()) {
        Members citation(r.raw());
        if (citation.has("encrypted_index") && citation.text("encrypted_index").empty()) {
            return true;
        }
    }
    return false;
}

bool is_alien(std::string_view block) {
    Members m(block);
    const std::string type = m.text("type");
    if (type == "redacted_thinking") return m.text("data").starts_with(kEnvelopeMark);
    if (type != "thinking") return false;
    const std::string signature = m.text("signature");
    return signature.empty() || signature.starts_with(kEnvelopeMark);
}

class Scrubber {
public:
    Scrubber(std::string_view body, sdk::Arena& arena) : r_(body), arena_(arena) {}

    std::vector<parley_edit> run() {
        JsonString key;
        if (r_.peek() != '{' || !r_.enter_object()) return {};
        while (r_.next_key(key)) {
            if (key.equals("messages") && r_.peek() == '[') {
                messages();
            } else {
                r_.skip();
            }
        }
        return std::move(edits_);
    }

private:
    void messages() {
        JsonString key;
        r_.enter_array();
        while (r_.next_item()) {
            if (r_.peek() != '{') {
                r_.skip();
                continue;
            }
            r_.enter_object();
            while (r_.next_key(key)) {
                if (key.equals("content") && r_.peek() == '[') {
                    blocks();
                } else {
                    r_.skip();
                }
            }
        }
    }

    void blocks() {
        std::vector<sdk::Element> pieces;
        r_.enter_array();
        while (r_.next_item()) {
            r_.peek();
            const std::size_t at = r_.at();
            const std::string_view block = r_.raw();
            pieces.push_back({at, r_.at(), is_alien(block)});
            if (!has_alien_citation(block)) continue;
            edits_.push_back(
                {at, block.size(), arena_.copy(with_member(block, "citations", "null"))});
        }
        sdk::cut_elements(pieces, str(kNothingLeft), edits_);
    }

    JsonReader r_;
    sdk::Arena& arena_;
    std::vector<parley_edit> edits_;
};

}  // namespace

std::vector<parley_edit> scrub(std::string_view body, sdk::Arena& arena) {
    if (!may_hold(body)) return {};
    return Scrubber(body, arena).run();
}

}  // namespace parley::claude
