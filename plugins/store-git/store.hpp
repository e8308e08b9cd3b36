// store.hpp: parley.store/1 over a branch of a git repository.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>

#include "parley/sdk/document_file.hpp"
#include "repository.hpp"

namespace parley::store_git {

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
    void lease(const sdk::LeaseAsk& ask, sdk::Cancel cancel, parley_lease& out);
    void renew(const sdk::LeaseAsk& ask, sdk::Cancel cancel, parley_lease& out);
    void release(const sdk::LeaseAsk& ask, sdk::Cancel cancel);
    void health(sdk::Cancel cancel);

private:
    using Clock = std::chrono::steady_clock;

    struct Found {
        sdk::FileForm form = sdk::FileForm::kJson;
        std::string file;
        git_oid blob{};

        uint64_t revision() const;
    };

    struct Lease {
        uint64_t token = 0;
        int64_t until_ms = 0;
        std::string owner;  // empty: nobody has it

        uint64_t left_ms() const;
    };

    // ---- leases.cpp ----

    void open_leases(sdk::Cancel cancel);
    Lease read_lease(const std::string& file) const;
    template <class Decide>
    void change_lease(std::string_view name, sdk::Cancel cancel, Decide&& decide);
    void give_back(const sdk::LeaseAsk& ask, sdk::Cancel cancel);

    void fetch(sdk::Cancel cancel);
    void tell_of_no_branch(const std::string& others);
    // The documents as they were at the remote not longer ago than the interval of polls.
    Tree recent(sdk::Cancel cancel);
    std::string path_of(std::string_view key, sdk::FileForm form) const;
    std::optional<std::string> key_of(std::string_view path) const;
    std::optional<Found> find(const git_tree& tree, std::string_view key) const;
    std::map<std::string, Found> find_all(const git_tree& tree) const;
    void read(std::string_view key, const Found& found, std::string& text, sdk::FileValue& out);
    bool try_write(std::span<const parley_write* const> writes,
                   sdk::Cancel cancel,
                   parley_written& out,
                   std::span<uint64_t> revisions);
    void write(std::span<const parley_write* const> writes,
               sdk::Cancel cancel,
               parley_written& out,
               std::span<uint64_t> revisions);

    const parley_host* host_;
    Settings settings_;
    std::string folder_;  // in the repository; empty or ending with a slash
    bool read_only_ = false;
    uint64_t value_bytes_max_ = 0;
    uint64_t poll_interval_ms_ = 0;
    bool has_told_of_branch_ = false;

    std::mutex mutex_;  // the repository and what follows
    std::optional<Repository> repository_;
    std::optional<Repository> leases_;  // the same clone, another branch
    Clock::time_point fetched_;
    sdk::HeldLeases held_;
};

}  // namespace parley::store_git
