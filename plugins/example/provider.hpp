// provider.hpp: a provider that answers without a network. Each question about it has a file:
//   - what is asked: question.cpp, with json.cpp
//   - what to say: script.cpp
//   - how it is written: chat.cpp, responses.cpp, embeddings.cpp
//   - how to fail: failure.cpp
//   - how a reply is handed out: provider.cpp
#pragma once

#include <cstdint>
#include <initializer_list>
#include <istream>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "parley/provider.h"
#include "parley/sdk/plugin.hpp"

namespace parley::example {

// ---- json.cpp ----

// The members of an object, raw. What is absent or null is empty.
class Object {
public:
    explicit Object(std::string_view json);
    std::string_view operator[](std::string_view key) const;

private:
    std::map<std::string, std::string_view, std::less<>> members_;
};

std::string text_of(std::string_view json);                    // a string's, else empty
std::vector<std::string_view> list_of(std::string_view json);  // an array's, else empty
std::optional<uint64_t> count_of(std::string_view json);       // a whole number's
std::string quote(std::string_view text);

// The shape with each % replaced by the next value: a text as it is, or a number.
std::string fill_all(std::string_view shape, std::initializer_list<std::string_view> values);

inline std::string_view as_text(std::string_view text) {
    return text;
}

inline std::string as_text(uint64_t number) {
    return std::to_string(number);
}

template <class... Values>
std::string fill(std::string_view shape, const Values&... values) {
    return fill_all(shape, {std::string_view(as_text(values))...});
}

// ---- question.cpp ----

struct Tool {
    std::string name;
    std::string_view parameters;  // JSON Schema
};

// What is asked, in whichever dialect. Its views live as long as the body.
struct Question {
    Question(std::string_view asked_model, std::string_view body);

    Object fields;
    std::string model;
    std::string id;  // of the conversation: the same has the same
    bool stream = false;
    uint64_t words = 0;
    std::string text;  // of the user's last message; likewise the next two
    uint64_t images = 0;
    uint64_t files = 0;
    std::optional<std::string> tool_result;  // when that is the last message
    std::vector<Tool> tools;                 // that may be called, the wanted one first

private:
    void read_message(std::string_view json);
    void read_tools();
};

uint64_t hash(std::string_view text);

// ---- script.cpp ----

struct Call {
    std::string tool;
    std::string arguments;  // JSON object
};

// What is answered, in whichever dialect.
struct Saying {
    std::string reasoning;
    std::string text;
    std::vector<Call> calls;

    uint64_t words() const;
};

// Words count as tokens, and a stream shows a text word by word.
uint64_t count_words(std::string_view text);
std::vector<std::string_view> split(std::string_view text);

// What to say when. Without a file it knows what each model says by nature.
class Script {
public:
    Script() = default;
    // Throws sdk::Failure, which names the line.
    Script(std::istream& in, const std::string& name);

    Saying answer(const Question& question) const;

private:
    struct Block {
        std::string when;
        Saying saying;
    };

    // Says what is wrong with a line, or nothing.
    std::string add(const std::string& verb, const std::string& rest);

    std::vector<Block> blocks_;
};

// ---- chat.cpp, responses.cpp, embeddings.cpp ----

constexpr uint64_t kCreated = 1700000000;  // no clock: same input, same output

// What is sent, and how it ends.
struct Reply {
    uint32_t status = 200;
    std::string_view content_type = "application/json";
    std::vector<parley_header> headers;  // of static text
    std::vector<std::string> pieces;     // one whole body, or the events of a stream
    parley_status ending = PARLEY_DONE;  // or PARLEY_CLOSED: cut; PARLEY_AGAIN: silence
    uint64_t pieces_per_step = 1;
    uint64_t pace_ms = 0;  // between steps

    bool is_stream() const { return content_type == "text/event-stream"; }
};

// How a saying is written, and in a stream an error that comes after so many events.
struct Wire {
    std::string_view path;
    std::vector<std::string> (*write)(const Question&, const Saying&);
    std::string (*write_error)(const Question&, std::size_t events, const std::string& error);
};

extern const Wire kChat;
extern const Wire kResponses;
extern const Wire kEmbeddings;

// ---- failure.cpp ----

// The reply to a request that cannot be served.
Reply refuse(const sdk::Failure& failure);

// Makes a good reply fail when the model's name says so.
void fail(const Wire& wire, const Question& question, Reply& reply);

// ---- provider.cpp ----

// Hands out a reply step by step.
class Answer {
public:
    explicit Answer(Reply reply) : reply_(std::move(reply)) {}

    parley_status step(parley_answer& io, sdk::Out& out);

private:
    Reply reply_;
    std::size_t next_ = 0;
};

class Provider {
public:
    using Answer = example::Answer;

    explicit Provider(const parley_host*) {}

    void configure(std::string_view json);
    std::span<const parley_str> dialects();
    std::span<const parley_model_offer> models();
    void plan(const parley_plan_ask& ask, sdk::Arena& arena, parley_plan& out);
    Answer* answer_open(const parley_plan_ask& ask, std::string_view body);

private:
    Reply reply(const parley_plan_ask& ask, std::string_view body) const;

    Script script_;
    uint64_t events_per_step_ = 1;
    uint64_t pace_ms_ = 0;
};

extern const std::string_view kSchema;

}  // namespace parley::example
