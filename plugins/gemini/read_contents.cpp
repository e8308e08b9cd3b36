// read_contents.cpp: turns and their parts.
#include <algorithm>
#include <vector>

#include "base64.hpp"
#include "media.hpp"
#include "parley/sdk/ids.hpp"
#include "read_request.hpp"
#include "signatures.hpp"

namespace parley::gemini {

using sdk::Failure;
using sdk::JsonReader;
using sdk::JsonString;
using sdk::make;
using sdk::Path;
using sdk::RequestDraft;
using sdk::str;
using sdk::view;

namespace {

class ContentsReader {
public:
    explicit ContentsReader(RequestDraft& draft) : draft_(draft), arena_(draft.arena()) {}

    void read(std::string_view json) {
        JsonReader r(json);
        if (r.peek() == '"') {
            draft_.begin(PARLEY_ROLE_USER, "contents");
            draft_.add(draft_.text_part(sdk::read_text(arena_, r), "contents"));
            return;
        }
        const bool is_list = r.peek() == '[';
        each_element(r, [&](JsonReader& one) {
            content(one.raw(), is_list ? Path("contents")[turn_] : Path("contents"));
            ++turn_;
        });
    }

private:
    // A part as the wire has it; views into the body.
    struct WirePart {
        JsonString text;
        JsonString signature;
        std::string_view call;
        std::string_view response;
        std::string_view inline_data;
        std::string_view file_data;
        std::string_view video;
        std::string_view item;
        std::string_view unknown;
        sdk::ExtraMembers extras;
        bool has_text = false;
        bool is_thought = false;

        bool is_text() const {
            const bool other = !call.empty() || !response.empty() || !inline_data.empty() ||
                               !file_data.empty() || !item.empty();
            return !other && (has_text || !signature.raw.empty());
        }
    };

    // A call of the history that waits for its result.
    struct Call {
        std::size_t turn = 0;
        parley_str id{};
        std::string name;
        bool is_answered = false;
    };

    void content(std::string_view json, const Path& path) {
        std::string role;
        std::string_view parts;
        sdk::ExtraMembers unknown;
        JsonReader r(json);
        if (r.peek() == '"') {
            draft_.begin(PARLEY_ROLE_USER, path.text());
            draft_.add(draft_.text_part(sdk::read_text(arena_, r), path.text()));
            return;
        }
        each_member(r, [&](const JsonString& key, JsonReader& value) {
            if (key.raw == "role") {
                role = read_word(value).text();
            } else if (key.raw == "parts") {
                parts = value.raw();
            } else {
                unknown.keep(key, value);
            }
        });
        const bool is_user = role.empty() || role == "user" || role == "function";
        if (!is_user && role != "model") {
            throw Failure(PARLEY_E_INVALID_ARGUMENT,
                          (path / "role").text() + ": user or model was expected",
                          (path / "role").text());
        }
        role_ = is_user ? PARLEY_ROLE_USER : PARLEY_ROLE_ASSISTANT;
        draft_.begin(role_, path.text());
        draft_.turn_extras(unknown);
        carrier_ = nullptr;
        if (parts.empty()) return;
        JsonReader list(parts);
        std::size_t index = 0;
        each_element(list, [&](JsonReader& one) {
            part(one.raw(), (path / "parts")[index], index);
            ++index;
        });
        end_thought();
    }

    void part(std::string_view json, const Path& path, std::size_t index) {
        JsonReader r(json);
        if (r.peek() == '"') {
            end_thought();
            draft_.add(draft_.text_part(sdk::read_text(arena_, r), path.text()));
            return;
        }
        const WirePart p = wire_part(r);
        const std::size_t origin_turn = turn_;
        if (!p.is_thought || !p.is_text()) end_thought();
        if (!p.call.empty()) {
            call(p, path, origin_turn, index);
        } else if (!p.response.empty()) {
            result(p, path);
        } else if (!p.inline_data.empty() || !p.file_data.empty()) {
            media(p, path);
        } else if (!p.item.empty()) {
            item(json, p.item, path);
        } else if (p.is_text()) {
            text(p, path);
        } else if (!p.unknown.empty()) {
            draft_.warn(PARLEY_WARNING_FIELD_DROPPED, (path / p.unknown).text());
        }
    }

    static WirePart wire_part(JsonReader& r) {
        WirePart p;
        each_member(r, [&](const JsonString& key, JsonReader& value) {
            if (key.raw == "text") {
                p.has_text = true;
                p.text = read_word(value);
            } else if (key.raw == "thought") {
                p.is_thought = read_flag(value);
            } else if (is(key, "thoughtSignature")) {
                p.signature = read_word(value);
            } else if (is(key, "functionCall")) {
                p.call = value.raw();
            } else if (is(key, "functionResponse")) {
                p.response = value.raw();
            } else if (is(key, "inlineData")) {
                p.inline_data = value.raw();
            } else if (is(key, "fileData")) {
                p.file_data = value.raw();
            } else if (is(key, "videoMetadata")) {
                p.video = value.raw();
            } else if (is(key, "executableCode") || is(key, "codeExecutionResult") ||
                       is(key, "toolCall") || is(key, "toolResponse")) {
                p.item = key.raw;
                value.skip();
            } else {
                p.unknown = key.raw;
                p.extras.keep(key, value);
            }
        });
        return p;
    }

    // Null when there is none, and for the word that stands for none. An envelope of the host
    // becomes a reasoning part of its own: only the host knows where what is in it belongs.
    const parley_seal* seal(const JsonString& signature, const Path& path) {
        const std::string text = signature.text();
        if (text.empty() || is_sentinel(text)) return nullptr;
        auto& made = make<parley_seal>(arena_);
        made.scheme = PARLEY_SEAL_THOUGHT_SIGNATURE;
        made.family = str(kFamily);
        made.data = sdk::text_of(arena_, signature);
        if (!text.starts_with(kEnvelope)) return &made;
        made.family = str("parley");
        made.data = arena_.copy(from_base64(text));
        if (carrier_ == nullptr) {
            carrier_ = &draft_.part(PARLEY_PART_REASONING, path.text());
            auto& nothing = make<parley_reasoning>(arena_);
            nothing.redacted = 1;
            carrier_->reasoning = &nothing;
            draft_.add(*carrier_);
        }
        carrier_->seal = &made;
        carrier_ = nullptr;
        return nullptr;
    }

    void text(const WirePart& p, const Path& path) {
        if (p.is_thought) {
            thought(p, path);
            return;
        }
        const parley_seal* sealed = seal(p.signature, path);
        auto& part = draft_.text_part(sdk::text_of(arena_, p.text), path.text());
        part.seal = sealed;
        p.extras.attach(arena_, kDialectId, part);
        draft_.add(part);
        carrier_ = nullptr;
    }

    // A thought that the next seal may belong to. Clients that keep the parts of a stream as they
    // came have it in pieces.
    void thought(const WirePart& p, const Path& path) {
        if (thought_ == nullptr) begin_thought(path);
        words_ += p.text.text();
        const parley_seal* sealed = seal(p.signature, path);
        if (sealed != nullptr) carrier_->seal = sealed;
        if (sealed != nullptr || carrier_ == nullptr) {
            end_thought();
            carrier_ = nullptr;
        }
    }

    void end_thought() {
        if (thought_ == nullptr) return;
        thought_->text = arena_.copy(words_);
        thought_ = nullptr;
    }

    void begin_thought(const Path& path) {
        auto& part = draft_.part(PARLEY_PART_REASONING, path.text());
        auto& section = make<parley_reasoning_section>(arena_);
        section.kind = PARLEY_REASONING_SUMMARY;
        thought_ = &section;
        words_.clear();
        auto& reasoning = make<parley_reasoning>(arena_);
        const std::vector<const parley_reasoning_section*> sections{&section};
        reasoning.sections = sdk::keep(arena_, sections);
        reasoning.section_count = 1;
        part.reasoning = &reasoning;
        draft_.add(part);
        carrier_ = &part;
    }

    void call(const WirePart& p, const Path& path, std::size_t turn, std::size_t index) {
        std::string id;
        std::string name;
        parley_str arguments = str("{}");
        each_member(p.call, [&](const JsonString& key, JsonReader& value) {
            if (key.raw == "id") {
                id = read_word(value).text();
            } else if (key.raw == "name") {
                name = read_word(value).text();
            } else if (key.raw == "args" && value.peek() == '{') {
                arguments = str(value.raw());
            } else {
                value.skip();
            }
        });
        if (name.empty()) {
            throw Failure(PARLEY_E_INVALID_ARGUMENT,
                          (path / "functionCall").text() + ": a name was expected",
                          (path / "functionCall.name").text());
        }
        const parley_seal* sealed = seal(p.signature, path);
        if (id.empty()) {
            id = sdk::made_call_id(std::to_string(turn), index, name);
        }
        auto& call = make<parley_tool_call>(arena_);
        call.kind = PARLEY_TOOL_CALL_FUNCTION;
        call.id = arena_.copy(id);
        call.name = arena_.copy(name);
        call.arguments = arguments;
        auto& part = draft_.part(PARLEY_PART_TOOL_CALL, path.text());
        part.tool_call = &call;
        part.seal = sealed;
        p.extras.attach(arena_, kDialectId, part);
        draft_.add(part);
        carrier_ = nullptr;
        calls_.push_back({turn, call.id, name, false});
    }

    // The call that a result answers: by id, else the first of its name in the latest turn, else
    // the first of that turn.
    parley_str call_id(const std::string& id, const std::string& name) {
        const std::string prefix = name + "__";
        const std::string bare = id.starts_with(prefix) ? id.substr(prefix.size()) : std::string();
        for (auto call = calls_.rbegin(); call != calls_.rend() && !id.empty(); ++call) {
            const std::string_view known = view(call->id);
            if (known != id && (bare.empty() || known != bare)) continue;
            call->is_answered = true;
            return call->id;
        }
        const auto fits = [&](const Call& call, bool by_name) {
            return !call.is_answered && call.turn == calls_.back().turn &&
                   (!by_name || call.name == name);
        };
        for (const bool by_name : {true, false}) {
            const auto call = std::find_if(
                calls_.begin(), calls_.end(), [&](const Call& c) { return fits(c, by_name); });
            if (call == calls_.end()) continue;
            call->is_answered = true;
            return call->id;
        }
        return arena_.copy(id.empty() ? "call_" + name : id);
    }

    void result(const WirePart& p, const Path& path) {
        std::string id;
        std::string name;
        std::string_view response;
        std::string_view parts;
        each_member(p.response, [&](const JsonString& key, JsonReader& value) {
            if (key.raw == "id") {
                id = read_word(value).text();
            } else if (key.raw == "name") {
                name = read_word(value).text();
            } else if (key.raw == "response") {
                response = value.raw();
            } else if (key.raw == "parts") {
                parts = value.raw();
            } else {
                value.skip();
            }
        });
        auto& made = make<parley_tool_result>(arena_);
        made.call_id = call_id(id, name);
        made.name = arena_.copy(name);
        std::vector<const parley_part*> content;
        const parley_str said = result_text(response, made.is_error);
        const Path where = path / "functionResponse";
        if (said.len != 0) content.push_back(&draft_.text_part(said, where.text()));
        result_media(parts, where / "parts", content);
        made.parts = sdk::keep(arena_, content);
        made.part_count = content.size();
        auto& part = draft_.part(PARLEY_PART_TOOL_RESULT, path.text());
        part.tool_result = &made;
        p.extras.attach(arena_, kDialectId, part);
        draft_.begin(PARLEY_ROLE_TOOL, path.text());
        draft_.add(part);
        draft_.begin(role_, path.text());
    }

    // A member that stands alone is the result itself; what stands beside others is kept whole.
    parley_str result_text(std::string_view response, uint32_t& is_error) {
        std::string name;
        std::string_view only;
        std::size_t count = 0;
        each_member(response, [&](const JsonString& key, JsonReader& value) {
            ++count;
            name = key.text();
            only = value.raw();
        });
        const bool is_text = count == 1 && only.starts_with('"');
        if (count == 1 && name == "error") is_error = PARLEY_SAYS_YES;
        if (is_text &&
            (name == "output" || name == "result" || name == "content" || name == "error")) {
            JsonReader r(only);
            return sdk::read_text(arena_, r);
        }
        std::string_view kept = is_error == PARLEY_SAYS_YES ? only : response;
        if (kept.empty() || count == 0) return {};
        std::string text;
        compact(kept, text);
        return arena_.copy(text);
    }

    void result_media(std::string_view json,
                      const Path& path,
                      std::vector<const parley_part*>& into) {
        JsonReader r(json);
        if (json.empty()) return;
        std::size_t index = 0;
        each_element(r, [&](JsonReader& one) {
            const WirePart p = wire_part(one);
            const Path where = path[index++];
            if (!p.inline_data.empty() || !p.file_data.empty()) {
                into.push_back(&media_part(p, where));
            } else if (p.has_text) {
                into.push_back(&draft_.text_part(sdk::text_of(arena_, p.text), where.text()));
            }
        });
    }

    parley_part& media_part(const WirePart& p, const Path& path) {
        parley_media& media = p.inline_data.empty() ? read_file_data(p.file_data, path, arena_)
                                                    : read_inline_data(p.inline_data, path, arena_);
        read_video_metadata(p.video, media, arena_);
        auto& part = draft_.part(part_kind(media), path.text());
        part.media = &media;
        p.extras.attach(arena_, kDialectId, part);
        return part;
    }

    void media(const WirePart& p, const Path& path) { draft_.add(media_part(p, path)); }

    void item(std::string_view json, std::string_view kind, const Path& path) {
        auto& item = make<parley_server_item>(arena_);
        item.tool = str("other");
        item.dialect = str(kDialectId);
        std::string raw;
        compact(json, raw);
        item.raw = arena_.copy(raw);
        each_member(json, [&](const JsonString& key, JsonReader& value) {
            if (key.raw == kind) {
                item_text(kind, value, item);
            } else {
                value.skip();
            }
        });
        auto& part = draft_.part(PARLEY_PART_SERVER_ITEM, path.text());
        part.server_item = &item;
        draft_.add(part);
    }

    // What dialects are told that do not know the item.
    void item_text(std::string_view kind, JsonReader& r, parley_server_item& item) {
        std::string code;
        std::string type;
        each_member(r, [&](const JsonString& key, JsonReader& value) {
            if (key.raw == "code" || key.raw == "output") {
                code = read_word(value).text();
            } else if (is(key, "toolType")) {
                type = read_word(value).text();
            } else if (key.raw == "id") {
                item.id = sdk::read_text(arena_, value);
            } else {
                value.skip();
            }
        });
        const bool is_code = kind.starts_with("exec") || kind.starts_with("code");
        if (is_code) {
            item.tool = str("code_execution");
            const std::string_view language = kind.starts_with("exec") ? "python" : "";
            item.summary = arena_.copy("```" + std::string(language) + "\n" + code + "\n```");
            return;
        }
        if (type.find("SEARCH_WEB") != type.npos) item.tool = str("web_search");
        if (type == "URL_CONTEXT") item.tool = str("web_fetch");
        if (type == "FILE_SEARCH") item.tool = str("file_search");
        item.summary = arena_.copy("[" + std::string(view(item.tool)) + "]");
    }

    RequestDraft& draft_;
    sdk::Arena& arena_;
    std::size_t turn_ = 0;
    uint32_t role_ = PARLEY_ROLE_USER;
    parley_part* carrier_ = nullptr;               // a thought without a seal
    parley_reasoning_section* thought_ = nullptr;  // its words, while they come
    std::string words_;
    std::vector<Call> calls_;
};

}  // namespace

void read_contents(std::string_view json, RequestDraft& draft) {
    if (!json.empty()) ContentsReader(draft).read(json);
}

}  // namespace parley::gemini
