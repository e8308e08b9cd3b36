#include <algorithm>
#include <set>

#include "parley/sdk/json.hpp"
#include "provider.hpp"

namespace parley::example {

namespace {

constexpr std::string_view kSpace = " \n\t\r";
constexpr std::size_t kPiecesMax = 2000;  // what is left of a longer text comes at once

// The smallest value that fits a JSON Schema, near enough to call a tool with.
std::string sample(std::string_view json) {
    const Object schema(json);
    for (const char* key : {"enum", "anyOf", "oneOf"}) {
        const auto choices = list_of(schema[key]);
        if (!choices.empty()) return *key == 'e' ? std::string(choices[0]) : sample(choices[0]);
    }
    const auto types = list_of(schema["type"]);
    const std::string type = text_of(types.empty() ? schema["type"] : types[0]);
    if (type == "array") return "[]";
    if (type == "boolean") return "true";
    if (type == "integer" || type == "number") return "1";
    if (type != "object") return "\"example\"";
    const Object properties(schema["properties"]);
    std::set<std::string> names;
    for (const std::string_view name : list_of(schema["required"])) names.insert(text_of(name));
    std::string members;
    for (const std::string& name : names) {
        if (!members.empty()) members += ", ";
        members += fill("%: %", quote(name), sample(properties[name]));
    }
    return fill("{%}", members);
}

Call make_call(const Tool& tool) {
    const bool has_schema = text_of(Object(tool.parameters)["type"]) == "object";
    return {tool.name, has_schema ? sample(tool.parameters) : "{}"};
}

std::string count_things(uint64_t number, std::string_view thing) {
    return number == 0 ? "" : fill(" I see % %%.", number, thing, number == 1 ? "" : "s");
}

// The first word, and what stands behind the space after it.
std::pair<std::string, std::string> first_word(const std::string& line) {
    const std::size_t space = line.find(' ');
    if (space == line.npos) return {line, {}};
    return {line.substr(0, space), line.substr(space + 1)};
}

// What every model says that has nothing else to do.
std::string introduce(const Question& question) {
    return fill(
        "You said: \"%\".%%"
        " I am the example provider of Parley, a proxy between AI clients and AI providers."
        " I think nothing and need no network, so my answers are always the same."
        " Ask example-tool to call a tool, or example-429 to fail.",
        question.text,
        count_things(question.images, "image"),
        count_things(question.files, "file"));
}

}  // namespace

uint64_t Saying::words() const {
    uint64_t all = count_words(reasoning) + count_words(text);
    for (const Call& call : calls) all += count_words(call.arguments);
    return all;
}

uint64_t count_words(std::string_view text) {
    uint64_t words = 0;
    std::size_t at = text.find_first_not_of(kSpace);
    for (; at != text.npos; ++words) {
        at = text.find_first_not_of(kSpace, text.find_first_of(kSpace, at));
    }
    return words;
}

std::vector<std::string_view> split(std::string_view text) {
    std::vector<std::string_view> pieces;
    while (!text.empty()) {
        const std::size_t word = std::min(text.find_first_not_of(kSpace), text.size());
        const bool last = pieces.size() + 1 == kPiecesMax;
        pieces.push_back(text.substr(0, last ? text.npos : text.find_first_of(kSpace, word)));
        text.remove_prefix(pieces.back().size());
    }
    return pieces;
}

Script::Script(std::istream& in, const std::string& name) {
    std::string line;
    for (uint64_t number = 1; std::getline(in, line); ++number) {
        if (line.ends_with('\r')) line.pop_back();
        if (line.empty() || line.starts_with('#')) continue;
        const auto [verb, rest] = first_word(line);
        const std::string fault = add(verb, rest);
        if (fault.empty()) continue;
        throw sdk::Failure(PARLEY_E_CONFIG, fill("script: %:%: %", name, number, fault));
    }
}

std::string Script::add(const std::string& verb, const std::string& rest) {
    if (verb == "when") {
        blocks_.push_back({rest, {}});
    } else if (verb != "say" && verb != "call") {
        return verb + ": when, say or call was expected";
    } else if (blocks_.empty()) {
        return verb + ": a line with when was expected before it";
    } else if (verb == "say") {
        std::string& text = blocks_.back().saying.text;
        text += (text.empty() ? "" : "\n") + rest;
    } else {
        const auto [tool, arguments] = first_word(rest);
        sdk::JsonReader r(arguments);
        const bool is_object = r.peek() == '{' && r.skip() && r.at_end();
        if (!is_object) return "call: a tool and a JSON object were expected";
        blocks_.back().saying.calls.push_back({tool, arguments});
    }
    return {};
}

Saying Script::answer(const Question& question) const {
    Saying saying;
    if (question.model == "example-echo") {
        saying.text = question.text;
    } else if (question.tool_result) {
        saying.text = fill("The tool said: \"%\".", *question.tool_result);
    } else if (question.model == "example-tool" && !question.tools.empty()) {
        saying.calls = {make_call(question.tools[0])};
    } else {
        const auto block = std::find_if(blocks_.begin(), blocks_.end(), [&](const Block& each) {
            return question.text.find(each.when) != std::string::npos;
        });
        if (block != blocks_.end()) saying = block->saying;
        if (block == blocks_.end()) saying.text = introduce(question);
    }
    if (question.model == "example-reasoning") {
        const uint64_t words = count_words(question.text);
        saying.reasoning = fill("The user wrote % words. I shall answer.", words);
    }
    return saying;
}

}  // namespace parley::example
