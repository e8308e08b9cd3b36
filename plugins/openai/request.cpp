#include "request.hpp"

#include <algorithm>
#include <optional>
#include <utility>

#include "multipart.hpp"
#include "owned.hpp"
#include "parley/sdk/json.hpp"
#include "parley/sdk/tree.hpp"
#include "scrub.hpp"

namespace parley::openai {

using sdk::Failure;
using sdk::JsonReader;
using sdk::JsonString;
using sdk::str;
using sdk::view;

namespace {

// parley_peek.mark: where things stand in the body. A length of 0 means absent.
enum Mark {
    kModelAt,
    kModelLen,
    kOptionsAt,
    kOptionsLen,
    kIncludeAt,
    kIncludeLen,
    kFirstAt,
    kShape,
};

// parley_peek.mark[kShape]: one of these, and whether something may have to be scrubbed.
enum Shape : uint64_t { kObject, kEmptyObject, kForm };

constexpr uint64_t kMayHoldEnvelopes = 8;

Shape shape_of(const parley_peek& peek) {
    return static_cast<Shape>(peek.mark[kShape] & ~kMayHoldEnvelopes);
}

constexpr std::string_view kIncludeUsage = "\"include_usage\":true";

[[noreturn]] void invalid(std::string message, std::string param = {}) {
    throw Failure(PARLEY_E_INVALID_ARGUMENT, std::move(message), std::move(param));
}

[[noreturn]] void no_model() {
    throw Failure(PARLEY_E_INVALID_ARGUMENT,
                  "model: a model must be named",
                  "model",
                  "missing_required_parameter");
}

// The same key twice is read one way by some parsers and the other way by others.
void once(bool& seen, const char* key) {
    if (std::exchange(seen, true)) invalid(std::string(key) + ": given twice", key);
}

void peek_form(const parley_call& call, parley_peek& out) {
    const std::string_view body = view(call.http->body);
    FormReader form(view(call.content_type), body);
    FormField field;
    bool model_seen = false;
    bool stream_seen = false;
    out.mark[kShape] = kForm;
    while (form.next(field)) {
        const std::string_view value = body.substr(field.value.at, field.value.len);
        if (field.name == "model") {
            once(model_seen, "model");
            out.mark[kModelAt] = field.value.at;
            out.mark[kModelLen] = field.value.len;
            out.model = str(value);
        } else if (field.name == "stream") {
            once(stream_seen, "stream");
            if (value == "true") out.flags |= PARLEY_PEEK_STREAM;
        }
    }
}

class BodyReader {
public:
    BodyReader(std::string_view body, sdk::Arena& arena, parley_peek& out)
        : r_(body), arena_(arena), out_(out) {}

    void read() {
        if (r_.peek() != '{') invalid("body: a JSON object was expected");
        r_.enter_object();
        out_.mark[kFirstAt] = r_.at();
        if (r_.peek() == '}') out_.mark[kShape] = kEmptyObject;
        JsonString key;
        while (r_.next_key(key)) member(key);
        if (r_.failed() || !r_.at_end()) {
            invalid("body: malformed JSON at byte " + std::to_string(r_.at()));
        }
        owned_.move_to(out_, arena_);
    }

private:
    void member(const JsonString& key) {
        if (key.equals("model"))
            model();
        else if (key.equals("stream"))
            stream();
        else if (key.equals("stream_options"))
            stream_options();
        else if (key.equals("prompt_cache_key"))
            session_key();
        else if (key.equals("input"))
            r_.pass([&](std::string_view text) { look_at(text, "input"); });
        else if (key.equals("messages"))
            r_.pass([&](std::string_view text) { look_at(text, "messages"); });
        else if (key.equals("previous_response_id"))
            owned_by("previous_response_id");
        else if (key.equals("conversation"))
            conversation();
        else
            r_.pass();
    }

    // Of what is passed over, the few strings that matter, each by its first letter.
    void look_at(std::string_view text, std::string_view param) {
        if (text.size() < 2) return;
        switch (text[1]) {
            case kFileKey[1]:
                owned_.add_if(kFileKey, text, param);
                break;
            case kEncryptedKey[1]:
                if (param == "input") owned_.add_if(kEncryptedKey, text, param);
                break;
            case kQuotedEnvelope[1]:
                if (text.starts_with(kQuotedEnvelope)) out_.mark[kShape] |= kMayHoldEnvelopes;
                break;
            default:
                break;
        }
    }

    void owned_by(std::string_view param) {
        JsonString text;
        if (r_.peek() != '"')
            r_.skip();
        else if (r_.read_string(text))
            owned_.add(text.text(), param);
    }

    // Its id, or an object that has it.
    void conversation() {
        if (r_.peek() != '{') return owned_by("conversation");
        JsonString key;
        r_.enter_object();
        while (r_.next_key(key)) {
            if (key.equals("id"))
                owned_by("conversation");
            else
                r_.skip();
        }
    }

    // Null is as good as absent, but its place is taken.
    void model() {
        once(model_seen_, "model");
        const char kind = r_.peek();
        if (kind != '"' && kind != 'n') invalid("model: a string was expected", "model");
        const std::size_t at = r_.at();
        JsonString model;
        if (!r_.read_null() && !r_.read_string(model)) return;
        out_.mark[kModelAt] = at;
        out_.mark[kModelLen] = r_.at() - at;
        out_.model = model.escaped ? arena_.copy(model.text()) : str(model.raw);
    }

    void stream() {
        once(stream_seen_, "stream");
        if (r_.read_null()) return;
        bool on = false;
        if (r_.peek() != 't' && r_.peek() != 'f')
            invalid("stream: true or false expected", "stream");
        if (r_.read_bool(on) && on) out_.flags |= PARLEY_PEEK_STREAM;
    }

    void stream_options() {
        once(options_seen_, "stream_options");
        r_.peek();
        out_.mark[kOptionsAt] = r_.at();
        const std::string_view raw = r_.raw();
        out_.mark[kOptionsLen] = raw.size();
        JsonReader options(raw);
        if (options.peek() != '{') return;
        options.enter_object();
        JsonString key;
        bool include_seen = false;
        while (options.next_key(key)) {
            if (!key.equals("include_usage")) {
                options.skip();
                continue;
            }
            once(include_seen, "stream_options.include_usage");
            if (options.peek() == 't') out_.flags |= PARLEY_PEEK_WANTS_USAGE;
            out_.mark[kIncludeAt] = out_.mark[kOptionsAt] + options.at();
            out_.mark[kIncludeLen] = options.raw().size();
        }
    }

    void session_key() {
        JsonString text;
        if (r_.peek() != '"')
            r_.skip();
        else if (r_.read_string(text)) {
            out_.session_key = text.escaped ? arena_.copy(text.text()) : str(text.raw);
        }
    }

    JsonReader r_;
    sdk::Arena& arena_;
    parley_peek& out_;
    bool model_seen_ = false;
    bool stream_seen_ = false;
    bool options_seen_ = false;
    sdk::Owned owned_;
};

// A new first member of the body.
parley_edit insert_member(std::string member, const parley_peek& peek, sdk::Arena& arena) {
    if (shape_of(peek) != kEmptyObject) member += ',';
    return {peek.mark[kFirstAt], 0, arena.copy(member)};
}

parley_edit rename_model(const parley_peek& peek, std::string_view model, sdk::Arena& arena) {
    const uint64_t at = peek.mark[kModelAt];
    const uint64_t len = peek.mark[kModelLen];
    if (shape_of(peek) == kForm) {
        if (at == 0) invalid("model: the form has no such field", "model");
        return {at, len, arena.copy(model)};
    }
    std::string quoted;
    sdk::json_quote(model, quoted);
    if (len == 0) return insert_member("\"model\":" + quoted, peek, arena);
    return {at, len, arena.copy(quoted)};
}

// Turns include_usage on in stream_options, which may be absent, null or an object. What else it
// may be is for the upstream to refuse.
std::optional<parley_edit> add_usage(std::string_view body,
                                     const parley_peek& peek,
                                     sdk::Arena& arena) {
    if (peek.mark[kIncludeLen] != 0) {
        return parley_edit{peek.mark[kIncludeAt], peek.mark[kIncludeLen], str("true")};
    }
    const uint64_t at = peek.mark[kOptionsAt];
    const uint64_t len = peek.mark[kOptionsLen];
    const std::string member(kIncludeUsage);
    if (len == 0) return insert_member("\"stream_options\":{" + member + "}", peek, arena);
    const std::string_view options = body.substr(at, len);
    if (options == "null") return parley_edit{at, len, arena.copy("{" + member + "}")};
    if (!options.starts_with('{')) return std::nullopt;
    const bool empty = options.find_first_not_of(" \t\r\n}", 1) == options.npos;
    return parley_edit{at + 1, 0, arena.copy(member + (empty ? "" : ","))};
}

}  // namespace

void peek_request(const parley_call& call,
                  const RequestKind& kind,
                  sdk::Arena& arena,
                  parley_peek& out) {
    if (is_multipart(view(call.content_type))) {
        peek_form(call, out);
    } else {
        BodyReader(view(call.http->body), arena, out).read();
    }
    const std::string_view body = view(call.http->body);
    const bool named = out.mark[kModelLen] != 0 && body[out.mark[kModelAt]] != 'n';
    if (out.model.len == 0 && !named) out.model = str(kind.default_model);
    if (out.model.len == 0) no_model();
}

void retarget_request(const parley_call& call,
                      const RequestKind& kind,
                      const parley_peek& peek,
                      std::string_view model,
                      sdk::Arena& arena,
                      parley_retarget& io) {
    std::vector<parley_edit> edits;
    const bool may_scrub = (peek.mark[kShape] & kMayHoldEnvelopes) != 0;
    if (kind.carries_reasoning && may_scrub) edits = scrub(view(call.http->body));
    if (model != view(peek.model)) edits.push_back(rename_model(peek, model, arena));
    const bool add = (io.flags & PARLEY_RETARGET_ADD_USAGE) != 0 && kind.chat_stream_options &&
                     (peek.flags & PARLEY_PEEK_STREAM) != 0 &&
                     (peek.flags & PARLEY_PEEK_WANTS_USAGE) == 0;
    io.flags = 0;
    if (add) {
        if (const auto edit = add_usage(view(call.http->body), peek, arena)) {
            edits.push_back(*edit);
            io.flags = PARLEY_RETARGET_USAGE_ADDED;
        }
    }
    if (edits.empty()) return;
    std::sort(edits.begin(), edits.end(), [](const auto& a, const auto& b) { return a.at < b.at; });
    io.edits = sdk::keep(arena, edits);
    io.edit_count = edits.size();
}

}  // namespace parley::openai
