// responses.cpp: the dialect openai-responses: its routes, and when a stream of it is complete.
#include <array>

#include "dialect.hpp"
#include "usage.hpp"

namespace parley::openai {

using sdk::JsonReader;
using sdk::JsonString;
using sdk::str;

namespace {

// Complete with response.completed or response.incomplete; nothing else will do.
class ResponsesTap final : public Tap {
public:
    using Tap::Tap;

private:
    // What an event says; views into its data.
    struct Event {
        std::string_view type;
        std::string_view error;
        std::string_view response_error;
        std::string_view usage;
        std::string_view conversation;  // its id
        std::string_view id;            // raw JSON, as the upstream wrote it; likewise the next two
        std::string_view created_at;
        std::string_view model;
    };

    bool on_event(const sdk::SseEvent& event, parley_tap& io) override {
        if (event.data.starts_with("[DONE]")) return false;
        Event e = read(event.data);
        if (e.type.empty()) e.type = event.name;
        JsonReader usage(e.usage);
        if (usage.peek() == '{') read_usage(usage, io.usage);
        if (e.type == "response.failed") {
            report(e.response_error, io);
        } else if (e.type == "error" || (!e.error.empty() && is_error(e.error))) {
            report(event.data, io);
        } else if (e.type == "response.completed" || e.type == "response.incomplete") {
            io.state = PARLEY_TAP_COMPLETE;
        } else if (e.type == "response.created") {
            if (!e.id.empty()) id_ = e.id;
            make(id_);
            make(e.conversation);
            if (!e.created_at.empty()) created_at_ = e.created_at;
            if (!e.model.empty()) model_ = e.model;
        } else if (is_content(e.type)) {
            io.state = PARLEY_TAP_CONTENT;
            if (e.type == "response.output_item.done") make_sealed(event.data);
        }
        return false;
    }

    void make_sealed(std::string_view data) {
        sdk::TextFinder(kEncryptedKey).feed(data, [&](std::string_view end) { make(end); });
    }

    bool makes_owned() const override { return true; }

    // Not the events of a response's life, nor those that no response knows: they keep it alive.
    static bool is_content(std::string_view type) {
        return type.starts_with("response.") && type != "response.in_progress" &&
               type != "response.queued" && type != "response.metadata";
    }

    Event read(std::string_view data) {
        Event e;
        JsonReader r(data);
        if (r.peek() != '{' || !r.enter_object()) garbage("an event is not a JSON object");
        JsonString key;
        while (r.next_key(key)) {
            JsonString type;
            if (key.raw == "type" && r.peek() == '"') {
                if (r.read_string(type)) e.type = type.raw;
            } else if (key.raw == "sequence_number") {
                read_sequence(r);
            } else if (key.raw == "response" && r.peek() == '{') {
                read_response(r, e);
            } else if (key.raw == "error") {
                e.error = r.raw();
            } else {
                r.skip();
            }
        }
        if (r.failed() || !r.at_end()) garbage("an event is not JSON");
        return e;
    }

    static void read_response(JsonReader& r, Event& e) {
        JsonString key;
        r.enter_object();
        while (r.next_key(key)) {
            const std::string_view value = r.raw();
            if (key.raw == "error")
                e.response_error = value;
            else if (key.raw == "usage")
                e.usage = value;
            else if (key.raw == "id")
                e.id = value;
            else if (key.raw == "conversation")
                e.conversation = id_in(value);
            else if (key.raw == "created_at")
                e.created_at = value;
            else if (key.raw == "model")
                e.model = value;
        }
    }

    void read_sequence(JsonReader& r) {
        constexpr uint64_t kNone = ~uint64_t{0};
        uint64_t number = kNone;
        r.read_count(number);
        if (number < uint64_t{1} << 53) next_sequence_ = static_cast<int64_t>(number) + 1;
    }

    // `error` for SDKs, which throw on it, and response.failed for clients that wait for it.
    void write_failure(const parley_error& error, sdk::Out& out) override {
        const std::string message = last_message(error);
        std::string json;
        sdk::JsonWriter w(json);
        w.begin_object().key("type").string("error");
        w.key("sequence_number").number(next_sequence_);
        write_code(w, error).key("message").string(message);
        w.key("param").null().key("error").raw(error_object(error)).end_object();
        out.write("event: error\ndata: " + json + "\n\n");

        json.clear();
        sdk::JsonWriter f(json);
        f.begin_object().key("type").string("response.failed");
        f.key("sequence_number").number(next_sequence_ + 1).key("response").begin_object();
        f.key("id").raw(id_).key("object").string("response");
        f.key("created_at").raw(created_at_);
        f.key("status").string("failed").key("error").begin_object();
        write_code(f, error).key("message").string(message);
        f.end_object().key("incomplete_details").null();
        f.key("model").raw(model_);
        f.key("output").begin_array().end_array().end_object().end_object();
        out.write("event: response.failed\ndata: " + json + "\n\n");
    }

    static sdk::JsonWriter& write_code(sdk::JsonWriter& w, const parley_error& error) {
        const std::string_view code = error_code(error);
        w.key("code");
        return code.empty() ? w.null() : w.string(code);
    }

    bool complete_at_end() const override { return false; }

    int64_t next_sequence_ = 0;
    std::string id_ = "\"\"";  // raw JSON, as the upstream wrote it; likewise the next two
    std::string created_at_ = "0";
    std::string model_ = "\"\"";
};

constexpr parley_route route(uint32_t number, uint32_t operation, std::string_view path) {
    return {sizeof(parley_route), operation, number, 0, str("POST"), str(path)};
}

constexpr uint32_t kRelay = PARLEY_OPERATION_RELAY;

constexpr std::array kRoutes{
    Route{route(0, PARLEY_OPERATION_GENERATE, "/v1/responses"),
          {.default_model = {}, .carries_reasoning = true},
          make_responses_tap},
    Route{route(1, kRelay, "/v1/responses/compact"),
          {.default_model = {}, .carries_reasoning = true},
          make_responses_tap},
    Route{route(2, PARLEY_OPERATION_COUNT_TOKENS, "/v1/responses/input_tokens"),
          {.default_model = {}, .carries_reasoning = true},
          make_event_tap},
};

}  // namespace

Responses::Responses(const parley_host*) : Dialect(kRoutes) {}

std::unique_ptr<Tap> make_responses_tap(const parley_tap_open& open) {
    return std::make_unique<ResponsesTap>(open);
}

}  // namespace parley::openai
