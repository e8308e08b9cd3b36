// store.hpp: parley.store/1 over the objects of a bucket.
#pragma once

#include <cstdint>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>

#include "bucket.hpp"
#include "writer.hpp"

namespace parley::store_s3 {

extern const std::string_view kSchema;

class Store {
public:
    explicit Store(const parley_host* host) : host_(host) {}

    void configure(std::string_view json);
    void open(const parley_watcher& watcher, sdk::Cancel cancel, parley_store_facts& out);
    void close() noexcept;

    void get(std::string_view key, sdk::Arena& arena, sdk::Cancel cancel, parley_document& out);
    void list(const sdk::ListAsk& ask, sdk::Arena& arena, sdk::Cancel cancel, parley_page& out);
    void put(const parley_write& write, sdk::Cancel cancel, parley_written& out);
    void remove(const parley_write& write, sdk::Cancel cancel, parley_written& out);
    void poll(const sdk::PollAsk& ask, sdk::Arena& arena, sdk::Cancel cancel, parley_changes& out);
    void lease(const sdk::LeaseAsk& ask, sdk::Cancel cancel, parley_lease& out);
    void renew(const sdk::LeaseAsk& ask, sdk::Cancel cancel, parley_lease& out);
    void release(const sdk::LeaseAsk& ask, sdk::Cancel cancel);
    void health(sdk::Cancel cancel);

private:
    // What is there now: a document, a removal, or nothing.
    struct There {
        std::string etag;  // empty: no object
        bool is_document = false;

        uint64_t revision() const { return is_document ? revision_of(etag) : PARLEY_REVISION_NONE; }

        static uint64_t revision_of(std::string_view etag);
    };

    struct Lease {
        std::string etag;  // empty: none yet
        uint64_t token = 0;
        int64_t until_ms = 0;
        std::string owner;  // empty: nobody
    };

    std::string object_of(std::string_view key) const;
    There look(const std::string& object, sdk::Cancel cancel);
    uint64_t write(const parley_write& write,
                   const std::string& body,
                   sdk::Cancel cancel,
                   parley_written& out);
    bool is_removal(const Object& object, sdk::Cancel cancel);
    bool fill(const Object& object, bool value, sdk::PageWriter& page, sdk::Cancel cancel);
    bool find_conditions(sdk::Cancel cancel);
    bool holds_conditions(const std::string& object, sdk::Cancel cancel);

    Lease read_lease(std::string_view name, sdk::Cancel cancel);
    bool write_lease(std::string_view name, const Lease& lease, sdk::Cancel cancel);

    const parley_host* host_;
    Place place_;
    Credentials credentials_;
    Http::Limits limits_;
    std::string prefix_;
    uint64_t value_bytes_max_ = 0;
    uint64_t poll_interval_ms_ = 0;
    bool has_conditions_ = false;

    Bucket bucket_;
    std::optional<Writer> writer_;  // where conditions are not kept
    sdk::HeldLeases held_;
    std::mutex removals_mutex_;
    std::map<std::string, bool, std::less<>> removals_;  // by ETag; bounded
};

}  // namespace parley::store_s3
