// http.hpp: one request at a time over connections that are kept, by libcurl.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "parley/sdk/store.hpp"

namespace parley::store_s3 {

using Fields = std::vector<std::pair<std::string, std::string>>;

struct HttpRequest {
    std::string method;
    std::string url;
    Fields fields;
    std::string_view body;
};

struct HttpReply {
    long status = 0;
    std::map<std::string, std::string> fields;  // names in lower case
    std::string body;

    std::string field(const std::string& name) const {
        const auto found = fields.find(name);
        return found == fields.end() ? std::string() : found->second;
    }
};

// Nothing came back: whether the server did what it was asked is not known.
struct NoReply : sdk::Failure {
    explicit NoReply(Failure failure) : Failure(std::move(failure)) {}
};

// For any threads.
class Http {
public:
    struct Limits {
        uint64_t timeout_ms = 0;
        uint64_t reply_bytes_max = 0;
        std::string tls_ca_file;
    };

    Http();
    ~Http();

    void open(Limits limits) { limits_ = std::move(limits); }

    // Ends all connections.
    void close();
    HttpReply send(const HttpRequest& request, sdk::Cancel cancel);

private:
    class Wire;

    std::unique_ptr<Wire> take();

    Limits limits_;
    std::mutex mutex_;
    std::vector<std::unique_ptr<Wire>> idle_;
};

}  // namespace parley::store_s3
