#include "peek.hpp"

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "json_text.hpp"
#include "parley/sdk/headers.hpp"
#include "parley/sdk/owned.hpp"
#include "scrub.hpp"

namespace parley::claude {

using sdk::Failure;
using sdk::JsonReader;
using sdk::JsonString;
using sdk::str;
using sdk::view;

namespace {

// parley_peek.mark: where the model's name stands in the body, quotes included, and whether
// something may have to be scrubbed.
enum Mark { kModelAt, kModelLen, kMayScrub };

constexpr std::string_view kFileKey = "\"file_id\"";

[[noreturn]] void invalid(std::string message, std::string param = {}) {
    throw Failure(PARLEY_E_INVALID_ARGUMENT, std::move(message), std::move(param));
}

// The same key twice is read one way by some parsers and the other way by others.
void once(bool& seen, const char* key) {
    if (std::exchange(seen, true)) invalid(std::string(key) + ": given twice", key);
}

class BodyReader {
public:
    BodyReader(const parley_call& call, sdk::Arena& arena, parley_peek& out)
        : call_(call), r_(view(call.http->body)), arena_(arena), out_(out) {}

    void read() {
        if (r_.peek() != '{') invalid("body: a JSON object was expected");
        r_.enter_object();
        JsonString key;
        while (r_.next_key(key)) member(key);
        if (r_.failed() || !r_.at_end()) {
            invalid("body: malformed JSON at byte " + std::to_string(r_.at()));
        }
        if (out_.model.len == 0) invalid("model: a model must be named", "model");
        out_.session_key = session_of(*call_.http, user_id_, arena_);
        owned_.move_to(out_, arena_);
    }

private:
    void member(const JsonString& key) {
        if (key.equals("model"))
            model();
        else if (key.equals("stream"))
            stream();
        else if (key.equals("container"))
            container();
        else if (key.equals("messages"))
            r_.pass([this](std::string_view text) { look_at(text); });
        else if (key.equals("metadata"))
            user_id_ = Members(r_.raw()).text("user_id");
        else
            r_.pass();
    }

    // Its id, or an object that has it.
    void container() {
        JsonString text;
        if (r_.peek() != '"') {
            owned_.add(Members(r_.raw()).text("id"), "container");
        } else if (r_.read_string(text)) {
            owned_.add(text.text(), "container");
        }
    }

    // Of what is passed over, the few strings that matter.
    void look_at(std::string_view text) {
        if (text.size() < 2) return;
        if (names_files_ && text[1] == kFileKey[1]) owned_.add_if(kFileKey, text, "messages");
        if (tells_scrub(text)) out_.mark[kMayScrub] = 1;
    }

    void model() {
        once(model_seen_, "model");
        if (r_.peek() != '"') invalid("model: a string was expected", "model");
        const std::size_t at = r_.at();
        JsonString model;
        if (!r_.read_string(model)) return;
        out_.mark[kModelAt] = at;
        out_.mark[kModelLen] = r_.at() - at;
        out_.model = sdk::text_of(arena_, model);
    }

    void stream() {
        once(stream_seen_, "stream");
        if (r_.read_null()) return;
        bool on = false;
        if (r_.peek() != 't' && r_.peek() != 'f') {
            invalid("stream: true or false expected", "stream");
        }
        if (r_.read_bool(on) && on) out_.flags |= PARLEY_PEEK_STREAM;
    }

    const parley_call& call_;
    JsonReader r_;
    sdk::Arena& arena_;
    parley_peek& out_;
    sdk::Owned owned_;
    std::string user_id_;
    // Who names files says so in a header; the others need not be searched.
    const bool names_files_ =
        sdk::header(*call_.http, "anthropic-beta").find("files-api") != std::string_view::npos;
    bool model_seen_ = false;
    bool stream_seen_ = false;
};

}  // namespace

// "user_<hash>_account_<id>_session_<id>", or an object with a member for it.
parley_str session_of(const parley_http_request& request,
                      std::string_view user_id,
                      sdk::Arena& arena) {
    const std::string_view told = sdk::header(request, "x-claude-code-session-id");
    if (!told.empty()) return arena.copy(told);
    if (is_object(user_id)) return arena.copy(Members(user_id).text("session_id"));
    constexpr std::string_view kMark = "_session_";
    const std::size_t at = user_id.rfind(kMark);
    return at == user_id.npos ? parley_str{} : arena.copy(user_id.substr(at + kMark.size()));
}

void peek_request(const parley_call& call, sdk::Arena& arena, parley_peek& out) {
    BodyReader(call, arena, out).read();
}

void retarget_request(const parley_call& call,
                      const parley_peek& peek,
                      std::string_view model,
                      sdk::Arena& arena,
                      parley_retarget& io) {
    std::vector<parley_edit> edits;
    if (peek.mark[kMayScrub] != 0) edits = scrub(view(call.http->body), arena);
    if (model != view(peek.model)) {
        std::string quoted;
        sdk::json_quote(model, quoted);
        edits.push_back({peek.mark[kModelAt], peek.mark[kModelLen], arena.copy(quoted)});
    }
    std::sort(edits.begin(), edits.end(), [](const auto& a, const auto& b) { return a.at < b.at; });
    io.flags = 0;
    io.edits = sdk::keep(arena, edits);
    io.edit_count = edits.size();
}

}  // namespace parley::claude
