// store/ledger.hpp: the store's documents in memory, kept in step with the store by threads of
// their own. Who asks here reads memory; what is changed is in a journal of this machine first and
// in the store when that can be reached. A store that is down, slow or full holds nobody up.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "base/error.hpp"
#include "base/secret.hpp"
#include "store/documents.hpp"
#include "store/image.hpp"

namespace parley::store {

// Whether the store is reached, for status pages.
struct Reach {
    bool is_good = false;
    std::string why;            // it is not
    std::uint64_t pending = 0;  // changes that are not in the store yet
};

class Ledger {
public:
    // Reads what this machine knows of the documents below these prefixes. The store is not open;
    // `identity` is what tells it from other stores, whose documents are none of this one's. What
    // ledgers in `leftovers`, folders that nobody opens any more, had not brought into the store is
    // this one's to do.
    static base::Result<std::unique_ptr<Ledger>> open(std::shared_ptr<Documents> documents,
                                                      const std::string& folder,
                                                      const std::string& identity,
                                                      std::vector<std::string> prefixes,
                                                      const config::StoreLimits& limits,
                                                      std::span<const std::string> leftovers = {});
    ~Ledger();
    Ledger(const Ledger&) = delete;
    Ledger& operator=(const Ledger&) = delete;

    // Which documents are others than before; none: the store was read for the first time. On a
    // thread of the ledger, one call at a time.
    using Told = std::function<void(const std::vector<std::string>& keys)>;

    // Begins to follow the store; `told` hears what others change.
    void start(Told told);
    // Ends all that. Gives up on the store within store.stop_ms; what is not in it by then is in
    // the journal. What is known can still be asked for. False: a call of the store does not end,
    // and a thread is left in it.
    bool stop();
    // Whether the store has been read as a whole, waiting that long for it.
    bool wait_until_read(std::uint64_t time_ms) const;
    // Whether it ever was on this machine: what is known is what was there then.
    bool was_ever_read() const;

    // ---- [any thread] ----

    std::optional<base::Secret> find(std::string_view key) const;
    // For each document below the prefix in the order of the keys, under a lock: be quick.
    void each(std::string_view prefix,
              const std::function<void(const std::string& key, const Entry& entry)>& use) const;

    // The documents below the prefix that are in the store and cannot be read; told of like others.
    std::vector<std::string> unreadable(std::string_view prefix) const;

    // Makes of the text in force, or of none, what shall be in its place; nothing: it stays. Called
    // once, on a thread of the ledger.
    using Edit = std::function<std::optional<base::Secret>(const base::Secret* before)>;
    void change(std::string key, Edit edit);
    // Likewise; `then` is told once, on a thread of the ledger, when that lasts: when it is in the
    // journal and, unless the store is away, in the store.
    void change(std::string key, Edit edit, std::function<void()> then);
    // Whether all that was changed before is in the journal, waiting that long for it.
    bool wait_until_journaled(std::uint64_t time_ms) const;
    // Likewise in the store, unless that is read-only.
    bool wait_until_stored(std::uint64_t time_ms) const;

    // The lease of a document, and the document as it is in the store then. `then` is told on a
    // thread of the ledger: whether another has it, or why none can be had. It lasts until it is
    // given back, and store.lease_ms longer than this process.
    using Claimed = std::function<void(base::Result<plugins::Lease>)>;
    void claim(std::string key, Claimed then);
    // Once what was changed before is in the store.
    void give_back(std::string key, std::uint64_t token);

    // Looks at the store now rather than in its turn. `then` is told on a thread of the ledger how
    // many documents others have changed meanwhile, or why that is not known; it is told after
    // those changes, and not at all once the ledger stops.
    using Looked = std::function<void(base::Result<std::uint64_t> changed)>;
    void look(Looked then = {});

    Reach reach() const;
    bool is_reached() const;

private:
    struct Shared;

    explicit Ledger(std::shared_ptr<Shared> shared) : shared_(std::move(shared)) {}

    std::shared_ptr<Shared> shared_;
    std::vector<std::thread> threads_;
};

}  // namespace parley::store
