// parley/sdk/body.hpp: a request's body on its way to an upstream.
//
// What is long is handed on from where it lies in the client's own body, or goes out in pieces as
// it is written: there is no second body in memory.
#pragma once

#include <algorithm>
#include <functional>
#include <string>
#include <string_view>

#include "parley/request.h"
#include "parley/sdk/json_writer.hpp"
#include "parley/sdk/plugin.hpp"
#include "parley/sdk/scan.hpp"

namespace parley::sdk {

class Body final : private JsonOverflow {
    std::string text_;

public:
    // Both must outlive the body.
    Body(const parley_request& request, Out& out)
        : json(text_, this), body_(view(request.raw)), out_(out) {
        text_.reserve(std::min(body_.size(), kFull) + kMore);
    }

    JsonWriter json;

    // A string of two parts: "data:image/png;base64," and what the client sent.
    void string(std::string_view head, std::string_view tail) {
        std::string begun;
        json_quote(head, begun);
        begun.pop_back();
        json.raw(begun);
        end_string(tail);
    }

    Body(const Body&) = delete;
    Body& operator=(const Body&) = delete;

    // When all is written.
    void flush() {
        if (!text_.empty()) out_.write(text_);
        text_.clear();
    }

private:
    static constexpr std::size_t kFull = std::size_t{64} * 1024;
    static constexpr std::size_t kMore = 8 * 1024;
    static constexpr std::size_t kSlice = std::size_t{16} * 1024;

    void look() override {
        if (text_.size() >= kFull) flush();
    }

    void string(std::string_view text) override {
        text_ += '"';
        end_string(text);
    }

    void raw(std::string_view text) override {
        flush();
        is_of_client(text) ? out_.borrow(text) : out_.write(text);
    }

    void end_string(std::string_view text) {
        // What stands in the client's body without escapes needs none here.
        if (is_of_client(text) && is_plain(text)) {
            flush();
            out_.borrow(text);
        } else {
            escape(text);
        }
        text_ += '"';
    }

    void escape(std::string_view text) {
        while (!text.empty()) {
            const std::string_view slice = text.substr(0, slice_size(text));
            json_escape(slice, text_);
            text.remove_prefix(slice.size());
            look();
        }
    }

    // Not amid a character.
    static std::size_t slice_size(std::string_view text) {
        if (text.size() <= kSlice) return text.size();
        std::size_t size = kSlice;
        while (size > kSlice - 3 && (static_cast<unsigned char>(text[size]) & 0xc0u) == 0x80)
            --size;
        return size;
    }

    bool is_of_client(std::string_view text) const {
        const std::less_equal<const char*> no_more;
        return no_more(body_.data(), text.data()) &&
               no_more(text.data() + text.size(), body_.data() + body_.size());
    }

    static bool is_plain(std::string_view text) {
        const char* end = text.data() + text.size();
        return find_escape(text.data(), end) == end;
    }

    const std::string_view body_;  // the client's
    Out& out_;
};

}  // namespace parley::sdk
