// signature.hpp: requests as AWS Signature Version 4 proves them.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace parley::store_s3 {

using Query = std::vector<std::pair<std::string, std::string>>;

struct Credentials {
    std::string access_key;
    std::string secret_key;
    std::string session_token;  // may be empty
};

// Percent-encodes all but letters, digits, - . _ ~ and, in a path, slashes.
std::string percent_encoded(std::string_view text, bool is_path);
// Sorted and encoded.
std::string query_text(Query query);
std::string sha256_hex(std::string_view text);

struct Signed {
    std::string method;
    std::string host;
    std::string path;   // encoded
    std::string query;  // by query_text
    std::string payload_sha256;
    std::string region;
    int64_t wall_ms = 0;
};

// "20261127T230042Z"
std::string amz_date(int64_t wall_ms);
// The value of `authorization`, over the fields host, x-amz-content-sha256, x-amz-date and, with a
// session token, x-amz-security-token.
std::string authorization(const Signed& request, const Credentials& credentials);

}  // namespace parley::store_s3
