// store/ledger_leftovers.cpp: journals of ledgers that are not opened any more.
#include <algorithm>
#include <filesystem>

#include "base/log.hpp"
#include "store/ledger_shared.hpp"
#include "store/merge.hpp"

namespace parley::store {

using base::LogLevel;
using base::Result;
using base::Secret;

// Puts what it had wished in place of what is known here, as if it had been wished here at once.
bool Ledger::Shared::take_wish(const std::string& key, Entry& theirs) {
    const auto found = image.find(key);
    if (found == image.end()) {
        image.insert_or_assign(key, std::move(theirs));
    } else {
        const Secret* const now = found->second.in_force();
        auto both = merged(key,
                           theirs.known,
                           *theirs.wished,
                           now == nullptr ? std::nullopt : std::optional<Secret>(*now));
        if (!both || (now != nullptr && *both == *now)) return false;
        found->second.wished = std::move(both);
    }
    image.find(key)->second.stamp = ++last_stamp;
    pending.insert(key);
    return true;
}

// The file goes when all of it is in the journal of this ledger, on the disk.
Result<void> Ledger::Shared::adopt(const std::string& path) {
    JournalLock theirs(path + ".lock");
    if (!has_journal || !theirs.take()) return {};  // somebody still writes it
    auto opened = Journal::look(path);
    if (!opened) return std::move(opened).error();
    auto read = read_records(std::move(opened->records));
    if (!read) return std::move(read).error();
    std::vector<std::string> records;
    for (auto& [key, entry] : *read) {
        if (entry.wished && take_wish(key, entry)) records.push_back(record(key, image[key]));
    }
    const Result<void> done = records.empty() ? Result<void>() : journal.append(records);
    for (std::string& each : records) base::wipe(each.data(), each.size());
    if (!done) return done;
    base::log(LogLevel::info,
              "journal of a worker that is not there any more is taken over",
              {{"file", path}, {"changes", static_cast<std::uint64_t>(records.size())}});
    std::error_code none;
    std::filesystem::remove(path, none);
    for (const char* beside : {".lock", ".read"}) std::filesystem::remove(path + beside, none);
    std::filesystem::remove(std::filesystem::path(path).parent_path(), none);  // when it is empty
    return {};
}

}  // namespace parley::store
