// plugins/store.hpp: calls through the table of a store. They block, so only pool threads and
// commands make them; several threads may at a time.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.hpp"
#include "base/secret.hpp"
#include "config/limits.hpp"
#include "parley/store.h"
#include "plugins/cancel.hpp"
#include "plugins/instance.hpp"

namespace parley::plugins {

// A document may hold a secret, so all of them are treated as one.
struct Document {
    std::string key;
    base::Secret value;
    std::string content_type;
    std::uint64_t revision = PARLEY_REVISION_NONE;
    std::int64_t modified_ms = 0;  // wall clock; 0: not known
};

struct DocumentPage {
    std::vector<Document> documents;
    std::string cursor;  // empty: this was the last page
};

struct DocumentWrite {
    std::string key;
    base::Secret value;
    std::string content_type = "application/json";
    std::uint64_t expected = PARLEY_REVISION_NONE;
    bool is_removal = false;
};

struct Written {
    bool is_conflict = false;
    std::uint64_t revision = PARLEY_REVISION_NONE;  // the new one; of a conflict the one in force
};

// What came of writes that go together: all of them, or none and one was in the way.
struct WrittenTogether {
    bool is_conflict = false;
    std::size_t at = 0;                    // of a conflict
    std::vector<std::uint64_t> revisions;  // the new ones, in the order of the writes
};

struct Changes {
    bool is_reset = false;  // list everything again
    std::vector<std::string> keys;
    std::string position;
};

struct Lease {
    bool is_taken = false;  // by another, for `expires_in_ms`
    std::uint64_t token = 0;
    std::uint64_t expires_in_ms = 0;
};

class Store {
public:
    Store(std::shared_ptr<Instance> instance, const config::StoreLimits& limits);

    // `owner` keeps the instance and its table.
    Store(std::shared_ptr<const void> owner,
          std::string name,
          const parley_store* table,
          parley_instance* instance,
          const config::StoreLimits& limits);
    // Closes it.
    ~Store();
    Store(const Store&) = delete;
    Store& operator=(const Store&) = delete;

    const std::string& name() const { return name_; }

    // Once, before anything else; again after a failure. `changed` is told on any thread that
    // something below a prefix may have changed.
    base::Result<void> open(std::function<void(std::string_view)> changed, const Cancel& cancel);

    bool is_open() const { return is_open_; }

    bool can(std::uint32_t capability) const { return (facts_.capabilities & capability) != 0; }

    const parley_store_facts& facts() const { return facts_; }

    base::Result<std::optional<Document>> get(std::string_view key, const Cancel& cancel);
    // Documents come with their values.
    base::Result<DocumentPage> list(std::string_view prefix,
                                    std::string_view cursor,
                                    std::uint64_t limit,
                                    const Cancel& cancel);
    // Puts or removes. A conflict is no error.
    base::Result<Written> write(const DocumentWrite& write, const Cancel& cancel);
    // All of them or none, of a store that can BATCH; no key comes twice.
    base::Result<WrittenTogether> write_all(std::span<const DocumentWrite> writes,
                                            const Cancel& cancel);

    // Without WATCH_POLL there are no changes and no position.
    base::Result<Changes> poll(std::string_view prefix,
                               std::string_view position,
                               const Cancel& cancel);
    // Blocks for about a second; false: nothing came.
    base::Result<bool> watch(const Cancel& cancel);

    base::Result<Lease> lease(std::string_view name,
                              std::string_view owner,
                              std::uint64_t ttl_ms,
                              const Cancel& cancel);
    // Taken: it ran out, or another has it.
    base::Result<Lease> renew(std::string_view name,
                              std::uint64_t token,
                              std::uint64_t ttl_ms,
                              const Cancel& cancel);
    base::Result<void> release(std::string_view name, std::uint64_t token, const Cancel& cancel);

    // Whether a write would work; success where the store cannot tell.
    base::Result<void> health(const Cancel& cancel);

private:
    base::Error failure(parley_status status,
                        const parley_error& error,
                        const Cancel& cancel) const;

    std::shared_ptr<const void> owner_;
    std::string name_;
    const parley_store* table_;
    parley_instance* instance_;
    base::Place place_ = 0;
    const config::StoreLimits limits_;
    std::function<void(std::string_view)> changed_;
    parley_watcher watcher_;
    parley_store_facts facts_;
    bool is_open_ = false;
};

}  // namespace parley::plugins
