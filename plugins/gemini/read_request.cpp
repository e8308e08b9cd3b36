#include "read_request.hpp"

#include "request.hpp"

namespace parley::gemini {

using sdk::Failure;
using sdk::JsonReader;
using sdk::JsonString;
using sdk::make;
using sdk::Path;
using sdk::str;
using sdk::view;

const parley_request* read_request(const parley_call& call, sdk::Arena& arena) {
    return RequestReader(call, arena).read();
}

RequestReader::RequestReader(const parley_call& call, sdk::Arena& arena)
    : draft_(arena, kDialectId, call), arena_(arena) {
    parley_request& request = draft_.request;
    const RouteInfo& route = route_of(call);
    request.model = arena.copy(model_of(call));
    request.dialect_version = str(route.version);
    if (!route.is_stream) return;
    request.flags |= PARLEY_REQUEST_STREAM | PARLEY_REQUEST_STREAM_USAGE;
    if (!wants_events(view(call.http->query))) request.flags |= PARLEY_REQUEST_STREAM_ARRAY;
}

const parley_request* RequestReader::read() {
    const std::string_view body = view(draft_.request.raw);
    JsonReader whole(body);
    const bool sound = whole.peek() == '{' && whole.skip() && whole.at_end();
    if (!sound) {
        throw Failure(PARLEY_E_INVALID_ARGUMENT,
                      "body: malformed JSON at byte " + std::to_string(whole.at()));
    }
    if (draft_.request.operation == PARLEY_OPERATION_EMBED) {
        auto& embed = make<parley_embed>(arena_);
        draft_.request.embed = &embed;
        embed.encoding = PARLEY_EMBED_FLOAT;
        embed_one(body, Path(""));
        embed.inputs = sdk::keep(arena_, inputs_);
        embed.input_count = inputs_.size();
        return draft_.finish();
    }
    read_members(body);
    const ToolConfig config = read_tool_config(tool_config_, draft_);
    read_tools(tools_, config.is_strict, draft_);
    const std::string rest = read_generation(generation_, draft_);
    const auto nested = [&](std::string_view name, const std::string& members) {
        if (members.empty()) return;
        if (!extras_.empty()) extras_ += ',';
        extras_ += '"' + std::string(name) + "\":{" + members + '}';
    };
    nested("generationConfig", rest);
    nested("toolConfig", config.rest);
    if (!extras_.empty()) draft_.extras("{" + extras_ + "}");
    read_contents(contents_, draft_);
    return draft_.finish();
}

void RequestReader::read_members(std::string_view json) {
    each_member(json, [&](const JsonString& key, JsonReader& r) { member(key, r); });
}

void RequestReader::member(const JsonString& key, JsonReader& r) {
    parley_request& request = draft_.request;
    if (key.raw == "contents") {
        contents_ = r.raw();
    } else if (is(key, "systemInstruction")) {
        system(r);
    } else if (key.raw == "tools") {
        tools_ = r.raw();
    } else if (is(key, "toolConfig")) {
        tool_config_ = r.raw();
    } else if (is(key, "generationConfig")) {
        generation_ = r.raw();
    } else if (is(key, "safetySettings")) {
        read_safety(r, draft_);
    } else if (is(key, "serviceTier")) {
        request.service_tier = read_tier(r);
    } else if (is(key, "cachedContent")) {
        // Part of the prompt is elsewhere: no other upstream can answer.
        std::string json = "{\"cachedContent\":";
        json += r.raw();
        request.prompt_template = arena_.copy(json + '}');
    } else if (is(key, "continuationToken")) {
        auto& previous = make<parley_previous>(arena_);
        previous.conversation = str(r.raw());
        request.previous = &previous;
    } else if (is(key, "generateContentRequest")) {
        read_members(r.raw());
    } else if (key.raw == "model") {
        r.skip();  // the path says it
    } else {
        unknown(key, r);
    }
}

void RequestReader::unknown(const JsonString& key, JsonReader& r) {
    keep_member(key, r, extras_);
}

// A Content, or its text alone.
void RequestReader::system(JsonReader& r) {
    const Path path("systemInstruction");
    const auto add = [&](parley_str text, const Path& where) {
        draft_.instruct(draft_.text_part(text, where.text()), PARLEY_ROLE_SYSTEM);
    };
    if (r.peek() == '"') {
        add(sdk::read_text(arena_, r), path);
        return;
    }
    each_member(r, [&](const JsonString& key, JsonReader& value) {
        if (key.raw != "parts") {
            value.skip();
            return;
        }
        std::size_t index = 0;
        each_element(value, [&](JsonReader& part) {
            const Path where = (path / "parts")[index++];
            if (part.peek() == '"') {
                add(sdk::read_text(arena_, part), where);
                return;
            }
            each_member(part, [&](const JsonString& member, JsonReader& text) {
                if (member.raw == "text") {
                    add(sdk::read_text(arena_, text), where / "text");
                } else {
                    text.skip();
                }
            });
        });
    });
}

// One request of embedContent, or many of them in batchEmbedContents.
void RequestReader::embed_one(std::string_view json, const Path& path) {
    auto& embed = const_cast<parley_embed&>(*draft_.request.embed);
    const auto member_path = [&](std::string_view name) {
        return path.text().empty() ? Path(name) : path / name;
    };
    std::size_t index = 0;
    each_member(json, [&](const JsonString& key, JsonReader& r) {
        if (key.raw == "requests") {
            each_element(r, [&](JsonReader& one) {
                embed_one(one.raw(), member_path("requests")[index++]);
            });
        } else if (key.raw == "content") {
            inputs_.push_back(embed_text(r.raw(), member_path("content")));
        } else if (is(key, "embedContentConfig")) {
            embed_config(r);
        } else if (is(key, "taskType")) {
            embed.task = sdk::read_text(arena_, r);
        } else if (key.raw == "title") {
            embed.title = sdk::read_text(arena_, r);
        } else if (is(key, "outputDimensionality")) {
            embed.dimensions = sdk::read_number(r);
        } else {
            r.skip();
        }
    });
}

void RequestReader::embed_config(JsonReader& r) {
    embed_one(r.raw(), Path("embedContentConfig"));
}

parley_str RequestReader::embed_text(std::string_view content, const Path& path) {
    std::string text;
    const auto part = [&](const JsonString& key, JsonReader& value, const Path& where) {
        if (key.raw == "text") {
            text += read_word(value).text();
        } else {
            throw Failure(PARLEY_E_UNSUPPORTED,
                          where.text() + ": only text can be embedded here",
                          where.text(),
                          "unsupported_value");
        }
    };
    std::size_t index = 0;
    each_member(content, [&](const JsonString& key, JsonReader& parts) {
        if (key.raw != "parts") {
            parts.skip();
            return;
        }
        each_element(parts, [&](JsonReader& one) {
            const Path where = (path / "parts")[index++];
            each_member(one, [&](const JsonString& k, JsonReader& v) { part(k, v, where); });
        });
    });
    return arena_.copy(text);
}

}  // namespace parley::gemini
