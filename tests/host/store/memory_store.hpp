// memory_store.hpp: a store in memory, with the faults that a test asks for.
#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <functional>
#include <map>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "plugins/border.hpp"
#include "store/documents.hpp"

namespace parley::store {

class MemoryStore {
public:
    struct Entry {
        std::string value;
        std::uint64_t revision = 0;
    };

    struct Held {
        std::string owner;
        std::uint64_t token = 0;
    };

    // ---- for the test ----

    std::shared_ptr<plugins::Store> open_store(const config::StoreLimits& limits = {}) {
        auto store = make(limits);
        const plugins::Cancel cancel(limits.call_ms, nullptr);
        (void)store->open({}, cancel).value();
        return store;
    }

    std::shared_ptr<plugins::Store> make(const config::StoreLimits& limits = {}) {
        return std::make_shared<plugins::Store>(
            nullptr, "memory", &table(), reinterpret_cast<parley_instance*>(this), limits);
    }

    std::shared_ptr<Documents> make_documents(const config::StoreLimits& limits = {},
                                              Cipher cipher = Cipher()) {
        return std::make_shared<Documents>(make(limits), std::move(cipher));
    }

    std::shared_ptr<Documents> open_documents(const config::StoreLimits& limits = {},
                                              Cipher cipher = Cipher()) {
        return std::make_shared<Documents>(open_store(limits), std::move(cipher));
    }

    // By another's hand.
    void set(const std::string& key, const std::string& value) {
        {
            const std::lock_guard lock(mutex_);
            write(key, value);
        }
        tell();
    }

    void erase(const std::string& key) {
        {
            const std::lock_guard lock(mutex_);
            documents_.erase(key);
            changed_.push_back(key);
        }
        tell();
    }

    std::string value(const std::string& key) {
        const std::lock_guard lock(mutex_);
        const auto found = documents_.find(key);
        return found == documents_.end() ? "" : found->second.value;
    }

    std::size_t size() {
        const std::lock_guard lock(mutex_);
        return documents_.size();
    }

    // Fails every call with this class; 0: none.
    void fail(int error_class) { failing_ = error_class; }

    // Calls wait until it ends, or give up when they are told to.
    void freeze(bool is_frozen) {
        const std::lock_guard lock(mutex_);
        is_frozen_ = is_frozen;
        thawed_.notify_all();
    }

    // Called inside of every put, before it looks: here another writer may come in between.
    std::function<void()> before_write;
    std::uint32_t capabilities =
        PARLEY_STORE_CAS | PARLEY_STORE_WATCH_POLL | PARLEY_STORE_LEASE | PARLEY_STORE_DURABLE;
    std::uint64_t poll_interval_ms = 5;
    bool tells = true;  // at once, of what another's hand changes
    std::atomic<int> opens{0};
    std::atomic<int> writes{0};   // of documents
    std::atomic<int> batches{0};  // that were taken
    std::atomic<int> reads{0};
    std::string refused;  // the key of a document that is never taken

    void hold_lease(const std::string& name, const std::string& owner) {
        const std::lock_guard lock(mutex_);
        leases_[name] = {owner, ++last_token_};
    }

    bool wait_for_release(const std::string& name) {
        std::unique_lock lock(mutex_);
        const std::chrono::seconds kLong(20);  // deadline
        return thawed_.wait_for(lock, kLong, [&] { return !leases_.contains(name); });
    }

    bool has_lease(const std::string& name) {
        const std::lock_guard lock(mutex_);
        return leases_.contains(name);
    }

    // Whether leases have been renewed so often, waiting for it.
    bool wait_for_renewals(std::uint64_t count) {
        std::unique_lock lock(mutex_);
        const std::chrono::seconds kLong(20);  // deadline
        return thawed_.wait_for(lock, kLong, [&] { return renewals_ >= count; });
    }

    // Whether waiting for news has failed since this was called last.
    bool wait_for_lost_watch() {
        std::unique_lock lock(mutex_);
        const std::chrono::seconds kLong(20);  // deadline
        lost_watches_ = 0;
        return thawed_.wait_for(lock, kLong, [&] { return lost_watches_ != 0; });
    }

    void drop_lease(const std::string& name) {
        const std::lock_guard lock(mutex_);
        leases_.erase(name);
    }

    static const parley_store& table() {
        static const parley_store one = make_table();
        return one;
    }

private:
    void write(const std::string& key, const std::string& value) {
        documents_[key] = {value, ++last_revision_};
        changed_.push_back(key);
    }

    void tell() {
        const parley_watcher* watcher = watcher_;
        if (watcher != nullptr && tells) watcher->changed(watcher, plugins::str(""));
    }

    static MemoryStore& of(parley_instance* instance) {
        return *reinterpret_cast<MemoryStore*>(instance);
    }

    // What stands in the way of a call; PARLEY_OK: nothing.
    parley_status trouble(const parley_cancel* cancel, parley_error* error) {
        std::unique_lock lock(mutex_);
        while (is_frozen_) {
            if (cancel->is_cancelled(cancel) != 0) return failed(PARLEY_E_CANCELLED, error);
            thawed_.wait_for(lock, std::chrono::milliseconds(2));
        }
        return failing_ == 0 ? PARLEY_OK : failed(failing_, error);
    }

    static parley_status failed(int error_class, parley_error* error) {
        error->error_class = error_class;
        error->message = plugins::str("it is told to fail");
        return -error_class;
    }

    static parley_str copy(const parley_arena* arena, const std::string& text) {
        auto* memory = static_cast<char*>(arena->alloc(arena, text.size() + 1, 1));
        if (memory == nullptr) return {};
        text.copy(memory, text.size());
        return {memory, text.size()};
    }

    static bool fill(const parley_arena* arena,
                     const std::string& key,
                     const Entry& entry,
                     parley_document* out) {
        const parley_str value = copy(arena, entry.value);
        out->key = copy(arena, key);
        out->value = {reinterpret_cast<const uint8_t*>(value.ptr), value.len};
        out->revision = entry.revision;
        return out->key.ptr != nullptr && value.ptr != nullptr;
    }

    parley_status get(parley_str key, const parley_arena* arena, parley_document* out) {
        const std::lock_guard lock(mutex_);
        ++reads;
        const auto found = documents_.find(std::string(plugins::view(key)));
        if (found == documents_.end()) return -PARLEY_E_NOT_FOUND;
        return fill(arena, found->first, found->second, out) ? PARLEY_OK : -PARLEY_E_BUDGET;
    }

    parley_status list(const std::string& prefix,
                       const std::string& cursor,
                       std::uint64_t limit,
                       const parley_arena* arena,
                       parley_page* out) {
        const std::lock_guard lock(mutex_);
        ++reads;
        auto** all = static_cast<const parley_document**>(
            arena->alloc(arena, (limit + 1) * sizeof(void*), alignof(void*)));
        if (all == nullptr) return -PARLEY_E_BUDGET;
        std::uint64_t count = 0;
        for (auto it = documents_.upper_bound(cursor); it != documents_.end(); ++it) {
            if (!it->first.starts_with(prefix)) continue;
            if (count == limit) {
                out->cursor = all[count - 1]->key;
                break;
            }
            void* memory = arena->alloc(arena, sizeof(parley_document), alignof(parley_document));
            if (memory == nullptr) return -PARLEY_E_BUDGET;
            auto* document = new (memory) parley_document{};
            if (!fill(arena, it->first, it->second, document)) return -PARLEY_E_BUDGET;
            all[count++] = document;
        }
        out->documents = all;
        out->document_count = count;
        return PARLEY_OK;
    }

    parley_status write(const parley_write& asked, parley_written* out) {
        if (before_write) before_write();
        {
            const std::lock_guard lock(mutex_);
            ++writes;
            if (const auto bad = judge(asked, out); bad != PARLEY_OK) return bad;
            out->revision = take(asked);
        }
        tell();
        return PARLEY_OK;
    }

    parley_status batch(const parley_write* const* asked,
                        std::uint64_t count,
                        parley_written* out) {
        if (before_write) before_write();
        {
            const std::lock_guard lock(mutex_);
            for (out->at = 0; out->at < count; ++out->at) {
                if (const auto bad = judge(*asked[out->at], out); bad != PARLEY_OK) return bad;
            }
            for (std::uint64_t i = 0; i < count; ++i) out->revisions[i] = take(*asked[i]);
            writes += static_cast<int>(count);
            ++batches;
        }
        tell();
        return PARLEY_OK;
    }

    parley_status judge(const parley_write& asked, parley_written* out) {
        const auto found = documents_.find(std::string(plugins::view(asked.key)));
        const std::uint64_t now =
            found == documents_.end() ? PARLEY_REVISION_NONE : found->second.revision;
        if (plugins::view(asked.key) == refused) return -PARLEY_E_TOO_LARGE;
        if (asked.expected == PARLEY_REVISION_ANY || asked.expected == now) return PARLEY_OK;
        out->revision = now;
        return -PARLEY_E_CONFLICT;
    }

    std::uint64_t take(const parley_write& asked) {
        const std::string key(plugins::view(asked.key));
        if (asked.kind == PARLEY_WRITE_REMOVE) {
            documents_.erase(key);
            changed_.push_back(key);
            return PARLEY_REVISION_NONE;
        }
        write(key, std::string(plugins::view(asked.value)));
        return last_revision_;
    }

    parley_status poll(parley_str position, const parley_arena* arena, parley_changes* out) {
        const std::lock_guard lock(mutex_);
        const std::string from(plugins::view(position));
        const std::size_t first = from.empty() ? changed_.size() : std::stoul(from);
        const std::size_t count = changed_.size() - first;
        auto* keys = static_cast<parley_str*>(
            arena->alloc(arena, (count + 1) * sizeof(parley_str), alignof(parley_str)));
        for (std::size_t i = 0; i < count; ++i) keys[i] = copy(arena, changed_[first + i]);
        out->keys = keys;
        out->key_count = count;
        out->position = copy(arena, std::to_string(changed_.size()));
        return PARLEY_OK;
    }

    parley_status lease(parley_str name, parley_str owner, std::uint64_t ttl, parley_lease* out) {
        const std::lock_guard lock(mutex_);
        Held& held = leases_[std::string(plugins::view(name))];
        out->expires_in_ms = ttl;
        if (!held.owner.empty() && held.owner != plugins::view(owner)) return -PARLEY_E_CONFLICT;
        if (held.owner.empty()) held = {std::string(plugins::view(owner)), ++last_token_};
        out->token = held.token;
        return PARLEY_OK;
    }

    parley_status renew(parley_str name, std::uint64_t token, parley_lease* out) {
        const std::lock_guard lock(mutex_);
        const auto held = leases_.find(std::string(plugins::view(name)));
        if (held == leases_.end() || held->second.token != token) return -PARLEY_E_CONFLICT;
        out->token = token;
        ++renewals_;
        thawed_.notify_all();
        return PARLEY_OK;
    }

    void release(parley_str name, std::uint64_t token) {
        const std::lock_guard lock(mutex_);
        const auto held = leases_.find(std::string(plugins::view(name)));
        if (held != leases_.end() && held->second.token == token) leases_.erase(held);
        thawed_.notify_all();
    }

    // For a second at most, until it is told to fail.
    parley_status watch(const parley_cancel* cancel, parley_error* error) {
        const auto until = std::chrono::steady_clock::now() + std::chrono::seconds(1);
        while (std::chrono::steady_clock::now() < until) {
            if (const auto bad = trouble(cancel, error); bad != PARLEY_OK) {
                const std::lock_guard lock(mutex_);
                ++lost_watches_;
                thawed_.notify_all();
                return bad;
            }
            std::unique_lock lock(mutex_);
            if (cancel->is_cancelled(cancel) != 0) return failed(PARLEY_E_CANCELLED, error);
            thawed_.wait_for(lock, std::chrono::milliseconds(2));
        }
        return PARLEY_AGAIN;
    }

    static parley_store make_table();
    static void add_watch_and_leases(parley_store& table);

    std::mutex mutex_;
    std::condition_variable thawed_;
    std::map<std::string, Entry> documents_;
    std::vector<std::string> changed_;
    std::map<std::string, Held> leases_;
    std::uint64_t last_revision_ = 100;
    std::uint64_t last_token_ = 0;
    std::uint64_t renewals_ = 0;
    std::uint64_t lost_watches_ = 0;
    std::atomic<int> failing_{0};
    bool is_frozen_ = false;
    std::atomic<const parley_watcher*> watcher_{nullptr};
};

inline parley_store MemoryStore::make_table() {
    parley_store t{};
    t.struct_size = sizeof(t);
    t.open = [](parley_instance* i,
                const parley_watcher* watcher,
                const parley_cancel* cancel,
                parley_store_facts* out,
                parley_error* error) {
        MemoryStore& self = of(i);
        ++self.opens;
        if (const auto bad = self.trouble(cancel, error); bad != PARLEY_OK) return bad;
        self.watcher_ = watcher;
        out->capabilities = self.capabilities;
        out->poll_interval_ms = self.poll_interval_ms;
        return parley_status{PARLEY_OK};
    };
    t.close = [](parley_instance* i) { of(i).watcher_ = nullptr; };
    t.get = [](parley_instance* i,
               parley_str key,
               const parley_arena* arena,
               const parley_cancel* cancel,
               parley_document* out,
               parley_error* error) {
        const auto bad = of(i).trouble(cancel, error);
        return bad != PARLEY_OK ? bad : of(i).get(key, arena, out);
    };
    t.list = [](parley_instance* i,
                parley_str prefix,
                parley_str cursor,
                std::uint64_t limit,
                std::uint32_t,
                const parley_arena* arena,
                const parley_cancel* cancel,
                parley_page* out,
                parley_error* error) {
        const auto bad = of(i).trouble(cancel, error);
        if (bad != PARLEY_OK) return bad;
        return of(i).list(std::string(plugins::view(prefix)),
                          std::string(plugins::view(cursor)),
                          limit,
                          arena,
                          out);
    };
    t.put = [](parley_instance* i,
               const parley_write* write,
               const parley_cancel* cancel,
               parley_written* out,
               parley_error* error) {
        const auto bad = of(i).trouble(cancel, error);
        return bad != PARLEY_OK ? bad : of(i).write(*write, out);
    };
    t.remove = t.put;
    t.batch = [](parley_instance* i,
                 const parley_write* const* writes,
                 std::uint64_t count,
                 const parley_cancel* cancel,
                 parley_written* out,
                 parley_error* error) {
        const auto bad = of(i).trouble(cancel, error);
        return bad != PARLEY_OK ? bad : of(i).batch(writes, count, out);
    };
    add_watch_and_leases(t);
    return t;
}

inline void MemoryStore::add_watch_and_leases(parley_store& t) {
    t.poll = [](parley_instance* i,
                parley_str,
                parley_str position,
                const parley_arena* arena,
                const parley_cancel* cancel,
                parley_changes* out,
                parley_error* error) {
        const auto bad = of(i).trouble(cancel, error);
        return bad != PARLEY_OK ? bad : of(i).poll(position, arena, out);
    };
    t.watch = [](parley_instance* i, const parley_cancel* cancel, parley_error* error) {
        return of(i).watch(cancel, error);
    };
    t.lease = [](parley_instance* i,
                 parley_str name,
                 parley_str owner,
                 std::uint64_t ttl_ms,
                 const parley_cancel* cancel,
                 parley_lease* out,
                 parley_error* error) {
        const auto bad = of(i).trouble(cancel, error);
        return bad != PARLEY_OK ? bad : of(i).lease(name, owner, ttl_ms, out);
    };
    t.renew = [](parley_instance* i,
                 parley_str name,
                 std::uint64_t token,
                 std::uint64_t,
                 const parley_cancel* cancel,
                 parley_lease* out,
                 parley_error* error) {
        const auto bad = of(i).trouble(cancel, error);
        return bad != PARLEY_OK ? bad : of(i).renew(name, token, out);
    };
    t.release = [](parley_instance* i,
                   parley_str name,
                   std::uint64_t token,
                   const parley_cancel*,
                   parley_error*) {
        of(i).release(name, token);
        return parley_status{PARLEY_OK};
    };
}

}  // namespace parley::store
