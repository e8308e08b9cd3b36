// store/ledger_journal.cpp: what a ledger keeps on this machine.
#include <algorithm>
#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include "base/log.hpp"
#include "store/ledger_shared.hpp"
#include "store/merge.hpp"

namespace parley::store {

using base::LogLevel;
using base::Result;
using base::Secret;

namespace {

// The journal is written anew when it is this much longer than twice what it was then.
constexpr std::uint64_t kSlackBytes = 1024 * 1024;
// How often what did not work here is tried again, and slow calls are looked for.
constexpr std::uint64_t kAgainMs = 1'000;
// Records are encrypted as documents of this name.
constexpr std::string_view kJournalName = "journal";

}  // namespace

JournalLock::~JournalLock() {
    if (fd_ >= 0) ::close(fd_);
}

bool JournalLock::take() {
    if (fd_ < 0) fd_ = ::open(path_.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    return fd_ >= 0 && ::flock(fd_, LOCK_EX | LOCK_NB) == 0;
}

// What another process still writes is read, but not written before that one has ended.
Result<void> Ledger::Shared::read_journal() {
    has_journal = lock.take();
    if (!has_journal) {
        journal_fault = journal_path + ": in use by another process";
        base::log(LogLevel::warn, "journal is in use by another process", {{"file", journal_path}});
    }
    auto opened = has_journal ? Journal::open(journal_path) : Journal::look(journal_path);
    if (!opened) return std::move(opened).error();
    if (!opened->problem.empty()) base::log(LogLevel::error, opened->problem);
    journal = std::move(opened->journal);
    const std::string_view key_now = documents->cipher().key_id();
    const bool is_outdated =
        std::any_of(opened->records.begin(), opened->records.end(), [&](const std::string& text) {
            return cipher_key_of(text).value_or("") != key_now;
        });
    auto read = read_records(std::move(opened->records));
    if (!read) return std::move(read).error();
    if (is_outdated && has_journal) encrypt_journal_anew(*read);
    for (auto& [key, entry] : *read) {
        entry.stamp = ++last_stamp;
        if (entry.wished) pending.insert(key);
        image.insert_or_assign(key, std::move(entry));
    }
    return {};
}

// What another key encrypted, or none, is not in the file any more when that key is taken away.
void Ledger::Shared::encrypt_journal_anew(const Image& read) {
    std::vector<std::string> records;
    for (const auto& [key, entry] : read) records.push_back(record(key, entry));
    const Result<void> done = journal.rewrite(records);
    for (std::string& record : records) base::wipe(record.data(), record.size());
    if (done) {
        anew_bytes = journal.bytes();
        base::log(LogLevel::info, "journal is encrypted with the present key");
    } else {
        base::log(LogLevel::error, "journal: " + done.error().message);
    }
}

// What cannot be decrypted may hold what is nowhere else: nothing is begun without it.
Result<Image> Ledger::Shared::read_records(std::vector<std::string> records) const {
    Image read;
    for (std::string& text : records) {
        auto plain = documents->cipher().decrypt(kJournalName, Secret(std::move(text)));
        if (!plain) {
            base::Error why = std::move(plain).error();
            why.message = journal_path + ": " + why.message;
            return why;
        }
        if (apply_record(plain->reveal(), read)) continue;
        base::log(LogLevel::error, "journal: a record that is none was left out");
    }
    return read;
}

std::string Ledger::Shared::record(std::string_view key, const Entry& entry) const {
    const Secret plain(record_of(key, entry));
    return std::string(documents->cipher().encrypt(kJournalName, plain).reveal());
}

void Ledger::Shared::run_journal() {
    std::unique_lock held(mutex);
    for (;;) {
        const auto has_work = [this] {
            const bool may_write = !dirty.empty() && Clock::now() >= journal_again;
            return is_stopping || !edits.empty() || may_write;
        };
        const bool is_calling = call_began != Clock::time_point{};
        if (is_calling || !dirty.empty() || !has_journal) {
            news.wait_for(held, ms(kAgainMs), has_work);
        } else {
            news.wait(held, [&] { return has_work() || call_began != Clock::time_point{}; });
        }
        note_slow_calls();
        if (!has_journal) take_over_journal();
        make_edits();
        const bool is_written = dirty.empty() || write_journal(held);
        tell_lasting(held);
        if (is_stopping && edits.empty() && (dirty.empty() || !is_written)) return;
    }
}

// Edits see what those before them made.
void Ledger::Shared::make_edits() {
    while (!edits.empty()) {
        auto [key, edit, token] = std::move(edits.front());
        edits.pop_front();
        if (!edit) {
            returns.emplace_back(key, token);
            news.notify_all();
            continue;
        }
        Entry& entry = image[key];
        std::optional<Secret> made = edit(entry.in_force());
        const bool is_other =
            made && (entry.in_force() == nullptr || !(*made == *entry.in_force()));
        if (is_other) {
            entry.wished = std::move(made);
            entry.stamp = ++last_stamp;
            dirty.insert(key);
            pending.insert(key);
        } else if (entry.in_force() == nullptr) {
            image.erase(key);
        }
    }
}

// The lock is not held while texts are encrypted and the disk is waited for. What cannot be written
// here goes to the store all the same, and here later.
bool Ledger::Shared::write_journal(std::unique_lock<std::mutex>& held) {
    const bool is_long = journal.bytes() > 2 * anew_bytes + kSlackBytes;
    const bool is_anew = is_long || !journal_fault.empty();
    std::vector<std::pair<std::string, Entry>> entries;
    writing.swap(dirty);
    if (is_anew) {
        entries.assign(image.begin(), image.end());
    } else {
        for (const std::string& key : writing) {
            const auto found = image.find(key);
            entries.emplace_back(key, found == image.end() ? Entry() : found->second);
        }
    }
    held.unlock();
    std::vector<std::string> records;
    for (const auto& [key, entry] : entries) records.push_back(record(key, entry));
    Result<void> done = base::gateway_error(PARLEY_E_CONFLICT, "in use by another process");
    if (has_journal) done = is_anew ? journal.rewrite(records) : journal.append(records);
    for (std::string& record : records) base::wipe(record.data(), record.size());
    if (done && is_anew) anew_bytes = journal.bytes();
    held.lock();
    const std::set<std::string> written = std::exchange(writing, {});
    if (!done) {
        dirty.insert(written.begin(), written.end());
        journal_again = Clock::now() + ms(kAgainMs);
        if (journal_fault.empty()) {
            base::log(LogLevel::error, "journal: " + done.error().message);
        }
        journal_fault = "journal: " + done.error().message;
    } else if (!journal_fault.empty()) {
        journal_fault.clear();
        base::log(LogLevel::info, "journal is written again");
    }
    news.notify_all();
    return done.has_value();
}

// The process that wrote it has ended. What it wished for and could not bring into the store is
// our wish now.
void Ledger::Shared::take_over_journal() {
    if (!lock.take()) return;
    auto opened = Journal::open(journal_path);
    if (!opened) return;
    const auto left = read_records(std::move(opened->records));
    if (!left) return;
    has_journal = true;
    for (const auto& [key, entry] : *left) {
        if (!entry.wished) continue;
        Entry& ours = image[key];
        const auto in_force =
            ours.in_force() == nullptr ? std::nullopt : std::optional(*ours.in_force());
        ours.wished = merged(key, entry.known, *entry.wished, in_force);
        ours.stamp = ++last_stamp;
        if (ours.wished) pending.insert(key);
        dirty.insert(key);
    }
    journal = std::move(opened->journal);
    // Whatever is in it, it is written anew.
    if (dirty.empty() && !image.empty()) dirty.insert(image.begin()->first);
}

// What cannot be written here or there is waited for by nobody.
bool Ledger::Shared::lasts(const std::string& key) const {
    const bool is_edited = std::any_of(
        edits.begin(), edits.end(), [&](const Order& order) { return order.key == key; });
    const bool is_waited_for = standing.is_good && !is_read_only;
    return !is_edited && is_ready(key) && (!is_waited_for || !pending.contains(key));
}

void Ledger::Shared::tell_lasting(std::unique_lock<std::mutex>& held) {
    std::vector<std::function<void()>> ready;
    std::erase_if(waiting, [&](auto& waiter) {
        if (!lasts(waiter.first)) return false;
        ready.push_back(std::move(waiter.second));
        return true;
    });
    if (ready.empty()) return;
    held.unlock();
    {
        const std::lock_guard speaking(voice);
        for (const auto& then : ready) {
            if (!is_silent) then();
        }
    }
    held.lock();
}

void Ledger::Shared::note_slow_calls() {
    const bool is_now =
        call_began != Clock::time_point{} && Clock::now() - call_began > ms(limits.slow_ms);
    if (!is_now || is_slow) return;
    is_slow = true;
    is_away = true;
    standing.is_good = false;
    standing.why = "store " + store.name() + ": no answer within store.slow_ms";
    base::log(LogLevel::warn, "store is away", {{"why", standing.why}});
}

}  // namespace parley::store
