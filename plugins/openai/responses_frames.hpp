// responses_frames.hpp: the frames of a Responses stream: events, and the items that they tell of.
#pragma once

#include <string>
#include <string_view>

#include "parley/sdk/json.hpp"
#include "responses_object.hpp"

namespace parley::openai {

// Writes events to `text`, numbered without gaps, and gathers the items that are done. Values that
// are said to be raw are JSON already.
class ResponseFrames {
public:
    ResponseFrames(const parley_request& request, std::string_view model)
        : object_(request, model) {}

    std::string text;  // since it was cleared
    std::string part;  // the text of the open part, arguments, or base64
    std::string item;  // the head of the open item's JSON

    bool started() const { return started_; }

    const std::string& outputs() const { return outputs_; }

    // ---- events ----

    void begin(std::string_view type) {
        ((text += "event: ") += type) += "\ndata: {\"type\":\"";
        (text += type) += "\",\"sequence_number\":";
        text += std::to_string(sequence_++);
    }

    void end() { text += "}\n\n"; }

    // An event of the open item.
    void begin_of_item(std::string_view type) {
        begin(type);
        ((text += ",\"item_id\":\"") += item_id_) += "\"";
        number("output_index", outputs_count_);
    }

    // An event of a part of it: "content_index" or "summary_index".
    void begin_of_part(std::string_view type, std::string_view index_name, std::size_t index) {
        begin_of_item(type);
        number(index_name, index);
    }

    void string(std::string_view name, std::string_view value) {
        member(name);
        sdk::json_quote(value, text);
    }

    void number(std::string_view name, std::size_t value) { raw(name, std::to_string(value)); }

    void raw(std::string_view name, std::string_view json) {
        member(name);
        text += json;
    }

    // ---- the reply ----

    void start(const parley_event& event) {
        object_.start(event);
        started_ = true;
        for (const std::string_view type : {"response.created", "response.in_progress"}) {
            response(type, {});
        }
    }

    void response(std::string_view type, const ResponseState& state) {
        begin(type);
        member("response");
        object_.write(text, state);
        end();
    }

    const ResponseObject& object() const { return object_; }

    // ---- items ----

    // `item` is then the head of its JSON, up to the value of "status".
    void open_item(std::string_view id_prefix, std::string_view type) {
        item_id_ = object_.item_id(id_prefix, outputs_count_);
        item = "{\"id\":\"" + item_id_ + "\",\"type\":\"";
        (item += type) += "\",\"status\":";
    }

    void item_added(std::string_view json) {
        begin("response.output_item.added");
        number("output_index", outputs_count_);
        raw("item", json);
        end();
    }

    // The item is whole: it joins the output.
    void item_done(std::string_view json) {
        begin("response.output_item.done");
        number("output_index", outputs_count_++);
        raw("item", json);
        end();
        if (!outputs_.empty()) outputs_ += ',';
        outputs_ += json;
    }

    static std::string_view status(bool complete) {
        return complete ? "\"completed\"" : "\"incomplete\"";
    }

private:
    void member(std::string_view name) { ((text += ",\"") += name) += "\":"; }

    ResponseObject object_;
    bool started_ = false;
    uint64_t sequence_ = 0;
    std::string item_id_;
    std::string outputs_;
    std::size_t outputs_count_ = 0;
};

}  // namespace parley::openai
