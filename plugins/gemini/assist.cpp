#include "assist.hpp"

#include <array>

#include "parley/sdk/oauth.hpp"
#include "wire.hpp"

namespace parley::gemini {

using sdk::Failure;
using sdk::JsonReader;
using sdk::JsonString;
using sdk::str;
using sdk::view;

namespace {

constexpr std::string_view kResponse = "response";
constexpr std::string_view kTrace = "traceId";

std::string_view method_of(std::string_view path) {
    return path.substr(std::min(path.rfind(':'), path.size() - 1) + 1);
}

std::string head_of(const parley_plan_ask& ask, std::string_view project) {
    std::string json;
    sdk::JsonWriter w(json);
    w.begin_object();
    if (ask.operation != PARLEY_OPERATION_COUNT_TOKENS) {
        w.key("model").string(view(ask.model));
        if (!project.empty()) w.key("project").string(project);
    }
    w.key("request");
    return json;
}

}  // namespace

AssistAccount assist_account(std::string_view attributes) {
    AssistAccount account;
    each_member(attributes, [&](const JsonString& key, JsonReader& value) {
        if (key.raw == kPlaceAttribute) {
            account.is_one = read_word(value).raw == kAssistPlace;
        } else if (key.raw == "project_id") {
            account.project = read_word(value).text();
        } else {
            value.skip();
        }
    });
    return account;
}

std::string assist_path(const parley_plan_ask& ask) {
    constexpr std::array<std::string_view, 3> kServed{
        "generateContent", "streamGenerateContent", "countTokens"};
    const std::string_view path = view(ask.path);
    const std::string_view method = method_of(path);
    const bool is_served = std::find(kServed.begin(), kServed.end(), method) != kServed.end();
    if (!is_served || path.find("/models/") == path.npos) {
        throw Failure(PARLEY_E_UNSUPPORTED,
                      "an account that logged in answers and counts; for anything else use a key");
    }
    check_count(ask, "Code Assist");
    return "/v1internal:" + std::string(method);
}

void wrap(const parley_plan_ask& ask,
          std::string_view project,
          std::string_view body,
          sdk::Arena& arena,
          parley_amendment& out) {
    auto* edits = arena.array<parley_edit>(2);
    edits[0] = {0, 0, arena.copy(head_of(ask, project))};
    edits[1] = {body.size(), 0, str("}")};
    out.edits = edits;
    out.edit_count = 2;
}

std::string_view unwrapped(std::string_view json) {
    if (wrapping_of(json) != Wrapping::envelope) return json;
    std::string_view inside = json;
    const bool is_whole = sdk::each_member_of(json, [&](const auto& key, JsonReader& value) {
        const std::string_view raw = value.raw();
        if (key.raw == kResponse && raw.starts_with('{')) inside = raw;
    });
    return is_whole ? inside : json;
}

// Neither name stands in a reply of the dialect.
Wrapping wrapping_of(std::string_view beginning) {
    constexpr std::string_view kSpace = " \t\r\n";
    std::size_t at = beginning.find_first_not_of(kSpace);
    if (at == beginning.npos) return Wrapping::unknown;
    if (beginning[at] != '{') return Wrapping::none;
    at = beginning.find_first_not_of(kSpace, at + 1);
    if (at == beginning.npos) return Wrapping::unknown;
    if (beginning[at] != '"') return Wrapping::none;
    const std::string_view rest = beginning.substr(at + 1);
    for (const std::string_view name : {kResponse, kTrace}) {
        if (rest.size() <= name.size() && name.starts_with(rest)) return Wrapping::unknown;
        if (rest.starts_with(name) && rest[name.size()] == '"') return Wrapping::envelope;
    }
    return Wrapping::none;
}

// Requests that cross come wrapped up as the Gemini API wants them, and so may those of its
// clients.
void check_count(const parley_plan_ask& ask, std::string_view place) {
    if (ask.operation != PARLEY_OPERATION_COUNT_TOKENS) return;
    const bool crosses = !view(ask.client->path).ends_with(":countTokens");
    const bool wraps = view(ask.client->body).find("generateContentRequest") != std::string::npos;
    if (!crosses && !wraps) return;
    throw Failure(
        PARLEY_E_UNSUPPORTED,
        "generateContentRequest: " + std::string(place) + " counts what stands outside of it");
}

}  // namespace parley::gemini
