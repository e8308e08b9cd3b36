#include "responses_object.hpp"

#include <array>

#include "errors.hpp"
#include "parley/sdk/json.hpp"
#include "parley/sdk/plugin.hpp"
#include "reply_out.hpp"
#include "usage.hpp"

namespace parley::openai {

using sdk::JsonReader;
using sdk::JsonString;
using sdk::JsonWriter;
using sdk::view;

namespace {

struct Echo {
    std::string_view name;
    std::string_view otherwise;
};

// Said back as the client wrote it, or as the API says it when the client did not.
constexpr std::array kBefore{
    Echo{"instructions", "null"},
    Echo{"metadata", "{}"},
};

constexpr std::array kBehind{
    Echo{"parallel_tool_calls", "true"},
    Echo{"temperature", "null"},
    Echo{"tool_choice", "\"auto\""},
    Echo{"tools", "[]"},
    Echo{"top_p", "null"},
    Echo{"max_output_tokens", "null"},
    Echo{"previous_response_id", "null"},
    Echo{"reasoning", "{\"effort\":null,\"summary\":null}"},
    Echo{"store", "false"},
    Echo{"text", "{\"format\":{\"type\":\"text\"}}"},
    Echo{"truncation", "\"disabled\""},
};

// A member of the client's own body, raw; empty when it is not there.
std::string_view asked(const parley_request& request, std::string_view name) {
    if (view(request.dialect) != "openai-responses" || request.raw.len == 0) return {};
    JsonReader r(view(request.raw));
    JsonString key;
    if (r.peek() != '{' || !r.enter_object()) return {};
    while (r.next_key(key)) {
        const std::string_view value = r.raw();
        if (key.equals(name)) return value == "null" ? std::string_view() : value;
    }
    return {};
}

template <class Echoes>
void write_echoes(JsonWriter& w, const parley_request& request, const Echoes& echoes) {
    for (const Echo& echo : echoes) {
        const std::string_view value = asked(request, echo.name);
        std::string on_one_line;
        append_json(on_one_line, value.empty() ? echo.otherwise : value);
        w.key(echo.name).raw(on_one_line);
    }
}

}  // namespace

void write_failure_code(std::string& out, const parley_error& error) {
    const std::string_view code = error_code(error);
    JsonWriter w(out);
    w.key("code");
    code.empty() ? w.null() : w.string(code);
    w.key("message").string(last_message(error));
}

ResponseObject::ResponseObject(const parley_request& request, std::string_view model)
    : request_(request), model_(model) {}

void ResponseObject::start(const parley_event& event) {
    id_ = reply_id("resp_", view(event.text), request_);
    JsonWriter head(head_);
    head.begin_object().key("id").string(id_).key("object").string("response");
    head.key("created_at").number(static_cast<int64_t>(event.a));
    JsonWriter middle(middle_);
    write_echoes(middle, request_, kBefore);
    middle.key("model").string(model_).key("output");
    JsonWriter tail(tail_);
    write_echoes(tail, request_, kBehind);
    const std::string_view tier = extra_member(event, "service_tier");
    if (!tier.empty()) tail.key("service_tier").raw(tier);
}

void ResponseObject::write(std::string& out, const ResponseState& state) const {
    out += head_;
    ((out += ",\"status\":\"") += state.status) += "\",\"error\":";
    if (state.error != nullptr) {
        out += '{';
        write_failure_code(out, *state.error);
        out += '}';
    } else {
        out += "null";
    }
    out += ",\"incomplete_details\":";
    if (state.incomplete_reason.empty()) {
        out += "null";
    } else {
        ((out += "{\"reason\":\"") += state.incomplete_reason) += "\"}";
    }
    ((out += ',') += middle_) += '[';
    ((out += state.output) += "],") += tail_;
    if (state.usage != nullptr) {
        out += ",\"usage\":";
        JsonWriter w(out);
        write_responses_usage(w, *state.usage);
    }
    out += '}';
}

std::string ResponseObject::item_id(std::string_view prefix, std::size_t index) const {
    constexpr std::string_view kPrefix = "resp_";
    std::string id(prefix);
    id += std::string_view(id_).substr(kPrefix.size());
    return id + '_' + std::to_string(index);
}

}  // namespace parley::openai
