// wire_messages.cpp: streams of anthropic-messages and gemini-generate.
#include <map>
#include <set>
#include <stdexcept>

#include "parley/sdk/json.hpp"
#include "wire.hpp"

namespace parley::codec {

namespace json = boost::json;

namespace {

bool is_object_text(const std::string& text) {
    boost::system::error_code wrong;
    // Text of the model, which may hold half of a code point.
    const auto value = json::parse(sdk::json_without_lone_surrogates(text), wrong);
    return !wrong && value.is_object();
}

// ---- messages ----

class MessagesCheck {
public:
    std::string run(std::string_view bytes) {
        for (const WireEvent& event : wire_events(bytes)) {
            const json::object e = json::parse(event.data).as_object();
            const std::string type = text_at(e, "type");
            if (event.name != type) return "another name: " + event.name;
            if (ended_) return "something behind the end: " + event.data;
            const std::string fault = one(type, e);
            if (!fault.empty()) return fault + ": " + event.data;
        }
        return ended_ ? "" : "no end";
    }

private:
    std::string one(const std::string& type, const json::object& e) {
        if (type == "ping") return {};
        if (type == "error") {
            ended_ = true;
            const json::object& error = e.at("error").as_object();
            const bool told = !text_at(error, "type").empty() && error.contains("message");
            return told ? "" : "an error without type or message";
        }
        if (type == "message_start") return start(e.at("message").as_object());
        if (!started_) return "before message_start";
        if (type == "message_stop") {
            ended_ = true;
            return reason_.empty() ? "no stop_reason" : "";
        }
        if (type == "message_delta") return delta_of_message(e);
        if (!reason_.empty()) return "a block behind stop_reason";
        if (type == "content_block_start") return open(e);
        if (kind_.empty()) return "no block is open";
        if (e.at("index").as_int64() != index_) return "another block";
        if (type == "content_block_delta") return delta(e.at("delta").as_object());
        if (type == "content_block_stop") return close();
        return "an unknown type";
    }

    std::string start(const json::object& message) {
        if (started_) return "a second start";
        started_ = true;
        for (const char* key :
             {"id", "type", "role", "model", "content", "stop_reason", "stop_sequence", "usage"}) {
            if (!message.contains(key)) return std::string("no ") + key;
        }
        for (const char* key : {"input_tokens", "output_tokens"}) {
            if (!message.at("usage").as_object().contains(key)) return std::string("no ") + key;
        }
        if (!message.at("content").as_array().empty()) return "content at the start";
        return message.at("stop_reason").is_null() ? "" : "a stop_reason at the start";
    }

    std::string open(const json::object& e) {
        if (!kind_.empty()) return "a block inside a block";
        if (e.at("index").as_int64() != index_) return "a gap";
        const json::object& block = e.at("content_block").as_object();
        kind_ = text_at(block, "type");
        if (kind_.empty()) return "a block without type";
        text_.clear();
        signed_ = false;
        if (kind_ == "text" && text_at(block, "text") != "") return "text at the start";
        if (kind_ != "tool_use") return {};
        const std::string id = text_at(block, "id");
        const bool legal = id.find_first_not_of(
                               "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVW"
                               "XYZ0123456789_-") == id.npos;
        if (id.empty() || !legal) return "an id that is not legal";
        if (!ids_.insert(id).second) return "an id twice";
        if (text_at(block, "name").empty()) return "a tool without name";
        return block.at("input").as_object().empty() ? "" : "input at the start";
    }

    std::string delta(const json::object& delta) {
        static const std::map<std::string, std::set<std::string>> kDeltas{
            {"text", {"text_delta", "citations_delta"}},
            {"thinking", {"thinking_delta", "signature_delta"}},
            {"tool_use", {"input_json_delta"}}};
        const std::string type = text_at(delta, "type");
        const auto allowed = kDeltas.find(kind_);
        if (allowed == kDeltas.end() || !allowed->second.contains(type)) return "a wrong delta";
        if (signed_) return "a delta behind the signature";
        signed_ = type == "signature_delta";
        if (type == "text_delta" && text_at(delta, "text").empty()) return "an empty delta";
        text_ += text_at(delta, "partial_json");
        return {};
    }

    std::string close() {
        whole_calls_ = whole_calls_ || (kind_ == "tool_use" && is_object_text(text_));
        if (kind_ == "tool_use" && !is_object_text(text_)) broken_ = true;
        kind_.clear();
        ++index_;
        return {};
    }

    std::string delta_of_message(const json::object& e) {
        static const std::set<std::string> kReasons{"end_turn",
                                                    "max_tokens",
                                                    "stop_sequence",
                                                    "tool_use",
                                                    "pause_turn",
                                                    "refusal",
                                                    "model_context_window_exceeded",
                                                    "compaction"};
        if (!kind_.empty()) return "a block is open";
        reason_ = text_at(e.at("delta").as_object(), "stop_reason");
        if (!kReasons.contains(reason_)) return "an unknown stop_reason";
        if (!e.contains("usage")) return "no usage";
        if (reason_ == "tool_use" && !whole_calls_) return "tool_use without a call";
        if (reason_ == "end_turn" && whole_calls_) return "end_turn behind a call";
        const bool was_cut = reason_ == "max_tokens" || reason_ == "refusal" ||
                             reason_ == "model_context_window_exceeded";
        return broken_ && !was_cut ? "input that is no object" : "";
    }

    int64_t index_ = 0;
    std::string kind_;  // of the open block
    std::string text_;
    std::string reason_;
    std::set<std::string> ids_;
    bool started_ = false;
    bool signed_ = false;
    bool whole_calls_ = false;
    bool broken_ = false;
    bool ended_ = false;
};

// ---- generated content ----

class GeminiCheck {
public:
    std::string run(std::string_view bytes) {
        for (const WireEvent& event : wire_events(bytes)) {
            if (!event.name.empty()) return "an event with a name";
            if (ended_) return "something behind the end: " + event.data;
            const std::string fault = chunk(json::parse(event.data).as_object());
            if (!fault.empty()) return fault + ": " + event.data;
        }
        return ended_ ? "" : "no end";
    }

private:
    std::string chunk(const json::object& c) {
        if (const auto* error = c.if_contains("error")) {
            ended_ = true;
            const json::object& e = error->as_object();
            const bool told = e.at("code").is_int64() && !text_at(e, "status").empty();
            return told ? "" : "an error without code or status";
        }
        for (const char* key : {"modelVersion", "responseId"}) {
            if (text_at(c, key).empty()) return std::string("no ") + key;
        }
        if (c.contains("promptFeedback")) {
            ended_ = true;
            return {};
        }
        const auto& candidates = c.at("candidates").as_array();
        if (candidates.size() != 1) return "not one candidate";
        return candidate(candidates[0].as_object(), c);
    }

    std::string candidate(const json::object& one, const json::object& c) {
        if (one.at("index").as_int64() != 0) return "another candidate";
        const json::object& content = one.at("content").as_object();
        if (text_at(content, "role") != "model") return "another role";
        const auto& parts = content.at("parts").as_array();
        if (parts.empty()) return "no part";
        for (const auto& part : parts) {
            const std::string fault = this->part(part.as_object());
            if (!fault.empty()) return fault;
        }
        if (!one.contains("finishReason")) return {};
        ended_ = true;
        static const std::set<std::string> kReasons{
            "STOP", "MAX_TOKENS", "SAFETY", "OTHER", "MALFORMED_FUNCTION_CALL"};
        if (!kReasons.contains(text_at(one, "finishReason"))) return "an unknown finishReason";
        // None is better than zeros, which its CLI would take for a count.
        const auto* usage = c.if_contains("usageMetadata");
        const bool has_total = usage == nullptr || usage->as_object().contains("totalTokenCount");
        return has_total ? "" : "no total";
    }

    std::string part(const json::object& part) {
        int values = 0;
        for (const char* key :
             {"text", "functionCall", "inlineData", "executableCode", "codeExecutionResult"}) {
            values += part.contains(key) ? 1 : 0;
        }
        if (values != 1) return "not one value in a part";
        const auto* call = part.if_contains("functionCall");
        if (call == nullptr) return {};
        const json::object& c = call->as_object();
        if (text_at(c, "name").empty()) return "a call without name";
        const std::string id = text_at(c, "id");
        if (id.empty() || !ids_.insert(id).second) return "a call without an id of its own";
        return c.at("args").is_object() ? "" : "arguments that are no object";
    }

    std::set<std::string> ids_;
    bool ended_ = false;
};

}  // namespace

std::string messages_fault(std::string_view bytes) {
    return MessagesCheck().run(bytes);
}

std::string gemini_fault(std::string_view bytes) {
    return GeminiCheck().run(bytes);
}

std::string stream_fault(const std::string& dialect, std::string_view bytes) {
    try {
        if (dialect == "openai-chat") return chat_fault(bytes);
        if (dialect == "openai-responses") return responses_fault(bytes);
        if (dialect == "anthropic-messages") return messages_fault(bytes);
        return gemini_fault(bytes);
    } catch (const std::exception& wrong) {
        return wrong.what();
    }
}

}  // namespace parley::codec
