#include "scrub.hpp"

#include <string>

#include "json_text.hpp"
#include "parley/sdk/cuts.hpp"
#include "words.hpp"

namespace parley::claude {

using sdk::JsonReader;
using sdk::JsonString;
using sdk::str;

namespace {

constexpr std::string_view kNothingLeft = R"({"type":"text","text":"no text"})";

constexpr std::string_view kQuotedEnvelope = "\"pl1.";
constexpr std::string_view kSignature = "\"signature\"";
constexpr std::string_view kIndex = "\"encrypted_index\"";

// Whether `json` begins with that key, and its value is an empty text.
bool is_empty(std::string_view json, std::string_view quoted_key) {
    if (!json.starts_with(quoted_key)) return false;
    const std::size_t value = json.find_first_not_of(" \t\r\n:", quoted_key.size());
    return value != json.npos && json.substr(value).starts_with("\"\"");
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

bool tells_scrub(std::string_view json) {
    if (json.size() < 2) return false;
    switch (json[1]) {
        case kQuotedEnvelope[1]:
            return json.starts_with(kQuotedEnvelope);
        case kSignature[1]:
            return is_empty(json, kSignature);
        case kIndex[1]:
            return is_empty(json, kIndex);
        default:
            return false;
    }
}

std::vector<parley_edit> scrub(std::string_view body, sdk::Arena& arena) {
    return Scrubber(body, arena).run();
}

}  // namespace parley::claude
