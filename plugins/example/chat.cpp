// chat.cpp: how a saying is written in openai-chat.
#include "provider.hpp"

namespace parley::example {

namespace {

constexpr std::string_view kHead = R"("id":"chatcmpl-%","object":"%","created":%,"model":%)";

constexpr std::string_view kWhole =
    R"({%,"choices":[{"index":0,"message":{"role":"assistant","content":%,"refusal":null%},)"
    R"("logprobs":null,"finish_reason":%}],"usage":%})";

constexpr std::string_view kChunk = "data: {%,\"choices\":[%]%}\n\n";

constexpr std::string_view kChoice = R"({"index":0,"delta":{%},"logprobs":null,"finish_reason":%})";

constexpr std::string_view kCall =
    R"({%"id":"call_%_%","type":"function","function":{"name":%,"arguments":%}})";

constexpr std::string_view kUsage = R"({"prompt_tokens":%,"completion_tokens":%,"total_tokens":%,)"
                                    R"("prompt_tokens_details":{"cached_tokens":0},)"
                                    R"("completion_tokens_details":{"reasoning_tokens":%}})";

std::string head_of(const Question& question, std::string_view object) {
    return fill(kHead, question.id, object, kCreated, quote(question.model));
}

std::string usage_of(const Question& question, const Saying& saying) {
    const uint64_t words = saying.words();
    const uint64_t all = question.words + words;
    return fill(kUsage, question.words, words, all, count_words(saying.reasoning));
}

std::string finish_of(const Saying& saying) {
    return saying.calls.empty() ? "\"stop\"" : "\"tool_calls\"";
}

std::string write_whole(const Question& question, const Saying& saying) {
    std::string more;
    if (!saying.reasoning.empty()) more = ",\"reasoning_content\":" + quote(saying.reasoning);
    for (std::size_t i = 0; i < saying.calls.size(); ++i) {
        const auto& [tool, arguments] = saying.calls[i];
        more += i == 0 ? ",\"tool_calls\":[" : ",";
        more += fill(kCall, "", question.id, i, quote(tool), quote(arguments));
    }
    if (!saying.calls.empty()) more += ']';
    const bool silent = saying.text.empty() && !saying.calls.empty();
    const std::string content = silent ? "null" : quote(saying.text);
    const std::string head = head_of(question, "chat.completion");
    return fill(kWhole, head, content, more, finish_of(saying), usage_of(question, saying));
}

std::vector<std::string> write_stream(const Question& question, const Saying& saying) {
    const bool with_usage = Object(question.fields["stream_options"])["include_usage"] == "true";
    const std::string head = head_of(question, "chat.completion.chunk");
    std::vector<std::string> events;
    const auto delta = [&](const std::string& members, const std::string& finish = "null") {
        const std::string choice = fill(kChoice, members, finish);
        events.push_back(fill(kChunk, head, choice, with_usage ? ",\"usage\":null" : ""));
    };
    delta(R"("role":"assistant","content":"","refusal":null)");
    for (const auto word : split(saying.reasoning)) delta("\"reasoning_content\":" + quote(word));
    for (const auto word : split(saying.text)) delta("\"content\":" + quote(word));
    for (std::size_t i = 0; i < saying.calls.size(); ++i) {
        const auto& [tool, arguments] = saying.calls[i];
        const std::string index = fill("\"index\":%,", i);
        const std::string call = fill(kCall, index, question.id, i, quote(tool), "\"\"");
        delta(fill("\"tool_calls\":[%]", call));
        for (const auto word : split(arguments)) {
            delta(fill(R"("tool_calls":[{%"function":{"arguments":%}}])", index, quote(word)));
        }
    }
    delta("", finish_of(saying));
    const std::string usage = ",\"usage\":" + usage_of(question, saying);
    if (with_usage) events.push_back(fill(kChunk, head, "", usage));
    events.emplace_back("data: [DONE]\n\n");
    return events;
}

std::vector<std::string> write(const Question& question, const Saying& saying) {
    if (question.stream) return write_stream(question, saying);
    return {write_whole(question, saying)};
}

std::string write_error(const Question&, std::size_t, const std::string& error) {
    return fill("data: {\"error\":%}\n\n", error);
}

}  // namespace

const Wire kChat{"/v1/chat/completions", write, write_error};

}  // namespace parley::example
