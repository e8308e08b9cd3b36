#include "config/egress.hpp"

#include <array>
#include <charconv>
#include <string_view>

#include <boost/url/parse.hpp>
#include <boost/url/url_view.hpp>

#include "base/digest.hpp"

namespace parley::config {

namespace {

struct Scheme {
    std::string_view name;
    Egress::Kind kind;
    std::uint16_t port;
};

constexpr std::array kSchemes{
    Scheme{"http", Egress::Kind::http, 80},
    Scheme{"https", Egress::Kind::https, 443},
    Scheme{"socks5", Egress::Kind::socks5, 1080},
    Scheme{"socks5h", Egress::Kind::socks5, 1080},  // names are the proxy's to resolve either way
};

bool read_port(std::string_view text, std::uint16_t& port) {
    const char* stop = text.data() + text.size();
    const auto [end, fault] = std::from_chars(text.data(), stop, port);
    return fault == std::errc() && end == stop && port != 0;
}

base::Error none() {
    return base::gateway_error(PARLEY_E_CONFIG,
                               "expected \"direct\" or a proxy such as "
                               "\"http://user:password@host:port\", with http, https or socks5");
}

}  // namespace

base::Result<EgressPtr> read_egress(const base::Secret& text, const EgressPtr& otherwise) {
    constexpr std::size_t kCredentialBytesMax = 255;  // of SOCKS
    if (text.empty()) return otherwise;
    if (text.reveal() == "direct") return EgressPtr();
    const auto url = boost::urls::parse_uri(text.reveal());
    if (!url || url->host().empty() || url->has_query() || url->has_fragment()) return none();
    if (!url->encoded_path().empty() && url->encoded_path() != "/") return none();
    std::uint16_t port = 0;
    if (url->has_port() && !read_port(url->port(), port)) return none();
    auto made = std::make_shared<Egress>();
    std::uint16_t usual_port = 0;
    for (const Scheme& scheme : kSchemes) {
        if (url->scheme() != scheme.name) continue;
        made->kind = scheme.kind;
        usual_port = scheme.port;
    }
    if (usual_port == 0) return none();
    made->host = url->host_address();
    made->port = port != 0 ? port : usual_port;
    made->user = base::Secret(url->user());
    made->password = base::Secret(url->password());
    if (made->user.reveal().size() > kCredentialBytesMax ||
        made->password.reveal().size() > kCredentialBytesMax) {
        return none();
    }
    const bool is_v6 = made->host.find(':') != std::string::npos;
    made->name = std::string(url->scheme()) + "://" +
                 (is_v6 ? '[' + made->host + ']' : made->host) + ':' + std::to_string(made->port);
    const base::Digest digest = base::sha256(text.reveal());
    made->key = made->name + '#' + std::string(digest.begin(), digest.end());
    return EgressPtr(std::move(made));
}

}  // namespace parley::config
