// store/ledger_shared.hpp: the inside of a ledger. Its threads hold it, so that one which a store
// does not let go may be left behind.
#pragma once

#include <chrono>
#include <condition_variable>
#include <deque>
#include <map>
#include <mutex>
#include <set>
#include <utility>

#include "store/journal.hpp"
#include "store/ledger.hpp"

namespace parley::store {

using Clock = std::chrono::steady_clock;

inline Clock::duration ms(std::uint64_t count) {
    return std::chrono::milliseconds(static_cast<std::int64_t>(count));
}

// Only one process writes a journal.
class JournalLock {
public:
    explicit JournalLock(std::string path) : path_(std::move(path)) {}

    ~JournalLock();
    JournalLock(const JournalLock&) = delete;
    JournalLock& operator=(const JournalLock&) = delete;

    bool take();

private:
    std::string path_;
    int fd_ = -1;
};

// What is to be done on this machine: a change, or a lease to be given back behind those before.
struct Order {
    std::string key;
    Ledger::Edit edit = {};
    std::uint64_t token = 0;
};

// A lease that we have.
struct Held {
    std::uint64_t token = 0;
    Clock::time_point renew_at{};
    int claims = 0;  // that have it and have not given it back
};

struct Ledger::Shared : std::enable_shared_from_this<Shared> {
    Shared(std::shared_ptr<Documents> of,
           std::string journal_file,
           std::vector<std::string> below,
           const config::StoreLimits& bounds);

    // ---- the journal's side: ledger_journal.cpp ----

    base::Result<void> read_journal();
    base::Result<void> adopt(const std::string& path);
    bool take_wish(const std::string& key, Entry& theirs);
    void encrypt_journal_anew(const Image& read);
    void run_journal();
    void make_edits();
    bool write_journal(std::unique_lock<std::mutex>& held);
    std::string record(std::string_view key, const Entry& entry) const;
    base::Result<Image> read_records(std::vector<std::string> records) const;
    void take_over_journal();
    void note_slow_calls();
    bool lasts(const std::string& key) const;
    void tell_lasting(std::unique_lock<std::mutex>& held);

    // ---- the store's side: ledger_sync.cpp, ledger_writes.cpp, ledger_leases.cpp ----

    void run_sync();
    void run_watch();
    void hint();
    base::Result<void> step();
    base::Result<void> open_store();
    base::Result<void> read_all();
    base::Result<void> read_changes();
    bool is_much(std::size_t changes) const;
    base::Result<void> read_one(const std::string& key);
    base::Result<void> write_pending();
    base::Result<void> write_next(std::set<std::string>& keys);
    std::set<std::string> ready_keys() const;
    bool is_ready(const std::string& key) const;
    bool has_pending() const;
    std::vector<plugins::DocumentWrite> take_writes(std::set<std::string>& keys,
                                                    std::size_t count_max);
    base::Result<void> write_together(std::vector<plugins::DocumentWrite> writes);
    base::Result<void> write_each(const std::vector<plugins::DocumentWrite>& writes);
    base::Result<void> write_one(const plugins::DocumentWrite& write);
    void note_written(const plugins::DocumentWrite& write, std::uint64_t revision);
    void answer_claims();
    base::Result<plugins::Lease> answer_claim(const std::string& key);
    base::Result<plugins::Lease> take_lease(const std::string& key);
    void look_after_leases();
    std::set<std::string> begun() const;
    void renew_leases();
    void give_back_leases();
    void take_in(const std::string& key, std::optional<plugins::Document> found);
    void settle(Entry& entry, const std::string& key, std::optional<plugins::Document> theirs);
    void leave_out(const std::string& key, const base::Error& why);
    void note_read();
    void tell_changed();
    void tell_looked(const std::vector<Looked>& to, const base::Result<std::uint64_t>& outcome);
    base::Result<std::uint64_t> look();
    void note(const base::Result<void>& outcome);
    std::uint64_t pause_ms(const base::Error& why) const;
    Clock::time_point next_step() const;
    bool follows(std::string_view key) const;

    // Calls are made without the lock, and looked at while they last.
    template <class Call>
    auto call(Call&& made) {
        {
            const std::lock_guard held(mutex);
            call_began = Clock::now();
            news.notify_all();
        }
        const plugins::Cancel cancel(limits.call_ms, stop);
        auto result = made(cancel);
        const std::lock_guard held(mutex);
        call_began = {};
        return result;
    }

    const std::shared_ptr<Documents> documents;
    plugins::Store& store;  // theirs
    const std::vector<std::string> prefixes;
    const config::StoreLimits limits;
    const plugins::StopFlag stop = plugins::make_stop_flag();
    const plugins::StopFlag watch_stop = plugins::make_stop_flag();

    mutable std::mutex mutex;
    mutable std::condition_variable news;  // of anything below
    Image image;
    std::uint64_t last_stamp = 0;
    bool is_stopping = false;
    int threads = 0;  // that run

    // The journal's. `edits` come first, then `dirty` names what is not on the disk yet.
    std::deque<Order> edits;
    std::set<std::string> dirty;
    std::set<std::string> writing;  // what of that is being written
    std::string journal_fault;
    Clock::time_point journal_again{};
    const std::string journal_path;
    const std::string read_path = journal_path + ".read";
    Journal journal;
    std::uint64_t anew_bytes = 0;  // how long it was when it was last written anew
    JournalLock lock;
    bool has_journal = false;

    // The store's.
    std::set<std::string> pending;  // wished, and journaled if that could be done
    std::deque<std::pair<std::string, Claimed>> claims;
    std::deque<std::pair<std::string, std::uint64_t>> returns;          // leases given back
    std::map<std::string, Held> leases;                                 // that are not
    std::deque<std::pair<std::string, std::function<void()>>> waiting;  // for a change to last
    Told told;
    std::vector<std::string> changed;  // to be told
    std::string position;
    bool is_hinted = false;
    bool is_pushed = false;     // the store can be waited for
    bool is_read_only = false;  // what is wished stays in the journal
    bool writes_alone = false;  // the next time, as together was too much
    std::vector<Looked> looks;  // who waits for the next look
    bool has_read = false;
    bool was_ever_read = false;  // by this machine; the file read_path says so
    bool is_first_read_untold = false;
    std::set<std::string> unreadable;  // is in the store, and is no document
    bool is_whole = false;             // read since the position began
    Reach standing;
    std::uint64_t failures = 0;  // in a row
    Clock::time_point again{};
    Clock::time_point next_look{};
    Clock::time_point call_began{};  // zero: none is under way
    bool is_slow = false;
    bool is_away = false;  // and that has been logged

    // Held while others are told something; once silent, nobody is told any more.
    std::mutex voice;
    bool is_silent = false;
};

}  // namespace parley::store
