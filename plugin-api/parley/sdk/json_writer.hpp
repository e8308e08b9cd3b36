// parley/sdk/json_writer.hpp: JSON that is appended to a string; json.hpp has it, too.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "parley/sdk/pieces.hpp"
#include "parley/sdk/scan.hpp"

namespace parley::sdk {

namespace detail {

inline void escape(std::string_view text, Pieces& pieces) {
    const char* p = text.data();
    const char* end = p + text.size();
    while ((p = pieces.copy_to_special(p, end)) != end) {
        const auto c = static_cast<unsigned char>(*p);
        if (c >= 0x80) {
            const std::size_t length = utf8_length(p, end);
            pieces.put(length == 0 ? std::string_view("\xef\xbf\xbd")
                                   : std::string_view(p, length));
            p += length == 0 ? 1 : length;
            continue;
        }
        ++p;
        pieces.put('\\');
        switch (c) {
            case '"':
            case '\\':
                pieces.put(static_cast<char>(c));
                break;
            case '\n':
                pieces.put('n');
                break;
            case '\r':
                pieces.put('r');
                break;
            case '\t':
                pieces.put('t');
                break;
            default: {
                constexpr std::string_view kHex = "0123456789abcdef";
                pieces.put("u00");
                pieces.put(kHex[c >> 4]);
                pieces.put(kHex[c & 15]);
            }
        }
    }
}

inline void quote(std::string_view text, Pieces& pieces) {
    pieces.put('"');
    escape(text, pieces);
    pieces.put('"');
}

}  // namespace detail

// Appends text as a JSON string, quotes included. Malformed UTF-8 becomes U+FFFD.
inline void json_quote(std::string_view text, std::string& out) {
    Pieces pieces(out);
    detail::quote(text, pieces);
    pieces.flush();
}

// The same without the quotes.
inline void json_escape(std::string_view text, std::string& out) {
    Pieces pieces(out);
    detail::escape(text, pieces);
    pieces.flush();
}

// Takes what is too much for a writer's string; commas have been minded.
class JsonOverflow {
public:
    static constexpr std::size_t kLong = 4096;

    virtual void string(std::string_view text) = 0;
    virtual void raw(std::string_view json) = 0;
    // An object is complete, and the string may have become long.
    virtual void look() = 0;

protected:
    ~JsonOverflow() = default;
};

// Appends JSON to a string, minding commas. Nesting is the caller's to balance.
class JsonWriter {
public:
    // With an overflow, texts and JSON of kLong bytes and more go there.
    explicit JsonWriter(std::string& out, JsonOverflow* overflow = nullptr)
        : out_(out), overflow_(overflow) {}

    JsonWriter& begin_object() { return open('{'); }

    JsonWriter& end_object() {
        close('}');
        if (overflow_ != nullptr) overflow_->look();
        return *this;
    }

    JsonWriter& begin_array() { return open('['); }

    JsonWriter& end_array() { return close(']'); }

    JsonWriter& key(std::string_view name) {
        quote(name, true);
        fresh_ = true;
        return *this;
    }

    JsonWriter& string(std::string_view text) {
        if (text.size() >= JsonOverflow::kLong && overflow_ != nullptr) {
            comma();
            overflow_->string(text);
            return *this;
        }
        quote(text, false);
        fresh_ = false;
        return *this;
    }

    JsonWriter& number(std::int64_t value) { return raw(std::to_string(value)); }

    JsonWriter& boolean(bool value) { return raw(value ? "true" : "false"); }

    JsonWriter& null() { return raw("null"); }

    // Text that is JSON already.
    JsonWriter& raw(std::string_view json) {
        comma();
        if (json.size() >= JsonOverflow::kLong && overflow_ != nullptr) {
            overflow_->raw(json);
        } else {
            out_ += json;
        }
        return *this;
    }

private:
    // All that stands around it goes with it.
    void quote(std::string_view text, bool is_key) {
        Pieces pieces(out_);
        if (!fresh_) pieces.put(',');
        detail::quote(text, pieces);
        if (is_key) pieces.put(':');
        pieces.flush();
    }

    void comma() {
        if (!fresh_) out_ += ',';
        fresh_ = false;
    }

    JsonWriter& open(char c) {
        comma();
        out_ += c;
        fresh_ = true;
        return *this;
    }

    JsonWriter& close(char c) {
        out_ += c;
        fresh_ = false;
        return *this;
    }

    std::string& out_;
    JsonOverflow* overflow_;
    bool fresh_ = true;
};

}  // namespace parley::sdk
