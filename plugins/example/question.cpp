#include <algorithm>

#include "parley/sdk/json.hpp"
#include "provider.hpp"

namespace parley::example {

using sdk::Failure;

namespace {

std::string_view checked(std::string_view body) {
    sdk::JsonReader r(body);
    const bool is_object = r.peek() == '{';
    if (is_object && r.skip() && r.at_end()) return body;
    throw Failure(PARLEY_E_INVALID_ARGUMENT,
                  is_object ? fill("body: malformed JSON at byte %", r.at())
                            : "body: a JSON object was expected");
}

// A message's text: its content as a string, or the texts among its parts.
std::string read_text(std::string_view content) {
    std::string all = text_of(content);
    for (const std::string_view part : list_of(content)) {
        const std::string text = text_of(Object(part)["text"]);
        if (!all.empty() && !text.empty()) all += '\n';
        all += text;
    }
    return all;
}

}  // namespace

Question::Question(std::string_view asked_model, std::string_view body)
    : fields(checked(body)), model(asked_model), stream(fields["stream"] == "true") {
    if (count_of(fields["n"]).value_or(1) != 1) {
        throw Failure(PARLEY_E_UNSUPPORTED, "n: 1 was expected", "n", "unsupported_value");
    }
    if (!fields["previous_response_id"].empty()) {
        throw Failure(PARLEY_E_UNSUPPORTED,
                      "previous_response_id: nothing is stored here",
                      "previous_response_id",
                      "unsupported_parameter");
    }
    const std::string_view input = fields["input"];  // Responses and embeddings
    const std::string_view talk = input.empty() ? fields["messages"] : input;
    id = std::to_string(hash(talk));
    words = count_words(read_text(fields["instructions"]));
    if (talk.starts_with('"')) read_message(talk);
    for (const std::string_view message : list_of(talk)) read_message(message);
    if (text_of(fields["tool_choice"]) != "none") read_tools();
}

void Question::read_message(std::string_view json) {
    const Object message(json);
    const bool bare = json.starts_with('"');
    const std::string role = bare ? "user" : text_of(message["role"]);
    const bool is_result = role == "tool" || text_of(message["type"]).ends_with("_output");
    const std::string_view output = message["output"];
    const std::string_view content = bare ? json : output.empty() ? message["content"] : output;
    const std::string said = read_text(content);
    words += count_words(said);
    tool_result = is_result ? std::optional(said) : std::nullopt;
    if (role != "user") return;
    text = said;
    images = files = 0;
    for (const std::string_view part : list_of(content)) {
        const std::string type = text_of(Object(part)["type"]);
        if (type.find("image") != type.npos) ++images;
        if (type.find("file") != type.npos || type.find("audio") != type.npos) ++files;
    }
}

// Both spellings: {"type":"function","function":{"name":…}} and {"type":"function","name":…}.
void Question::read_tools() {
    const auto named = [](std::string_view json) {
        const std::string_view inner = Object(json)["function"];
        return Object(inner.empty() ? json : inner);
    };
    for (const std::string_view json : list_of(fields["tools"])) {
        if (text_of(Object(json)["type"]) != "function") continue;
        const Object tool = named(json);
        tools.push_back({text_of(tool["name"]), tool["parameters"]});
    }
    const std::string wanted = text_of(named(fields["tool_choice"])["name"]);
    std::stable_partition(
        tools.begin(), tools.end(), [&](const Tool& tool) { return tool.name == wanted; });
}

// FNV-1a.
uint64_t hash(std::string_view text) {
    uint64_t value = 0xcbf29ce484222325;
    for (const char c : text) value = (value ^ static_cast<unsigned char>(c)) * 0x100000001b3;
    return value;
}

}  // namespace parley::example
