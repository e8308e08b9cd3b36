// store/ledger_sync.cpp: how a ledger keeps step with its store. One thread makes all calls, but
// for watch, which waits on a thread of its own.
#include <algorithm>
#include <array>
#include <fcntl.h>
#include <unistd.h>

#include "base/digest.hpp"
#include "base/log.hpp"
#include "store/ledger_shared.hpp"
#include "store/merge.hpp"

namespace parley::store {

using base::LogLevel;
using base::Result;
using plugins::Cancel;
using plugins::Document;

namespace {

constexpr std::uint64_t kPageDocuments = 512;

// Between the half of it and all, so that Parleys which lost one store together do not come back
// together.
std::uint64_t jittered(std::uint64_t ms) {
    std::array<unsigned char, sizeof(std::uint32_t)> bytes{};
    base::fill_random(bytes);
    std::uint64_t random = 0;
    for (const unsigned char byte : bytes) random = random << 8 | byte;
    return ms - random % (ms / 2 + 1);
}

}  // namespace

bool Ledger::Shared::follows(std::string_view key) const {
    return std::any_of(prefixes.begin(), prefixes.end(), [&](const std::string& prefix) {
        return key.starts_with(prefix);
    });
}

void Ledger::Shared::run_sync() {
    for (;;) {
        std::vector<Looked> looking;
        {
            std::unique_lock held(mutex);
            news.wait_until(held, next_step(), [this] {
                const bool may_try = Clock::now() >= again;
                const bool has_work = has_pending() || !returns.empty();
                const bool is_asked = is_hinted || !claims.empty() || !looks.empty();
                return is_stopping || is_asked || (may_try && has_work);
            });
            // Who has news can be asked for them, however long the next try would be waited for.
            if (std::exchange(is_hinted, false)) again = {};
            looking.swap(looks);
            if (!looking.empty()) again = next_look = {};
        }
        answer_claims();
        const bool is_early = [this] {
            const std::lock_guard held(mutex);
            return Clock::now() < again && !is_stopping;
        }();
        look_after_leases();
        if (is_early) {
            tell_changed();
        } else {
            const Result<std::uint64_t> seen = look();
            tell_changed();
            tell_looked(looking, seen);
        }
        std::unique_lock held(mutex);
        tell_lasting(held);
        if (is_stopping) return;
    }
}

Clock::time_point Ledger::Shared::next_step() const {
    Clock::time_point next = again != Clock::time_point{} ? again : next_look;
    for (const auto& [key, held] : leases) next = std::min(next, held.renew_at);
    return next;
}

// One step, and how many documents others have changed by then.
Result<std::uint64_t> Ledger::Shared::look() {
    const Result<void> outcome = step();
    note(outcome);
    if (!outcome) return outcome.error();
    const std::lock_guard held(mutex);
    return changed.size();
}

Result<void> Ledger::Shared::step() {
    if (!store.is_open()) {
        if (auto ok = open_store(); !ok) return ok;
    }
    // A store without changes to tell is listed now and then.
    const bool is_due =
        is_whole && !store.can(PARLEY_STORE_WATCH_POLL) && Clock::now() >= next_look;
    if (!is_whole || is_due) {
        if (auto ok = read_all(); !ok) return ok;
    } else if (store.can(PARLEY_STORE_WATCH_POLL)) {
        if (auto ok = read_changes(); !ok) return ok;
    }
    const bool polls = store.can(PARLEY_STORE_WATCH_POLL);
    const std::uint64_t wait_ms = polls ? store.facts().poll_interval_ms : limits.list_ms;
    if (Clock::now() >= next_look) next_look = Clock::now() + ms(wait_ms);
    return write_pending();
}

Result<void> Ledger::Shared::open_store() {
    auto tell = [weak = weak_from_this()](std::string_view) {
        if (const auto self = weak.lock()) self->hint();
    };
    auto opened = call([&](const Cancel& cancel) { return store.open(tell, cancel); });
    if (!opened) return opened;
    const std::lock_guard held(mutex);
    is_read_only = store.can(PARLEY_STORE_READ_ONLY);
    if (!store.can(PARLEY_STORE_WATCH_PUSH)) return opened;
    is_pushed = true;
    news.notify_all();
    return opened;
}

void Ledger::Shared::hint() {
    const std::lock_guard held(mutex);
    is_hinted = true;
    news.notify_all();
}

// The thread waits for a store that can push, and then for its news. It is the first to know that a
// server is back, so it tries often: a connection that is refused costs next to nothing.
void Ledger::Shared::run_watch() {
    std::uint64_t pause_ms = 0;
    for (;;) {
        {
            std::unique_lock held(mutex);
            news.wait_for(held, ms(pause_ms), [this] { return is_stopping; });
            news.wait(held, [this] { return is_stopping || is_pushed; });
            if (is_stopping) return;
        }
        const Cancel cancel(limits.call_ms, watch_stop);
        const auto watched = store.watch(cancel);
        if (!watched) {
            const bool is_refused = watched.error().error_class == PARLEY_E_FORBIDDEN;
            pause_ms = jittered(is_refused ? limits.retry_max_ms : limits.watch_retry_ms);
        } else if (std::exchange(pause_ms, 0) != 0) {
            hint();  // of what came while nobody was told
        }
    }
}

// The position comes first, so that what changes meanwhile is told afterwards.
Result<void> Ledger::Shared::read_all() {
    auto begun = call([&](const Cancel& cancel) { return store.poll("", "", cancel); });
    if (!begun) return std::move(begun).error();
    std::set<std::string> gone;
    {
        const std::lock_guard held(mutex);
        for (const auto& [key, entry] : image) {
            if (entry.known) gone.insert(key);
        }
        gone.insert(unreadable.begin(), unreadable.end());
    }
    for (const std::string& prefix : prefixes) {
        std::string cursor;
        do {
            look_after_leases();
            auto page = call([&](const Cancel& cancel) {
                return documents->list(prefix, cursor, kPageDocuments, cancel);
            });
            if (!page) return std::move(page).error();
            for (const auto& [key, why] : page->broken) {
                gone.erase(key);  // it is there: what was known of it holds
                leave_out(key, why);
            }
            for (Document& document : page->page.documents) {
                const std::string key = document.key;
                gone.erase(key);
                take_in(key, std::move(document));
            }
            cursor = std::move(page->page.cursor);
        } while (!cursor.empty());
    }
    for (const std::string& key : gone) take_in(key, {});
    const std::lock_guard held(mutex);
    position = begun->position;
    is_whole = true;
    note_read();
    return {};
}

Result<void> Ledger::Shared::read_changes() {
    auto told_of = call([&](const Cancel& cancel) { return store.poll("", position, cancel); });
    if (!told_of) return std::move(told_of).error();
    std::erase_if(told_of->keys, [this](const std::string& key) { return !follows(key); });
    if (told_of->is_reset || is_much(told_of->keys.size())) {
        is_whole = false;
        return read_all();
    }
    for (const std::string& key : told_of->keys) {
        look_after_leases();
        if (auto ok = read_one(key); !ok) return ok;
    }
    position = told_of->position;
    return {};
}

// Of which pages bring more in one call than single documents would in many.
bool Ledger::Shared::is_much(std::size_t changes) const {
    constexpr std::size_t kSinglesMax = 64;
    constexpr std::size_t kPart = 4;
    const std::lock_guard held(mutex);
    return changes > kSinglesMax && changes > image.size() / kPart;
}

Result<void> Ledger::Shared::read_one(const std::string& key) {
    auto found = call([&](const Cancel& cancel) { return documents->get(key, cancel); });
    if (!found && found.error().error_class == PARLEY_E_CORRUPT_STATE) {
        leave_out(key, found.error());
        return {};
    }
    if (!found) return std::move(found).error();
    take_in(key, std::move(*found));
    return {};
}

// One document that is none holds up no other.
void Ledger::Shared::leave_out(const std::string& key, const base::Error& why) {
    base::log(LogLevel::error, "stored document left out", {{"why", why.message}});
    const std::lock_guard held(mutex);
    if (unreadable.insert(key).second) changed.push_back(key);
}

// Under the lock. When the file cannot be made, the next start does not know it, and no more.
void Ledger::Shared::note_read() {
    has_read = true;
    news.notify_all();
    if (was_ever_read) return;
    was_ever_read = true;
    is_first_read_untold = true;
    const int fd = ::open(read_path.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
    if (fd >= 0) ::close(fd);
}

// What the store has of a document now.
void Ledger::Shared::take_in(const std::string& key, std::optional<Document> found) {
    const std::lock_guard held(mutex);
    if (unreadable.erase(key) != 0) changed.push_back(key);
    Entry& entry = image[key];
    const std::uint64_t revision = found ? found->revision : PARLEY_REVISION_NONE;
    const bool is_same = entry.known.has_value() == found.has_value() && entry.revision == revision;
    if (!is_same) {
        const std::optional<base::Secret> before =
            entry.in_force() == nullptr ? std::nullopt : std::optional(*entry.in_force());
        settle(entry, key, std::move(found));
        const base::Secret* now = entry.in_force();
        const bool is_other =
            before.has_value() != (now != nullptr) || (now != nullptr && !(*before == *now));
        dirty.insert(key);
        if (is_other) {
            entry.stamp = ++last_stamp;
            changed.push_back(key);
        }
        news.notify_all();
    }
    if (entry.in_force() == nullptr) image.erase(key);
}

// Brings what we wish for together with what another wrote.
void Ledger::Shared::settle(Entry& entry, const std::string& key, std::optional<Document> theirs) {
    std::optional<base::Secret> known;
    if (theirs) known = std::move(theirs->value);
    if (entry.wished) {
        auto both = merged(key, entry.known, *entry.wished, known);
        if (both == known) both.reset();
        entry.wished = std::move(both);
    }
    entry.known = std::move(known);
    entry.revision = theirs ? theirs->revision : PARLEY_REVISION_NONE;
    if (!entry.wished) pending.erase(key);
}

// ---- what others hear ----

void Ledger::Shared::tell_changed() {
    std::vector<std::string> keys;
    Told to;
    bool is_news = false;
    {
        const std::lock_guard held(mutex);
        keys.swap(changed);
        is_news = std::exchange(is_first_read_untold, false) || !keys.empty();
        to = told;
    }
    const std::lock_guard speaking(voice);
    if (is_news && to && !is_silent) to(keys);
}

// Those who wait for it hear of it when the changes themselves are known.
void Ledger::Shared::tell_looked(const std::vector<Looked>& to,
                                 const Result<std::uint64_t>& outcome) {
    const std::lock_guard speaking(voice);
    for (const Looked& then : to) {
        if (then && !is_silent) then(outcome);
    }
}

// After a start all wait for what the store has; who is let in by nobody knocks seldom.
std::uint64_t Ledger::Shared::pause_ms(const base::Error& why) const {
    constexpr std::uint64_t kDoublingsMax = 16;
    const bool is_refused = why.error_class == PARLEY_E_FORBIDDEN;
    const std::uint64_t most_ms = has_read || is_refused
                                      ? limits.retry_max_ms
                                      : std::max(limits.start_ms, limits.watch_retry_ms);
    const std::uint64_t grown_ms = limits.retry_min_ms << std::min(failures, kDoublingsMax);
    const std::uint64_t own_ms = jittered(std::min(grown_ms, most_ms));
    return std::min(std::max(own_ms, why.retry_after_ms), limits.retry_max_ms);
}

// A store that comes or goes is told of once.
void Ledger::Shared::note(const Result<void>& outcome) {
    const std::lock_guard held(mutex);
    is_slow = false;
    if (outcome) {
        const bool is_news = !standing.is_good;
        failures = 0;
        again = {};
        is_away = false;
        standing.is_good = true;
        standing.why.clear();
        if (is_news) {
            base::log(LogLevel::info,
                      "store is reached",
                      {{"store", store.name()}, {"pending", pending.size()}});
        }
        return;
    }
    const base::Error& why = outcome.error();
    again = Clock::now() + ms(pause_ms(why));
    ++failures;
    standing.is_good = false;
    standing.why = why.message;
    if (!std::exchange(is_away, true)) {
        base::log(LogLevel::warn, "store is away", {{"why", why.message}});
    }
}

}  // namespace parley::store
