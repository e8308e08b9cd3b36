#include "client.hpp"

#include <algorithm>
#include <chrono>
#include <stdexcept>

#include <boost/json/parse.hpp>

#include "base/arena.hpp"
#include "plugins/border.hpp"
#include "plugins/library.hpp"

namespace parley::store_test {

using plugins::bytes;
using plugins::sized;
using plugins::str;
using plugins::view;

namespace {

constexpr std::size_t kArenaBytes = std::size_t{256} * 1024 * 1024;

struct Log {
    std::mutex mutex;
    std::vector<std::string> lines;
};

Log& log() {
    static Log all;
    return all;
}

std::shared_ptr<plugins::HostServices> services() {
    static const auto all = [] {
        auto made = std::make_shared<plugins::HostServices>();
        made->log = [](const plugins::PluginLine& line) {
            const std::lock_guard guard(log().mutex);
            log().lines.emplace_back(line.text);
        };
        return made;
    }();
    return all;
}

std::shared_ptr<plugins::Library> library(const std::string& file) {
    // Never unloaded: libpq and others keep what they allocate once in variables of theirs, which a
    // leak checker finds only while they are there.
    static auto& all = *new std::map<std::string, std::shared_ptr<plugins::Library>>;
    auto& known = all[file];
    if (known != nullptr) return known;
    plugins::LoadOptions options;
    options.services = services();
    auto loaded = plugins::Library::load(file, options);
    if (!loaded) throw std::runtime_error(loaded.error().message);
    known = *loaded;
    return known;
}

// What a call is given, and what it told.
struct Call {
    base::Arena arena{kArenaBytes};
    parley_error error = plugins::cleared_error(arena);

    void tell(parley_status status, Told& out) const {
        out.status = status;
        out.message = std::string(view(error.message));
        out.retry_after_ms = error.retry_after_ms;
    }
};

Document copy(const parley_document& found) {
    return {std::string(view(found.key)),
            std::string(view(found.value)),
            std::string(view(found.content_type)),
            found.revision,
            found.modified_ms};
}

parley_write border(const Write& write) {
    auto out = sized<parley_write>();
    out.kind = write.value ? PARLEY_WRITE_PUT : PARLEY_WRITE_REMOVE;
    out.key = str(write.key);
    if (write.value) {
        out.value = bytes(*write.value);
        out.content_type = str(write.content_type);
    }
    out.expected = write.expected;
    return out;
}

}  // namespace

Client::Client(const std::string& plugin, const std::string& settings) {
    const auto loaded = library(plugin);
    for (const plugins::Component& component : loaded->components()) {
        if (component.kind_id != PARLEY_KIND_STORE) continue;
        plugins::Instance::Faults faults;
        instance_ = plugins::Instance::make(loaded,
                                            services(),
                                            component,
                                            std::string(component.id),
                                            boost::json::parse(settings).as_object(),
                                            faults);
        if (instance_ == nullptr) {
            throw std::runtime_error(faults.front().path + ": " + faults.front().message);
        }
        table_ = static_cast<const parley_store*>(component.record->table);
    }
    if (table_ == nullptr) throw std::runtime_error(plugin + ": offers no store");
    cancel_ = sized<parley_cancel>();
    cancel_.ctx = &cancelled_;
    cancel_.is_cancelled = [](const parley_cancel* cancel) -> std::int32_t {
        return *static_cast<const std::atomic<bool>*>(cancel->ctx) ? 1 : 0;
    };
    watcher_ = sized<parley_watcher>();
    watcher_.ctx = &hints_;
    watcher_.changed = [](const parley_watcher* watcher, parley_str) {
        ++*static_cast<std::atomic<std::uint64_t>*>(watcher->ctx);
    };
}

Client::~Client() {
    close();
}

Told Client::open() {
    Call call;
    Told out;
    facts_ = sized<parley_store_facts>();
    const auto status = table_->open(instance_->get(), &watcher_, &cancel_, &facts_, &call.error);
    call.tell(status, out);
    open_ = status >= 0;
    return out;
}

void Client::close() {
    if (open_) table_->close(instance_->get());
    open_ = false;
}

Got Client::get(std::string_view key) {
    Call call;
    Got out;
    auto found = sized<parley_document>();
    call.tell(
        table_->get(instance_->get(), str(key), call.arena.border(), &cancel_, &found, &call.error),
        out);
    if (out.ok()) out.document = copy(found);
    return out;
}

Listed Client::list(std::string_view prefix,
                    std::string_view cursor,
                    std::uint64_t limit,
                    bool values) {
    Call call;
    Listed out;
    auto page = sized<parley_page>();
    call.tell(table_->list(instance_->get(),
                           str(prefix),
                           str(cursor),
                           limit,
                           values ? 1 : 0,
                           call.arena.border(),
                           &cancel_,
                           &page,
                           &call.error),
              out);
    if (!out.ok()) return out;
    for (std::uint64_t i = 0; i < page.document_count; ++i) {
        out.documents.push_back(copy(*page.documents[i]));
    }
    out.cursor = std::string(view(page.cursor));
    return out;
}

Listed Client::list_all(std::string_view prefix, std::uint64_t limit, bool values) {
    Listed all;
    do {
        Listed page = list(prefix, all.cursor, limit, values);
        if (!page.ok()) return page;
        std::move(page.documents.begin(), page.documents.end(), std::back_inserter(all.documents));
        all.cursor = page.cursor;
    } while (!all.cursor.empty());
    return all;
}

Written Client::write(const Write& write) {
    Call call;
    Written out;
    auto written = sized<parley_written>();
    const parley_write given = border(write);
    const auto act = write.value ? table_->put : table_->remove;
    call.tell(act(instance_->get(), &given, &cancel_, &written, &call.error), out);
    out.revision = written.revision;
    return out;
}

Written Client::batch(const std::vector<Write>& writes) {
    Call call;
    Written out;
    out.revisions.resize(writes.size());
    auto written = sized<parley_written>();
    written.revisions = out.revisions.data();
    std::vector<parley_write> given;
    for (const Write& write : writes) given.push_back(border(write));
    std::vector<const parley_write*> pointers;
    for (const parley_write& write : given) pointers.push_back(&write);
    call.tell(
        table_->batch(
            instance_->get(), pointers.data(), pointers.size(), &cancel_, &written, &call.error),
        out);
    out.revision = written.revision;
    out.at = written.at;
    return out;
}

Changed Client::poll(std::string_view prefix, std::string_view position) {
    Call call;
    Changed out;
    auto changes = sized<parley_changes>();
    call.tell(table_->poll(instance_->get(),
                           str(prefix),
                           str(position),
                           call.arena.border(),
                           &cancel_,
                           &changes,
                           &call.error),
              out);
    if (!out.ok()) return out;
    for (std::uint64_t i = 0; i < changes.key_count; ++i) {
        out.keys.emplace_back(view(changes.keys[i]));
    }
    std::sort(out.keys.begin(), out.keys.end());
    out.reset = changes.reset != 0;
    out.position = std::string(view(changes.position));
    return out;
}

Leased Client::lease(std::string_view name, std::string_view owner, std::uint64_t ttl_ms) {
    Call call;
    Leased out;
    auto lease = sized<parley_lease>();
    call.tell(table_->lease(
                  instance_->get(), str(name), str(owner), ttl_ms, &cancel_, &lease, &call.error),
              out);
    out.token = lease.token;
    out.expires_in_ms = lease.expires_in_ms;
    return out;
}

Leased Client::renew(std::string_view name, std::uint64_t token, std::uint64_t ttl_ms) {
    Call call;
    Leased out;
    auto lease = sized<parley_lease>();
    call.tell(
        table_->renew(instance_->get(), str(name), token, ttl_ms, &cancel_, &lease, &call.error),
        out);
    out.token = lease.token;
    out.expires_in_ms = lease.expires_in_ms;
    return out;
}

Told Client::release(std::string_view name, std::uint64_t token) {
    Call call;
    Told out;
    call.tell(table_->release(instance_->get(), str(name), token, &cancel_, &call.error), out);
    return out;
}

Told Client::health() {
    Call call;
    Told out;
    if (table_->health == nullptr) return out;
    call.tell(table_->health(instance_->get(), &cancel_, &call.error), out);
    return out;
}

Told Client::watch() {
    Call call;
    Told out;
    call.tell(table_->watch(instance_->get(), &cancel_, &call.error), out);
    return out;
}

std::vector<std::string> Client::log_lines() {
    const std::lock_guard guard(log().mutex);
    return log().lines;
}

Watching::Watching(Client& client) : client_(client), thread_([this] { run(); }) {}

// As the host does: after a failure it polls, and tries again a little later
// (store.watch_retry_ms).
void Watching::run() {
    const bool pushes = client_.can(PARLEY_STORE_WATCH_PUSH);
    const auto pause = std::chrono::milliseconds(pushes ? 250 : client_.facts().poll_interval_ms);
    std::uint64_t known = client_.hints();
    std::unique_lock lock(mutex_);
    while (!ended_) {
        bool failed = false;
        if (pushes) {
            lock.unlock();
            failed = !client_.watch().ok();
            lock.lock();
        }
        if (!pushes || failed) news_.wait_for(lock, pause, [this] { return ended_; });
        if (pushes && !failed && client_.hints() == known) continue;
        known = client_.hints();
        ++turns_;
        news_.notify_all();
    }
}

Watching::~Watching() {
    {
        const std::lock_guard guard(mutex_);
        ended_ = true;
    }
    news_.notify_all();
    thread_.join();
}

bool Watching::wait_for_change(std::string& position, std::uint64_t limit_ms, Changed& out) {
    const auto limit = std::chrono::steady_clock::now() + std::chrono::milliseconds(limit_ms);
    std::unique_lock lock(mutex_);
    for (;;) {
        const std::uint64_t before = turns_;
        lock.unlock();
        out = client_.poll("", position);
        if (out.ok() && (out.reset || !out.keys.empty())) {
            position = out.position;
            return true;
        }
        lock.lock();
        if (!news_.wait_until(lock, limit, [&] { return turns_ != before; })) return false;
    }
}

}  // namespace parley::store_test
