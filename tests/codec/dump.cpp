// dump.cpp: a canonical request as JSON, to be compared and read.
#include "codec.hpp"
#include "parley/sdk/json.hpp"

namespace parley::codec {

namespace {

class Dump {
public:
    explicit Dump(std::string& out) : w_(out) {}

    void request(const parley_request& r) {
        w_.begin_object();
        number("operation", r.operation);
        number("flags", r.flags);
        number("modalities", r.modalities);
        number("parallel_tools", r.parallel_tools);
        number("logprobs", r.logprobs);
        number("verbosity", r.verbosity);
        number("service_tier", r.service_tier);
        text("model", r.model);
        list("instructions", r.instructions, r.instruction_count, [&](const auto& p) { part(p); });
        list("messages", r.messages, r.message_count, [&](const auto& m) { message(m); });
        list("tools", r.tools, r.tool_count, [&](const auto& t) { tool(t); });
        texts("stop", r.stop, r.stop_count);
        asks(r);
        text("max_output_tokens", r.max_output_tokens.text);
        text("max_tool_calls", r.max_tool_calls.text);
        text("choices", r.choices.text);
        text("top_logprobs", r.top_logprobs.text);
        raw("audio_out", r.audio_out);
        raw("image_out", r.image_out);
        list("safety", r.safety, r.safety_count, [&](const auto& s) {
            w_.begin_object();
            text("category", s.category);
            text("threshold", s.threshold);
            w_.end_object();
        });
        raw("truncation", r.truncation);
        raw("context_management", r.context_management);
        raw("prediction", r.prediction);
        raw("moderation", r.moderation);
        raw("prompt_template", r.prompt_template);
        raw("background", r.background);
        extras(r.extras, r.extra_count);
        list("warnings", r.warnings, r.warning_count, [&](const auto& x) {
            w_.begin_object();
            text("code", x.code);
            text("field", x.field);
            w_.end_object();
        });
        w_.end_object();
    }

private:
    // How the answer is wanted.
    void asks(const parley_request& r) {
        object("tool_choice", r.tool_choice, [&](const auto& c) {
            number("mode", c.mode);
            text("name", c.name);
            texts("allowed", c.allowed, c.allowed_count);
        });
        object("sampling", r.sampling, [&](const auto& s) {
            text("temperature", s.temperature.text);
            text("top_p", s.top_p.text);
            text("top_k", s.top_k.text);
            text("presence_penalty", s.presence_penalty.text);
            text("frequency_penalty", s.frequency_penalty.text);
            text("seed", s.seed.text);
            raw("logit_bias", s.logit_bias);
        });
        object("reasoning", r.reasoning, [&](const auto& a) {
            number("mode", a.mode);
            number("effort", a.effort);
            number("summary", a.summary);
            number("interleaved", a.interleaved);
            number("include_encrypted", a.include_encrypted);
            text("budget", a.budget.text);
        });
        object("format", r.format, [&](const auto& f) {
            number("kind", f.kind);
            number("strict", f.strict);
            text("name", f.name);
            text("description", f.description);
            raw("schema", f.schema);
        });
        object("cache", r.cache, [&](const auto& c) {
            number("mode", c.mode);
            number("ttl", c.ttl);
            text("key", c.key);
        });
        object("previous", r.previous, [&](const auto& p) {
            number("store", p.store);
            text("response_id", p.response_id);
            raw("conversation", p.conversation);
        });
        object("identity", r.identity, [&](const auto& i) {
            text("user", i.user);
            text("safety_identifier", i.safety_identifier);
            text("session", i.session);
            raw("metadata", i.metadata);
        });
        object("embed", r.embed, [&](const auto& e) {
            number("encoding", e.encoding);
            texts("inputs", e.inputs, e.input_count);
            text("dimensions", e.dimensions.text);
            text("task", e.task);
            text("title", e.title);
        });
    }

    void number(std::string_view name, uint64_t value) {
        if (value != 0) w_.key(name).number(static_cast<int64_t>(value));
    }

    void text(std::string_view name, parley_str value) {
        if (value.len != 0) w_.key(name).string(view(value));
    }

    void raw(std::string_view name, parley_str json) {
        if (json.len != 0) w_.key(name).raw(view(json));
    }

    void texts(std::string_view name, const parley_str* all, uint64_t count) {
        if (count == 0) return;
        w_.key(name).begin_array();
        for (uint64_t i = 0; i < count; ++i) w_.string(view(all[i]));
        w_.end_array();
    }

    template <class T, class Each>
    void list(std::string_view name, const T* const* all, uint64_t count, Each each) {
        if (count == 0) return;
        w_.key(name).begin_array();
        for (uint64_t i = 0; i < count; ++i) each(*all[i]);
        w_.end_array();
    }

    template <class T, class Members>
    void object(std::string_view name, const T* value, Members members) {
        if (value == nullptr) return;
        w_.key(name).begin_object();
        members(*value);
        w_.end_object();
    }

    void extras(const parley_extra* const* all, uint64_t count) {
        if (count == 0) return;
        w_.key("extras").begin_object();
        for (uint64_t i = 0; i < count; ++i) raw(view(all[i]->dialect), all[i]->json);
        w_.end_object();
    }

    void message(const parley_message& m) {
        w_.begin_object();
        number("role", m.role);
        number("phase", m.phase);
        text("name", m.name);
        parts(m.parts, m.part_count);
        extras(m.extras, m.extra_count);
        w_.end_object();
    }

    void parts(const parley_part* const* all, uint64_t count) {
        list("parts", all, count, [&](const parley_part& p) { part(p); });
    }

    void part(const parley_part& p) {
        w_.begin_object();
        number("kind", p.kind);
        number("role", p.role);
        number("cache", p.cache);
        text("text", p.text);
        object("seal", p.seal, [&](const auto& s) {
            number("scheme", s.scheme);
            text("family", s.family);
            text("model", s.model);
            text("data", s.data);
        });
        object("media", p.media, [&](const auto& m) { media(m); });
        object("tool_call", p.tool_call, [&](const auto& c) {
            number("kind", c.kind);
            text("id", c.id);
            text("name", c.name);
            text("name_space", c.name_space);
            text("arguments", c.arguments);
            raw("caller", c.caller);
        });
        object("tool_result", p.tool_result, [&](const auto& t) {
            number("is_error", t.is_error);
            text("call_id", t.call_id);
            text("name", t.name);
            parts(t.parts, t.part_count);
        });
        object("reasoning", p.reasoning, [&](const auto& r) {
            number("redacted", r.redacted);
            list("sections", r.sections, r.section_count, [&](const auto& s) {
                w_.begin_object();
                number("kind", s.kind);
                text("text", s.text);
                w_.end_object();
            });
        });
        object("search_result", p.search_result, [&](const auto& s) {
            number("citations", s.citations);
            text("source", s.source);
            text("title", s.title);
            parts(s.parts, s.part_count);
        });
        object("server_item", p.server_item, [&](const auto& s) {
            text("tool", s.tool);
            text("id", s.id);
            text("status", s.status);
            text("summary", s.summary);
            text("dialect", s.dialect);
            raw("raw", s.raw);
        });
        list("citations", p.citations, p.citation_count, [&](const auto& c) { citation(c); });
        extras(p.extras, p.extra_count);
        w_.end_object();
    }

    void media(const parley_media& m) {
        number("source", m.source);
        number("detail", m.detail);
        number("citations", m.citations);
        text("mime", m.mime);
        text("data", m.data);
        text("file_owner", m.file_owner);
        parts(m.parts, m.part_count);
        text("filename", m.filename);
        text("title", m.title);
        text("context", m.context);
        text("transcript", m.transcript);
        text("start", m.start);
        text("end", m.end);
        text("fps", m.fps.text);
    }

    void citation(const parley_citation& c) {
        w_.begin_object();
        number("kind", c.kind);
        text("url", c.url);
        text("title", c.title);
        text("cited_text", c.cited_text);
        text("file_id", c.file_id);
        number("source_unit", c.source_unit);
        number("source_start", c.source_start);
        number("source_end", c.source_end);
        number("span_unit", c.span_unit);
        number("span_start", c.span_start);
        number("span_end", c.span_end);
        w_.end_object();
    }

    void tool(const parley_tool& t) {
        w_.begin_object();
        number("kind", t.kind);
        number("strict", t.strict);
        number("cache", t.cache);
        number("defer_loading", t.defer_loading);
        number("eager_stream", t.eager_stream);
        number("custom_format", t.custom_format);
        text("name", t.name);
        text("name_space", t.name_space);
        text("description", t.description);
        raw("schema", t.schema);
        raw("output_schema", t.output_schema);
        raw("input_examples", t.input_examples);
        text("grammar", t.grammar);
        text("wire_type", t.wire_type);
        object("server", t.server, [&](const auto& s) {
            text("type", s.type);
            texts("allowed_domains", s.allowed_domains, s.allowed_domain_count);
            texts("blocked_domains", s.blocked_domains, s.blocked_domain_count);
            text("max_uses", s.max_uses.text);
            raw("user_location", s.user_location);
            raw("config", s.config);
        });
        extras(t.extras, t.extra_count);
        w_.end_object();
    }

    sdk::JsonWriter w_;
};

}  // namespace

std::string dump(const parley_request& request) {
    std::string out;
    Dump(out).request(request);
    return out;
}

}  // namespace parley::codec
