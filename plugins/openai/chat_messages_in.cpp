// chat_messages_in.cpp: the turns of a chat client's request.
#include "chat_messages_in.hpp"

#include "ask_in.hpp"
#include "media_in.hpp"
#include "words.hpp"

namespace parley::openai {

using sdk::JsonReader;
using sdk::JsonString;
using sdk::Path;
using sdk::read_text;
using sdk::str;
using sdk::view;

namespace {

// The members of a message; raw JSON, empty when absent or null.
struct WireMessage {
    parley_str role;
    parley_str name;
    parley_str tool_call_id;
    std::string_view content;
    std::string_view refusal;
    std::string_view reasoning;
    std::string_view tool_calls;
    std::string_view function_call;
    std::string_view audio;
    sdk::ExtraMembers unknown;
};

constexpr std::string_view kDialect = "openai-chat";

constexpr Word kRoles[] = {
    {"system", PARLEY_ROLE_SYSTEM},
    {"developer", PARLEY_ROLE_DEVELOPER},
    {"user", PARLEY_ROLE_USER},
    {"assistant", PARLEY_ROLE_ASSISTANT},
    {"tool", PARLEY_ROLE_TOOL},
    {"function", PARLEY_ROLE_TOOL},
};

class ChatMessages {
public:
    explicit ChatMessages(sdk::RequestDraft& draft) : draft_(draft), arena_(draft.arena()) {}

    void read(JsonReader& r) {
        if (r.peek() != '[') {
            invalid_request("messages: a list expected", "messages", "invalid_type");
        }
        r.enter_array();
        for (std::size_t i = 0; r.next_item(); ++i) {
            const Path path = Path("messages")[i];
            if (r.peek() != '{') {
                invalid_request("a message must be an object", path.text(), "invalid_type");
            }
            number_ = i;
            take(read_message(r), path);
        }
    }

private:
    WireMessage read_message(JsonReader& r) {
        WireMessage m{};
        JsonString key;
        r.enter_object();
        while (r.next_key(key)) {
            std::string_view* raw = key.raw == "content"             ? &m.content
                                    : key.raw == "refusal"           ? &m.refusal
                                    : key.raw == "reasoning_content" ? &m.reasoning
                                    : key.raw == "reasoning"         ? &m.reasoning
                                    : key.raw == "tool_calls"        ? &m.tool_calls
                                    : key.raw == "function_call"     ? &m.function_call
                                    : key.raw == "audio"             ? &m.audio
                                                                     : nullptr;
            parley_str* text = key.raw == "role"           ? &m.role
                               : key.raw == "name"         ? &m.name
                               : key.raw == "tool_call_id" ? &m.tool_call_id
                                                           : nullptr;
            if (raw != nullptr) {
                *raw = view(read_value(r));
            } else if (text != nullptr) {
                *text = read_text(arena_, r);
            } else {
                m.unknown.keep(key, r);
            }
        }
        return m;
    }

    void take(const WireMessage& m, const Path& path) {
        const uint32_t role = value_of(view(m.role), kRoles);
        if (role == 0) {
            invalid_request("unknown role \"" + std::string(view(m.role)) + "\"",
                            (path / "role").text(),
                            "invalid_value");
        }
        if (role == PARLEY_ROLE_TOOL) {
            tool_result(m, path);
            return;
        }
        draft_.begin(role, path.text()).name = m.name;
        draft_.turn_extras(m.unknown);
        if (role == PARLEY_ROLE_ASSISTANT) reasoning(m.reasoning, path);
        content(m.content, path / "content");
        if (role == PARLEY_ROLE_ASSISTANT) assistant(m, path);
    }

    void assistant(const WireMessage& m, const Path& path) {
        if (const parley_str text = text_of(m.refusal); text.len != 0) {
            parley_part& part = draft_.part(PARLEY_PART_REFUSAL, (path / "refusal").text());
            part.text = text;
            draft_.add(part);
        }
        if (m.audio.starts_with('{')) audio(m.audio, path / "audio");
        if (m.tool_calls.starts_with('[')) {
            JsonReader r(m.tool_calls);
            r.enter_array();
            for (std::size_t i = 0; r.next_item(); ++i) {
                call(r.raw(), (path / "tool_calls")[i]);
            }
        } else if (m.function_call.starts_with('{')) {
            legacy_id_ = arena_.copy("fcall_" + std::to_string(number_));
            auto& call = sdk::make<parley_tool_call>(arena_);
            call.id = legacy_id_;
            function(m.function_call, call);
            add_call(call, path / "function_call");
        }
    }

    parley_str text_of(std::string_view raw) {
        JsonReader r(raw);
        return raw.starts_with('"') ? read_text(arena_, r) : parley_str{};
    }

    void reasoning(std::string_view raw, const Path& path) {
        const parley_str text = text_of(raw);
        if (text.len != 0) draft_.add(reasoning_part(text, path / "reasoning_content"));
    }

    parley_part& reasoning_part(parley_str text, const Path& path) {
        auto& section = sdk::make<parley_reasoning_section>(arena_);
        section.kind = PARLEY_REASONING_RAW;
        section.text = text;
        auto& reasoning = sdk::make<parley_reasoning>(arena_);
        const std::vector<const parley_reasoning_section*> sections{&section};
        reasoning.sections = sdk::keep(arena_, sections);
        reasoning.section_count = 1;
        parley_part& part = draft_.part(PARLEY_PART_REASONING, path.text());
        part.reasoning = &reasoning;
        return part;
    }

    // [{"type":"text","text":…}], or the text alone
    parley_part& thinking(std::string_view raw, const Path& path) {
        std::string text(view(text_of(raw)));
        JsonReader r(raw);
        JsonString key;
        if (raw.starts_with('[')) r.enter_array();
        while (raw.starts_with('[') && r.next_item()) {
            if (r.peek() != '{' || !r.enter_object()) {
                r.skip();
                continue;
            }
            while (r.next_key(key)) {
                if (key.raw == "text") {
                    text += view(read_text(arena_, r));
                } else {
                    r.skip();
                }
            }
        }
        return reasoning_part(arena_.copy(text), path);
    }

    // ---- content ----

    void content(std::string_view raw, const Path& path) {
        for (const parley_part* part : parts(raw, path)) draft_.add(*part);
    }

    std::vector<const parley_part*> parts(std::string_view raw, const Path& path) {
        std::vector<const parley_part*> all;
        JsonReader r(raw);
        if (raw.empty()) return all;
        if (raw.starts_with('"')) {
            all.push_back(&draft_.text_part(read_text(arena_, r), path.text()));
            return all;
        }
        if (!raw.starts_with('[')) {
            invalid_request("a text or a list of parts expected", path.text(), "invalid_type");
        }
        r.enter_array();
        for (std::size_t i = 0; r.next_item(); ++i) {
            if (r.peek() != '{') {
                invalid_request("a part must be an object", path[i].text(), "invalid_type");
            }
            all.push_back(&part(r.raw(), path[i]));
        }
        return all;
    }

    parley_part& part(std::string_view raw, const Path& path) {
        parley_str type{};
        bool cached = false;
        parley_part* made = nullptr;
        sdk::ExtraMembers unknown;
        JsonReader r(raw);
        JsonString key;
        r.enter_object();
        while (r.next_key(key)) {
            if (key.raw == "type") {
                type = read_text(arena_, r);
            } else if (key.raw == "text") {
                made = &draft_.text_part(read_text(arena_, r), path.text());
            } else if (key.raw == "refusal") {
                made = &draft_.part(PARLEY_PART_REFUSAL, path.text());
                made->text = read_text(arena_, r);
            } else if (key.raw == "thinking") {
                made = &thinking(r.raw(), path);
            } else if (key.raw == "document_url" && r.peek() == '"') {
                made = &document_part(draft_, read_text(arena_, r), path.text());
            } else if (key.raw == "image_url") {
                made = &image(r, path);
            } else if (key.raw == "input_audio" && r.peek() == '{') {
                made = &read_audio(r, draft_, path.text());
            } else if (key.raw == "file" && r.peek() == '{') {
                made = &read_file(r, draft_, path.text());
            } else if (key.raw == "prompt_cache_breakpoint" || key.raw == "cache_control") {
                cached = r.raw() != "null";
            } else {
                unknown.keep(key, r);
            }
        }
        if (made == nullptr) {
            invalid_request("unknown part \"" + std::string(view(type)) + "\"",
                            (path / "type").text(),
                            "invalid_value");
        }
        if (cached) made->cache = PARLEY_CACHE_MARK;
        unknown.attach(arena_, kDialect, *made);
        return *made;
    }

    // {"url":…,"detail":…}, or the URL alone
    parley_part& image(JsonReader& r, const Path& path) {
        if (r.peek() == '"') return image_part(draft_, read_text(arena_, r), path.text());
        JsonReader inner(r.raw());
        JsonString key;
        parley_str url{};
        uint32_t detail = 0;
        if (inner.peek() == '{') inner.enter_object();
        while (inner.next_key(key)) {
            if (key.raw == "url") {
                url = read_text(arena_, inner);
            } else if (key.raw == "detail") {
                detail = value_of(view(read_text(arena_, inner)), kDetails);
            } else {
                inner.skip();
            }
        }
        if (url.len == 0) {
            invalid_request(
                "a URL expected", (path / "image_url").text(), "missing_required_parameter");
        }
        return image_part(draft_, url, path.text(), detail);
    }

    // A recording that the provider keeps: {"id":…}
    void audio(std::string_view raw, const Path& path) {
        parley_part& part = draft_.part(PARLEY_PART_AUDIO, path.text());
        auto& media = sdk::make<parley_media>(arena_);
        media.source = PARLEY_MEDIA_FILE;
        media.file_owner = str("openai");
        JsonReader r(raw);
        JsonString key;
        r.enter_object();
        while (r.next_key(key)) {
            if (key.raw == "id") {
                media.data = read_text(arena_, r);
            } else {
                r.skip();
            }
        }
        part.media = &media;
        draft_.add(part);
    }

    // ---- calls and results ----

    // An element of tool_calls.
    void call(std::string_view raw, const Path& path) {
        auto& call = sdk::make<parley_tool_call>(arena_);
        const parley_seal* sealed = nullptr;
        sdk::ExtraMembers unknown;
        JsonReader r(raw);
        JsonString key;
        if (r.peek() != '{' || !r.enter_object()) {
            invalid_request("a call must be an object", path.text(), "invalid_type");
        }
        while (r.next_key(key)) {
            if (key.raw == "id") {
                call.id = read_text(arena_, r);
            } else if (key.raw == "custom" && r.peek() == '{') {
                call.kind = PARLEY_TOOL_CALL_CUSTOM;
                function(r.raw(), call);
            } else if (key.raw == "function" && r.peek() == '{') {
                function(r.raw(), call);
            } else if (key.raw == "extra_content") {
                sealed = seal(r.raw());
            } else if (key.raw == "type") {
                r.skip();
            } else {
                unknown.keep(key, r);
            }
        }
        parley_part& part = add_call(call, path);
        part.seal = sealed;
        unknown.attach(arena_, kDialect, part);
    }

    parley_part& add_call(parley_tool_call& call, const Path& path) {
        if (call.name.len == 0) {
            invalid_request("a call needs a name", path.text(), "missing_required_parameter");
        }
        if (call.kind == 0) call.kind = PARLEY_TOOL_CALL_FUNCTION;
        parley_part& part = draft_.part(PARLEY_PART_TOOL_CALL, path.text());
        part.tool_call = &call;
        draft_.add(part);
        return part;
    }

    // {"name","arguments"} or {"name","input"}
    void function(std::string_view raw, parley_tool_call& call) {
        JsonReader r(raw);
        JsonString key;
        r.enter_object();
        while (r.next_key(key)) {
            if (key.raw == "name") {
                call.name = read_text(arena_, r);
            } else if (key.raw == "arguments" || key.raw == "input") {
                call.arguments = r.peek() == '"' ? read_text(arena_, r) : read_value(r);
            } else {
                r.skip();
            }
        }
    }

    // {"google":{"thought_signature":…}}
    const parley_seal* seal(std::string_view raw) {
        constexpr std::string_view kMember = "\"thought_signature\"";
        const std::size_t at = raw.find(kMember);
        const std::size_t colon = at == raw.npos ? at : raw.find(':', at + kMember.size());
        if (colon == raw.npos) return nullptr;
        const parley_str data = text_of(raw.substr(raw.find_first_not_of(" \t\r\n", colon + 1)));
        if (data.len == 0) return nullptr;
        auto& seal = sdk::make<parley_seal>(arena_);
        seal.scheme = PARLEY_SEAL_THOUGHT_SIGNATURE;
        seal.family = str(view(data).starts_with("pl1.") ? "parley" : "gemini");
        seal.data = data;
        return &seal;
    }

    void tool_result(const WireMessage& m, const Path& path) {
        auto& result = sdk::make<parley_tool_result>(arena_);
        result.call_id = m.tool_call_id;
        result.name = m.name;
        if (view(m.role) == "function") result.call_id = legacy_id_;
        if (result.call_id.len == 0) {
            invalid_request("which call does this answer?",
                            (path / "tool_call_id").text(),
                            "missing_required_parameter");
        }
        const auto content = parts(m.content, path / "content");
        result.parts = sdk::keep(arena_, content);
        result.part_count = content.size();
        draft_.begin(PARLEY_ROLE_TOOL, path.text());
        parley_part& part = draft_.part(PARLEY_PART_TOOL_RESULT, path.text());
        part.tool_result = &result;
        m.unknown.attach(arena_, kDialect, part);
        draft_.add(part);
    }

    sdk::RequestDraft& draft_;
    sdk::Arena& arena_;
    parley_str legacy_id_{};  // of the last call that has no id on the wire
    std::size_t number_ = 0;
};

}  // namespace

void read_chat_messages(JsonReader& r, sdk::RequestDraft& draft) {
    ChatMessages(draft).read(r);
}

}  // namespace parley::openai
