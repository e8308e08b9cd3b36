// store.hpp: parley.store/1 over a folder of files.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "follower.hpp"
#include "leases.hpp"
#include "writes.hpp"

namespace parley::store_file {

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
    void batch(std::span<const parley_write* const> writes,
               sdk::Cancel cancel,
               parley_written& out);

    void poll(const sdk::PollAsk& ask, sdk::Arena& arena, sdk::Cancel cancel, parley_changes& out);
    bool watch(sdk::Cancel cancel);

    void lease(const sdk::LeaseAsk& ask, sdk::Cancel cancel, parley_lease& out);
    void renew(const sdk::LeaseAsk& ask, sdk::Cancel cancel, parley_lease& out);
    void release(const sdk::LeaseAsk& ask, sdk::Cancel cancel);

    void health(sdk::Cancel cancel);

private:
    // The write lock, behind which nothing is half done.
    Lock lock_for_writes(sdk::Cancel cancel);
    void finish_others(sdk::Cancel cancel);
    bool fill(std::string_view key, bool value, sdk::PageWriter& page);

    const parley_host* host_;
    std::string root_;
    bool create_ = true;
    uint64_t value_bytes_max_ = 0;
    uint64_t lock_wait_ms_ = 0;
    uint64_t poll_interval_ms_ = 0;

    const parley_watcher* watcher_ = nullptr;
    Folder folder_;
    Follower follower_{folder_};
    Writes writes_{folder_, follower_};
    Leases leases_{folder_};
    std::string told_;  // the position up to which the watcher knows; of the thread that watches
    sdk::HeldLeases held_;
};

}  // namespace parley::store_file
