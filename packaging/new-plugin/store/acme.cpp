// acme.cpp: a store that keeps documents in memory, and so until Parley ends.
//
// A store runs on pool threads and may block, several calls at a time: hence the lock. What it
// returns are copies in the arena of the call. parley/store.h says what else one may offer:
// batches, watching, leases.
#include <array>
#include <map>
#include <mutex>
#include <string>
#include <string_view>

#include "parley/sdk/plugin.hpp"
#include "parley/sdk/store.hpp"
#include "parley/store.h"

namespace sdk = parley::sdk;

namespace {

class Store {
public:
    explicit Store(const parley_host*) {}

    void open(const parley_watcher&, sdk::Cancel, parley_store_facts& out) {
        out.capabilities = PARLEY_STORE_CAS;
    }

    void close() noexcept {}  // the documents stay, should it be opened again

    void get(std::string_view key, sdk::Arena& arena, sdk::Cancel, parley_document& out) {
        const std::lock_guard lock(mutex_);
        const auto found = documents_.find(key);
        if (found == documents_.end()) {
            throw sdk::store_failure(PARLEY_E_NOT_FOUND, "no such document");
        }
        show(*found, true, arena, out);
    }

    // The cursor is the last key of the page before.
    void list(const sdk::ListAsk& ask, sdk::Arena& arena, sdk::Cancel, parley_page& out) {
        const std::lock_guard lock(mutex_);
        auto at = ask.cursor.empty() ? documents_.lower_bound(ask.prefix)
                                     : documents_.upper_bound(ask.cursor);
        uint64_t count = 0;
        auto end = at;
        for (; is_below(end, ask.prefix) && count < ask.limit; ++end) ++count;
        auto* documents = arena.array<parley_document>(count);
        auto* page = arena.array<const parley_document*>(count);
        for (uint64_t i = 0; i < count; ++i, ++at) {
            show(*at, ask.values, arena, documents[i]);
            page[i] = &documents[i];
        }
        out.documents = page;
        out.document_count = count;
        if (is_below(end, ask.prefix) && count != 0) out.cursor = documents[count - 1].key;
    }

    void put(const parley_write& write, sdk::Cancel, parley_written& out) {
        const std::lock_guard lock(mutex_);
        check(write, out);
        Document& document = documents_[std::string(sdk::view(write.key))];
        document.value = sdk::view(write.value);
        document.content_type = sdk::view(write.content_type);
        document.revision = out.revision = ++revisions_;
    }

    void remove(const parley_write& write, sdk::Cancel, parley_written& out) {
        const std::lock_guard lock(mutex_);
        const auto found = check(write, out);
        if (found != documents_.end()) {
            documents_.erase(found);
        } else if (write.expected != PARLEY_REVISION_ANY) {
            throw sdk::store_failure(PARLEY_E_CONFLICT, "there is no such document");
        }
    }

private:
    struct Document {
        std::string value;
        std::string content_type;
        uint64_t revision = PARLEY_REVISION_NONE;
    };

    using Documents = std::map<std::string, Document, std::less<>>;

    bool is_below(Documents::const_iterator at, std::string_view prefix) const {
        return at != documents_.end() && at->first.starts_with(prefix);
    }

    // Finds what a write is about, which has to be as its writer expects.
    Documents::iterator check(const parley_write& write, parley_written& out) {
        const auto found = documents_.find(sdk::view(write.key));
        out.revision = found == documents_.end() ? PARLEY_REVISION_NONE : found->second.revision;
        if (write.expected != PARLEY_REVISION_ANY && write.expected != out.revision) {
            throw sdk::store_failure(PARLEY_E_CONFLICT, "the document is another by now");
        }
        return found;
    }

    static void show(const Documents::value_type& from,
                     bool with_value,
                     sdk::Arena& arena,
                     parley_document& out) {
        out.struct_size = sizeof(out);
        out.key = arena.copy(from.first);
        out.content_type = arena.copy(from.second.content_type);
        out.revision = from.second.revision;
        if (with_value) out.value = sdk::bytes(sdk::view(arena.copy(from.second.value)));
    }

    std::mutex mutex_;
    Documents documents_;
    uint64_t revisions_ = 0;  // how many there have been
};

struct Components {
    const std::array<parley_component, 1>& operator()() const {
        static const parley_store table = sdk::store_table<Store>();
        static const std::array<parley_component, 1> all{sdk::make_component<Store>(
            {PARLEY_KIND_STORE, "acme", "keeps documents in memory"}, &table)};
        return all;
    }
};

}  // namespace

PARLEY_PLUGIN_ENTRY = sdk::make_entry("com.example.acme", "0.1.0", "acme", Components{});
