// wire_requests.cpp: what each upstream refuses in a request: pairs, order, ids, names.
#include <algorithm>
#include <set>
#include <stdexcept>

#include "wire.hpp"

namespace parley::codec {

namespace json = boost::json;

namespace {

struct Wrong : std::runtime_error {
    using runtime_error::runtime_error;
};

void demand(bool holds, const std::string& otherwise) {
    if (!holds) throw Wrong(otherwise);
}

const json::array& list_at(const json::object& o, const char* key) {
    static const json::array kNone;
    const auto* value = o.if_contains(key);
    return value != nullptr && value->is_array() ? value->as_array() : kNone;
}

bool is_made_of(std::string_view text, std::string_view more) {
    return std::all_of(text.begin(), text.end(), [&](char c) {
        const bool usual =
            (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
        return usual || more.find(c) != more.npos;
    });
}

void demand_name(const std::string& name) {
    demand(!name.empty() && name.size() <= 64 && is_made_of(name, "_-"), "a bad name: " + name);
}

// Calls that wait for their results.
class Calls {
public:
    void called(const std::string& id) {
        const bool legal =
            std::all_of(id.begin(), id.end(), [](char c) { return c > ' ' && c < '\x7f'; });
        demand(!id.empty() && id.size() <= 64 && legal, "a bad id: " + id);
        demand(seen_.insert(id).second, "an id twice: " + id);
        open_.insert(id);
    }

    void answered(const std::string& id) {
        demand(open_.erase(id) == 1, "a result without its call: " + id);
    }

    void demand_none(const char* before) const {
        demand(open_.empty(), std::string("a call without its result before ") + before);
    }

private:
    std::set<std::string> seen_;
    std::set<std::string> open_;
};

// ---- chat ----

std::string chat_tool_name(const json::object& tool) {
    const std::string type = text_at(tool, "type");
    demand(type == "function" || type == "custom", "a tool of type " + type);
    return text_at(tool.at(type).as_object(), "name");
}

void check_chat_content(const json::object& m, bool may_be_null) {
    const json::value& content = m.at("content");
    if (content.is_null()) {
        demand(may_be_null, "content is null");
        return;
    }
    if (content.is_string()) return;
    demand(!content.as_array().empty(), "content is empty");
    static const std::set<std::string> kTypes{
        "text", "image_url", "input_audio", "file", "refusal"};
    for (const auto& part : content.as_array()) {
        demand(kTypes.contains(text_at(part.as_object(), "type")), "a part of another type");
    }
}

void check_chat_messages(const json::array& messages) {
    demand(!messages.empty(), "no messages");
    Calls calls;
    for (const auto& value : messages) {
        const json::object& m = value.as_object();
        const std::string role = text_at(m, "role");
        if (role == "tool") {
            calls.answered(text_at(m, "tool_call_id"));
            check_chat_content(m, false);
            continue;
        }
        calls.demand_none(role.c_str());
        demand(role == "user" || role == "assistant" || role == "system" || role == "developer",
               "another role: " + role);
        const json::array& made = list_at(m, "tool_calls");
        check_chat_content(m, !made.empty() || m.contains("refusal"));
        for (const auto& call : made) {
            demand_name(chat_tool_name(call.as_object()));
            calls.called(text_at(call.as_object(), "id"));
        }
    }
}

void check_chat(const json::object& body) {
    check_chat_messages(body.at("messages").as_array());
    std::set<std::string> names;
    for (const auto& tool : list_at(body, "tools")) {
        const std::string name = chat_tool_name(tool.as_object());
        demand_name(name);
        demand(names.insert(name).second, "a tool twice: " + name);
    }
    demand(!body.contains("tools") || !names.empty(), "an empty list of tools");
    demand(!body.contains("tool_choice") || !names.empty(), "a choice without tools");
    demand(list_at(body, "stop").size() <= 4, "too many stops");
}

// ---- responses ----

void check_response_content(const json::object& item) {
    const bool assistant = text_at(item, "role") == "assistant";
    const json::array& content = item.at("content").as_array();
    demand(!content.empty(), "an empty message");
    for (const auto& part : content) {
        const std::string type = text_at(part.as_object(), "type");
        const bool said = type == "output_text" || type == "refusal";
        demand(assistant ? said : type.starts_with("input_"), type + " in another's message");
    }
}

void check_responses(const json::object& body) {
    Calls calls;
    std::string last;
    const json::array& input = body.at("input").as_array();
    demand(!input.empty() || body.contains("previous_response_id") || body.contains("prompt"),
           "no input");
    for (const auto& value : input) {
        const json::object& item = value.as_object();
        const std::string type = text_at(item, "type");
        const bool result = type.ends_with("_call_output");
        if (type == "function_call" || type == "custom_tool_call") {
            demand_name(text_at(item, "name"));
            calls.called(text_at(item, "call_id"));
        } else if (result) {
            calls.answered(text_at(item, "call_id"));
        } else if (type == "message") {
            check_response_content(item);
            const bool user = text_at(item, "role") == "user";
            if (user) calls.demand_none("a message of the user");
            demand(!user || last != "reasoning", "reasoning that leads nowhere");
        }
        last = type;
    }
    demand(last != "reasoning", "reasoning that leads nowhere");
    std::set<std::string> names;
    for (const auto& tool : list_at(body, "tools")) {
        if (text_at(tool.as_object(), "type") != "function") continue;
        demand_name(text_at(tool.as_object(), "name"));
        demand(names.insert(text_at(tool.as_object(), "name")).second, "a tool twice");
    }
    demand(!body.contains("tool_choice") || !list_at(body, "tools").empty(),
           "a choice without tools");
    for (const char* key : {"stop", "seed", "n", "presence_penalty", "logit_bias", "top_k"}) {
        demand(!body.contains(key), std::string("an unknown member: ") + key);
    }
}

// ---- messages ----

class MessagesRequest {
public:
    explicit MessagesRequest(const json::object& body) : body_(body) {}

    void check() {
        for (const auto& block : list_at(body_, "system")) {
            demand(!text_at(block.as_object(), "text").empty(), "an empty system text");
            count_mark(block.as_object());
        }
        turns();
        tools();
        asks();
        demand(marks_ <= 4, "too many cache marks");
    }

private:
    void count_mark(const json::object& o) { marks_ += o.contains("cache_control") ? 1 : 0; }

    void turns() {
        const json::array& turns = body_.at("messages").as_array();
        demand(!turns.empty(), "no messages");
        std::string last;
        std::vector<std::string> open;
        for (const auto& value : turns) {
            const json::object& turn = value.as_object();
            const std::string role = text_at(turn, "role");
            if (role == "system") {  // only where the client or the model knows it
                last = role;
                continue;
            }
            demand(last.empty() ? role == "user" : role != last, "turns do not alternate");
            last = role;
            const json::array& content = turn.at("content").as_array();
            demand(!content.empty(), "an empty turn");
            if (role == "user") results_first(content, open);
            open = role == "assistant" ? made_calls(content) : std::vector<std::string>();
        }
    }

    static void results_first(const json::array& content, const std::vector<std::string>& open) {
        std::vector<std::string> answered;
        bool text_came = false;
        for (const auto& block : content) {
            const bool result = text_at(block.as_object(), "type") == "tool_result";
            demand(!result || !text_came, "a result behind text");
            text_came = text_came || !result;
            if (result) answered.push_back(text_at(block.as_object(), "tool_use_id"));
        }
        demand(answered == open, "results that do not fit their calls");
    }

    std::vector<std::string> made_calls(const json::array& content) {
        std::vector<std::string> ids;
        for (const auto& value : content) {
            const json::object& block = value.as_object();
            const std::string type = text_at(block, "type");
            demand(type != "text" || !text_at(block, "text").empty(), "an empty text");
            count_mark(block);
            if (type != "tool_use") continue;
            demand_name(text_at(block, "name"));
            demand(block.at("input").is_object(), "input that is no object");
            ids.push_back(text_at(block, "id"));
            demand(!ids.back().empty() && is_made_of(ids.back(), "_-"), "a bad id: " + ids.back());
            demand(seen_.insert(ids.back()).second, "an id twice: " + ids.back());
        }
        return ids;
    }

    void tools() {
        std::set<std::string> names;
        for (const auto& value : list_at(body_, "tools")) {
            const json::object& tool = value.as_object();
            count_mark(tool);
            const std::string name = text_at(tool, "name");
            demand(name.empty() || names.insert(name).second, "a tool twice: " + name);
            if (!text_at(tool, "type").empty() && text_at(tool, "type") != "custom") continue;
            demand_name(name);
            const json::object& schema = tool.at("input_schema").as_object();
            demand(text_at(schema, "type") == "object", "a schema that is no object's");
        }
        const bool has_tools = !list_at(body_, "tools").empty();
        demand(seen_.empty() || has_tools, "calls in the history and no tools");
        demand(!body_.contains("tool_choice") || has_tools, "a choice without tools");
    }

    void asks() {
        demand(body_.at("max_tokens").to_number<double>() >= 1, "no max_tokens");
        count_mark(body_);
        for (const auto& stop : list_at(body_, "stop_sequences")) {
            const std::string text(stop.as_string());
            demand(text.find_first_not_of(" \t\r\n") != text.npos, "a stop of nothing but space");
        }
        const auto* thinking = body_.if_contains("thinking");
        const std::string type = thinking == nullptr ? "" : text_at(thinking->as_object(), "type");
        if (type == "enabled") {
            const auto budget = thinking->at("budget_tokens").to_number<double>();
            demand(budget >= 1024, "a budget below 1024");
            demand(budget < body_.at("max_tokens").to_number<double>(), "a budget above the limit");
        }
        if (const auto* temperature = body_.if_contains("temperature")) {
            demand(temperature->to_number<double>() <= 1, "a temperature above 1");
            demand(type != "enabled" && type != "adaptive", "a temperature beside thinking");
        }
        for (const char* key : {"seed", "n", "presence_penalty", "logit_bias", "user"}) {
            demand(!body_.contains(key), std::string("an unknown member: ") + key);
        }
    }

    const json::object& body_;
    std::set<std::string> seen_;
    int marks_ = 0;
};

// ---- generate ----

void demand_gemini_name(const std::string& name) {
    const bool first = !name.empty() && (is_made_of(name.substr(0, 1), "_")) &&
                       !(name[0] >= '0' && name[0] <= '9');
    demand(first && name.size() <= 128 && is_made_of(name, "_-.:"), "a bad name: " + name);
}

void check_gemini_part(const json::object& part) {
    static const char* const kValues[] = {"text",
                                          "functionCall",
                                          "functionResponse",
                                          "inlineData",
                                          "fileData",
                                          "executableCode",
                                          "codeExecutionResult"};
    const auto count = std::count_if(std::begin(kValues), std::end(kValues), [&](const char* key) {
        return part.contains(key);
    });
    demand(count == 1, "not one value in a part");
    if (const auto* call = part.if_contains("functionCall")) {
        demand_gemini_name(text_at(call->as_object(), "name"));
        demand(call->at("args").is_object(), "arguments that are no object");
    }
    if (const auto* result = part.if_contains("functionResponse")) {
        demand_gemini_name(text_at(result->as_object(), "name"));
        demand(result->at("response").is_object(), "a result that is no object");
    }
}

// Names and ids of the calls or results of a turn.
std::vector<std::string> gemini_pairs(const json::array& parts, const char* key, bool first) {
    std::vector<std::string> all;
    bool other = false;
    for (const auto& part : parts) {
        const auto* one = part.as_object().if_contains(key);
        demand(one == nullptr || !first || !other, "a result behind another part");
        other = other || one == nullptr;
        if (one == nullptr) continue;
        all.push_back(text_at(one->as_object(), "name") + ' ' + text_at(one->as_object(), "id"));
    }
    return all;
}

void check_gemini(const json::object& body) {
    const json::array& contents = body.at("contents").as_array();
    demand(!contents.empty(), "no contents");
    std::string last;
    std::vector<std::string> open;
    for (const auto& value : contents) {
        const json::object& turn = value.as_object();
        const std::string role = text_at(turn, "role");
        demand(role == "user" || role == "model", "another role: " + role);
        demand(last.empty() ? role == "user" : role != last, "turns do not alternate");
        last = role;
        const json::array& parts = turn.at("parts").as_array();
        demand(!parts.empty(), "an empty turn");
        for (const auto& part : parts) check_gemini_part(part.as_object());
        if (role == "user") {
            demand(gemini_pairs(parts, "functionResponse", true) == open,
                   "results that do not fit their calls");
            open.clear();
        } else {
            open = gemini_pairs(parts, "functionCall", false);
        }
    }
    std::set<std::string> names;
    for (const auto& tool : list_at(body, "tools")) {
        for (const auto& one : list_at(tool.as_object(), "functionDeclarations")) {
            const std::string name = text_at(one.as_object(), "name");
            demand_gemini_name(name);
            demand(names.insert(name).second, "a tool twice: " + name);
        }
    }
    const auto* config = body.if_contains("generationConfig");
    if (config == nullptr) return;
    demand(list_at(config->as_object(), "stopSequences").size() <= 5, "too many stops");
    if (const auto* thinking = config->as_object().if_contains("thinkingConfig")) {
        const json::object& t = thinking->as_object();
        demand(!t.contains("thinkingLevel") || !t.contains("thinkingBudget"), "level and budget");
    }
}

}  // namespace

std::string request_fault(const std::string& dialect, std::string_view body) {
    try {
        json::parse_options options;
        options.max_depth = 1024;
        const json::value all = json::parse(body, {}, options);
        const json::object& request = all.as_object();
        if (dialect == "openai-chat") check_chat(request);
        if (dialect == "openai-responses") check_responses(request);
        if (dialect == "anthropic-messages") MessagesRequest(request).check();
        if (dialect == "gemini-generate") check_gemini(request);
        return {};
    } catch (const std::exception& wrong) {
        return wrong.what();
    }
}

}  // namespace parley::codec
