// chat_stream_in.cpp: replies of openai-chat upstreams, whole or as a stream, become events.
//
// Compatible servers bend the format in many ways; each tolerance here has a case in
// decoder_test.cpp.
#include <list>
#include <optional>

#include "chat_chunk.hpp"
#include "details.hpp"
#include "parley/sdk/ids.hpp"
#include "parley/sdk/seal.hpp"
#include "reply_in.hpp"
#include "usage.hpp"

namespace parley::openai {

using sdk::JsonReader;
using sdk::JsonString;

namespace {

bool is_text(JsonReader& r) {
    return r.peek() == '"';
}

// A string that holds at least a character.
bool holds_text(std::string_view raw) {
    return raw.size() > 2 && raw.front() == '"';
}

class ChatDecoder final : public Decoder {
public:
    explicit ChatDecoder(const parley_codec_open& open)
        : Decoder(open, sdk::Emitter::Ends::implied, kChatStopsMax),
          names_(*open.request, kChatNames),
          wants_many_(open.request->choices.value > 1) {}

private:
    struct Call {
        int64_t index = 0;
        bool custom = false;
        bool ended = false;
        std::string id;
        std::string name;
        std::string early;                       // arguments that came before the name
        std::string signature;                   // raw JSON string
        std::optional<CallArguments> arguments;  // when the part is open
    };

    // ---- chunks ----

    void on_event(const sdk::SseEvent& event) override {
        if (event.data.starts_with("[DONE]")) {
            if (!emit_.started()) {
                garbage("the stream holds nothing");
            } else if (reason_.empty() && is_inside_call()) {
                garbage("the stream ends inside of a tool call");
            } else {
                conclude();
            }
            return;
        }
        const Chunk chunk = read_chunk(event.data);
        if (says_error(chunk.error) || event.name == "error") {
            report(event.data);
            return;
        }
        if (!chunk.sound) {
            garbage("an event is not a JSON object");
            return;
        }
        take(chunk);
        const bool usage_alone = chunk.usage.size() > 2 && !holds(chunk.choices);
        if (usage_alone && !reason_.empty()) conclude();
    }

    void on_body(std::string_view json) override {
        Chunk chunk = read_chunk(json);
        if (chunk.sound && chunk.choices.empty() && chunk.data.starts_with('{')) {
            chunk = read_chunk(chunk.data);
        }
        if (!chunk.sound) {
            garbage("the reply is not a JSON object");
        } else if (says_error(chunk.error) || !holds(chunk.choices)) {
            report(json);
        } else {
            is_whole_ = true;
            take(chunk);
            if (!emit_.ended()) conclude();
        }
    }

    void on_end() override {
        // Some compatible servers leave "[DONE]" out.
        if (!reason_.empty()) conclude();
    }

    // An array with something in it.
    static bool holds(std::string_view choices) { return choices.find('{') != choices.npos; }

    void take(const Chunk& chunk) {
        if (!emit_.started()) start(chunk);
        if (!chunk.usage.empty()) take_usage(chunk.usage);
        if (chunk.choices.empty()) return;
        each_object(chunk.choices, [&](JsonReader& r) {
            if (emit_.ended()) {
                r.skip();
            } else {
                take_choice(r);
            }
        });
    }

    // The first chunk of some servers is about the prompt only.
    void start(const Chunk& chunk) {
        if (!chunk.id.raw.empty()) id_ = chunk.id.text();
        if (!chunk.model.raw.empty()) model_ = chunk.model.text();
        if (chunk.created_s != 0) created_s_ = chunk.created_s;
        if (!holds(chunk.choices) && chunk.usage.size() <= 2) return;
        std::string extra;
        sdk::JsonWriter w(extra);
        w.begin_object();
        if (!chunk.service_tier.raw.empty()) {
            w.key("service_tier").string(plain(chunk.service_tier));
        }
        if (!chunk.fingerprint.raw.empty()) w.key("fingerprint").string(plain(chunk.fingerprint));
        w.end_object();
        if (extra.size() == 2) extra.clear();
        emit_.start({id_, model_, created_s_, extra});
    }

    void take_usage(std::string_view json) {
        sdk::Usage usage;
        JsonReader r(json);
        read_usage(r, usage);
        // Some count what came from the cache apart.
        const uint32_t both = PARLEY_USAGE_INPUT | PARLEY_USAGE_CACHE_READ;
        if ((usage.known & both) == both && usage.input_cache_read > usage.input_total) {
            usage.input_total += usage.input_cache_read;
            emit_.warn(PARLEY_WARNING_USAGE_REPAIRED);
        }
        emit_.usage(usage);
    }

    void take_choice(JsonReader& r) {
        const Choice choice = read_choice(r);
        if (!choice.usage.empty()) take_usage(choice.usage);
        if (choice.index != 0) {
            if (wants_many_) garbage("several answers, where one can be told as a stream");
            return;
        }
        Delta delta = choice.delta;
        if (choice.is_text) delta.logprobs = chat_logprobs(delta.logprobs, logprobs_);
        say(delta);
        if (!choice.reason.raw.empty() && !emit_.ended()) reason_ = choice.reason.text();
    }

    // ---- deltas ----

    void say(const Delta& d) {
        const bool told = d.details.starts_with('[') && say_details(d.details);
        if (!told && holds_text(d.reasoning)) {
            says_plainly_ = true;
            say_reasoning(d.reasoning);
        }
        say_content(d.content, d.logprobs);
        say_refusal(d.refusal, d.logprobs);
        if (!d.annotations.empty()) say_annotations(d.annotations);
        if (d.images.starts_with('[')) say_images(d.images);
        if (d.audio.starts_with('{')) emit_.warn(PARLEY_WARNING_FIELD_DROPPED, "audio");
        if (d.tool_calls.starts_with('[')) {
            int64_t position = 0;
            each_object(d.tool_calls, [&](JsonReader& r) { say_call(read_call(r), position++); });
        } else if (d.function_call.starts_with('{')) {
            JsonReader r(d.function_call);
            CallDelta call;
            read_function(r, call);
            say_call(call, 0);
        }
    }

    // The content that comes now is of another kind than that before it.
    void enter(uint32_t kind) {
        if (kind_ == kind) return;
        seal_reasoning();
        settle_text();
        open_calls();
        end_custom_calls();
        kind_ = kind;
        key_ = next_key_++;
    }

    void say_reasoning(std::string_view raw) {
        if (!holds_text(raw)) return;
        enter(PARLEY_PART_REASONING);
        emit_.reasoning(key_, plain(sdk::checked_string(raw)), false);
    }

    // Whether the words of this delta stood in them.
    bool say_details(std::string_view raw) {
        bool told = false;
        each_object(raw, [&](JsonReader& r) {
            enter(PARLEY_PART_REASONING);
            const bool is_first = details_.empty();
            const DetailWords words = details_.take(r, is_whole_);
            if (says_plainly_ || !holds_text(words.text)) return;
            section_ = is_first ? 0 : section_ + (words.begins ? 1 : 0);
            told = true;
            const std::string_view text = plain(sdk::checked_string(words.text));
            emit_.reasoning(key_, text, words.summary, section_);
        });
        return told;
    }

    // What the place wants back with the words is behind them.
    void seal_reasoning() {
        if (details_.empty()) return;
        if (!emit_.has(key_)) emit_.open(key_, PARLEY_PART_REASONING);
        const std::string blocks = details_.settle();
        emit_.seal(key_, PARLEY_SEAL_REDACTED, kDetailsFamily, blocks, sdk::kSealOfPlace);
    }

    void say_content(std::string_view raw, std::string_view logprobs) {
        if (raw.size() <= 2) return;
        if (holds_text(raw)) {
            say_text(sdk::checked_string(raw), logprobs);
        } else if (raw.front() == '[') {
            each_object(raw, [&](JsonReader& r) { say_content_part(r); });
        } else if (raw.front() == '{') {
            // Some places parse the JSON that the model wrote.
            JsonString whole;
            whole.raw = raw;
            say_text(whole, logprobs);
        }
    }

    void say_text(const JsonString& s, std::string_view logprobs) {
        if (s.raw.empty()) return;
        enter(PARLEY_PART_TEXT);
        extra_.clear();
        if (!logprobs.empty()) (extra_ += "{\"logprobs\":").append(logprobs) += '}';
        text(key_, plain(s), extra_);
    }

    // {"type":"text","text":…} or {"type":"thinking","thinking":[{"type":"text","text":…}]}
    void say_content_part(JsonReader& r) {
        JsonString key;
        r.enter_object();
        while (r.next_key(key)) {
            JsonString s;
            if (key.raw == "text" && is_text(r)) {
                if (r.read_string(s)) say_text(s, {});
            } else if (key.raw == "refusal") {
                say_refusal(r.raw(), {});
            } else if (key.raw == "thinking") {
                each_object(r.raw(), [&](JsonReader& thought) { say_thought(thought); });
            } else {
                r.skip();
            }
        }
    }

    void say_thought(JsonReader& r) {
        JsonString key;
        r.enter_object();
        while (r.next_key(key)) {
            const std::string_view value = r.raw();
            if (key.raw == "text") say_reasoning(value);
        }
    }

    void say_refusal(std::string_view raw, std::string_view logprobs) {
        if (!holds_text(raw)) return;
        enter(PARLEY_PART_REFUSAL);
        extra_.clear();
        if (const auto tokens = refused_tokens(logprobs); !tokens.empty()) {
            (extra_ += "{\"logprobs\":{\"content\":").append(tokens) += "}}";
        }
        emit_.refusal(key_, plain(sdk::checked_string(raw)), extra_);
    }

    void say_images(std::string_view raw) {
        for (const JsonString& url : read_image_urls(raw)) say_image(plain(url));
    }

    // Only what is told itself; nobody fetches what stands elsewhere.
    void say_image(std::string_view url) {
        constexpr std::string_view kScheme = "data:";
        constexpr std::string_view kBase64 = ";base64,";
        const std::size_t end = url.find(kBase64);
        if (!url.starts_with(kScheme) || end == url.npos) {
            emit_.warn(PARLEY_WARNING_FIELD_DROPPED, "image");
            return;
        }
        const std::string_view mime = url.substr(kScheme.size(), end - kScheme.size());
        enter(PARLEY_PART_IMAGE);
        const uint64_t key = next_key_++;
        emit_.media(key, PARLEY_PART_IMAGE, mime);
        emit_.media_delta(key, mime, url.substr(end + kBase64.size()));
        emit_.end(key);
    }

    // [{"type":"url_citation","url_citation":{"start_index","end_index","url","title"}}]
    void say_annotations(std::string_view raw) {
        each_object(raw, [&](JsonReader& r) {
            JsonString key;
            r.enter_object();
            while (r.next_key(key)) {
                if (key.raw == "url_citation" && r.peek() == '{') {
                    say_citation(r);
                } else {
                    r.skip();
                }
            }
        });
    }

    void say_citation(JsonReader& r) {
        const UrlCitation c = read_citation(r);
        const std::string url = c.url.text();
        const std::string title = c.title.text();
        parley_event e = sdk::make_event(PARLEY_EVENT_CITATION);
        e.text = sdk::str(url);
        e.name = sdk::str(title);
        e.a = c.start;
        e.b = c.end;
        if (e.b > e.a) e.flags = PARLEY_EVENT_SPAN_CODEPOINTS;
        if (kind_ == PARLEY_PART_TEXT) emit_.say(key_, e);
    }

    // ---- calls ----

    void say_call(const CallDelta& d, int64_t position) {
        Call* call = find(d, position);
        if (call == nullptr) {
            open_calls();
            end_custom_calls();
            call = &calls_.emplace_back();
            call->index = d.index.value_or(position);
        }
        if (d.custom) call->custom = true;
        if (call->id.empty()) call->id = d.id.text();
        if (!call->arguments.has_value()) add_name(*call, d);
        if (!d.signature.empty()) call->signature = d.signature;
        const std::string_view fragment = fragment_of(d.arguments);
        if (fragment.empty()) return;
        if (call->arguments.has_value()) {
            feed(*call, fragment);
        } else {
            call->early += fragment;
            if (!call->name.empty()) open(*call);
        }
    }

    // The call that goes on; null when another begins.
    Call* find(const CallDelta& d, int64_t position) {
        Call* found = nullptr;
        const bool by_id = !d.index.has_value() && !d.id.raw.empty();
        for (Call& call : calls_) {
            const bool fits =
                by_id ? d.id.equals(call.id) : call.index == d.index.value_or(position);
            if (fits) found = &call;
        }
        if (found == nullptr || d.name.raw.empty()) return found;
        // Some servers number all calls alike.
        const bool named = !d.id.raw.empty() && !found->id.empty();
        if (named) return d.id.equals(found->id) ? found : nullptr;
        const bool whole = found->arguments.has_value() && found->arguments->is_whole();
        return whole && d.arguments.size() > 2 ? nullptr : found;
    }

    // A name may come in pieces, or again and again.
    static void add_name(Call& call, const CallDelta& d) {
        if (d.name.raw.empty() || d.name.equals(call.name)) return;
        if (call.early.empty() || call.name.empty()) call.name += d.name.text();
    }

    std::string_view fragment_of(std::string_view raw) {
        return raw.starts_with('"') ? plain(sdk::checked_string(raw)) : raw;
    }

    // Calls that wait for their first argument to be sure of their names.
    void open_calls() {
        for (Call& call : calls_) {
            if (!call.arguments.has_value() && !call.name.empty()) open(call);
        }
    }

    void open(Call& call) {
        seal_reasoning();
        settle_text();
        end_custom_calls();
        kind_ = PARLEY_PART_TOOL_CALL;
        const sdk::ToolNames::Tool* tool = names_.find(call.name);
        const bool is_custom = call.custom || (tool != nullptr && tool->is_custom);
        call.arguments.emplace(next_key_, is_custom && !call.custom);
        if (call.id.empty() || is_taken(call)) {
            call.id = sdk::made_call_id(id_, calls_.size(), call.name);
        }
        std::string extra;
        if (tool != nullptr && !tool->name_space.empty()) {
            sdk::JsonWriter w(extra);
            w.begin_object().key("name_space").string(tool->name_space).end_object();
        }
        emit_.call(next_key_,
                   {call.id,
                    tool == nullptr ? std::string_view(call.name) : tool->name,
                    is_custom ? uint32_t{PARLEY_TOOL_CALL_CUSTOM} : PARLEY_TOOL_CALL_FUNCTION,
                    extra});
        call.custom = is_custom;
        JsonReader r(call.signature);
        JsonString signature;
        if (is_text(r) && r.read_string(signature)) {
            emit_.seal(next_key_, PARLEY_SEAL_THOUGHT_SIGNATURE, "gemini", plain(signature));
        }
        ++next_key_;
        if (!call.early.empty()) feed(call, call.early);
    }

    bool is_taken(const Call& call) const {
        for (const Call& other : calls_) {
            if (&other != &call && other.arguments.has_value() && other.id == call.id) return true;
        }
        return false;
    }

    void feed(Call& call, std::string_view fragment) {
        if (call.ended) return;
        call.arguments->feed(emit_, fragment);
        if (call.arguments->unwraps() && call.arguments->is_whole()) {
            call.arguments->end(emit_);
            call.ended = true;
        }
    }

    // Of free text nobody can see whether it is whole.
    void end_custom_calls(bool complete = true) {
        for (Call& call : calls_) {
            if (!call.custom || call.ended || !call.arguments.has_value()) continue;
            call.arguments->end(emit_, complete);
            call.ended = true;
        }
    }

    // Arguments have begun and are not whole; of free text nobody can say.
    bool is_inside_call() const {
        return std::any_of(calls_.begin(), calls_.end(), [](const Call& call) {
            const bool began = call.arguments.has_value() && call.arguments->size() != 0;
            const bool is_json = !call.custom || (began && call.arguments->unwraps());
            return began && is_json && !call.ended && !call.arguments->is_whole();
        });
    }

    // ---- the end ----

    void conclude() {
        if (reason_.starts_with("error")) {
            report({});
            return;
        }
        seal_reasoning();
        settle_text();
        open_calls();
        uint32_t kind = finish_of(reason_);
        const bool was_cut = kind == PARLEY_FINISH_LENGTH || kind == PARLEY_FINISH_CONTENT_FILTER;
        end_custom_calls(!was_cut);
        for (const Call& call : calls_) {
            if (!call.arguments.has_value()) emit_.warn(PARLEY_WARNING_TOOL_CALL_DROPPED, call.id);
        }
        if (kind == PARLEY_FINISH_STOP && kind_ == PARLEY_PART_REFUSAL) {
            kind = PARLEY_FINISH_REFUSAL;
        }
        emit_.finish({kind, {}, reason_});
    }

    sdk::ToolNames names_;
    bool wants_many_;  // which only a client of this dialect can ask, and only a relay can give
    std::string id_;
    std::string model_;
    uint64_t created_s_ = 0;
    std::list<Call> calls_;
    Details details_;            // of the reasoning that is open
    uint64_t section_ = 0;       // of its words
    bool says_plainly_ = false;  // some words came without details: those in details are the same
    bool is_whole_ = false;
    std::string reason_;  // why the choice finished; empty before that
    std::string extra_;
    std::string logprobs_;  // of a legacy completion, in the words of a chat
    uint32_t kind_ = 0;     // of the content that came last
    uint64_t key_ = 0;
    uint64_t next_key_ = 0;
};

}  // namespace

std::unique_ptr<Decoder> make_chat_decoder(const parley_codec_open& open) {
    return std::make_unique<ChatDecoder>(open);
}

}  // namespace parley::openai
