// responses_message.hpp: the message item of a Responses reply.
#pragma once

#include <string>

#include "responses_frames.hpp"

namespace parley::openai {

// Text and refusals that follow one another are one message.
class ResponseMessage {
public:
    explicit ResponseMessage(ResponseFrames& frames) : frames_(frames) {}

    // A part of kind TEXT or REFUSAL: PART_STARTED, TEXT_DELTA, CITATION, PART_ENDED.
    void start(const parley_event& event);
    void text(const parley_event& event);
    void annotate(const parley_event& event);
    void end(const parley_event& event);

    // Something else comes. May be called when no message is open.
    void close();

    // A refusal has been part of the reply.
    bool refused() const { return refused_; }

private:
    void write_content(std::string& out) const;
    void add_logprobs(const parley_event& event);
    void begin_of_content(std::string_view type);

    ResponseFrames& frames_;
    bool is_open_ = false;
    bool is_complete_ = true;
    bool is_refusal_ = false;
    bool refused_ = false;
    std::string phase_;     // raw JSON
    std::string contents_;  // parts that are over
    std::size_t contents_count_ = 0;
    std::string annotations_;
    std::size_t annotations_count_ = 0;
    std::string logprobs_;
};

}  // namespace parley::openai
