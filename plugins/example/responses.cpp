// responses.cpp: how a saying is written in openai-responses.
#include <array>

#include "provider.hpp"

namespace parley::example {

namespace {

constexpr std::string_view kEvent = "event: %\ndata: {\"type\":\"%\",\"sequence_number\":%,%}\n\n";

constexpr std::string_view kResponse =
    R"("response":{"id":"resp_%","object":"response","created_at":%,"status":"%","error":%,)"
    R"("incomplete_details":null,"model":%,"output":[%],"previous_response_id":null,)"
    R"("store":false,"access_programs":null%%})";

constexpr std::string_view kUsage =
    R"(,"usage":{"input_tokens":%,)"
    R"("input_tokens_details":{"cached_tokens":0,"cache_write_tokens":0},)"
    R"("output_tokens":%,"output_tokens_details":{"reasoning_tokens":%},"total_tokens":%})";

constexpr std::string_view kCall =
    R"({"id":"fc_%","type":"function_call","status":"%","call_id":"call_%","name":%,)"
    R"("arguments":%})";

// Items that are made of text: their shape, their part's shape, and what their events are called.
struct Kind {
    std::string_view item;
    std::string_view id_prefix;
    std::string_view part;
    std::string_view index;
    std::string_view more;  // in events that carry text
    std::string part_event;
    std::string text_event;
};

const Kind kReasoning{
    .item = R"({"id":"%","type":"reasoning","status":"%","summary":[%]})",
    .id_prefix = "rs",
    .part = R"({"type":"summary_text","text":%})",
    .index = "summary_index",
    .more = "",
    .part_event = "response.reasoning_summary_part",
    .text_event = "response.reasoning_summary_text",
};

const Kind kMessage{
    .item = R"({"id":"%","type":"message","status":"%","role":"assistant","content":[%]})",
    .id_prefix = "msg",
    .part = R"({"type":"output_text","text":%,"annotations":[],"logprobs":[]})",
    .index = "content_index",
    .more = ",\"logprobs\":[]",
    .part_event = "response.content_part",
    .text_event = "response.output_text",
};

// Fields that a response repeats from its request, and what stands there when it has none.
constexpr std::array<std::array<std::string_view, 2>, 11> kRepeated{{
    {"instructions", "null"},
    {"max_output_tokens", "null"},
    {"metadata", "{}"},
    {"parallel_tool_calls", "true"},
    {"reasoning", R"({"effort":null,"summary":null})"},
    {"temperature", "null"},
    {"text", R"({"format":{"type":"text"}})"},
    {"tool_choice", "\"auto\""},
    {"tools", "[]"},
    {"top_p", "null"},
    {"truncation", "\"disabled\""},
}};

// Writes the events, and keeps the items that are done.
class Writer {
public:
    explicit Writer(const Question& question, std::size_t events = 0)
        : question_(question), sequence_(events) {}

    std::vector<std::string> write(const Saying& saying) {
        const std::string begun = response("in_progress", "null", "");
        event("response.created", begun);
        event("response.in_progress", begun);
        if (!saying.reasoning.empty()) add_text(kReasoning, saying.reasoning);
        if (!saying.text.empty() || saying.calls.empty()) add_text(kMessage, saying.text);
        for (const Call& call : saying.calls) add_call(call);
        const uint64_t words = saying.words();
        const uint64_t reasoning = count_words(saying.reasoning);
        const uint64_t all = question_.words + words;
        const std::string usage = fill(kUsage, question_.words, words, reasoning, all);
        const std::string whole = response("completed", "null", usage);
        event("response.completed", whole);
        if (question_.stream) return std::move(events_);
        return {whole.substr(whole.find('{'))};
    }

    // In both spellings, flat and nested: SDKs read the first, the service writes the second.
    std::string write_error(const std::string& error) {
        const Object fields(error);
        const std::string code = quote(text_of(fields["code"]));
        const std::string flat = fill(R"("code":%,"message":%)", code, fields["message"]);
        event("error", fill(R"(%,"param":null,"error":%)", flat, error));
        event("response.failed", response("failed", fill("{%}", flat), ""));
        return events_[0] + events_[1];
    }

private:
    void event(const std::string& type, const std::string& members) {
        events_.push_back(fill(kEvent, type, type, sequence_++, members));
    }

    std::string response(std::string_view status,
                         std::string_view error,
                         std::string_view usage) const {
        std::string repeated;
        for (const auto& [key, otherwise] : kRepeated) {
            const std::string_view given = question_.fields[key];
            repeated += fill(",\"%\":%", key, given.empty() ? otherwise : given);
        }
        // The client may have laid its JSON out in lines; an event's data is one line.
        std::erase_if(repeated, [](char c) { return c == '\n' || c == '\r'; });
        const std::string model = quote(question_.model);
        return fill(
            kResponse, question_.id, kCreated, status, error, model, output_, repeated, usage);
    }

    void add_text(const Kind& kind, std::string_view text) {
        const std::string id = fill("%_%_%", kind.id_prefix, question_.id, items_);
        const std::string at =
            fill(R"("item_id":"%","output_index":%,"%":0,)", id, items_, kind.index);
        const std::string part = fill(kind.part, quote(text));
        begin_item(fill(kind.item, id, "in_progress", ""));
        event(kind.part_event + ".added", fill("%\"part\":%", at, fill(kind.part, "\"\"")));
        for (const auto word : split(text)) {
            event(kind.text_event + ".delta", fill("%\"delta\":%%", at, quote(word), kind.more));
        }
        event(kind.text_event + ".done", fill("%\"text\":%%", at, quote(text), kind.more));
        event(kind.part_event + ".done", fill("%\"part\":%", at, part));
        end_item(fill(kind.item, id, "completed", part));
    }

    void add_call(const Call& call) {
        const std::string type = "response.function_call_arguments";
        const std::string id = fill("%_%", question_.id, items_);
        const std::string at = fill(R"("item_id":"fc_%","output_index":%,)", id, items_);
        const std::string name = quote(call.tool);
        const std::string arguments = quote(call.arguments);
        begin_item(fill(kCall, id, "in_progress", id, name, "\"\""));
        for (const auto word : split(call.arguments)) {
            event(type + ".delta", fill("%\"delta\":%", at, quote(word)));
        }
        event(type + ".done", fill(R"(%"name":%,"arguments":%)", at, name, arguments));
        end_item(fill(kCall, id, "completed", id, name, arguments));
    }

    void begin_item(const std::string& item) {
        event("response.output_item.added", fill(R"("output_index":%,"item":%)", items_, item));
    }

    void end_item(const std::string& item) {
        event("response.output_item.done", fill(R"("output_index":%,"item":%)", items_, item));
        if (items_++ > 0) output_ += ',';
        output_ += item;
    }

    const Question& question_;
    std::size_t sequence_;
    std::size_t items_ = 0;
    std::string output_;
    std::vector<std::string> events_;
};

std::vector<std::string> write(const Question& question, const Saying& saying) {
    return Writer(question).write(saying);
}

std::string write_error(const Question& question, std::size_t events, const std::string& error) {
    return Writer(question, events).write_error(error);
}

}  // namespace

const Wire kResponses{"/v1/responses", write, write_error};

}  // namespace parley::example
