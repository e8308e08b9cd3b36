// http/head.cpp: strictness around Beast's parser. Each rule has a case in tests/host/http.
#include "http/head.hpp"

#include <algorithm>

#include <boost/beast/http/basic_parser.hpp>
#include <boost/beast/http/error.hpp>

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

// Beast's callbacks, kept as views. Folded values are refused: they do not lie in the input.
template <bool kRequest, class HeadType>
class Parser final : public beast::http::basic_parser<kRequest> {
public:
    Parser(HeadType& head, const config::Limits& limits, std::string_view input)
        : head_(head), limits_(limits), input_(input) {
        this->header_limit(static_cast<std::uint32_t>(input.size()));
        this->body_limit(boost::none);
    }

    base::Error why;

private:
    using View = beast::string_view;
    using Code = beast::error_code;

    static std::string_view std_view(View v) { return {v.data(), v.size()}; }

    void refuse(base::Error error, Code& code) {
        why = std::move(error);
        code = beast::http::error::bad_field;
    }

    void on_request_impl(beast::http::verb, View method, View target, int version, Code&) override {
        if constexpr (kRequest) {
            head_.method = std_view(method);
            head_.target = std_view(target);
            head_.http_1_0 = version == 10;
        }
    }

    void on_response_impl(int status, View, int, Code&) override {
        if constexpr (!kRequest) head_.status = static_cast<unsigned>(status);
    }

    void on_field_impl(FieldId id, View name, View value, Code& code) override {
        const std::string_view v = std_view(value);
        const char* name_end = name.data() + name.size();
        const bool inside = v.data() >= name_end && v.data() <= input_.data() + input_.size();
        if (!inside || std::count(name_end, v.data(), '\n') != 0) {
            return refuse(bad("folded header field"), code);
        }
        if (head_.fields.size() == limits_.head_fields_max) {
            return refuse(too_many("too many header fields"), code);
        }
        head_.fields.push_back({id, std_view(name), v});
        framing(id, v, code);
    }

    void framing(FieldId id, std::string_view value, Code& code) {
        if (id == FieldId::content_length) {
            if (head_.content_length) return refuse(bad("more than one content-length"), code);
            const bool digits =
                !value.empty() && value.find_first_not_of("0123456789") == value.npos;
            if (!digits || value.size() > 18) return refuse(bad("bad content-length"), code);
            head_.content_length = std::stoull(std::string(value));
        } else if (id == FieldId::transfer_encoding) {
            if (head_.chunked || !equals_ignoring_case(value, "chunked")) {
                return refuse(bad("transfer-encoding other than chunked"), code);
            }
            head_.chunked = true;
        }
    }

    void on_header_impl(Code&) override {}

    void on_body_init_impl(const boost::optional<std::uint64_t>&, Code&) override {}

    std::size_t on_body_impl(View, Code&) override { return 0; }

    void on_chunk_header_impl(std::uint64_t, View, Code&) override {}

    std::size_t on_chunk_body_impl(std::uint64_t, View, Code&) override { return 0; }

    void on_finish_impl(Code&) override {}

    HeadType& head_;
    const config::Limits& limits_;
    std::string_view input_;
};

template <bool kRequest, class HeadType>
Result<void> run_parser(std::string_view bytes, const config::Limits& limits, HeadType& out) {
    Parser<kRequest, HeadType> parser(out, limits, bytes);
    beast::error_code code;
    parser.put({bytes.data(), bytes.size()}, code);
    if (code) {
        if (!parser.why.message.empty()) return parser.why;
        return bad("malformed head: " + code.message());
    }
    if (!parser.is_header_done()) return bad("malformed head");
    if (out.chunked && out.content_length) return bad("both content-length and transfer-encoding");
    out.keep_alive = parser.keep_alive();
    out.upgrade = parser.upgrade();
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
    for (const std::string_view scheme : {"http://", "https://"}) {
        if (!target.starts_with(scheme)) continue;
        const std::size_t slash = target.find('/', scheme.size());
        target = slash == target.npos ? std::string_view("/") : target.substr(slash);
        break;
    }
    if (!target.starts_with('/')) return bad("target is neither a path nor an absolute url");
    for (std::size_t i = 0; i < target.size(); ++i) {
        const char c = target[i];
        if (static_cast<unsigned char>(c) >= 0x7f || c == '#' || c == '\\') {
            return bad("bad character in target");
        }
        if (c != '%') continue;
        const bool whole =
            target.size() - i > 2 && hex(target[i + 1]) >= 0 && hex(target[i + 2]) >= 0;
        const bool nul = whole && target[i + 1] == '0' && target[i + 2] == '0';
        if (!whole || nul) return bad("bad percent-encoding in target");
    }
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
    const bool odd = std::any_of(host.begin(), host.end(), [](char c) {
        return static_cast<unsigned char>(c) <= 0x20 ||
               std::string_view("/?#@\\,").find(c) != std::string_view::npos;
    });
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
    if (auto parsed = run_parser<true>(bytes, limits, out); !parsed) return parsed;
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
    if (auto parsed = run_parser<false>(bytes, limits, out); !parsed) return parsed;
    out.content_type = out.get(FieldId::content_type);
    const bool bodiless = out.status / 100 == 1 || out.status == 204 || out.status == 304;
    out.until_close = !bodiless && !out.chunked && !out.content_length;
    if (out.until_close) out.keep_alive = false;
    return {};
}

}  // namespace parley::http
