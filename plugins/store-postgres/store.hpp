// store.hpp: parley.store/1 over tables of PostgreSQL.
#pragma once

#include <cstdint>
#include <memory>
#include <mutex>
#include <string>

#include "pool.hpp"

namespace parley::store_postgres {

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
    // The statement with the schema's name in it.
    std::string sql(std::string_view text) const;
    Rows run(Again again, std::string_view text, const Parameters& parameters, sdk::Cancel cancel);
    void write(std::span<const parley_write* const> writes,
               sdk::Cancel cancel,
               parley_written& out,
               std::span<uint64_t> revisions);
    void forget_removed(Connection& connection, Deadline deadline, sdk::Cancel cancel);
    bool is_durable(Connection& connection, Deadline deadline, sdk::Cancel cancel) const;
    void listen(sdk::Cancel cancel);

    const parley_host* host_;
    Options options_;
    std::string schema_name_;
    std::string schema_;  // quoted
    uint64_t connections_ = 0;
    uint64_t timeout_ms_ = 0;
    uint64_t value_bytes_max_ = 0;
    uint64_t poll_interval_ms_ = 0;
    uint64_t removed_kept_days_ = 0;

    const parley_watcher* watcher_ = nullptr;
    Pool pool_;
    std::mutex listener_mutex_;
    std::unique_ptr<Connection> listener_;
    sdk::HeldLeases held_;
};

}  // namespace parley::store_postgres
