// client.hpp: a store as the host uses it: loaded from its file, configured, opened, and called
// through its table.
#pragma once

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "parley/store.h"
#include "plugins/instance.hpp"

namespace parley::store_test {

struct Document {
    std::string key;
    std::string value;
    std::string content_type;
    std::uint64_t revision = 0;
    std::int64_t modified_ms = 0;
};

// What every call tells. A status that is negative is the negated class of its error.
struct Told {
    parley_status status = PARLEY_OK;
    std::string message;
    std::uint64_t retry_after_ms = 0;

    bool ok() const { return status >= 0; }
};

struct Got : Told {
    Document document;
};

struct Listed : Told {
    std::vector<Document> documents;
    std::string cursor;
};

struct Written : Told {
    std::uint64_t revision = 0;
    std::uint64_t at = 0;
    std::vector<std::uint64_t> revisions;
};

struct Changed : Told {
    bool reset = false;
    std::vector<std::string> keys;  // sorted
    std::string position;
};

struct Leased : Told {
    std::uint64_t token = 0;
    std::uint64_t expires_in_ms = 0;
};

struct Write {
    std::string key;
    std::optional<std::string> value;  // none: a removal
    std::uint64_t expected = PARLEY_REVISION_ANY;
    std::string content_type = "application/json";
};

class Client {
public:
    // `settings` is a JSON object. Faults of the plugin and of the settings throw; what open says
    // is in `opened`.
    Client(const std::string& plugin, const std::string& settings);
    ~Client();
    Client(const Client&) = delete;
    Client& operator=(const Client&) = delete;

    Told open();
    void close();

    const parley_store_facts& facts() const { return facts_; }

    bool can(std::uint32_t capability) const { return (facts_.capabilities & capability) != 0; }

    Got get(std::string_view key);
    Listed list(std::string_view prefix,
                std::string_view cursor = {},
                std::uint64_t limit = 1000,
                bool values = true);
    // All pages.
    Listed list_all(std::string_view prefix, std::uint64_t limit = 1000, bool values = true);
    Written write(const Write& write);

    Written put(std::string_view key,
                std::string_view value,
                std::uint64_t expected = PARLEY_REVISION_ANY) {
        return write({std::string(key), std::string(value), expected});
    }

    Written remove(std::string_view key, std::uint64_t expected = PARLEY_REVISION_ANY) {
        return write({std::string(key), std::nullopt, expected});
    }

    Written batch(const std::vector<Write>& writes);
    Changed poll(std::string_view prefix, std::string_view position);
    Leased lease(std::string_view name, std::string_view owner, std::uint64_t ttl_ms);
    Leased renew(std::string_view name, std::uint64_t token, std::uint64_t ttl_ms);
    Told release(std::string_view name, std::uint64_t token);
    Told health();

    // One turn of watch.
    Told watch();

    // How often the store has said that something changed.
    std::uint64_t hints() const { return hints_; }

    // From now on all calls are cancelled, until false.
    void cancel(bool set) { cancelled_ = set; }

    const parley_store& table() const { return *table_; }

    static std::vector<std::string> log_lines();

private:
    std::shared_ptr<plugins::Instance> instance_;
    const parley_store* table_ = nullptr;
    parley_watcher watcher_{};
    parley_cancel cancel_{};
    parley_store_facts facts_{};
    std::atomic<bool> cancelled_{false};
    std::atomic<std::uint64_t> hints_{0};
    bool open_ = false;
};

// Calls watch on a thread of its own, as the host does, and waits for what it tells.
class Watching {
public:
    explicit Watching(Client& client);
    ~Watching();

    // Until poll from `position` tells something, asked after every hint; false when nothing has
    // come within that time.
    bool wait_for_change(std::string& position, std::uint64_t limit_ms, Changed& out);

private:
    void run();

    Client& client_;
    std::mutex mutex_;
    std::condition_variable news_;
    std::uint64_t turns_ = 0;  // that may have brought news
    bool ended_ = false;
    std::thread thread_;
};

}  // namespace parley::store_test
