// http/head.cpp: one pass over a head, stricter than RFC 9112 asks. Each rule has a case in
// tests/host/http.
#include "http/head.hpp"

#include <algorithm>
#include <array>
#include <charconv>

#include "parley/sdk/scan.hpp"

namespace parley::http {

namespace beast = boost::beast;
using base::client_error;
using base::Result;

namespace {

base::Error bad(std::string what) {
    auto e = client_error(PARLEY_E_INVALID_ARGUMENT, "http: " + std::move(what));
    e.http_status = 400;
    return e;
}

base::Error too_many(std::string what) {
    auto e = client_error(PARLEY_E_TOO_LARGE, "http: " + std::move(what));
    e.http_status = 431;
    return e;
}

char lower(char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
}

constexpr std::array<bool, 256> kTokenChars = [] {
    std::array<bool, 256> known{};
    constexpr std::string_view kAll =
        "!#$%&'*+-.^_`|~0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";
    for (const char c : kAll) known[static_cast<unsigned char>(c)] = true;
    return known;
}();

// An object, since calls of a function given by its name stay calls.
constexpr auto is_token_char = [](char c) { return kTokenChars[static_cast<unsigned char>(c)]; };

bool is_odd_in_host(char c) {
    switch (c) {
        case '/':
        case '?':
        case '#':
        case '@':
        case '\\':
        case ',':
            return true;
        default:
            return static_cast<unsigned char>(c) <= 0x20;
    }
}

std::string_view trim(std::string_view text) {
    while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
    while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
    return text;
}

// Goes through a head from front to end.
class Cursor {
public:
    explicit Cursor(std::string_view head) : left_(head) {}

    bool at_end() const { return left_.empty(); }

    bool pass(std::string_view expected) {
        if (!left_.starts_with(expected)) return false;
        left_.remove_prefix(expected.size());
        return true;
    }

    std::string_view take(std::size_t size) {
        const std::string_view taken = left_.substr(0, size);
        left_.remove_prefix(taken.size());
        return taken;
    }

    std::string_view token() {
        const auto end = std::find_if_not(left_.begin(), left_.end(), is_token_char);
        return take(static_cast<std::size_t>(end - left_.begin()));
    }

    std::string_view up_to_space() { return take(left_.find(' ')); }

    // The rest of the line, its CRLF passed; false when it holds any control character but tabs.
    bool line(std::string_view& text) {
        const char* end = left_.data() + left_.size();
        const char* stop = sdk::find_control(left_.data(), end);
        while (stop != end && *stop == '\t') stop = sdk::find_control(stop + 1, end);
        text = take(static_cast<std::size_t>(stop - left_.data()));
        return pass("\r\n");
    }

private:
    std::string_view left_;
};

// What the connection fields of a head ask for.
struct Wishes {
    bool close = false;
    bool keep_alive = false;
    bool upgrade = false;

    // False when the value is no list of tokens.
    bool add(std::string_view value) {
        while (!value.empty()) {
            const std::size_t comma = std::min(value.find(','), value.size());
            const std::string_view option = trim(value.substr(0, comma));
            value.remove_prefix(std::min(comma + 1, value.size()));
            if (!std::all_of(option.begin(), option.end(), is_token_char)) return false;
            close = close || equals_ignoring_case(option, "close");
            keep_alive = keep_alive || equals_ignoring_case(option, "keep-alive");
            upgrade = upgrade || equals_ignoring_case(option, "upgrade");
        }
        return true;
    }
};

Result<void> read_length(std::string_view value, Head& out) {
    if (out.content_length) return bad("more than one content-length");
    constexpr std::size_t kDigitsMax = 18;
    std::uint64_t length = 0;
    const char* end = value.data() + value.size();
    const auto [stop, fault] = std::from_chars(value.data(), end, length);
    if (fault != std::errc() || stop != end || value.size() > kDigitsMax) {
        return bad("bad content-length");
    }
    out.content_length = length;
    return {};
}

Result<void> read_coding(std::string_view value, Head& out) {
    if (out.chunked || !equals_ignoring_case(value, "chunked")) {
        return bad("transfer-encoding other than chunked");
    }
    out.chunked = true;
    return {};
}

Result<void> read_field(Cursor& head, Head& out, Wishes& wishes) {
    const std::string_view name = head.token();
    if (name.empty() || !head.pass(":")) return bad("malformed head: bad or folded header field");
    std::string_view value;
    if (!head.line(value)) return bad("malformed head: control character in a header field");
    value = trim(value);
    const FieldId id = beast::http::string_to_field({name.data(), name.size()});
    out.fields.push_back({id, name, value});
    switch (id) {
        case FieldId::content_length:
            return read_length(value, out);
        case FieldId::transfer_encoding:
            return read_coding(value, out);
        case FieldId::connection:
        case FieldId::proxy_connection:
            if (!wishes.add(value)) return bad("malformed head: bad connection field");
            return {};
        default:
            return {};
    }
}

// Reads what follows the first line.
Result<void> read_fields(Cursor& head, const config::Limits& limits, bool http_1_0, Head& out) {
    Wishes wishes;
    while (!head.pass("\r\n")) {
        if (out.fields.size() == limits.head_fields_max) return too_many("too many header fields");
        if (auto read = read_field(head, out, wishes); !read) return read;
    }
    if (!head.at_end()) return bad("malformed head");
    if (out.chunked && out.content_length) return bad("both content-length and transfer-encoding");
    out.keep_alive = http_1_0 ? wishes.keep_alive : !wishes.close;
    out.upgrade = wishes.upgrade;
    return {};
}

Result<void> read_request_line(Cursor& head, RequestHead& out) {
    out.method = head.token();
    if (out.method.empty() || !head.pass(" ")) return bad("malformed head: bad method");
    out.target = head.up_to_space();
    out.http_1_0 = head.pass(" HTTP/1.0\r\n");
    if (!out.http_1_0 && !head.pass(" HTTP/1.1\r\n")) return bad("malformed head: bad version");
    return {};
}

Result<void> read_status_line(Cursor& head, bool& http_1_0, ReplyHead& out) {
    http_1_0 = head.pass("HTTP/1.0 ");
    if (!http_1_0 && !head.pass("HTTP/1.1 ")) return bad("malformed head: bad version");
    for (const char digit : head.take(3)) {
        if (digit < '0' || digit > '9') return bad("malformed head: bad status");
        out.status = out.status * 10 + static_cast<unsigned>(digit - '0');
    }
    std::string_view reason;
    if (out.status < 100 || !head.pass(" ") || !head.line(reason)) {
        return bad("malformed head: bad status line");
    }
    return {};
}

int hex(char c) {
    if (c >= '0' && c <= '9') return c - '0';
    c = lower(c);
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

Result<void> check_target(RequestHead& head) {
    std::string_view target = head.target;
    if (target == "*" && head.method == "OPTIONS") {
        head.path = target;
        return {};
    }
    for (std::size_t i = 0; i < target.size(); ++i) {
        const auto c = static_cast<unsigned char>(target[i]);
        if (c <= ' ' || c >= 0x7f || c == '#' || c == '\\') {
            return bad("bad character in target");
        }
        if (c != '%') continue;
        const bool whole =
            target.size() - i > 2 && hex(target[i + 1]) >= 0 && hex(target[i + 2]) >= 0;
        const bool nul = whole && target[i + 1] == '0' && target[i + 2] == '0';
        if (!whole || nul) return bad("bad percent-encoding in target");
    }
    for (const std::string_view scheme : {"http://", "https://"}) {
        if (!target.starts_with(scheme)) continue;
        const std::size_t slash = target.find('/', scheme.size());
        target = slash == target.npos ? std::string_view("/") : target.substr(slash);
        break;
    }
    if (!target.starts_with('/')) return bad("target is neither a path nor an absolute url");
    head.target = target;
    const std::size_t question = target.find('?');
    head.path = target.substr(0, question);
    if (question != target.npos) head.query = target.substr(question + 1);
    return {};
}

Result<void> check_host(const RequestHead& head) {
    const auto is_host = [](const Field& f) { return f.id == FieldId::host; };
    const auto hosts = std::count_if(head.fields.begin(), head.fields.end(), is_host);
    if (hosts > 1) return bad("more than one host");
    if (hosts == 0 && !head.http_1_0) return bad("no host");
    const std::string_view host = head.get(FieldId::host);
    const bool odd =
        std::any_of(host.begin(), host.end(), [](char c) { return is_odd_in_host(c); });
    if (odd) return bad("bad host");
    return {};
}

}  // namespace

std::string_view Head::get(FieldId id) const {
    for (const Field& f : fields) {
        if (f.id == id) return f.value;
    }
    return {};
}

std::string_view Head::get(std::string_view lower_case_name) const {
    for (const Field& f : fields) {
        if (equals_ignoring_case(f.name, lower_case_name)) return f.value;
    }
    return {};
}

bool equals_ignoring_case(std::string_view a, std::string_view b) {
    return a.size() == b.size() && std::equal(a.begin(), a.end(), b.begin(), [](char x, char y) {
               return lower(x) == lower(y);
           });
}

Result<void> check_beginning(std::string_view bytes) {
    constexpr std::string_view kTlsHandshake = "\x16\x03";
    constexpr std::string_view kPreface = "PRI * HTTP/2.0";  // RFC 9113, section 3.4
    const auto begins_with = [bytes](std::string_view all) {
        return bytes.starts_with(all.substr(0, bytes.size()));
    };
    if (bytes.empty() || bytes.front() == '\r' || bytes.front() == '\n') return {};
    if (begins_with(kTlsHandshake))
        return bad("this is TLS, and here no TLS is spoken; use http://");
    if (bytes.starts_with(kPreface)) return bad("HTTP/2 is not spoken here; use HTTP/1.1");
    if (!is_token_char(bytes.front())) return bad("malformed head: bad method");
    return {};
}

Result<std::size_t> find_head_end(std::string_view bytes,
                                  std::size_t& scanned,
                                  std::uint64_t head_bytes_max) {
    const char* begin = bytes.data();
    const char* end = begin + bytes.size();
    const char* p = begin + scanned;
    for (;;) {
        const char* stop = sdk::find_line_end(p, end);
        const auto at = static_cast<std::size_t>(stop - begin);
        if (at > head_bytes_max) return too_many("head too large");
        // Look again at a CR whose LF has not come.
        if (stop == end || (*stop == '\r' && stop + 1 == end)) {
            scanned = at;
            return std::size_t{0};
        }
        if (*stop == '\n' || stop[1] != '\n') return bad("bare CR or LF in head");
        p = stop + 2;
        const bool blank = at >= 2 && begin[at - 1] == '\n';
        if (blank) return static_cast<std::size_t>(p - begin);
        if (at == 0) return bad("empty line before the request");
    }
}

Result<void> parse_head(std::string_view bytes, const config::Limits& limits, RequestHead& out) {
    Cursor head(bytes);
    if (auto read = read_request_line(head, out); !read) return read;
    if (auto read = read_fields(head, limits, out.http_1_0, out); !read) return read;
    if (out.chunked && out.http_1_0) return bad("transfer-encoding in HTTP/1.0");
    if (auto target = check_target(out); !target) return target;
    if (auto host = check_host(out); !host) return host;
    out.content_type = out.get(FieldId::content_type);
    const std::string_view expect = out.get(FieldId::expect);
    out.expects_continue = equals_ignoring_case(expect, "100-continue");
    if (!expect.empty() && !out.expects_continue) {
        auto e = bad("expectation other than 100-continue");
        e.http_status = 417;
        return e;
    }
    return {};
}

Result<void> parse_head(std::string_view bytes, const config::Limits& limits, ReplyHead& out) {
    Cursor head(bytes);
    bool http_1_0 = false;
    if (auto read = read_status_line(head, http_1_0, out); !read) return read;
    if (auto read = read_fields(head, limits, http_1_0, out); !read) return read;
    out.content_type = out.get(FieldId::content_type);
    const bool bodiless = out.status / 100 == 1 || out.status == 204 || out.status == 304;
    out.until_close = !bodiless && !out.chunked && !out.content_length;
    if (out.until_close) out.keep_alive = false;
    return {};
}

}  // namespace parley::http
