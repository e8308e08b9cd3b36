// check/conversation.hpp: something to say in any dialect: a question and the events of its answer.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/arena.hpp"
#include "plugins/border.hpp"
#include "plugins/codec.hpp"

namespace parley::check {

// A canonical request of one system text and one user text, and where it is to go.
class Question {
public:
    explicit Question(std::string_view text, bool is_stream = true);
    Question(const Question&) = delete;
    Question& operator=(const Question&) = delete;

    const parley_request& request() const { return request_; }

    const parley_target& target() const { return target_; }

    // What a codec session is opened with for its answer.
    parley_codec_open open(base::Arena& arena, const parley_http_reply_head* head) const;

private:
    parley_part text_;
    parley_part system_;
    const parley_part* parts_[1];
    const parley_part* instructions_[1];
    parley_message message_;
    const parley_message* messages_[1];
    parley_request request_;
    parley_target target_;
    bool is_stream_;
};

// The events of a whole answer of these pieces of text; of a tool call when `is_call`.
std::vector<parley_event> answer_of(const std::vector<std::string>& pieces, bool is_call = false);

// Any answer that the grammar allows; `number` chooses. Texts live as long as the program.
std::vector<parley_event> random_answer(unsigned number);

// What one dialect's encoder writes for these events; empty when it refuses one, which `why` tells.
std::string written(const plugins::Dialect& dialect,
                    const Question& question,
                    const std::vector<parley_event>& events,
                    std::string& why);

// Events as a text, adjacent deltas of one kind joined, so that two readings can be compared.
class Reading final : public plugins::EventSink {
public:
    explicit Reading(base::Arena& arena) : EventSink(arena) {}

    const std::string& text() const { return text_; }

    bool has_finished() const { return last_ == PARLEY_EVENT_FINISH; }

    bool has_failed() const { return last_ == PARLEY_EVENT_ERROR; }

private:
    parley_status take(const parley_event& event) override;

    std::string text_;
    std::uint16_t last_ = 0;
};

// Reads bytes in pieces: the cuts are where a new one begins.
class Read {
public:
    Read(const plugins::Dialect& dialect,
         const Question& question,
         std::string_view content_type,
         std::string_view bytes,
         const std::vector<std::size_t>& cuts);

    const Reading& reading() const { return reading_; }

    // What went wrong; empty: nothing.
    const std::string& fault() const { return fault_; }

private:
    base::Arena arena_;
    Reading reading_;
    std::string fault_;
};

// What comes from outside and is not what it should be.
const std::vector<std::string>& noise();

}  // namespace parley::check
