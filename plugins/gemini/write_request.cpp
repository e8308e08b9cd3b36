#include "write_request.hpp"

#include <vector>

#include "request.hpp"
#include "schema.hpp"

namespace parley::gemini {

using sdk::JsonReader;
using sdk::JsonString;
using sdk::str;
using sdk::view;

namespace {

void write_system(Crossing& c) {
    const parley_request& r = c.request;
    if (r.instruction_count == 0 && c.instruction.empty()) return;
    c.w.key("systemInstruction").begin_object().key("parts").begin_array();
    for (uint64_t i = 0; i < r.instruction_count; ++i) {
        c.w.begin_object().key("text").string(view(r.instructions[i]->text)).end_object();
    }
    if (!c.instruction.empty()) {
        c.w.begin_object().key("text").string(c.instruction).end_object();
    }
    c.w.end_array().end_object();
}

void write_safety(Crossing& c) {
    const parley_request& r = c.request;
    if (r.safety_count == 0) return;
    // A client may have written numbers for the names.
    const auto word = [&](std::string_view name, std::string_view text) {
        const bool is_number = !text.empty() && text[0] >= '0' && text[0] <= '9';
        c.w.key(name);
        is_number ? c.w.raw(text) : c.w.string(text);
    };
    c.w.key("safetySettings").begin_array();
    for (uint64_t i = 0; i < r.safety_count; ++i) {
        c.w.begin_object();
        word("category", view(r.safety[i]->category));
        word("threshold", view(r.safety[i]->threshold));
        c.w.end_object();
    }
    c.w.end_array();
}

void write_tier(Crossing& c) {
    const uint32_t tier = c.request.service_tier;
    const std::string_view word = tier == PARLEY_TIER_FLEX       ? "flex"
                                  : tier == PARLEY_TIER_PRIORITY ? "priority"
                                  : tier == PARLEY_TIER_DEFAULT  ? "standard"
                                                                 : "";
    if (!word.empty()) c.w.key("serviceTier").string(word);
}

// Members that came from this dialect, but for those that are merged into others.
void write_extras(Crossing& c) {
    each_member(c.request_extras(), [&](const JsonString& key, JsonReader& value) {
        const bool is_merged = key.raw == "generationConfig" || key.raw == "toolConfig";
        const std::string_view raw = value.raw();
        if (!is_merged) c.w.key(key.text()).raw(raw);
    });
    if (!c.is_own) return;
    each_member(view(c.request.prompt_template), [&](const JsonString& key, JsonReader& value) {
        c.w.key(key.text()).raw(value.raw());
    });
    if (c.request.previous != nullptr && c.request.previous->conversation.len != 0) {
        c.w.key("continuationToken").raw(view(c.request.previous->conversation));
    }
}

// Everything that one more turn leaves as it is stands before the turns, so that caches hold.
void write_generate_members(Crossing& c) {
    judge_fields(c);
    settle_prefill(c);
    if (drops_format(c)) {
        c.warn(PARLEY_WARNING_JSON_MODE_PROMPTED);
        const parley_format& format = *c.request.format;
        if (!c.instruction.empty()) c.instruction += '\n';
        c.instruction += "Answer with one JSON value and nothing else.";
        if (format.schema.len != 0) {
            c.instruction += " It must match this JSON Schema: ";
            c.instruction += view(format.schema);
        }
    }
    write_system(c);
    write_tools(c);
    write_safety(c);
    write_tier(c);
    write_extras(c);
    write_contents(c);
    write_generation(c);
}

void write_embed_members(Crossing& c, std::size_t index, const std::string& resource) {
    const parley_embed& embed = *c.request.embed;
    c.w.begin_object().key("model").string(resource);
    c.w.key("content").begin_object().key("parts").begin_array();
    c.w.begin_object().key("text").string(view(embed.inputs[index])).end_object();
    c.w.end_array().end_object();
    if (embed.task.len != 0) c.w.key("taskType").string(view(embed.task));
    if (embed.title.len != 0) c.w.key("title").string(view(embed.title));
    if (embed.dimensions.text.len != 0) {
        c.w.key("outputDimensionality").raw(view(embed.dimensions.text));
    }
    c.w.end_object();
}

std::string_view write_embed(Crossing& c, const std::string& resource) {
    constexpr uint64_t kBatchMax = 100;
    const parley_embed& embed = *c.request.embed;
    if (embed.input_count > kBatchMax) {
        Crossing::refuse(
            "input: at most 100 texts can be embedded at once", "input", "unsupported_value");
    }
    if (embed.input_count == 1) {
        write_embed_members(c, 0, resource);
        return "embedContent";
    }
    c.w.begin_object().key("requests").begin_array();
    for (uint64_t i = 0; i < embed.input_count; ++i) write_embed_members(c, i, resource);
    c.w.end_array().end_object();
    return "batchEmbedContents";
}

std::string_view write_body(Crossing& c, const std::string& resource) {
    switch (c.request.operation) {
        case PARLEY_OPERATION_EMBED:
            return write_embed(c, resource);
        case PARLEY_OPERATION_COUNT_TOKENS:
            // Turns alone would be counted without instructions and tools.
            c.w.begin_object().key("generateContentRequest").begin_object();
            c.w.key("model").string(resource);
            write_generate_members(c);
            c.w.end_object().end_object();
            return "countTokens";
        default:
            c.w.begin_object();
            write_generate_members(c);
            c.w.end_object();
            return (c.request.flags & PARLEY_REQUEST_STREAM) != 0 ? "streamGenerateContent"
                                                                  : "generateContent";
    }
}

}  // namespace

void write_request(const parley_request& request,
                   const parley_target& target,
                   sdk::Arena& arena,
                   parley_encoded_request& head,
                   sdk::Out& out) {
    Crossing c(request, target, arena, out);
    const std::string_view model = view(target.model);
    const std::string_view method = write_body(c, resource_of(model));
    c.body.flush();
    head.path = arena.copy(path_to("v1beta", model, method));
    if (method.starts_with("stream")) head.query = str("alt=sse");
    head.content_type = str("application/json");
    head.warnings = sdk::keep(arena, c.warnings.all());
    head.warning_count = c.warnings.all().size();
}

bool write_schema(const Crossing& c,
                  sdk::JsonWriter& w,
                  std::string_view schema,
                  const SchemaNames& names) {
    const bool is_json = c.traits.flag("json_schema_ok", true);
    const Downgraded done = is_json ? downgrade_json_schema(schema) : downgrade_openapi(schema);
    const bool left_out = names.is_parameters && done.is_empty;
    if (!left_out) w.key(is_json ? names.json_schema : names.openapi).raw(done.json);
    return done.is_weakened || done.is_narrowed;
}

}  // namespace parley::gemini
