#include "store/ledger.hpp"

#include <cerrno>
#include <cstring>
#include <unistd.h>

#include "base/base64.hpp"
#include "base/digest.hpp"
#include "base/log.hpp"
#include "store/ledger_shared.hpp"

namespace parley::store {

using base::Result;
using base::Secret;

namespace {

// Who asks for more leases at a time than that is told that there is none.
constexpr std::size_t kClaimsMax = 4096;

}  // namespace

Ledger::Shared::Shared(std::shared_ptr<Documents> of,
                       std::string journal_file,
                       std::vector<std::string> below,
                       const config::StoreLimits& bounds)
    : documents(std::move(of)),
      store(documents->store()),
      prefixes(std::move(below)),
      limits(bounds),
      journal_path(std::move(journal_file)),
      lock(journal_path + ".lock") {
    standing.why = "the store has not been read yet";
    // What was read then is in the journal, or it has gone with it.
    was_ever_read =
        ::access(read_path.c_str(), F_OK) == 0 && ::access(journal_path.c_str(), F_OK) == 0;
}

// Each store has a journal of its own, or what was wished of one would come into the other.
Result<std::unique_ptr<Ledger>> Ledger::open(std::shared_ptr<Documents> documents,
                                             const std::string& folder,
                                             const std::string& identity,
                                             std::vector<std::string> prefixes,
                                             const config::StoreLimits& limits,
                                             std::span<const std::string> leftovers) {
    if (!make_private_folder(folder)) {
        return base::gateway_error(PARLEY_E_CONFIG,
                                   folder + ": cannot be made: " + std::strerror(errno) +
                                       "; state_folder says where, and with store.plugin = \"\" "
                                       "nothing is kept");
    }
    const base::Digest digest = base::sha256(identity);
    constexpr std::size_t kNameBytes = 9;
    const std::string name =
        base::to_base64url({reinterpret_cast<const char*>(digest.data()), kNameBytes});
    auto shared = std::make_shared<Shared>(
        std::move(documents), folder + "/journal-" + name, std::move(prefixes), limits);
    if (auto ok = shared->read_journal(); !ok) return std::move(ok).error();
    for (const std::string& other : leftovers) {
        const std::string path = other + "/journal-" + name;
        if (::access(path.c_str(), F_OK) != 0) continue;
        if (auto ok = shared->adopt(path); !ok) {
            base::log(base::LogLevel::error, "journal: " + path + ": " + ok.error().message);
        }
    }
    return std::unique_ptr<Ledger>(new Ledger(std::move(shared)));
}

void Ledger::start(Told told) {
    shared_->told = std::move(told);
    const auto run = [this](void (Shared::*what)()) {
        ++shared_->threads;
        threads_.emplace_back([shared = shared_, what] {
            (shared.get()->*what)();
            const std::lock_guard lock(shared->mutex);
            --shared->threads;
            shared->news.notify_all();
        });
    };
    const std::lock_guard lock(shared_->mutex);
    run(&Shared::run_journal);
    run(&Shared::run_sync);
    run(&Shared::run_watch);
}

Ledger::~Ledger() {
    stop();
}

bool Ledger::stop() {
    {
        const std::lock_guard speaking(shared_->voice);
        shared_->is_silent = true;
    }
    shared_->watch_stop->store(true);
    std::unique_lock lock(shared_->mutex);
    shared_->is_stopping = true;
    shared_->news.notify_all();
    const auto is_over = [this] { return shared_->threads == 0; };
    const auto half = ms(shared_->limits.stop_ms / 2);
    if (!shared_->news.wait_for(lock, half, is_over)) {
        shared_->stop->store(true);
        shared_->news.wait_for(lock, half, is_over);
    }
    const bool all_ended = is_over();
    lock.unlock();
    for (std::thread& thread : threads_) {
        if (all_ended) {
            thread.join();
        } else {
            thread.detach();
        }
    }
    threads_.clear();
    return all_ended;
}

bool Ledger::wait_until_read(std::uint64_t time_ms) const {
    std::unique_lock lock(shared_->mutex);
    return shared_->news.wait_for(lock, ms(time_ms), [this] { return shared_->has_read; });
}

bool Ledger::was_ever_read() const {
    const std::lock_guard lock(shared_->mutex);
    return shared_->was_ever_read;
}

std::vector<std::string> Ledger::unreadable(std::string_view prefix) const {
    const std::lock_guard lock(shared_->mutex);
    std::vector<std::string> keys;
    for (const std::string& key : shared_->unreadable) {
        if (key.starts_with(prefix)) keys.push_back(key);
    }
    return keys;
}

bool Ledger::wait_until_journaled(std::uint64_t time_ms) const {
    std::unique_lock lock(shared_->mutex);
    return shared_->news.wait_for(lock, ms(time_ms), [this] {
        return shared_->edits.empty() && shared_->dirty.empty() && shared_->writing.empty();
    });
}

bool Ledger::wait_until_stored(std::uint64_t time_ms) const {
    std::unique_lock lock(shared_->mutex);
    return shared_->news.wait_for(lock, ms(time_ms), [this] {
        return shared_->edits.empty() && shared_->dirty.empty() && shared_->writing.empty() &&
               (shared_->pending.empty() || shared_->is_read_only);
    });
}

std::optional<Secret> Ledger::find(std::string_view key) const {
    const std::lock_guard lock(shared_->mutex);
    const auto found = shared_->image.find(key);
    if (found == shared_->image.end() || found->second.in_force() == nullptr) return {};
    return *found->second.in_force();
}

void Ledger::each(std::string_view prefix,
                  const std::function<void(const std::string&, const Entry&)>& use) const {
    const std::lock_guard lock(shared_->mutex);
    const Image& image = shared_->image;
    for (auto it = image.lower_bound(prefix); it != image.end(); ++it) {
        if (!it->first.starts_with(prefix)) return;
        if (it->second.in_force() != nullptr) use(it->first, it->second);
    }
}

void Ledger::change(std::string key, Edit edit) {
    const std::lock_guard lock(shared_->mutex);
    shared_->edits.push_back({std::move(key), std::move(edit)});
    shared_->news.notify_all();
}

void Ledger::change(std::string key, Edit edit, std::function<void()> then) {
    const std::lock_guard lock(shared_->mutex);
    shared_->waiting.emplace_back(key, std::move(then));
    shared_->edits.push_back({std::move(key), std::move(edit)});
    shared_->news.notify_all();
}

void Ledger::claim(std::string key, Claimed then) {
    std::unique_lock lock(shared_->mutex);
    if (shared_->claims.size() >= kClaimsMax || shared_->is_stopping) {
        lock.unlock();
        then(base::gateway_error(PARLEY_E_OVERLOADED, "too many leases are asked for"));
        return;
    }
    shared_->claims.emplace_back(std::move(key), std::move(then));
    shared_->news.notify_all();
}

void Ledger::give_back(std::string key, std::uint64_t token) {
    const std::lock_guard lock(shared_->mutex);
    shared_->edits.push_back({std::move(key), {}, token});
    shared_->news.notify_all();
}

void Ledger::look(Looked then) {
    const std::lock_guard lock(shared_->mutex);
    shared_->looks.push_back(std::move(then));
    shared_->news.notify_all();
}

bool Ledger::is_reached() const {
    const std::lock_guard lock(shared_->mutex);
    return shared_->standing.is_good;
}

Reach Ledger::reach() const {
    const std::lock_guard lock(shared_->mutex);
    Reach reach = shared_->standing;
    if (!shared_->journal_fault.empty()) {
        reach.is_good = false;
        reach.why += (reach.why.empty() ? "" : "; ") + shared_->journal_fault;
    }
    reach.pending = shared_->pending.size();
    return reach;
}

}  // namespace parley::store
