#include "wire.hpp"

#include <map>
#include <set>
#include <stdexcept>

namespace parley::codec {

namespace json = boost::json;

std::string text_at(const json::object& o, const char* key) {
    const auto* value = o.if_contains(key);
    return value != nullptr && value->is_string() ? std::string(value->as_string()) : "";
}

namespace {

// The first key that is missing; empty if none.
std::string missing(const json::object& o, const std::vector<std::string>& keys) {
    for (const std::string& key : keys) {
        if (!o.contains(key)) return key;
    }
    return {};
}

}  // namespace

std::vector<WireEvent> wire_events(std::string_view bytes) {
    std::vector<WireEvent> all;
    while (!bytes.empty()) {
        const std::size_t end = bytes.find("\n\n");
        if (end == bytes.npos) throw std::runtime_error("an event without its blank line");
        WireEvent event;
        std::string_view block = bytes.substr(0, end);
        bytes.remove_prefix(end + 2);
        while (!block.empty()) {
            const std::string_view line = block.substr(0, block.find('\n'));
            block.remove_prefix(std::min(line.size() + 1, block.size()));
            if (line.starts_with("event: ")) event.name = line.substr(7);
            if (line.starts_with("data: ")) event.data = line.substr(6);
        }
        if (!event.data.empty()) all.push_back(std::move(event));
    }
    return all;
}

// ---- chat ----

namespace {

class ChatCheck {
public:
    std::string run(std::string_view bytes) {
        const auto events = wire_events(bytes);
        for (std::size_t i = 0; i < events.size(); ++i) {
            if (!events[i].name.empty()) return "an event with a name";
            if (done_ || failed_) return "something behind the end";
            const std::string fault = one(events[i].data, i == 0);
            if (!fault.empty()) return fault + ": " + events[i].data;
        }
        return done_ || failed_ ? "" : "no end";
    }

private:
    std::string one(const std::string& data, bool first) {
        if (data == "[DONE]") {
            done_ = true;
            return finished_ ? "" : "[DONE] before finish_reason";
        }
        const json::object chunk = json::parse(data).as_object();
        if (chunk.contains("error")) {
            failed_ = true;
            return missing(chunk.at("error").as_object(), {"message", "type", "param", "code"});
        }
        const std::string lacks = missing(chunk, {"id", "object", "created", "model", "choices"});
        if (!lacks.empty()) return "no " + lacks;
        if (text_at(chunk, "object") != "chat.completion.chunk") return "another object";
        if (first) head_ = chunk;
        for (const char* key : {"id", "created", "model"}) {
            if (chunk.at(key) != head_.at(key)) return std::string("another ") + key;
        }
        const auto& choices = chunk.at("choices").as_array();
        if (choices.empty()) {
            if (!finished_) return "usage before the end";
            return chunk.contains("usage") ? "" : "neither choices nor usage";
        }
        return choice(choices.at(0).as_object(), first);
    }

    std::string choice(const json::object& c, bool first) {
        const std::string lacks = missing(c, {"index", "delta", "logprobs", "finish_reason"});
        if (!lacks.empty()) return "no " + lacks;
        if (finished_) return "a choice behind its end";
        const json::object& delta = c.at("delta").as_object();
        if (first != delta.contains("role")) return "the role does not come first";
        if (const auto* calls = delta.if_contains("tool_calls")) {
            for (const auto& call : calls->as_array()) {
                const int64_t index = call.as_object().at("index").as_int64();
                const bool begins = call.as_object().contains("id");
                if (begins && index != calls_++) return "a call with a wrong index";
                if (!begins && index != calls_ - 1) return "arguments of a call that is over";
                if (begins && missing(call.as_object(), {"type"}) != "") return "no type";
            }
        }
        finished_ = c.at("finish_reason").is_string();
        return {};
    }

    json::object head_;
    int64_t calls_ = 0;
    bool finished_ = false;
    bool done_ = false;
    bool failed_ = false;
};

}  // namespace

std::string chat_fault(std::string_view bytes) {
    return ChatCheck().run(bytes);
}

json::object chat_accumulated(std::string_view bytes) {
    json::object whole;
    json::object message{{"role", "assistant"}, {"content", nullptr}, {"refusal", nullptr}};
    json::value reason;
    const auto append = [&](const char* key, const json::value& text) {
        if (!text.is_string() || text.as_string().empty()) return;
        auto& place = message[key];
        if (!place.is_string()) place = "";
        place.as_string() += text.as_string();
    };
    for (const WireEvent& event : wire_events(bytes)) {
        if (event.data == "[DONE]") break;
        const json::object chunk = json::parse(event.data).as_object();
        for (const char* key : {"id", "created", "model"}) whole[key] = chunk.at(key);
        if (chunk.contains("usage") && chunk.at("usage").is_object()) {
            whole["usage"] = chunk.at("usage");
        }
        if (chunk.at("choices").as_array().empty()) continue;
        const auto& choice = chunk.at("choices").as_array().at(0).as_object();
        if (choice.at("finish_reason").is_string()) reason = choice.at("finish_reason");
        const auto& delta = choice.at("delta").as_object();
        for (const char* key : {"content", "refusal", "reasoning_content"}) {
            if (delta.contains(key)) append(key, delta.at(key));
        }
        if (!delta.contains("tool_calls")) continue;
        const auto& piece = delta.at("tool_calls").as_array().at(0).as_object();
        if (!message.contains("tool_calls")) message["tool_calls"] = json::array();
        auto& calls = message["tool_calls"].as_array();
        if (piece.contains("id")) {
            calls.push_back(piece);
            calls.back().as_object().erase("index");
            continue;
        }
        auto& call = calls.back().as_object();
        const char* kind = call.contains("custom") ? "custom" : "function";
        const char* member = call.contains("custom") ? "input" : "arguments";
        call[kind].as_object()[member].as_string() +=
            piece.at(kind).as_object().at(member).as_string();
    }
    whole["object"] = "chat.completion";
    whole["choices"] = json::array{json::object{
        {"index", 0}, {"message", message}, {"logprobs", nullptr}, {"finish_reason", reason}}};
    return whole;
}

// ---- responses ----

namespace {

const std::map<std::string, std::vector<std::string>>& required_keys() {
    static const std::map<std::string, std::vector<std::string>> kKeys{
        {"response.created", {"response"}},
        {"response.in_progress", {"response"}},
        {"response.completed", {"response"}},
        {"response.incomplete", {"response"}},
        {"response.failed", {"response"}},
        {"response.output_item.added", {"output_index", "item"}},
        {"response.output_item.done", {"output_index", "item"}},
        {"response.content_part.added", {"item_id", "output_index", "content_index", "part"}},
        {"response.content_part.done", {"item_id", "output_index", "content_index", "part"}},
        {"response.output_text.delta",
         {"item_id", "output_index", "content_index", "delta", "logprobs"}},
        {"response.output_text.done",
         {"item_id", "output_index", "content_index", "text", "logprobs"}},
        {"response.output_text.annotation.added",
         {"item_id", "output_index", "content_index", "annotation_index", "annotation"}},
        {"response.refusal.delta", {"item_id", "output_index", "content_index", "delta"}},
        {"response.refusal.done", {"item_id", "output_index", "content_index", "refusal"}},
        {"response.function_call_arguments.delta", {"item_id", "output_index", "delta"}},
        {"response.function_call_arguments.done", {"item_id", "output_index", "name", "arguments"}},
        {"response.custom_tool_call_input.delta", {"item_id", "output_index", "delta"}},
        {"response.custom_tool_call_input.done", {"item_id", "output_index", "input"}},
        {"response.reasoning_summary_part.added",
         {"item_id", "output_index", "summary_index", "part"}},
        {"response.reasoning_summary_part.done",
         {"item_id", "output_index", "summary_index", "part"}},
        {"response.reasoning_summary_text.delta",
         {"item_id", "output_index", "summary_index", "delta"}},
        {"response.reasoning_summary_text.done",
         {"item_id", "output_index", "summary_index", "text"}},
        {"response.web_search_call.in_progress", {"item_id", "output_index"}},
        {"response.web_search_call.searching", {"item_id", "output_index"}},
        {"response.web_search_call.completed", {"item_id", "output_index"}},
        {"error", {"code", "message", "param", "error"}},
        {"keepalive", {}},
    };
    return kKeys;
}

class ResponsesCheck {
public:
    std::string run(std::string_view bytes) {
        int64_t sequence = 0;
        for (const WireEvent& event : wire_events(bytes)) {
            const json::object e = json::parse(event.data).as_object();
            const std::string type = text_at(e, "type");
            if (event.name != type) return "another name: " + event.name;
            if (e.at("sequence_number").as_int64() != sequence++) return "a gap: " + event.data;
            if (ended_) return "something behind the end: " + event.data;
            std::string fault = one(type, e);
            if (!fault.empty()) return fault + ": " + event.data;
        }
        return ended_ ? "" : "no end";
    }

private:
    std::string one(const std::string& type, const json::object& e) {
        const auto keys = required_keys().find(type);
        if (keys == required_keys().end()) return "an unknown type";
        const std::string lacks = missing(e, keys->second);
        if (!lacks.empty()) return "no " + lacks;
        if (number_++ < 2) {
            const bool right = type == (number_ == 1 ? "response.created" : "response.in_progress");
            return right ? response_fault(e.at("response").as_object()) : "out of order";
        }
        if (type == "keepalive") return {};
        if (type == "error") {
            failed_ = true;
            return missing(e.at("error").as_object(), {"type", "code", "message", "param"});
        }
        if (failed_ && type != "response.failed") return "something behind the error";
        if (e.contains("response")) return end(type, e.at("response").as_object());
        if (e.at("output_index").as_int64() != static_cast<int64_t>(output_.size())) {
            return "another output_index";
        }
        if (type == "response.output_item.added") return added(e.at("item").as_object());
        if (item_.empty()) return "no item is open";
        if (type == "response.output_item.done") return done(e.at("item").as_object());
        if (text_at(e, "item_id") != text_at(item_, "id")) return "another item";
        return inside(type, e);
    }

    std::string added(const json::object& item) {
        if (!item_.empty()) return "an item inside an item";
        static const std::set<std::string> kOwn{
            "message", "reasoning", "function_call", "custom_tool_call"};
        // Others come from elsewhere, in their own words.
        if (kOwn.contains(text_at(item, "type"))) {
            const std::string lacks = missing(item, {"id", "status"});
            if (!lacks.empty()) return "no " + lacks;
            if (!ids_.insert(text_at(item, "id")).second) return "an id twice";
        }
        item_ = item;
        text_.clear();
        contents_.clear();
        return {};
    }

    std::string inside(const std::string& type, const json::object& e) {
        if (type.ends_with("part.added")) {
            text_.clear();
        } else if (type.ends_with(".delta")) {
            if (text_at(e, "delta").empty()) return "an empty delta";
            text_ += text_at(e, "delta");
        } else if (type.ends_with("part.done")) {
            contents_.push_back(e.at("part"));
        } else if (type.ends_with(".done")) {
            for (const char* key : {"text", "refusal", "arguments", "input"}) {
                if (e.contains(key) && text_at(e, key) != text_) return "not what the deltas said";
            }
        }
        return {};
    }

    std::string done(const json::object& item) {
        if (item.at("id") != item_.at("id") || item.at("type") != item_.at("type")) {
            return "another item";
        }
        const std::string type = text_at(item, "type");
        if (type == "message" && item.at("content") != json::value(contents_)) {
            return "not the parts that were told";
        }
        if (type == "reasoning" && item.at("summary") != json::value(contents_)) {
            return "not the sections that were told";
        }
        if (type == "function_call" && text_at(item, "arguments") != text_)
            return "other arguments";
        if (type == "custom_tool_call" && text_at(item, "input") != text_) return "another input";
        output_.push_back(item);
        item_.clear();
        return {};
    }

    std::string end(const std::string& type, const json::object& response) {
        ended_ = true;
        const std::string fault = response_fault(response);
        if (!fault.empty()) return fault;
        if (response.at("output") != json::value(output_)) return "not the items that were done";
        if ("response." + text_at(response, "status") != type) return "another status";
        if (failed_ != (type == "response.failed")) return "an error without response.failed";
        if (type == "response.failed") {
            return missing(response.at("error").as_object(), {"code", "message"});
        }
        if (!item_.empty()) return "an item is open";
        if (!response.contains("usage")) return "no usage";
        const json::object& usage = response.at("usage").as_object();
        return missing(usage,
                       {"input_tokens",
                        "input_tokens_details",
                        "output_tokens",
                        "output_tokens_details",
                        "total_tokens"});
    }

    json::object item_;
    json::array output_;
    json::array contents_;
    std::set<std::string> ids_;
    std::string text_;
    int number_ = 0;
    bool failed_ = false;
    bool ended_ = false;
};

}  // namespace

std::string response_fault(const json::object& response) {
    const std::string lacks = missing(response,
                                      {"id",
                                       "object",
                                       "created_at",
                                       "status",
                                       "error",
                                       "incomplete_details",
                                       "instructions",
                                       "metadata",
                                       "model",
                                       "output",
                                       "parallel_tool_calls",
                                       "temperature",
                                       "tool_choice",
                                       "tools",
                                       "top_p"});
    if (!lacks.empty()) return "a response without " + lacks;
    if (text_at(response, "object") != "response") return "another object";
    return {};
}

std::string responses_fault(std::string_view bytes) {
    return ResponsesCheck().run(bytes);
}

json::object responses_accumulated(std::string_view bytes) {
    json::object whole;
    json::array output;
    for (const WireEvent& event : wire_events(bytes)) {
        const json::object e = json::parse(event.data).as_object();
        if (e.contains("response")) whole = e.at("response").as_object();
        if (text_at(e, "type") == "response.output_item.done") output.push_back(e.at("item"));
    }
    whole["output"] = output;
    return whole;
}

}  // namespace parley::codec
