// whole.cpp: a reply as one message, and the blocks that streams and messages share.
#include "encoder.hpp"
#include "json_text.hpp"
#include "parley/sdk/custom_tool.hpp"
#include "parley/sdk/ids.hpp"
#include "parley/sdk/usage.hpp"
#include "usage.hpp"
#include "words.hpp"

namespace parley::claude {

using sdk::str;
using sdk::view;

namespace {

// The arguments as an object, which is all that this wire takes.
std::string input_of(const sdk::FoldedPart& part) {
    if (part.tool_kind == PARLEY_TOOL_CALL_CUSTOM) return sdk::custom_tool_arguments(part.text);
    return part.text.empty() && part.complete ? std::string("{}")
                                              : input_object(part.text, part.complete);
}

void write_text(sdk::JsonWriter& w, const sdk::FoldedPart& part) {
    w.begin_object().key("type").string("text").key("text").string(part.text);
    std::string citations;
    sdk::JsonWriter c(citations);
    c.begin_array();
    for (const sdk::FoldedCitation& each : part.citations) {
        const std::string json = citation_json(each.url, each.title, each.extra);
        if (!json.empty()) c.raw(json);
    }
    c.end_array();
    if (citations.size() > 2) w.key("citations").raw(citations);
    w.end_object();
}

void write_redacted(sdk::JsonWriter& w, std::string_view data) {
    w.begin_object().key("type").string("redacted_thinking");
    w.key("data").string(data).end_object();
}

void write_reasoning(sdk::JsonWriter& w, const sdk::FoldedPart& part, bool hides) {
    std::string text;
    for (const sdk::FoldedSection& section : part.sections) {
        if (hides) break;
        if (!text.empty()) text += "\n\n";
        text += section.text;
    }
    const Carrier carrier = carrier_of(part.seal.scheme, part.seal.family, !text.empty());
    if (carrier == Carrier::redacted) {
        write_redacted(w, part.seal.data);
        return;
    }
    if (text.empty() && carrier == Carrier::none) return;
    w.begin_object().key("type").string("thinking").key("thinking").string(text);
    const bool sealed = carrier == Carrier::signature;
    w.key("signature").string(sealed ? part.seal.data : std::string());
    w.end_object();
}

void write_part(sdk::JsonWriter& w, const sdk::FoldedPart& part, bool hides) {
    switch (part.kind) {
        case PARLEY_PART_TEXT:
        case PARLEY_PART_REFUSAL:
            write_text(w, part);
            break;
        case PARLEY_PART_REASONING:
            write_reasoning(w, part, hides);
            break;
        case PARLEY_PART_TOOL_CALL:
            if (carrier_of(part.seal.scheme, part.seal.family, false) == Carrier::redacted) {
                write_redacted(w, part.seal.data);
            }
            w.raw(tool_use_block(tool_use_id(part.id), part.name, part.extra, input_of(part)));
            break;
        case PARLEY_PART_SERVER_ITEM: {
            const std::string block = item_block(part.extra);
            if (!block.empty()) w.raw(block);
            break;
        }
        default:
            break;
    }
}

}  // namespace

std::string message_id(std::string_view id, const parley_request& request) {
    constexpr std::string_view kPrefix = "msg_";
    std::string out = sdk::id_with_prefix(kPrefix, id);
    if (out.size() == kPrefix.size()) out += sdk::Digest().add(view(request.raw)).text();
    return out;
}

std::string tool_use_id(std::string_view id) {
    return sdk::call_id(id, "toolu_", kCallIdMax);
}

// An envelope goes where the client keeps it best: a block of thinking must have some, and beside
// a call there is nothing but a block of its own.
Carrier carrier_of(uint64_t scheme, std::string_view family, bool has_text) {
    if (scheme == 0 || (family != kFamily && family != kEnvelopeFamily)) return Carrier::none;
    if (scheme == PARLEY_SEAL_SIGNATURE || has_text) return Carrier::signature;
    return Carrier::redacted;
}

std::string tool_use_block(std::string_view id,
                           std::string_view name,
                           std::string_view extra,
                           std::string_view input) {
    std::string json;
    sdk::JsonWriter w(json);
    w.begin_object().key("type").string("tool_use").key("id").string(id);
    w.key("name").string(name).key("input").raw(input.empty() ? "{}" : input);
    const std::string_view caller = extra.empty() ? extra : Members(extra).take("caller");
    if (caller.starts_with('{')) w.key("caller").raw(caller);
    w.end_object();
    return json;
}

std::string input_object(std::string_view arguments, bool complete) {
    const bool is_one = is_object(arguments);
    if (!is_one && !complete) return "{}";
    const std::string mended = sdk::json_without_lone_surrogates(arguments);
    if (is_one) return compact(mended);
    std::string json;
    sdk::JsonWriter w(json);
    w.begin_object();
    if (is_json(arguments)) {
        w.key("input").raw(compact(mended));
    } else {
        w.key("_raw").string(arguments);
    }
    w.end_object();
    return json;
}

std::string citation_json(std::string_view url, std::string_view title, std::string_view extra) {
    Members m(extra);
    const std::string_view raw = m.take("raw");
    if (!raw.empty() && m.text("dialect") == kDialect) return std::string(raw);
    if (url.empty()) return {};
    std::string json;
    sdk::JsonWriter w(json);
    w.begin_object().key("type").string("web_search_result_location");
    w.key("cited_text").string(m.text("cited_text")).key("encrypted_index").string("");
    w.key("title").string(title).key("url").string(url).end_object();
    return json;
}

std::string item_block(std::string_view extra) {
    if (extra.empty()) return {};
    Members m(extra);
    return m.text("dialect") == kDialect ? std::string(m.take("raw")) : std::string();
}

void write_stop(sdk::JsonWriter& w,
                uint32_t finish,
                std::string_view stop_sequence,
                std::string_view extra) {
    w.key("stop_reason").string(stop_reason_of(finish)).key("stop_sequence");
    stop_sequence.empty() ? w.null() : w.string(stop_sequence);
    if (extra.empty()) return;
    Members m(extra);
    const std::string_view detail = m.take("detail");
    // Other dialects tell details of another shape.
    if (Members(detail).text("type") == "refusal") w.key("stop_details").raw(detail);
}

bool hides_reasoning(const parley_request& request) {
    return request.reasoning != nullptr && request.reasoning->summary == PARLEY_SUMMARY_NONE;
}

void write_whole(const sdk::FoldedReply& reply, const parley_codec_open& open, std::string& json) {
    sdk::JsonWriter w(json);
    w.begin_object().key("id").string(message_id(reply.id, *open.request));
    w.key("type").string("message").key("role").string("assistant");
    w.key("model").string(view(open.model));
    w.key("content").begin_array();
    const bool hides = hides_reasoning(*open.request);
    for (const sdk::FoldedPart& part : reply.parts) write_part(w, part, hides);
    w.end_array();
    write_stop(w, reply.finish, reply.stop_sequence, reply.finish_extra);
    sdk::Usage usage = reply.usage;
    usage.known |= PARLEY_USAGE_INPUT;
    w.key("usage");
    const std::string_view told = tier_word(reply.finish_extra);
    write_usage(w, usage, told.empty() ? tier_word(reply.start_extra) : told);
    w.end_object();
}

}  // namespace parley::claude
