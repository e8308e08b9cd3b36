#include "provider.hpp"

#include <algorithm>
#include <array>
#include <fstream>

namespace parley::example {

using sdk::Failure;
using sdk::str;
using sdk::view;

const std::string_view kSchema = R"json({
  "type": "object",
  "additionalProperties": false,
  "properties": {
    "script": {
      "type": "string", "default": "",
      "description": "a file that says what to answer when; see the README"
    },
    "events_per_step": {
      "type": "integer", "minimum": 1, "maximum": 1000, "default": 1,
      "description": "how many events of a stream are handed out at once"
    },
    "pace_ms": {
      "type": "integer", "minimum": 0, "maximum": 60000, "default": 0,
      "description": "how long to wait before the next; 30 looks like a model at work"
    }
  }
})json";

namespace {

constexpr parley_model_offer offer(std::string_view name) {
    return {sizeof(parley_model_offer), 0, str(name)};
}

constexpr std::array kDialects{str("openai-chat"), str("openai-responses")};

constexpr std::array kOffers{
    offer("example"),
    offer("example-echo"),
    offer("example-tool"),
    offer("example-embed"),
    offer("example-401"),
    offer("example-429"),
    offer("example-500"),
    offer("example-503"),
    offer("example-stall"),
    offer("example-slow"),
    offer("example-cut"),
    offer("example-html"),
    offer("example-garbage"),
    offer("example-error"),
    offer("example-reasoning"),
};

}  // namespace

void Provider::configure(std::string_view json) {
    const Object settings(json);
    events_per_step_ = count_of(settings["events_per_step"]).value_or(1);
    pace_ms_ = count_of(settings["pace_ms"]).value_or(0);
    const std::string name = text_of(settings["script"]);
    if (name.empty()) return;
    std::ifstream file(name);
    if (!file) throw Failure(PARLEY_E_CONFIG, fill("script: \"%\" cannot be read", name));
    script_ = Script(file, name);
}

std::span<const parley_str> Provider::dialects() {
    return kDialects;
}

std::span<const parley_model_offer> Provider::models() {
    return kOffers;
}

void Provider::plan(const parley_plan_ask&, sdk::Arena&, parley_plan& out) {
    out.flags = PARLEY_PLAN_ANSWER;
}

Answer* Provider::answer_open(const parley_plan_ask& ask, std::string_view body) {
    try {
        return new Answer(reply(ask, body));
    } catch (const Failure& failure) {
        return new Answer(refuse(failure));
    }
}

Reply Provider::reply(const parley_plan_ask& ask, std::string_view body) const {
    const Question question(view(ask.model), body);
    for (const Wire* wire : {&kChat, &kResponses, &kEmbeddings}) {
        if (wire->path != view(ask.path)) continue;
        Reply reply;
        reply.pieces = wire->write(question, script_.answer(question));
        reply.pieces_per_step = events_per_step_;
        reply.pace_ms = pace_ms_;
        const bool streams = question.stream && wire->write_error != nullptr;
        if (streams) reply.content_type = "text/event-stream";
        fail(*wire, question, reply);
        return reply;
    }
    throw Failure(PARLEY_E_UNSUPPORTED,
                  fill("path: % is not served; /v1/chat/completions, /v1/responses or "
                       "/v1/embeddings was expected",
                       view(ask.path)));
}

parley_status Answer::step(parley_answer& io, sdk::Out& out) {
    io.status = reply_.status;
    io.content_type = str(reply_.content_type);
    io.headers = reply_.headers.data();
    io.header_count = reply_.headers.size();

    const std::size_t left = reply_.pieces.size() - next_;
    for (auto n = std::min<uint64_t>(left, reply_.pieces_per_step); n > 0; --n) {
        out.write(reply_.pieces[next_++]);
    }
    const bool ended = next_ == reply_.pieces.size();
    io.wait_ms = ended ? UINT64_MAX : reply_.pace_ms;
    if (ended) return reply_.ending;
    return reply_.pace_ms == 0 ? PARLEY_OK : PARLEY_AGAIN;
}

}  // namespace parley::example
