#include "responses_event.hpp"

#include <span>

#include "chat_chunk.hpp"

namespace parley::openai {

using sdk::JsonReader;
using sdk::JsonString;

namespace {

// Where a member goes by its name; one of the pointers is set.
struct Place {
    std::string_view name;
    JsonString* text = nullptr;
    std::string_view* raw = nullptr;
    uint64_t* number = nullptr;
};

// Reads an object into its places; true when it is sound and nothing follows.
bool read_places(std::string_view json, std::span<const Place> places) {
    JsonReader r(json);
    JsonString key;
    if (r.peek() != '{' || !r.enter_object()) return false;
    while (r.next_key(key)) {
        const Place* found = nullptr;
        for (const Place& place : places) {
            if (place.name == key.raw) found = &place;
        }
        if (found == nullptr) {
            r.skip();
        } else if (found->text != nullptr) {
            read_string(r, *found->text);
        } else if (found->number != nullptr) {
            r.read_count(*found->number);
        } else {
            *found->raw = read_raw(r);
        }
    }
    return !r.failed() && r.at_end();
}

}  // namespace

ResponseEvent read_response_event(std::string_view json) {
    ResponseEvent e;
    JsonString type;
    const Place places[] = {
        {.name = "type", .text = &type},
        {.name = "output_index", .number = &e.output_index},
        {.name = "content_index", .number = &e.content_index},
        {.name = "summary_index", .number = &e.summary_index},
        {.name = "delta", .text = &e.delta},
        {.name = "text", .text = &e.text},
        {.name = "refusal", .text = &e.text},
        {.name = "arguments", .text = &e.text},
        {.name = "input", .text = &e.text},
        {.name = "logprobs", .raw = &e.logprobs},
        {.name = "annotation", .raw = &e.annotation},
        {.name = "part", .raw = &e.part},
        {.name = "item", .raw = &e.item},
        {.name = "response", .raw = &e.response},
    };
    e.sound = read_places(json, places);
    e.type = type.raw;
    return e;
}

ResponseItem read_response_item(std::string_view json) {
    ResponseItem i;
    const Place places[] = {
        {.name = "type", .text = &i.type},
        {.name = "id", .text = &i.id},
        {.name = "status", .text = &i.status},
        {.name = "call_id", .text = &i.call_id},
        {.name = "name", .text = &i.name},
        {.name = "namespace", .text = &i.name_space},
        {.name = "arguments", .text = &i.input},
        {.name = "input", .text = &i.input},
        {.name = "encrypted_content", .text = &i.encrypted},
        {.name = "result", .text = &i.result},
        {.name = "phase", .raw = &i.phase},
        {.name = "content", .raw = &i.content},
        {.name = "summary", .raw = &i.summary},
    };
    read_places(json, places);
    i.raw = json;
    return i;
}

ResponsePart read_response_part(std::string_view json) {
    ResponsePart p;
    const Place places[] = {
        {.name = "type", .text = &p.type},
        {.name = "text", .text = &p.text},
        {.name = "refusal", .text = &p.text},
        {.name = "annotations", .raw = &p.annotations},
        {.name = "logprobs", .raw = &p.logprobs},
    };
    read_places(json, places);
    return p;
}

ResponseTop read_response(std::string_view json) {
    ResponseTop t;
    std::string_view details;
    const Place places[] = {
        {.name = "id", .text = &t.id},
        {.name = "model", .text = &t.model},
        {.name = "status", .text = &t.status},
        {.name = "service_tier", .text = &t.service_tier},
        {.name = "created_at", .number = &t.created_s},
        {.name = "incomplete_details", .raw = &details},
        {.name = "output", .raw = &t.output},
        {.name = "usage", .raw = &t.usage},
        {.name = "error", .raw = &t.error},
    };
    t.sound = read_places(json, places);
    const Place inner[] = {{.name = "reason", .text = &t.incomplete_reason}};
    read_places(details, inner);
    return t;
}

ResponseAnnotation read_annotation(std::string_view json) {
    ResponseAnnotation a;
    const Place places[] = {
        {.name = "url", .text = &a.url},
        {.name = "title", .text = &a.title},
        {.name = "start_index", .number = &a.start},
        {.name = "end_index", .number = &a.end},
    };
    read_places(json, places);
    return a;
}

}  // namespace parley::openai
