#include "plugins/store.hpp"

#include <utility>

#include "base/arena.hpp"
#include "plugins/border.hpp"

namespace parley::plugins {

using base::Arena;
using base::Result;

namespace {

// Beside values: keys, positions, the words of an error.
constexpr std::size_t kTextBytesMax = 1024 * 1024;

Document document_of(const parley_document& from) {
    Document document;
    document.key = view(from.key);
    document.value = base::Secret(std::string(view(from.value)));
    document.content_type = view(from.content_type);
    document.revision = from.revision;
    document.modified_ms = from.modified_ms;
    return document;
}

// Of views into the write.
parley_write asked_of(const DocumentWrite& write) {
    auto asked = sized<parley_write>();
    asked.kind = write.is_removal ? PARLEY_WRITE_REMOVE : PARLEY_WRITE_PUT;
    asked.key = str(write.key);
    asked.value = bytes(write.value.reveal());
    asked.content_type = str(write.content_type);
    asked.expected = write.expected;
    return asked;
}

bool is(parley_status status, int error_class) {
    return status == -error_class;
}

}  // namespace

Store::Store(std::shared_ptr<Instance> instance, const config::StoreLimits& limits)
    : Store(instance,
            instance->name(),
            static_cast<const parley_store*>(instance->component().table),
            instance->get(),
            limits) {
    place_ = instance->place(base::Function::store);
}

Store::Store(std::shared_ptr<const void> owner,
             std::string name,
             const parley_store* table,
             parley_instance* instance,
             const config::StoreLimits& limits)
    : owner_(std::move(owner)),
      name_(std::move(name)),
      table_(table),
      instance_(instance),
      limits_(limits),
      watcher_(sized<parley_watcher>()),
      facts_(sized<parley_store_facts>()) {
    watcher_.ctx = this;
    watcher_.changed = [](const parley_watcher* watcher, parley_str prefix) {
        auto& self = *static_cast<Store*>(watcher->ctx);
        if (self.changed_) self.changed_(view(prefix));
    };
}

Store::~Store() {
    if (!is_open_) return;
    const base::Visit visit(place_);
    table_->close(instance_);
}

base::Error Store::failure(parley_status status,
                           const parley_error& error,
                           const Cancel& cancel) const {
    base::Error why = outcome(status, error, name_).error();
    if (is(status, PARLEY_E_CANCELLED) && !cancel.is_stopped()) {
        why.error_class = PARLEY_E_TIMEOUT;
        why.message = "not within store.call_ms";
    }
    why.message = "store " + name_ + ": " + why.message;
    return why;
}

Result<void> Store::open(std::function<void(std::string_view)> changed, const Cancel& cancel) {
    Arena arena(kTextBytesMax);
    parley_error error = cleared_error(arena);
    changed_ = std::move(changed);
    facts_ = sized<parley_store_facts>();
    const base::Visit visit(place_);
    const auto status = table_->open(instance_, &watcher_, cancel.border(), &facts_, &error);
    if (status < 0) return failure(status, error, cancel);
    is_open_ = true;
    // What it says that it can, it must have.
    const std::pair<bool, std::uint32_t> there[] = {
        {table_->batch != nullptr, PARLEY_STORE_BATCH},
        {table_->poll != nullptr, PARLEY_STORE_WATCH_POLL},
        {table_->watch != nullptr, PARLEY_STORE_WATCH_PUSH},
        {table_->lease != nullptr, PARLEY_STORE_LEASE},
    };
    for (const auto& [has, capability] : there) {
        if (!has) facts_.capabilities &= ~capability;
    }
    if (facts_.poll_interval_ms == 0) facts_.poll_interval_ms = 1000;
    return {};
}

Result<std::optional<Document>> Store::get(std::string_view key, const Cancel& cancel) {
    Arena arena(limits_.document_bytes_max + kTextBytesMax);
    parley_error error = cleared_error(arena);
    auto found = sized<parley_document>();
    const base::Visit visit(place_);
    const auto status =
        table_->get(instance_, str(key), arena.border(), cancel.border(), &found, &error);
    if (is(status, PARLEY_E_NOT_FOUND)) return std::optional<Document>();
    if (status < 0) return failure(status, error, cancel);
    return std::optional(document_of(found));
}

Result<DocumentPage> Store::list(std::string_view prefix,
                                 std::string_view cursor,
                                 std::uint64_t limit,
                                 const Cancel& cancel) {
    for (;;) {
        Arena arena(limits_.page_bytes_max + kTextBytesMax);
        parley_error error = cleared_error(arena);
        auto page = sized<parley_page>();
        const base::Visit visit(place_);
        const auto status = table_->list(instance_,
                                         str(prefix),
                                         str(cursor),
                                         limit,
                                         1,
                                         arena.border(),
                                         cancel.border(),
                                         &page,
                                         &error);
        // So many of them are too large together.
        const bool is_too_large = is(status, PARLEY_E_BUDGET) || is(status, PARLEY_E_TOO_LARGE);
        if (is_too_large && limit > 1) {
            limit /= 2;
            continue;
        }
        if (status < 0) return failure(status, error, cancel);
        DocumentPage out;
        out.documents.reserve(page.document_count);
        for (std::uint64_t i = 0; i < page.document_count; ++i) {
            out.documents.push_back(document_of(*page.documents[i]));
        }
        out.cursor = view(page.cursor);
        return out;
    }
}

Result<Written> Store::write(const DocumentWrite& write, const Cancel& cancel) {
    Arena arena(kTextBytesMax);
    parley_error error = cleared_error(arena);
    const parley_write asked = asked_of(write);
    auto written = sized<parley_written>();
    const base::Visit visit(place_);
    const auto call = write.is_removal ? table_->remove : table_->put;
    const auto status = call(instance_, &asked, cancel.border(), &written, &error);
    if (is(status, PARLEY_E_CONFLICT)) return Written{true, written.revision};
    if (status < 0) return failure(status, error, cancel);
    return Written{false, write.is_removal ? PARLEY_REVISION_NONE : written.revision};
}

Result<WrittenTogether> Store::write_all(std::span<const DocumentWrite> writes,
                                         const Cancel& cancel) {
    Arena arena(kTextBytesMax);
    parley_error error = cleared_error(arena);
    std::vector<parley_write> asked;
    std::vector<const parley_write*> each;
    asked.reserve(writes.size());
    for (const DocumentWrite& write : writes) each.push_back(&asked.emplace_back(asked_of(write)));
    WrittenTogether out;
    out.revisions.resize(writes.size());
    auto written = sized<parley_written>();
    written.revisions = out.revisions.data();
    const base::Visit visit(place_);
    const auto status =
        table_->batch(instance_, each.data(), each.size(), cancel.border(), &written, &error);
    if (is(status, PARLEY_E_CONFLICT) && written.at < writes.size()) {
        out.is_conflict = true;
        out.at = written.at;
        return out;
    }
    if (status < 0) return failure(status, error, cancel);
    return out;
}

Result<Changes> Store::poll(std::string_view prefix,
                            std::string_view position,
                            const Cancel& cancel) {
    if (!can(PARLEY_STORE_WATCH_POLL)) return Changes{true, {}, {}};
    Arena arena(limits_.page_bytes_max + kTextBytesMax);
    parley_error error = cleared_error(arena);
    auto told = sized<parley_changes>();
    const base::Visit visit(place_);
    const auto status = table_->poll(
        instance_, str(prefix), str(position), arena.border(), cancel.border(), &told, &error);
    if (status < 0) return failure(status, error, cancel);
    Changes changes{told.reset != 0, {}, std::string(view(told.position))};
    for (std::uint64_t i = 0; i < told.key_count; ++i)
        changes.keys.emplace_back(view(told.keys[i]));
    return changes;
}

Result<bool> Store::watch(const Cancel& cancel) {
    Arena arena(kTextBytesMax);
    parley_error error = cleared_error(arena);
    const base::Visit visit(place_);
    const auto status = table_->watch(instance_, cancel.border(), &error);
    if (status < 0) return failure(status, error, cancel);
    return status != PARLEY_AGAIN;
}

Result<Lease> Store::lease(std::string_view name,
                           std::string_view owner,
                           std::uint64_t ttl_ms,
                           const Cancel& cancel) {
    Arena arena(kTextBytesMax);
    parley_error error = cleared_error(arena);
    auto taken = sized<parley_lease>();
    const base::Visit visit(place_);
    const auto status =
        table_->lease(instance_, str(name), str(owner), ttl_ms, cancel.border(), &taken, &error);
    if (is(status, PARLEY_E_CONFLICT)) return Lease{true, 0, taken.expires_in_ms};
    if (status < 0) return failure(status, error, cancel);
    return Lease{false, taken.token, taken.expires_in_ms};
}

Result<Lease> Store::renew(std::string_view name,
                           std::uint64_t token,
                           std::uint64_t ttl_ms,
                           const Cancel& cancel) {
    Arena arena(kTextBytesMax);
    parley_error error = cleared_error(arena);
    auto renewed = sized<parley_lease>();
    const base::Visit visit(place_);
    const auto status =
        table_->renew(instance_, str(name), token, ttl_ms, cancel.border(), &renewed, &error);
    if (is(status, PARLEY_E_CONFLICT)) return Lease{true, 0, renewed.expires_in_ms};
    if (status < 0) return failure(status, error, cancel);
    return Lease{false, token, renewed.expires_in_ms};
}

Result<void> Store::release(std::string_view name, std::uint64_t token, const Cancel& cancel) {
    Arena arena(kTextBytesMax);
    parley_error error = cleared_error(arena);
    const base::Visit visit(place_);
    const auto status = table_->release(instance_, str(name), token, cancel.border(), &error);
    if (status < 0) return failure(status, error, cancel);
    return {};
}

Result<void> Store::health(const Cancel& cancel) {
    if (table_->health == nullptr) return {};
    Arena arena(kTextBytesMax);
    parley_error error = cleared_error(arena);
    const base::Visit visit(place_);
    const auto status = table_->health(instance_, cancel.border(), &error);
    if (status < 0) return failure(status, error, cancel);
    return {};
}

}  // namespace parley::plugins
