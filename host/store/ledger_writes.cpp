// store/ledger_writes.cpp: how what a ledger wishes for comes into its store.
#include <algorithm>
#include <iterator>
#include <utility>

#include "store/ledger_shared.hpp"

namespace parley::store {

using base::Result;
using plugins::Cancel;
using plugins::DocumentWrite;

namespace {

// So often a batch is tried without the one that stood in its way.
constexpr int kConflictsMax = 8;

}  // namespace

// What goes together is one round trip, or one commit. Where that is not taken each goes alone, so
// that one which the store does not take holds up no other.
Result<void> Ledger::Shared::write_pending() {
    std::set<std::string> keys = ready_keys();
    Result<void> first = Result<void>();
    const bool began_alone = writes_alone;
    while (!keys.empty() && writes_alone == began_alone) {
        look_after_leases();
        auto ok = write_next(keys);
        if (!ok && first) first = std::move(ok);
    }
    give_back_leases();
    if (first) writes_alone = false;
    return first;
}

// The first of them, as many as go together.
Result<void> Ledger::Shared::write_next(std::set<std::string>& keys) {
    const bool go_together = store.can(PARLEY_STORE_BATCH) && !writes_alone;
    auto writes = take_writes(keys, go_together ? kBatchDocuments : 1);
    return writes.size() > 1 ? write_together(std::move(writes)) : write_each(writes);
}

// What is on its way into the journal is there first.
std::set<std::string> Ledger::Shared::ready_keys() const {
    const std::lock_guard held(mutex);
    std::set<std::string> keys;
    if (is_read_only) return keys;
    std::copy_if(pending.begin(),
                 pending.end(),
                 std::inserter(keys, keys.end()),
                 [this](const std::string& key) { return is_ready(key); });
    return keys;
}

// The journal comes first, unless it cannot be written.
bool Ledger::Shared::is_ready(const std::string& key) const {
    return !journal_fault.empty() || (!dirty.contains(key) && !writing.contains(key));
}

bool Ledger::Shared::has_pending() const {
    if (is_read_only) return false;
    return std::any_of(
        pending.begin(), pending.end(), [this](const auto& key) { return is_ready(key); });
}

// The first of them, as far as they go together; one at least.
std::vector<DocumentWrite> Ledger::Shared::take_writes(std::set<std::string>& keys,
                                                       std::size_t count_max) {
    const std::lock_guard held(mutex);
    std::vector<DocumentWrite> writes;
    std::uint64_t bytes = 0;
    while (!keys.empty() && writes.size() < count_max && bytes < kBatchBytes) {
        const std::string key = std::move(keys.extract(keys.begin()).value());
        const auto found = image.find(key);
        if (found == image.end() || !found->second.wished) {
            pending.erase(key);
            continue;
        }
        DocumentWrite& write = writes.emplace_back();
        write.key = key;
        write.value = *found->second.wished;
        write.expected = found->second.revision;
        bytes += write.value.reveal().size();
    }
    return writes;
}

Result<void> Ledger::Shared::write_together(std::vector<DocumentWrite> writes) {
    for (int conflicts = 0; writes.size() > 1 && conflicts < kConflictsMax; ++conflicts) {
        auto written =
            call([&](const Cancel& cancel) { return documents->write_all(writes, cancel); });
        if (!written) {
            // What is too much for a slow store together may be little enough alone.
            writes_alone = says_away(written.error());
            if (writes_alone) return std::move(written).error();
            break;
        }
        if (!written->is_conflict) {
            for (std::size_t i = 0; i < writes.size(); ++i) {
                note_written(writes[i], written->revisions[i]);
            }
            return {};
        }
        const auto in_the_way = writes.begin() + static_cast<std::ptrdiff_t>(written->at);
        // Merged with what is there by then, it is written in the next step.
        if (auto ok = read_one(in_the_way->key); !ok) return ok;
        writes.erase(in_the_way);
    }
    return write_each(writes);
}

Result<void> Ledger::Shared::write_each(const std::vector<DocumentWrite>& writes) {
    Result<void> first = Result<void>();
    for (const DocumentWrite& write : writes) {
        renew_leases();
        auto ok = write_one(write);
        if (!ok && first) first = std::move(ok);
        give_back_leases();
    }
    return first;
}

Result<void> Ledger::Shared::write_one(const DocumentWrite& write) {
    auto written = call([&](const Cancel& cancel) { return documents->write(write, cancel); });
    if (!written) return std::move(written).error();
    // Merged with what is there by then, it is written in the next step.
    if (written->is_conflict) return read_one(write.key);
    note_written(write, written->revision);
    return {};
}

void Ledger::Shared::note_written(const DocumentWrite& write, std::uint64_t revision) {
    const std::lock_guard held(mutex);
    const auto found = image.find(write.key);
    if (found == image.end()) return;
    Entry& entry = found->second;
    entry.revision = revision;
    if (entry.wished && *entry.wished == write.value) {
        entry.wished.reset();
        pending.erase(write.key);
    }
    entry.known = write.value;
    dirty.insert(write.key);
    news.notify_all();
}

}  // namespace parley::store
