// responses_stream_in.cpp: replies of openai-responses upstreams become events.
//
// State is kept by output_index: some proxies change the ids from event to event. What an item's
// end says counts: text that no delta brought is said then.
#include <algorithm>
#include <deque>
#include <optional>
#include <vector>

#include "parley/sdk/ids.hpp"
#include "reply_in.hpp"
#include "responses_event.hpp"
#include "usage.hpp"

namespace parley::openai {

using sdk::JsonReader;
using sdk::JsonString;

namespace {

// Calls `each(raw, index)` for the elements of an array.
template <class Each>
void for_each_item(std::string_view array, Each each) {
    JsonReader r(array);
    if (r.peek() != '[' || !r.enter_array()) return;
    for (uint64_t index = 0; r.next_item(); ++index) each(r.raw(), index);
}

class ResponsesDecoder final : public Decoder {
public:
    explicit ResponsesDecoder(const parley_codec_open& open)
        : Decoder(open, sdk::Emitter::Ends::marked, 0), names_(*open.request, kResponsesNames) {}

private:
    // A part of a message, or a section of reasoning, and how much of it has been said.
    struct Piece {
        uint64_t index = 0;
        bool summary = false;
        std::size_t said = 0;
        std::size_t annotations = 0;
    };

    struct Item {
        uint64_t index = 0;
        bool done = false;
        std::string type;
        std::string early;  // arguments that came before the item itself
        std::string phase;  // raw JSON
        std::deque<Piece> pieces;
        std::optional<CallArguments> arguments;
    };

    static constexpr uint64_t kPiecesMax = 1u << 16;

    static uint64_t key_of(const Item& item) { return item.index * kPiecesMax; }

    static uint64_t key_of(const Item& item, const Piece& piece) {
        return key_of(item) + 1 + piece.index % (kPiecesMax - 1);
    }

    Item& item_at(uint64_t index) {
        for (auto it = items_.rbegin(); it != items_.rend(); ++it) {
            if (it->index == index) return *it;
        }
        Item& item = items_.emplace_back();
        item.index = index;
        return item;
    }

    static Piece& piece_at(Item& item, uint64_t index, bool summary = false) {
        for (Piece& piece : item.pieces) {
            if (piece.index == index && piece.summary == summary) return piece;
        }
        return item.pieces.emplace_back(Piece{.index = index, .summary = summary});
    }

    // ---- events ----

    void on_event(const sdk::SseEvent& event) override {
        if (event.data.starts_with("[DONE]")) return;
        ResponseEvent e = read_response_event(event.data);
        if (!e.sound) {
            garbage("an event is not a JSON object");
            return;
        }
        if (e.type.empty()) e.type = event.name;
        if (e.type == "error") {
            report(event.data);
        } else if (e.type.starts_with("response.")) {
            take(e, e.type.substr(std::string_view("response.").size()));
        } else {
            emit_.ping();
        }
    }

    void take(const ResponseEvent& e, std::string_view type) {
        if (type == "created" || type == "in_progress" || type == "queued") {
            start(read_response(e.response));
        } else if (type == "completed" || type == "incomplete") {
            finish(read_response(e.response));
        } else if (type == "failed") {
            report(read_response(e.response).error);
        } else if (!emit_.started()) {
            garbage("an event before response.created");
        } else if (type.ends_with(".delta")) {
            take_delta(e, type);
        } else if (type == "output_item.added") {
            add_item(item_at(e.output_index), read_response_item(e.item));
        } else if (type == "output_item.done") {
            end_item(item_at(e.output_index), read_response_item(e.item));
        } else if (type == "content_part.done") {
            end_content(item_at(e.output_index), e.content_index, read_response_part(e.part));
        } else if (type == "output_text.annotation.added") {
            Item& item = item_at(e.output_index);
            annotate(item, piece_at(item, e.content_index), e.annotation);
        } else if (type.ends_with(".done")) {
            take_done(e, type);
        } else {
            emit_.ping();
        }
    }

    void on_body(std::string_view json) override {
        const ResponseTop top = read_response(json);
        if (!top.sound) {
            garbage("the reply is not a JSON object");
        } else if (says_error(top.error) || top.output.empty()) {
            report(says_error(top.error) && !top.output.empty() ? top.error : json);
        } else {
            start(top);
            finish(top);
        }
    }

    void start(const ResponseTop& top) {
        id_ = top.id.text();
        const std::string model = top.model.text();
        std::string extra;
        sdk::JsonWriter w(extra);
        w.begin_object();
        if (!top.service_tier.raw.empty()) w.key("service_tier").string(plain(top.service_tier));
        w.end_object();
        if (extra.size() == 2) extra.clear();
        emit_.start({id_, model, top.created_s, extra});
    }

    // ---- deltas ----

    void take_delta(const ResponseEvent& e, std::string_view type) {
        Item& item = item_at(e.output_index);
        if (item.done || e.delta.raw.empty()) return;
        if (type == "output_text.delta") {
            Piece& piece = piece_at(item, e.content_index);
            say_text(item, piece, plain(e.delta), logprobs_of(e.logprobs));
        } else if (type == "refusal.delta") {
            say_refusal(item, piece_at(item, e.content_index), plain(e.delta));
        } else if (type == "reasoning_summary_text.delta") {
            say_reasoning(item, piece_at(item, e.summary_index, true), plain(e.delta));
        } else if (type == "reasoning_text.delta") {
            say_reasoning(item, piece_at(item, e.content_index), plain(e.delta));
        } else if (type == "function_call_arguments.delta" ||
                   type == "custom_tool_call_input.delta") {
            say_arguments(item, plain(e.delta));
        }
    }

    void take_done(const ResponseEvent& e, std::string_view type) {
        Item& item = item_at(e.output_index);
        if (item.done) return;
        if (type == "output_text.done") {
            Piece& piece = piece_at(item, e.content_index);
            say_text(item, piece, unsaid(piece, plain(e.text)), {});
        } else if (type == "refusal.done") {
            Piece& piece = piece_at(item, e.content_index);
            say_refusal(item, piece, unsaid(piece, plain(e.text)));
        } else if (type == "reasoning_summary_text.done") {
            Piece& piece = piece_at(item, e.summary_index, true);
            say_reasoning(item, piece, unsaid(piece, plain(e.text)));
        } else if (type == "reasoning_text.done") {
            Piece& piece = piece_at(item, e.content_index);
            say_reasoning(item, piece, unsaid(piece, plain(e.text)));
        }
    }

    // The `extra` of a text with these; valid until the next call.
    std::string_view logprobs_of(std::string_view tokens) {
        extra_.clear();
        if (tokens.size() > 2) ((extra_ += "{\"logprobs\":{\"content\":") += tokens) += "}}";
        return extra_;
    }

    // What of a part's whole text no delta has brought.
    static std::string_view unsaid(const Piece& piece, std::string_view whole) {
        std::size_t at = std::min(piece.said, whole.size());
        while (at < whole.size() && (static_cast<unsigned char>(whole[at]) & 0xc0u) == 0x80u) ++at;
        return whole.substr(at);
    }

    void say_text(Item& item, Piece& piece, std::string_view said, std::string_view extra) {
        if (said.empty()) return;
        if (piece.said == 0 && !item.phase.empty()) {
            settle_text();
            emit_.open(key_of(item, piece), PARLEY_PART_TEXT, "{\"phase\":" + item.phase + "}");
        }
        piece.said += said.size();
        text(key_of(item, piece), said, extra);
    }

    void say_refusal(Item& item, Piece& piece, std::string_view said) {
        if (said.empty()) return;
        refused_ = true;
        piece.said += said.size();
        emit_.refusal(key_of(item, piece), said);
    }

    void say_reasoning(Item& item, Piece& piece, std::string_view said) {
        if (item.type.empty()) item.type = "reasoning";
        if (said.empty() || item.type != "reasoning") return;
        piece.said += said.size();
        // Sections count by their order of appearance and never fall.
        const Piece& last = item.pieces.back();
        const uint64_t section = item.pieces.size() - 1;
        emit_.reasoning(key_of(item), said, last.summary, section);
    }

    void say_arguments(Item& item, std::string_view fragment) {
        if (item.arguments.has_value()) {
            item.arguments->feed(emit_, fragment);
        } else {
            item.early += fragment;
        }
    }

    void annotate(Item& item, Piece& piece, std::string_view json) {
        const ResponseAnnotation a = read_annotation(json);
        ++piece.annotations;
        if (a.url.raw.empty()) return;
        const std::string url = a.url.text();
        const std::string title = a.title.text();
        parley_event e = sdk::make_event(PARLEY_EVENT_CITATION);
        e.text = sdk::str(url);
        e.name = sdk::str(title);
        e.a = a.start;
        e.b = a.end;
        if (e.b > e.a) e.flags = PARLEY_EVENT_SPAN_CODEPOINTS;
        settle_text();
        emit_.say(key_of(item, piece), e);
    }

    // ---- items ----

    static bool is_call(const JsonString& type) {
        return type.raw == "function_call" || type.raw == "custom_tool_call";
    }

    void add_item(Item& item, const ResponseItem& told) {
        settle_text();
        if (!item.type.empty() || item.done) return;
        item.type = told.type.text();
        item.phase = told.phase;
        if (is_call(told.type)) {
            open_call(item, told);
        } else if (is_server_item(told.type)) {
            open_server_item(item, told);
        }
    }

    static bool is_server_item(const JsonString& type) {
        return !type.raw.empty() && type.raw != "message" && type.raw != "reasoning" &&
               type.raw != "image_generation_call" && !is_call(type);
    }

    void end_item(Item& item, const ResponseItem& told) {
        if (item.done) return;
        if (item.type.empty()) item.type = told.type.text();
        if (!told.type.equals(item.type)) {
            garbage("an item changes its type");
            return;
        }
        const bool complete = told.status.raw != "incomplete";
        if (item.phase.empty()) item.phase = told.phase;
        if (told.type.raw == "message") {
            for_each_item(told.content, [&](std::string_view raw, uint64_t index) {
                end_content(item, index, read_response_part(raw), complete);
            });
        } else if (told.type.raw == "reasoning") {
            end_reasoning(item, told);
        } else if (is_call(told.type)) {
            end_call(item, told, complete);
        } else if (told.type.raw == "image_generation_call") {
            say_image(item, told);
        } else if (is_server_item(told.type)) {
            end_server_item(item, told);
        }
        item.done = true;
    }

    void end_content(Item& item, uint64_t index, const ResponsePart& told, bool complete = true) {
        if (item.done) return;
        Piece& piece = piece_at(item, index);
        const std::string_view rest = unsaid(piece, plain(told.text));
        if (told.type.raw == "refusal") {
            say_refusal(item, piece, rest);
        } else if (told.type.raw != "reasoning_text") {
            // Deltas have told them already, if there were any.
            const bool fresh = piece.said == 0;
            say_text(item, piece, rest, fresh ? logprobs_of(told.logprobs) : std::string_view());
            for_each_item(told.annotations, [&](std::string_view raw, uint64_t at) {
                if (at >= piece.annotations) annotate(item, piece, raw);
            });
        } else {
            return;
        }
        settle_text();
        emit_.end(key_of(item, piece), complete);
    }

    void end_reasoning(Item& item, const ResponseItem& told) {
        const uint64_t key = key_of(item);
        const auto say_rest = [&](std::string_view array, bool summary) {
            for_each_item(array, [&](std::string_view raw, uint64_t index) {
                const ResponsePart part = read_response_part(raw);
                Piece& piece = piece_at(item, index, summary);
                say_reasoning(item, piece, unsaid(piece, plain(part.text)));
            });
        };
        say_rest(told.summary, true);
        say_rest(told.content, false);
        if (!told.encrypted.raw.empty()) {
            if (!emit_.has(key)) emit_.open(key, PARLEY_PART_REASONING);
            emit_.seal(key, PARLEY_SEAL_ENCRYPTED, "openai", plain(told.encrypted));
        }
        emit_.end(key);
    }

    void open_call(Item& item, const ResponseItem& told) {
        if (item.arguments.has_value() || told.name.raw.empty()) return;
        const std::string name = told.name.text();
        const sdk::ToolNames::Tool* tool = names_.find(name);
        const bool native = told.type.raw == "custom_tool_call";
        const bool custom = native || (tool != nullptr && tool->is_custom);
        std::string id = told.call_id.text();
        if (id.empty()) id = sdk::made_call_id(id_, item.index, name);
        std::string name_space = told.name_space.text();
        if (name_space.empty() && tool != nullptr) name_space = tool->name_space;
        std::string extra;
        if (!name_space.empty()) {
            sdk::JsonWriter w(extra);
            w.begin_object().key("name_space").string(name_space).end_object();
        }
        emit_.call(key_of(item),
                   {id,
                    tool == nullptr ? std::string_view(name) : tool->name,
                    custom ? uint32_t{PARLEY_TOOL_CALL_CUSTOM} : PARLEY_TOOL_CALL_FUNCTION,
                    extra});
        item.arguments.emplace(key_of(item), custom && !native);
        if (!item.early.empty()) item.arguments->feed(emit_, item.early);
    }

    void end_call(Item& item, const ResponseItem& told, bool complete) {
        settle_text();
        open_call(item, told);
        if (!item.arguments.has_value()) {
            emit_.warn(PARLEY_WARNING_TOOL_CALL_DROPPED, told.call_id.raw);
            return;
        }
        const std::string_view whole = plain(told.input);
        const std::size_t said = std::min(item.arguments->size(), whole.size());
        if (said < whole.size()) item.arguments->feed(emit_, whole.substr(said));
        item.arguments->end(emit_, complete);
    }

    void say_image(Item& item, const ResponseItem& told) {
        if (told.result.raw.empty()) return;
        emit_.media(key_of(item), PARLEY_PART_IMAGE, "image/png");
        emit_.media_delta(key_of(item), "image/png", plain(told.result));
        emit_.end(key_of(item));
    }

    // {"dialect":…,"raw":…}
    std::string_view raw_extra(const ResponseItem& told) {
        extra_ = "{\"dialect\":\"openai-responses\",\"raw\":";
        (extra_ += told.raw) += '}';
        return extra_;
    }

    void open_server_item(Item& item, const ResponseItem& told) {
        std::string tool = told.type.text();
        if (tool.ends_with("_call")) tool.resize(tool.size() - std::string_view("_call").size());
        const std::string id = told.id.text();
        emit_.item(key_of(item), {id, tool, raw_extra(told)});
    }

    void end_server_item(Item& item, const ResponseItem& told) {
        if (!emit_.has(key_of(item))) {
            open_server_item(item, told);
        } else {
            parley_event e = sdk::make_event(PARLEY_EVENT_SERVER_UPDATE);
            const std::string status = told.status.text();
            e.name = sdk::str(status);
            e.extra = sdk::str(raw_extra(told));
            emit_.say(key_of(item), e);
        }
        emit_.end(key_of(item));
    }

    // ---- the end ----

    // The whole output: items that were told of before stand in it in their order, though their
    // indexes may have gaps.
    void end_items(std::string_view output) {
        std::vector<uint64_t> told;
        for (const Item& item : items_) told.push_back(item.index);
        std::sort(told.begin(), told.end());
        for_each_item(output, [&](std::string_view raw, uint64_t nth) {
            const uint64_t fresh = told.empty() ? nth : told.back() + 1 + nth - told.size();
            end_item(item_at(nth < told.size() ? told[nth] : fresh), read_response_item(raw));
        });
    }

    void finish(const ResponseTop& top) {
        if (!emit_.started()) start(top);
        if (top.status.raw == "failed" || top.status.raw == "cancelled") {
            report(top.error);
            return;
        }
        end_items(top.output);
        settle_text();
        if (emit_.ended()) return;
        sdk::Usage usage;
        JsonReader r(top.usage);
        if (!top.usage.empty()) read_usage(r, usage);
        emit_.usage(usage);
        const std::string reason = top.incomplete_reason.text();
        uint32_t kind = refused_ ? PARLEY_FINISH_REFUSAL : PARLEY_FINISH_STOP;
        if (top.status.raw == "incomplete" || !reason.empty()) {
            kind = reason == "content_filter" ? PARLEY_FINISH_CONTENT_FILTER : PARLEY_FINISH_LENGTH;
        }
        const std::string status = top.status.text();
        emit_.finish({kind, {}, reason.empty() ? status : reason});
    }

    sdk::ToolNames names_;
    std::string id_;
    std::deque<Item> items_;
    std::string extra_;
    bool refused_ = false;
};

}  // namespace

std::unique_ptr<Decoder> make_responses_decoder(const parley_codec_open& open) {
    return std::make_unique<ResponsesDecoder>(open);
}

}  // namespace parley::openai
