// parley/sdk/custom_tool.hpp: tools with free text input, for upstreams that know functions only.
//
// Such a tool becomes a function with one string member, "input".
#pragma once

#include <string>
#include <string_view>

#include "parley/request.h"
#include "parley/sdk/json.hpp"
#include "parley/sdk/plugin.hpp"

namespace parley::sdk {

// The JSON Schema of the function that stands in for a custom tool.
inline std::string custom_tool_schema(const parley_tool& tool) {
    std::string what = "the tool's input as plain text";
    if (tool.custom_format == PARLEY_CUSTOM_LARK || tool.custom_format == PARLEY_CUSTOM_REGEX) {
        what = tool.custom_format == PARLEY_CUSTOM_LARK ? "text that matches this Lark grammar: "
                                                        : "text that matches this pattern: ";
        what += view(tool.grammar);
    }
    std::string json;
    JsonWriter w(json);
    w.begin_object().key("type").string("object");
    w.key("properties").begin_object().key("input").begin_object();
    w.key("type").string("string").key("description").string(what).end_object().end_object();
    w.key("required").begin_array().string("input").end_array();
    w.key("additionalProperties").boolean(false).end_object();
    return json;
}

// The arguments of the function that stands in for a call with this input.
inline std::string custom_tool_arguments(std::string_view input) {
    std::string json;
    JsonWriter(json).begin_object().key("input").string(input).end_object();
    return json;
}

// Finds the input again while the function's arguments arrive in pieces.
class CustomInput {
public:
    // The arguments so far; hands `emit(std::string_view)` whatever of the input is new.
    template <class Emit>
    void feed(std::string_view fragment, Emit&& emit) {
        arguments_ += fragment;
        for (; at_ < arguments_.size(); ++at_) {
            const char c = arguments_[at_];
            if (place_ == Place::input) {
                if (!input(c, emit)) return;
            } else {
                head(c);
            }
        }
        flush(emit);
    }

    // All arguments are there. If they had another shape, they are the input as they stand.
    template <class Emit>
    void end(Emit&& emit) {
        if (place_ == Place::done || place_ == Place::input) return;
        if (!arguments_.empty()) emit(std::string_view(arguments_));
        place_ = Place::done;
    }

private:
    enum class Place { head, input, done };

    // Up to the opening quote of {"input":"
    void head(char c) {
        if (place_ == Place::done) return;
        if (c == ' ' || c == '\n' || c == '\r' || c == '\t') return;
        constexpr std::string_view kHead = "{\"input\":\"";
        if (matched_ > kHead.size() || kHead[matched_] != c) {
            matched_ = kHead.size() + 1;  // another shape: told at the end
            return;
        }
        if (++matched_ == kHead.size()) {
            place_ = Place::input;
            from_ = at_ + 1;
        }
    }

    // False while an escape is not whole.
    template <class Emit>
    bool input(char c, Emit&& emit) {
        if (c == '"') {
            flush(emit);
            place_ = Place::done;
            return true;
        }
        if (c != '\\') return true;
        const std::string_view rest = std::string_view(arguments_).substr(at_);
        std::size_t size = rest.size() > 1 && rest[1] == 'u' ? 6 : 2;
        const bool high = rest.size() >= 6 && rest[1] == 'u' &&
                          (rest[2] == 'd' || rest[2] == 'D') &&
                          std::string_view("89abAB").find(rest[3]) != std::string_view::npos;
        if (high) size = 12;
        if (rest.size() < size) {
            flush(emit);
            return false;
        }
        at_ += size - 1;
        return true;
    }

    template <class Emit>
    void flush(Emit&& emit) {
        if (place_ != Place::input || from_ >= at_) return;
        std::string text;
        json_unescape(std::string_view(arguments_).substr(from_, at_ - from_), text);
        from_ = at_;
        if (!text.empty()) emit(std::string_view(text));
    }

    std::string arguments_;
    std::size_t at_ = 0;    // how far it has been read
    std::size_t from_ = 0;  // what of the input has not been handed out yet
    std::size_t matched_ = 0;
    Place place_ = Place::head;
};

}  // namespace parley::sdk
