#include "http/status.hpp"

#include <string>

#include <boost/beast/http/status.hpp>

namespace parley::http {

std::string_view status_line(unsigned status) {
    if (status == 200) return "200 OK";
    thread_local std::string line;
    const auto reason =
        boost::beast::http::obsolete_reason(boost::beast::http::int_to_status(status));
    line = std::to_string(status) + ' ';
    if (reason != "<unknown-status>") line.append(reason.data(), reason.size());
    return line;
}

}  // namespace parley::http
