// bucket.hpp: the objects of one bucket: signed, tried again where that may help, with the server's
// clock.
#pragma once

#include <atomic>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "http.hpp"
#include "signature.hpp"

namespace parley::store_s3 {

struct Place {
    std::string scheme;  // "https"
    std::string host;    // with its port, if it is an odd one
    std::string bucket;
    std::string region;
    bool virtual_host = false;  // bucket.host/key in place of host/bucket/key
};

struct Object {
    std::string key;
    std::string etag;  // without its quotes
    uint64_t size = 0;
    int64_t modified_ms = 0;
};

struct Fetched {
    Object object;
    std::string body;
    std::string content_type;
};

// What an object must be for a PUT to replace it.
struct Condition {
    enum class Kind { kAny, kNone, kEtag } kind = Kind::kAny;
    std::string etag;
};

struct Listing {
    std::vector<Object> objects;
    bool is_last = true;
};

// Waits, and throws when the call is cancelled meanwhile.
void pause(uint64_t ms, sdk::Cancel cancel);

class Bucket {
public:
    void open(Place place, Credentials credentials, Http::Limits limits);

    void close() { http_.close(); }

    std::optional<Fetched> get(const std::string& key, sdk::Cancel cancel);
    // The ETag; nothing when the condition did not hold. Throws UNSUPPORTED when the server knows
    // no conditions.
    std::optional<std::string> put(const std::string& key,
                                   std::string_view body,
                                   std::string_view content_type,
                                   const Condition& condition,
                                   sdk::Cancel cancel);
    void remove(const std::string& key, sdk::Cancel cancel);
    // In the order of their keys, behind `after`; 1000 at most.
    Listing list(const std::string& prefix,
                 const std::string& after,
                 uint64_t limit,
                 sdk::Cancel cancel);

    // The server's clock. Within two seconds ours is as good.
    int64_t now_ms() const;

    // Some servers compare If-Match without its quotes.
    void quote_conditions(bool quoted) { quoted_ = quoted; }

private:
    HttpReply send(const std::string& method,
                   const std::string& key,
                   Query query,
                   std::string_view body,
                   const Fields& more,
                   sdk::Cancel cancel);
    HttpReply send_once(const std::string& method,
                        const std::string& key,
                        const std::string& query,
                        std::string_view body,
                        const Fields& more,
                        sdk::Cancel cancel);
    bool is_own(const std::string& key,
                std::string_view body,
                std::string& etag,
                sdk::Cancel cancel);

    Place place_;
    Credentials credentials_;
    Http http_;
    std::atomic<int64_t> clock_ahead_ms_{0};  // how far the server's is ahead of ours
    std::atomic<bool> quoted_{true};
};

// Throws unless the status is one of success.
void check_reply(const HttpReply& reply, std::string_view what);

}  // namespace parley::store_s3
