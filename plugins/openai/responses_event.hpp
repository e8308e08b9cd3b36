// responses_event.hpp: what an event of a Responses stream, and the things in it, say.
#pragma once

#include <string_view>

#include "parley/sdk/json.hpp"

namespace parley::openai {

// Views into the event's data; raw JSON where no type tells otherwise. Empty: absent or null.
struct ResponseEvent {
    std::string_view type;
    uint64_t output_index = 0;
    uint64_t content_index = 0;
    uint64_t summary_index = 0;
    sdk::JsonString delta;
    sdk::JsonString text;  // of a done event: "text", "refusal", "arguments" or "input"
    std::string_view logprobs;
    std::string_view annotation;
    std::string_view part;
    std::string_view item;
    std::string_view response;
    bool sound = false;
};

ResponseEvent read_response_event(std::string_view json);

struct ResponseItem {
    sdk::JsonString type;
    sdk::JsonString id;
    sdk::JsonString status;
    sdk::JsonString call_id;
    sdk::JsonString name;
    sdk::JsonString name_space;
    sdk::JsonString input;  // "arguments" or "input"
    sdk::JsonString encrypted;
    sdk::JsonString result;
    std::string_view phase;
    std::string_view content;
    std::string_view summary;
    std::string_view raw;
};

ResponseItem read_response_item(std::string_view json);

// A part of a message or of reasoning.
struct ResponsePart {
    sdk::JsonString type;
    sdk::JsonString text;  // "text" or "refusal"
    std::string_view annotations;
    std::string_view logprobs;
};

ResponsePart read_response_part(std::string_view json);

struct ResponseTop {
    sdk::JsonString id;
    sdk::JsonString model;
    sdk::JsonString status;
    sdk::JsonString service_tier;
    sdk::JsonString incomplete_reason;
    uint64_t created_s = 0;
    std::string_view output;
    std::string_view usage;
    std::string_view error;
    bool sound = false;
};

ResponseTop read_response(std::string_view json);

struct ResponseAnnotation {
    sdk::JsonString url;
    sdk::JsonString title;
    uint64_t start = 0;
    uint64_t end = 0;
};

ResponseAnnotation read_annotation(std::string_view json);

}  // namespace parley::openai
