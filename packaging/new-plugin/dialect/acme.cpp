// acme.cpp: a dialect for clients that can do little: the question is plain text, the answer JSON.
//
//   POST /acme/MODEL    What is the time?    ->    {"answer":"Half past ten."}
//
// It reads requests and writes replies, and the other way about, so that such clients reach every
// model and every client such upstreams.
#include <array>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "parley/dialect.h"
#include "parley/sdk/dialect.hpp"
#include "parley/sdk/emitter.hpp"
#include "parley/sdk/json.hpp"
#include "parley/sdk/plugin.hpp"

namespace sdk = parley::sdk;

namespace {

constexpr std::string_view kPath = "/acme/";
constexpr parley_route kRoute{sizeof(parley_route),
                              PARLEY_OPERATION_GENERATE,
                              0,
                              0,
                              sdk::str("POST"),
                              sdk::str("/acme/{model}")};

std::string object(std::string_view name, std::string_view text) {
    std::string json = "{";
    sdk::json_quote(name, json);
    json += ':';
    sdk::json_quote(text, json);
    return json + "}\n";
}

// The text of a member of a whole object; nothing when the bytes are no such object.
std::optional<std::string> member(std::string_view json, std::string_view name) {
    sdk::JsonReader reader(json);
    sdk::JsonString key;
    sdk::JsonString value;
    std::optional<std::string> found;
    if (!reader.enter_object()) return {};
    while (reader.next_key(key)) {
        if (key.text() == name && reader.read_string(value)) {
            found = value.text();
        } else {
            reader.raw();
        }
    }
    return reader.failed() || !reader.at_end() ? std::nullopt : found;
}

class Dialect {
public:
    explicit Dialect(const parley_host*) {}

    std::span<const parley_route> routes() { return {&kRoute, 1}; }

    // ---- errors ----

    void encode_error(const parley_call*,
                      const parley_error& error,
                      sdk::Arena&,
                      parley_http_reply& reply,
                      sdk::Out& out) {
        reply.status = error.http_status != 0 ? error.http_status : 500;
        reply.content_type = sdk::str("application/json");
        out.write(object("error", sdk::view(error.message)));
    }

    // The host knows by the status what a refusal means; the words are the upstream's own.
    void decode_error(const parley_http_reply_head& head,
                      std::string_view body,
                      sdk::Arena& arena,
                      parley_error& out) {
        out.http_status = head.status;
        out.message = arena.copy(member(body, "error").value_or(""));
    }

    // ---- relay: client and upstream both speak it ----

    void peek(const parley_call& call, sdk::Arena&, parley_peek& out) {
        out.model = call.path_model;
    }

    void retarget(const parley_call& call,
                  const parley_peek&,
                  std::string_view model,
                  sdk::Arena& arena,
                  parley_retarget& io) {
        io.path = arena.copy(std::string(kPath) + std::string(model));
        io.query = call.http->query;
    }

    // A reply is complete when its object is closed; one that was cut never passes for whole.
    struct Tap {
        void feed(std::string_view bytes, bool eof, parley_tap& io) {
            const std::size_t last = bytes.find_last_not_of(" \t\r\n");
            if (last != bytes.npos) last_ = bytes[last];
            io.taken = bytes.size();
            if (last_ != 0) io.state = PARLEY_TAP_CONTENT;
            if (eof && last_ == '}') io.state = PARLEY_TAP_COMPLETE;
        }

        void fail(const parley_error& error, sdk::Out& out) {
            out.write(object("error", sdk::view(error.message)));
        }

    private:
        char last_ = 0;
    };

    Tap* tap_open(const parley_tap_open&) { return new Tap; }

    // ---- translation: from the client, to the client ----

    const parley_request* decode_request(const parley_call& call, sdk::Arena& arena) {
        if (call.http->body.len == 0) {
            throw sdk::Failure(PARLEY_E_INVALID_ARGUMENT, "body: a question was expected");
        }
        auto* part = arena.array<parley_part>(1);
        part->struct_size = sizeof(*part);
        part->kind = PARLEY_PART_TEXT;
        part->text = sdk::str(sdk::view(call.http->body));
        auto* message = arena.array<parley_message>(1);
        message->struct_size = sizeof(*message);
        message->role = PARLEY_ROLE_USER;
        message->parts = list_of(part, arena);
        message->part_count = 1;
        auto* request = arena.array<parley_request>(1);
        request->struct_size = sizeof(*request);
        request->operation = call.operation;
        request->dialect = sdk::str("acme");
        request->model = call.path_model;
        request->raw = call.http->body;
        request->messages = list_of(message, arena);
        request->message_count = 1;
        return request;
    }

    // What it has no words for, it leaves out.
    struct Encoder {
        void encode(const parley_event& event, sdk::Out& out) {
            const std::string_view text = sdk::view(event.text);
            if (event.type == PARLEY_EVENT_TEXT_DELTA) answer_ += text;
            if (event.type == PARLEY_EVENT_FINISH) out.write(object("answer", answer_));
            if (event.type == PARLEY_EVENT_ERROR) out.write(object("error", text));
        }

    private:
        std::string answer_;
    };

    Encoder* encoder_open(const parley_codec_open&) { return new Encoder; }

    // ---- translation: to the upstream, from the upstream ----

    // It has room for one question: what was said last.
    void encode_request(const parley_request& request,
                        const parley_target& target,
                        sdk::Arena& arena,
                        parley_encoded_request& head,
                        sdk::Out& out) {
        head.path = arena.copy(std::string(kPath) + std::string(sdk::view(target.model)));
        head.content_type = sdk::str("text/plain");
        if (request.message_count == 0) return;
        const parley_message& last = *request.messages[request.message_count - 1];
        for (uint64_t i = 0; i < last.part_count; ++i) {
            if (last.parts[i]->kind == PARLEY_PART_TEXT) out.write(sdk::view(last.parts[i]->text));
        }
    }

    // A whole reply is events too: it begins, has a part, and ends.
    struct Decoder {
        void decode(std::string_view bytes, bool eof, const parley_sink& sink) {
            json_ += bytes;
            if (!eof) return;
            emitter_.bind(&sink);
            const auto answer = member(json_, "answer");
            if (!answer) return emitter_.fail(PARLEY_E_UPSTREAM_PROTOCOL, "acme: no whole answer");
            emitter_.start({});
            emitter_.text(0, *answer);
            emitter_.finish({PARLEY_FINISH_STOP});
        }

    private:
        std::string json_;
        sdk::Emitter emitter_{sdk::Emitter::Ends::implied};
    };

    Decoder* decoder_open(const parley_codec_open&) { return new Decoder; }

private:
    template <class Node>
    static const Node* const* list_of(const Node* node, sdk::Arena& arena) {
        auto* list = arena.array<const Node*>(1);
        *list = node;
        return list;
    }
};

struct Components {
    const std::array<parley_component, 1>& operator()() const {
        static const parley_dialect table = sdk::dialect_table<Dialect>();
        static const std::array<parley_component, 1> all{sdk::make_component<Dialect>(
            {PARLEY_KIND_DIALECT, "acme", "asks by plain text, answers by JSON"}, &table)};
        return all;
    }
};

}  // namespace

PARLEY_PLUGIN_ENTRY = sdk::make_entry("com.example.acme", "0.1.0", "acme", Components{});
