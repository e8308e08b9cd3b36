#include "accounts/op_call.hpp"

#include <algorithm>
#include <array>
#include <span>
#include <string>
#include <string_view>

#include "http/head.hpp"
#include "plugins/border.hpp"

namespace parley::accounts {

using plugins::view;

namespace {

constexpr std::uint64_t kReplyBytesMax = 1024 * 1024;  // where the call says nothing, by op.h

bool is_token(std::string_view text) {
    constexpr std::string_view kMarks = "!#$%&'*+-.^_`|~";
    return !text.empty() && std::all_of(text.begin(), text.end(), [&](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
               kMarks.find(c) != kMarks.npos;
    });
}

bool is_value(std::string_view text) {
    return std::none_of(text.begin(), text.end(), [](char c) {
        const auto byte = static_cast<unsigned char>(c);
        return (byte < 0x20 && c != '\t') || byte == 0x7f;
    });
}

// The host's own: framing, and where the call goes.
bool is_framing(std::string_view name) {
    constexpr std::array<std::string_view, 9> kOwn{"host",
                                                   "content-length",
                                                   "content-type",
                                                   "transfer-encoding",
                                                   "connection",
                                                   "upgrade",
                                                   "te",
                                                   "trailer",
                                                   "accept-encoding"};
    return std::any_of(kOwn.begin(), kOwn.end(), [&](std::string_view own) {
        return http::equals_ignoring_case(own, name);
    });
}

// False when a field cannot be sent.
bool write_fields(const parley_http_call& asked, std::string& out) {
    const std::span<const parley_header> headers(asked.headers, asked.header_count);
    bool has_user_agent = false;
    for (const parley_header& header : headers) {
        const std::string_view name = view(header.name);
        if (!is_token(name) || !is_value(view(header.value)) || is_framing(name)) return false;
        has_user_agent = has_user_agent || http::equals_ignoring_case(name, "user-agent");
    }
    const auto write = [&](std::string_view name, std::string_view value) {
        out.append(name).append(": ").append(value).append("\r\n");
    };
    for (const parley_header& header : headers) write(view(header.name), view(header.value));
    if (!has_user_agent) write("user-agent", "parley/" PARLEY_VERSION);
    if (asked.content_type.len != 0) write("content-type", view(asked.content_type));
    return true;
}

std::size_t room_for_fields(const parley_http_call& asked) {
    std::size_t room = 256 + asked.content_type.len;
    for (std::uint64_t i = 0; i < asked.header_count; ++i) {
        room += asked.headers[i].name.len + asked.headers[i].value.len + 4;
    }
    return room;
}

}  // namespace

parley_status read_call(const parley_http_call& asked, std::uint64_t usual_ms, http::Call& out) {
    const bool has_body = asked.content_type.len != 0;
    const bool fits = is_token(view(asked.method)) && is_value(view(asked.content_type)) &&
                      (has_body || asked.body.len == 0);
    if (!fits || !http::set_url(view(asked.url), out)) return -PARLEY_E_INVALID_ARGUMENT;
    std::string fields;
    fields.reserve(room_for_fields(asked));
    if (!write_fields(asked, fields)) return -PARLEY_E_INVALID_ARGUMENT;
    out.fields = base::Secret(std::move(fields));
    out.method = view(asked.method);
    out.body = base::Secret(std::string(view(asked.body)));
    out.reply_bytes_max = asked.reply_max != 0 ? asked.reply_max : kReplyBytesMax;
    out.timeout_ms = asked.timeout_ms != 0 ? asked.timeout_ms : usual_ms;
    out.is_idempotent = (asked.flags & PARLEY_HTTP_CALL_IDEMPOTENT) != 0;
    return PARLEY_OK;
}

}  // namespace parley::accounts
