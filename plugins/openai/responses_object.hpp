// responses_object.hpp: the object "response", as it stands in events and in whole replies.
#pragma once

#include <string>
#include <string_view>

#include "parley/dialect.h"
#include "parley/sdk/usage.hpp"

namespace parley::openai {

// What changes while a reply is written. Raw JSON in `output`: the items, separated by commas.
struct ResponseState {
    std::string_view status = "in_progress";
    std::string_view output = {};
    std::string_view incomplete_reason = {};
    const parley_error* error = nullptr;
    const sdk::Usage* usage = nullptr;
};

// Has every member that the schema asks for. What the client asked is said back to it.
class ResponseObject {
public:
    // `model` must outlive this.
    ResponseObject(const parley_request& request, std::string_view model);

    // A RESPONSE_STARTED event.
    void start(const parley_event& event);

    void write(std::string& out, const ResponseState& state) const;

    // The id of the item at `index`: "fc_r1_0".
    std::string item_id(std::string_view prefix, std::size_t index) const;

private:
    const parley_request& request_;
    std::string_view model_;
    std::string id_ = "resp_";
    std::string head_;    // up to "status"
    std::string middle_;  // from "instructions" up to the value of "output"
    std::string tail_;    // behind it
};

// {"code":…,"message":…} with the words that clients look for when they are to wait.
void write_failure_code(std::string& out, const parley_error& error);

}  // namespace parley::openai
