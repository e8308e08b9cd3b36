// write_contents.cpp: turns, which alternate here and begin and end with the user.
#include <map>
#include <vector>

#include "arguments.hpp"
#include "media.hpp"
#include "parley/sdk/extras.hpp"
#include "signatures.hpp"
#include "write_request.hpp"

namespace parley::gemini {

using sdk::JsonReader;
using sdk::JsonString;
using sdk::view;

namespace {

bool has_calls(const parley_message& message) {
    for (uint64_t i = 0; i < message.part_count; ++i) {
        if (message.parts[i]->kind == PARLEY_PART_TOOL_CALL) return true;
    }
    return false;
}

std::string texts_of(const parley_part* const* parts, uint64_t count) {
    std::string text;
    for (uint64_t i = 0; i < count; ++i) {
        const bool is_text =
            parts[i]->kind == PARLEY_PART_TEXT || parts[i]->kind == PARLEY_PART_REFUSAL;
        if (is_text) text += view(parts[i]->text);
    }
    return text;
}

std::string search_text(const parley_search_result& found) {
    return std::string(view(found.title)) + '\n' + std::string(view(found.source)) + "\n\n" +
           texts_of(found.parts, found.part_count);
}

class ContentsWriter {
public:
    explicit ContentsWriter(Crossing& c) : c_(c) {}

    void write() {
        c_.w.key("contents").begin_array();
        const parley_message* dropped = dropped_prefill(c_);
        bool any = false;
        for (uint64_t i = 0; i < c_.request.message_count; ++i) {
            const parley_message& message = *c_.request.messages[i];
            if (&message == dropped) continue;
            if (!any && message.role == PARLEY_ROLE_ASSISTANT) {
                c_.warn(PARLEY_WARNING_LEADING_USER_ADDED);
                text("user", "(conversation continues)");
            }
            any = true;
            turn_ = &message;
            turn(message);
        }
        turn_ = nullptr;
        remind();
        end_turn();
        c_.w.end_array();
    }

private:
    void turn(const parley_message& message) {
        switch (message.role) {
            case PARLEY_ROLE_SYSTEM:
            case PARLEY_ROLE_DEVELOPER:
                c_.warn(PARLEY_WARNING_SYSTEM_DEMOTED);
                reminder_ += texts_of(message.parts, message.part_count);
                break;
            case PARLEY_ROLE_TOOL:
                results(message);
                break;
            case PARLEY_ROLE_ASSISTANT:
                remind();
                answer(message);
                break;
            default:
                remind();
                for (uint64_t i = 0; i < message.part_count; ++i) part(*message.parts[i]);
                break;
        }
    }

    // ---- turns of the wire ----

    void begin_part(std::string_view role) {
        if (role != role_) {
            end_turn();
            c_.w.begin_object().key("role").string(role).key("parts").begin_array();
            role_ = role;
            opened_by_ = turn_;
        }
        c_.w.begin_object();
    }

    void end_turn() {
        if (role_.empty()) return;
        c_.w.end_array();
        if (opened_by_ != nullptr) sdk::write_extras(c_.w, *opened_by_, kDialectId);
        c_.w.end_object();
        role_ = {};
    }

    void text(std::string_view role, std::string_view said, std::string_view signature = {}) {
        if (said.empty() && signature.empty()) return;
        begin_text(role, said, signature);
        c_.w.end_object();
    }

    // The text of a part, with what its own dialect says beside it.
    void text_of(std::string_view role, const parley_part& p, std::string_view signature = {}) {
        if (p.text.len == 0 && signature.empty()) return;
        begin_text(role, view(p.text), signature);
        end_part(p);
    }

    void begin_text(std::string_view role, std::string_view said, std::string_view signature) {
        begin_part(role);
        c_.w.key("text").string(said);
        if (!signature.empty()) c_.w.key("thoughtSignature").string(signature);
    }

    void end_part(const parley_part& p) {
        sdk::write_extras(c_.w, p, kDialectId);
        c_.w.end_object();
    }

    // Instructions in the middle of a talk stand at the start of the user's next words.
    void remind() {
        if (reminder_.empty()) return;
        text("user", "<system-reminder>" + reminder_ + "</system-reminder>");
        reminder_.clear();
    }

    // ---- the model's turns ----

    void answer(const parley_message& message) {
        std::string_view carried;  // the seal of a thought, which goes to what stands behind it
        bool is_first_call = true;
        for (uint64_t i = 0; i < message.part_count; ++i) {
            const parley_part& p = *message.parts[i];
            std::string_view signature = own_seal(p);
            if (p.kind == PARLEY_PART_REASONING) {
                if (!signature.empty()) carried = signature;
                continue;
            }
            const bool takes = p.kind == PARLEY_PART_TEXT || p.kind == PARLEY_PART_TOOL_CALL;
            if (takes && signature.empty()) std::swap(signature, carried);
            if (p.kind == PARLEY_PART_TOOL_CALL) {
                // The first call of each step must be signed; there is a word for "by nobody".
                const bool unsigned_first = is_first_call && signature.empty();
                if (unsigned_first && c_.thinks_by_level) signature = kSentinel;
                is_first_call = false;
                call(p, signature);
            } else if (p.kind == PARLEY_PART_TEXT || p.kind == PARLEY_PART_REFUSAL) {
                text_of("model", p, signature);
            } else if (p.kind == PARLEY_PART_SERVER_ITEM) {
                item("model", p);
            } else {
                media("model", p);
            }
        }
    }

    static std::string_view own_seal(const parley_part& p) {
        const bool is_own = p.seal != nullptr && view(p.seal->family) == kFamily;
        return is_own ? view(p.seal->data) : std::string_view();
    }

    void call(const parley_part& p, std::string_view signature) {
        const parley_tool_call& call = *p.tool_call;
        const std::string name = c_.names.wire(view(call.name_space), view(call.name));
        called_[view(call.id)] = name;
        begin_part("model");
        c_.w.key("functionCall").begin_object();
        if (c_.traits.flag("fc_id_ok", true)) c_.w.key("id").string(view(call.id));
        c_.w.key("name").string(name).key("args");
        c_.w.raw(arguments_object(view(call.arguments), call.kind == PARLEY_TOOL_CALL_CUSTOM));
        c_.w.end_object();
        if (!signature.empty()) c_.w.key("thoughtSignature").string(signature);
        end_part(p);
    }

    // Only its own dialect can replay what a provider's tool did.
    void item(std::string_view role, const parley_part& p) {
        const parley_server_item& item = *p.server_item;
        if (view(item.dialect) == kDialectId) {
            begin_part(role);
            each_member(view(item.raw), [&](const JsonString& key, JsonReader& value) {
                c_.w.key(key.text()).raw(value.raw());
            });
            c_.w.end_object();
            return;
        }
        if (view(item.tool) == "compaction") {
            refuse_part(p, "a folded history can only go back where it came from");
        }
        c_.warn(PARLEY_WARNING_FIELD_DROPPED, view(p.origin));
        text(role, view(item.summary));
    }

    // ---- the user's turns ----

    void part(const parley_part& p) {
        switch (p.kind) {
            case PARLEY_PART_TEXT:
            case PARLEY_PART_REFUSAL:
                text_of("user", p);
                break;
            case PARLEY_PART_SEARCH_RESULT:
                text("user", search_text(*p.search_result));
                break;
            case PARLEY_PART_SERVER_ITEM:
                item("user", p);
                break;
            default:
                media("user", p);
                break;
        }
    }

    // As many results as there were calls, before anything else.
    void results(const parley_message& message) {
        std::vector<const parley_part*> moved;
        for (uint64_t i = 0; i < message.part_count; ++i) {
            if (message.parts[i]->tool_result == nullptr) continue;
            result(*message.parts[i], moved);
        }
        for (const parley_part* p : moved) {
            if (p->kind == PARLEY_PART_TOOL_RESULT) {
                std::string label = "Attached output of tool call ";
                text("user", label + std::string(view(p->tool_result->call_id)) + ":");
            } else {
                media("user", *p);
            }
        }
        remind();
    }

    void result(const parley_part& part, std::vector<const parley_part*>& moved) {
        const parley_tool_result& result = *part.tool_result;
        const auto known = called_.find(view(result.call_id));
        const std::string name =
            known != called_.end() ? known->second : c_.names.wire({}, view(result.name));
        begin_part("user");
        c_.w.key("functionResponse").begin_object();
        if (c_.traits.flag("fc_id_ok", true)) c_.w.key("id").string(view(result.call_id));
        c_.w.key("name").string(name).key("response").begin_object();
        c_.w.key(result.is_error == PARLEY_SAYS_YES ? "error" : "output");
        c_.w.string(result_text(result)).end_object();
        std::vector<const parley_part*> media;
        collect_media(result.parts, result.part_count, media);
        const bool inside = c_.traits.flag("fr_parts_ok", true);
        if (inside && !media.empty()) {
            c_.w.key("parts").begin_array();
            for (const parley_part* p : media) {
                c_.w.begin_object();
                write_media(*p);
                c_.w.end_object();
            }
            c_.w.end_array();
        } else if (!media.empty()) {
            c_.warn(PARLEY_WARNING_TOOL_IMAGE_MOVED);
            auto& label = sdk::make<parley_part>(c_.arena);
            label.kind = PARLEY_PART_TOOL_RESULT;
            label.tool_result = &result;
            moved.push_back(&label);
            moved.insert(moved.end(), media.begin(), media.end());
        }
        c_.w.end_object();
        end_part(part);
    }

    static std::string result_text(const parley_tool_result& result) {
        std::string text;
        for (uint64_t i = 0; i < result.part_count; ++i) {
            const parley_part& p = *result.parts[i];
            std::string one(p.kind == PARLEY_PART_TEXT ? view(p.text) : std::string_view());
            if (p.kind == PARLEY_PART_SEARCH_RESULT) one = search_text(*p.search_result);
            if (p.kind == PARLEY_PART_TOOL_REFERENCE) {
                one = "tool " + std::string(view(p.text)) + " loaded";
            }
            if (is_text_document(p)) one = document_text(*p.media);
            if (!text.empty() && !one.empty()) text += '\n';
            text += one;
        }
        return text;
    }

    // What a result holds beside its text, in documents made of parts, too.
    static void collect_media(const parley_part* const* parts,
                              uint64_t count,
                              std::vector<const parley_part*>& out) {
        for (uint64_t i = 0; i < count; ++i) {
            const parley_part* p = parts[i];
            if (p->media == nullptr) continue;
            if (!is_text_document(*p)) {
                out.push_back(p);
            } else {
                collect_media(p->media->parts, p->media->part_count, out);
            }
        }
    }

    // ---- media ----

    static bool is_text_document(const parley_part& p) {
        return p.media != nullptr &&
               (p.media->source == PARLEY_MEDIA_TEXT || p.media->source == PARLEY_MEDIA_PARTS);
    }

    static std::string document_text(const parley_media& media) {
        std::string text(view(media.title));
        if (!text.empty()) text += "\n\n";
        text += media.source == PARLEY_MEDIA_TEXT ? std::string(view(media.data))
                                                  : texts_of(media.parts, media.part_count);
        return text;
    }

    void media(std::string_view role, const parley_part& p) {
        if (p.media == nullptr) return;
        if (is_text_document(p)) {
            text(role, document_text(*p.media));
            if (p.media->source != PARLEY_MEDIA_PARTS) return;
            for (uint64_t i = 0; i < p.media->part_count; ++i) media(role, *p.media->parts[i]);
            return;
        }
        begin_part(role);
        write_media(p);
        end_part(p);
    }

    void write_media(const parley_part& p) {
        const parley_media& media = *p.media;
        const std::string_view data = view(media.data);
        std::string_view mime = view(media.mime);
        if (media.source == PARLEY_MEDIA_BASE64) {
            if (mime.empty()) mime = mime_of_base64(data);
            if (mime.empty()) refuse_part(p, "its type is not told");
            c_.w.key("inlineData").begin_object().key("mimeType").string(mime);
            c_.w.key("data").string(data).end_object();
        } else {
            judge_address(p);
            if (mime.empty()) mime = mime_of_path(data);
            c_.w.key("fileData").begin_object();
            if (!mime.empty()) c_.w.key("mimeType").string(mime);
            c_.w.key("fileUri").string(data).end_object();
        }
        const bool clipped = media.start.len + media.end.len + media.fps.text.len != 0;
        if (!clipped) return;
        c_.w.key("videoMetadata").begin_object();
        if (media.start.len != 0) c_.w.key("startOffset").string(view(media.start));
        if (media.end.len != 0) c_.w.key("endOffset").string(view(media.end));
        if (media.fps.text.len != 0) c_.w.key("fps").raw(view(media.fps.text));
        c_.w.end_object();
    }

    void judge_address(const parley_part& p) const {
        if (p.media->source == PARLEY_MEDIA_FILE) {
            if (view(p.media->file_owner) == kFamily) return;
            refuse_part(p, "a file that another provider keeps");
        }
        const bool is_https = view(p.media->data).starts_with("https://");
        if (is_https && (c_.is_own || c_.traits.flag("url_media", true))) return;
        refuse_part(p, "this model does not fetch addresses");
    }

    [[noreturn]] static void refuse_part(const parley_part& p, std::string_view why) {
        const std::string param(view(p.origin));
        Crossing::refuse(param + ": " + std::string(why), param, "unsupported_value");
    }

    Crossing& c_;
    std::string_view role_;                      // of the open turn
    const parley_message* turn_ = nullptr;       // that is being written; null: none
    const parley_message* opened_by_ = nullptr;  // of the wire's open turn
    std::string reminder_;
    std::map<std::string_view, std::string> called_;  // the wire's names, by the calls' ids
};

}  // namespace

const parley_message* dropped_prefill(const Crossing& c) {
    if (c.request.message_count == 0 || c.traits.flag("prefill", false)) return nullptr;
    const parley_message* last = c.request.messages[c.request.message_count - 1];
    return last->role == PARLEY_ROLE_ASSISTANT && !has_calls(*last) ? last : nullptr;
}

void settle_prefill(Crossing& c) {
    const parley_message* last = dropped_prefill(c);
    if (last == nullptr) return;
    c.warn(PARLEY_WARNING_PREFILL_DROPPED);
    const std::string begun = texts_of(last->parts, last->part_count);
    if (!begun.empty()) c.instruction = "Begin your reply with: " + begun;
}

void write_contents(Crossing& c) {
    ContentsWriter(c).write();
}

}  // namespace parley::gemini
