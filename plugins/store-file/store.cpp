#include "store.hpp"

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <filesystem>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "documents.hpp"
#include "parley/sdk/settings.hpp"

namespace parley::store_file {

using sdk::Cancel;
using sdk::store_failure;
using sdk::view;

const std::string_view kSchema = R"json({
  "type": "object",
  "additionalProperties": false,
  "properties": {
    "folder": {
      "type": "string", "minLength": 1, "default": "~/.parley/store", "x-place": true,
      "description": "the folder of the documents; ~ is the user's home"
    },
    "create": {
      "type": "boolean", "default": true,
      "description": "whether a missing folder is made; false where it is a mount that may be late"
    },
    "value_bytes_max": {
      "type": "integer", "minimum": 1048576, "maximum": 1073741824, "default": 16777216,
      "description": "the largest value of a document"
    },
    "lock_wait_ms": {
      "type": "integer", "minimum": 1, "maximum": 600000, "default": 5000,
      "description": "how long a call waits for another process that writes"
    },
    "poll_interval_ms": {
      "type": "integer", "minimum": 10, "maximum": 3600000, "default": 1000,
      "description": "how often changes are asked for where the kernel does not tell of them"
    }
  }
})json";

namespace {

constexpr uint32_t kParallel = 8;

std::string absolute(std::string_view path) {
    const char* home = path == "~" || path.starts_with("~/") ? std::getenv("HOME") : nullptr;
    const std::string text =
        home == nullptr ? std::string(path) : std::string(home) + std::string(path.substr(1));
    std::string whole = std::filesystem::absolute(text).lexically_normal().string();
    while (whole.size() > 1 && whole.back() == '/') whole.pop_back();
    return whole;
}

}  // namespace

void Store::configure(std::string_view json) {
    const sdk::Settings settings(json);
    root_ = absolute(settings.text("folder"));
    create_ = settings.flag("create");
    value_bytes_max_ = settings.count("value_bytes_max");
    lock_wait_ms_ = settings.count("lock_wait_ms");
    poll_interval_ms_ = settings.count("poll_interval_ms");
}

void Store::open(const parley_watcher& watcher, Cancel cancel, parley_store_facts& out) {
    watcher_ = &watcher;
    folder_.open(root_, create_);

    struct stat found {};

    if (::stat(root_.c_str(), &found) == 0 && (found.st_mode & 0077) != 0) {
        sdk::log(host_,
                 PARLEY_LOG_WARN,
                 root_ + ": others may look into this folder; chmod 700 was expected");
    }
    std::string why_not;
    {
        const Lock lock = lock_for_writes(cancel);
        folder_.remove_temporaries();
        folder_.check_clock();
        follower_.open(why_not);
    }
    if (!follower_.hears()) {
        sdk::log(host_,
                 PARLEY_LOG_WARN,
                 why_not + "; changes by others are looked for instead, which takes longer");
    }
    out.capabilities = PARLEY_STORE_CAS | PARLEY_STORE_BATCH | PARLEY_STORE_WATCH_POLL |
                       PARLEY_STORE_LEASE | PARLEY_STORE_DURABLE |
                       (follower_.hears() ? PARLEY_STORE_WATCH_PUSH : 0);
    out.parallel_reads = out.parallel_writes = kParallel;
    out.value_max = value_bytes_max_;
    out.poll_interval_ms = poll_interval_ms_;
}

void Store::close() noexcept {
    held_.give_back(host_, [this](const sdk::LeaseAsk& ask) {
        const Lock lock = lock_for_writes(sdk::never_cancelled());
        leases_.release(ask.name, ask.token);
    });
}

Lock Store::lock_for_writes(Cancel cancel) {
    Lock lock(folder_, lock_wait_ms_, cancel);
    writes_.finish();
    return lock;
}

// Waits for a call of several files that is under way, or ends one whose process has died.
void Store::finish_others(Cancel cancel) {
    constexpr uint64_t kTryMs = 5;
    for (uint64_t waited = 0; writes_.is_unfinished(); waited += kTryMs) {
        if (const auto lock = Lock::attempt(folder_, kTryMs, cancel)) return writes_.finish();
        if (waited < lock_wait_ms_) continue;
        throw store_failure(PARLEY_E_OVERLOADED, root_ + ": a batch does not end", lock_wait_ms_);
    }
}

void Store::get(std::string_view key, sdk::Arena& arena, Cancel cancel, parley_document& out) {
    cancel.check();
    finish_others(cancel);
    const auto take = [&](const sdk::FileValue& value, const Stamp& stamp) {
        out.key = arena.copy(key);
        out.value = sdk::bytes(view(arena.copy(value.value)));
        out.content_type = arena.copy(value.content_type);
        out.revision = stamp.revision();
        out.modified_ms = stamp.modified_ns / 1'000'000;
    };
    if (read_document(folder_, key, value_bytes_max_, take)) return;
    folder_.check();
    sdk::not_found(key);
}

void Store::list(const sdk::ListAsk& ask, sdk::Arena& arena, Cancel cancel, parley_page& out) {
    finish_others(cancel);
    sdk::PageWriter page(arena, ask.limit);
    const uint64_t wanted = page.limit() + 1;
    std::vector<std::string> keys;
    follower_.catch_up(cancel, [&](const ChangeLog& log) {
        keys = log.keys_below(ask.prefix, ask.cursor, wanted);
    });
    std::size_t next = 0;
    for (; next < keys.size() && !page.is_full(); ++next) {
        cancel.check();
        fill(keys[next], ask.values, page);
    }
    folder_.check();
    const bool is_last = next == keys.size() && keys.size() < wanted;
    page.finish(is_last ? "" : keys[next - 1], out);
}

// One that went meanwhile is left out.
bool Store::fill(std::string_view key, bool value, sdk::PageWriter& page) {
    const auto add = [&](const Stamp& stamp) -> parley_document& {
        parley_document& document = page.add(key);
        document.revision = stamp.revision();
        document.modified_ms = stamp.modified_ns / 1'000'000;
        return document;
    };
    if (value) {
        return read_document(
            folder_, key, value_bytes_max_, [&](const sdk::FileValue& read, const Stamp& stamp) {
                page.value(add(stamp), read.value, read.content_type);
            });
    }
    const auto found = find_document(folder_, key);
    if (found) page.value(add(found->stamp), "", sdk::kJsonType);
    return found.has_value();
}

void Store::put(const parley_write& write, Cancel cancel, parley_written& out) {
    sdk::check_value(write, value_bytes_max_);
    const Lock lock = lock_for_writes(cancel);
    const parley_write* one = &write;
    uint64_t revision = 0;
    writes_.write({&one, 1}, cancel, out, {&revision, 1});
    out.revision = revision;
}

void Store::remove(const parley_write& write, Cancel cancel, parley_written& out) {
    const Lock lock = lock_for_writes(cancel);
    const parley_write* one = &write;
    uint64_t revision = 0;
    writes_.write({&one, 1}, cancel, out, {&revision, 1});
}

void Store::batch(std::span<const parley_write* const> writes, Cancel cancel, parley_written& out) {
    for (const parley_write* write : writes) sdk::check_value(*write, value_bytes_max_);
    const Lock lock = lock_for_writes(cancel);
    writes_.write(writes, cancel, out, {out.revisions, writes.size()});
}

void Store::poll(const sdk::PollAsk& ask, sdk::Arena& arena, Cancel cancel, parley_changes& out) {
    finish_others(cancel);
    follower_.catch_up(cancel, [&](const ChangeLog& log) {
        int64_t since = 0;
        std::vector<std::string> keys;
        if (!ask.position.empty()) {
            out.reset = log.read_position(ask.position, since) ? 0 : 1;
            if (out.reset == 0) keys = log.changed(ask.prefix, since);
        }
        sdk::tell_changes(arena, keys, log.position(), out);
    });
}

bool Store::watch(Cancel cancel) {
    constexpr int kSlices = 10;
    constexpr int kSliceMs = 100;
    bool came = false;
    for (int i = 0; i < kSlices && !came; ++i) {
        cancel.check();
        came = follower_.wait(kSliceMs);
    }
    if (!came) return false;
    std::vector<std::string> keys;
    follower_.catch_up(cancel, [&](const ChangeLog& log) {
        int64_t since = 0;
        const bool knows = !told_.empty() && log.read_position(told_, since);
        keys = knows ? log.changed("", since) : std::vector<std::string>{""};
        told_ = log.position();
    });
    if (keys.empty()) return false;
    const std::string prefix = keys.size() == 1 ? keys.front() : "";
    watcher_->changed(watcher_, sdk::str(prefix));
    return true;
}

void Store::lease(const sdk::LeaseAsk& ask, Cancel cancel, parley_lease& out) {
    const Lock lock = lock_for_writes(cancel);
    leases_.take(ask, out);
    held_.add(ask.name, out.token);
}

void Store::renew(const sdk::LeaseAsk& ask, Cancel cancel, parley_lease& out) {
    const Lock lock = lock_for_writes(cancel);
    leases_.renew(ask, out);
}

void Store::release(const sdk::LeaseAsk& ask, Cancel cancel) {
    const Lock lock = lock_for_writes(cancel);
    leases_.release(ask.name, ask.token);
    held_.drop(ask.name, ask.token);
}

void Store::health(Cancel cancel) {
    cancel.check();
    folder_.check();
    const std::string own = folder_.path(".parley/tmp");
    if (::access(own.c_str(), W_OK) != 0) throw system_failure(errno, "cannot be written", own);

    struct statvfs room {};

    if (::statvfs(own.c_str(), &room) != 0) throw system_failure(errno, "cannot be asked", own);
    const bool counts_files = room.f_files != 0;
    if (room.f_bavail == 0 || (counts_files && room.f_favail == 0)) {
        throw store_failure(PARLEY_E_INTERNAL, own + ": no room left on the device");
    }
}

}  // namespace parley::store_file
