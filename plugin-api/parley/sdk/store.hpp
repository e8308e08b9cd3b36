// parley/sdk/store.hpp: the table of parley.store/1 from a class.
//
//   class MyStore {
//    public:
//     explicit MyStore(const parley_host*);
//     void configure(std::string_view json);                                       // optional
//     void open(const parley_watcher&, Cancel, parley_store_facts&);
//     void close() noexcept;
//     void get(std::string_view key, Arena&, Cancel, parley_document&);
//     void list(const ListAsk&, Arena&, Cancel, parley_page&);
//     void put(const parley_write&, Cancel, parley_written&);
//     void remove(const parley_write&, Cancel, parley_written&);
//     void batch(std::span<const parley_write* const>, Cancel, parley_written&);   // optional
//     void poll(const PollAsk&, Arena&, Cancel, parley_changes&);                  // optional
//     bool watch(Cancel);                                                          // optional
//     void lease(const LeaseAsk&, Cancel, parley_lease&);                          // optional
//     void renew(const LeaseAsk&, Cancel, parley_lease&);                          // with lease
//     void release(const LeaseAsk&, Cancel);                                       // with lease
//     void health(Cancel);                                                         // optional
//   };
//   const parley_store table = parley::sdk::store_table<MyStore>();
//
// Keys, names and the shape of a batch are checked before the class is asked, and whether the call
// is cancelled already. `watch` says whether anything came.
#pragma once

#include <algorithm>
#include <cstdint>
#include <mutex>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "parley/sdk/plugin.hpp"
#include "parley/sdk/scan.hpp"
#include "parley/store.h"

namespace parley::sdk {

// Why a store cannot do what it was asked, through no fault of who asks.
inline Failure store_failure(int32_t error_class,
                             std::string message,
                             uint64_t retry_after_ms = 0) {
    Failure failure(error_class, std::move(message));
    failure.fault = PARLEY_FAULT_GATEWAY;
    failure.retry_after_ms = retry_after_ms;
    return failure;
}

// Whether the caller still wants the work done.
class Cancel {
public:
    // Throws when it is set already.
    explicit Cancel(const parley_cancel* token) : token_(token) { check(); }

    bool is_set() const { return token_->is_cancelled(token_) != 0; }

    void check() const {
        if (is_set()) throw store_failure(PARLEY_E_CANCELLED, "cancelled");
    }

private:
    const parley_cancel* token_;
};

// For what close has to do in any case.
inline Cancel never_cancelled() {
    static const parley_cancel token{
        sizeof(parley_cancel), 0, nullptr, [](const parley_cancel*) { return int32_t{0}; }};
    return Cancel(&token);
}

struct ListAsk {
    std::string_view prefix;
    std::string_view cursor;
    uint64_t limit = 0;
    bool values = false;
};

struct PollAsk {
    std::string_view prefix;
    std::string_view position;
};

struct LeaseAsk {
    std::string_view name;
    std::string_view owner;  // of lease
    uint64_t token = 0;      // of renew and release
    uint64_t ttl_ms = 0;     // of lease and renew
};

inline constexpr std::size_t kKeyBytesMax = 512;

inline bool is_utf8(std::string_view text) {
    const char* end = text.data() + text.size();
    for (const char* at = text.data(); at != end;) {
        const bool is_ascii = static_cast<unsigned char>(*at) < 0x80;
        const std::size_t length = is_ascii ? 1 : utf8_length(at, end);
        if (length == 0) return false;
        at += length;
    }
    return true;
}

// What is wrong with a key, in words; empty when it is one.
inline std::string key_fault(std::string_view key) {
    if (key.empty() || key.size() > kKeyBytesMax) {
        return std::to_string(key.size()) + " bytes; 1 to 512 were expected";
    }
    if (!is_utf8(key)) return "not UTF-8";
    for (std::size_t at = 0; at <= key.size();) {
        const std::size_t end = std::min(key.find('/', at), key.size());
        const std::string_view segment = key.substr(at, end - at);
        if (segment.empty()) return "an empty segment";
        if (segment == "." || segment == "..") return "a segment that is a dot or two";
        for (const char c : segment) {
            const auto byte = static_cast<unsigned char>(c);
            if (byte < 0x20 || byte == 0x7f) return "a control character";
        }
        at = end + 1;
    }
    return {};
}

inline bool is_key(std::string_view key) {
    return key_fault(key).empty();
}

inline void check_key(std::string_view key, const char* what = "key") {
    const std::string fault = key_fault(key);
    if (!fault.empty()) {
        throw Failure(PARLEY_E_INVALID_ARGUMENT, std::string(what) + ": " + fault, what);
    }
}

[[noreturn]] inline void not_found(std::string_view key) {
    throw store_failure(PARLEY_E_NOT_FOUND, "no document \"" + std::string(key) + "\"");
}

// Whether a document of revision `in_force` (0: none) may be replaced. Throws the conflict that out
// then tells of.
inline void check_expected(const parley_write& write, uint64_t in_force, parley_written& out) {
    const bool removes_nothing =
        write.kind == PARLEY_WRITE_REMOVE && in_force == PARLEY_REVISION_NONE;
    if (write.expected == PARLEY_REVISION_ANY) return;
    if (write.expected == in_force && !removes_nothing) return;
    out.revision = in_force;
    throw store_failure(
        PARLEY_E_CONFLICT,
        "\"" + std::string(view(write.key)) +
            (in_force == PARLEY_REVISION_NONE ? "\" does not exist" : "\" has another revision"));
}

inline void check_value(const parley_write& write, uint64_t value_max) {
    if (write.value.len <= value_max) return;
    throw store_failure(PARLEY_E_TOO_LARGE,
                        "\"" + std::string(view(write.key)) + "\": a value of " +
                            std::to_string(write.value.len) + " bytes; at most " +
                            std::to_string(value_max) + " were expected");
}

// How long a lease shall last, in bounds that no clock overflows by.
inline int64_t ttl_of(const LeaseAsk& ask) {
    constexpr uint64_t kYearMs = uint64_t{366} * 24 * 3600 * 1000;
    return static_cast<int64_t>(std::min(ask.ttl_ms, kYearMs));
}

[[noreturn]] inline void lease_conflict(const LeaseAsk& ask) {
    throw store_failure(PARLEY_E_CONFLICT,
                        "lease \"" + std::string(ask.name) + "\" ran out, or is another's");
}

// The leases that an instance has taken, which close gives back. For any threads.
class HeldLeases {
public:
    void add(std::string_view name, uint64_t token) {
        const std::lock_guard guard(mutex_);
        held_.emplace(std::string(name), token);
    }

    void drop(std::string_view name, uint64_t token) {
        const std::lock_guard guard(mutex_);
        held_.erase({std::string(name), token});
    }

    // Calls with each name and token; what fails is said in the log and runs out by itself.
    template <class Release>
    void give_back(const parley_host* host, Release&& release) noexcept {
        const std::lock_guard guard(mutex_);
        try {
            for (const auto& [name, token] : held_) release(LeaseAsk{name, {}, token, 0});
        } catch (const std::exception& fault) {
            log(host, PARLEY_LOG_WARN, std::string("leases were kept: ") + fault.what());
        }
        held_.clear();
    }

private:
    std::mutex mutex_;
    std::set<std::pair<std::string, uint64_t>> held_;
};

// Spreads the bits of several numbers into a revision, which is neither of the two that mean
// something else.
class RevisionHash {
public:
    RevisionHash& add(uint64_t number) {
        state_ = (state_ ^ number) * 0x9E37'79B9'7F4A'7C15ULL;
        state_ ^= state_ >> 32;
        return *this;
    }

    RevisionHash& add(std::string_view text) {
        uint64_t hash = 0xCBF2'9CE4'8422'2325ULL;
        for (const char c : text) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100'0000'01B3;
        return add(hash);
    }

    uint64_t revision() const {
        const bool is_reserved = state_ == PARLEY_REVISION_NONE || state_ == PARLEY_REVISION_ANY;
        return is_reserved ? 1 : state_;
    }

private:
    uint64_t state_ = 0x51'7CC1'B727'220AULL;
};

namespace detail {

inline void check_write(const parley_write& write, uint32_t kind) {
    if (write.kind != kind) {
        throw Failure(
            PARLEY_E_INVALID_ARGUMENT, "write: of another kind than the function", "kind");
    }
    check_key(view(write.key));
    for (const char c : view(write.content_type)) {
        if (static_cast<unsigned char>(c) >= 0x20 && c != 0x7f) continue;
        throw Failure(PARLEY_E_INVALID_ARGUMENT, "content_type: a control character");
    }
}

inline void check_batch(std::span<const parley_write* const> writes) {
    std::set<std::string_view> keys;
    for (const parley_write* write : writes) {
        const bool is_put = write->kind == PARLEY_WRITE_PUT;
        check_write(*write, is_put ? PARLEY_WRITE_PUT : PARLEY_WRITE_REMOVE);
        if (keys.insert(view(write->key)).second) continue;
        throw Failure(PARLEY_E_INVALID_ARGUMENT, "batch: a key that comes twice", "key");
    }
}

template <class T>
void add_reads(parley_store& t) {
    t.get = [](parley_instance* i,
               parley_str key,
               const parley_arena* arena,
               const parley_cancel* cancel,
               parley_document* out,
               parley_error* e) {
        return guard(e, [&] {
            check_key(view(key));
            Arena memory(arena);
            self<T>(i).get(view(key), memory, Cancel(cancel), *out);
        });
    };
    t.list = [](parley_instance* i,
                parley_str prefix,
                parley_str cursor,
                uint64_t limit,
                uint32_t values,
                const parley_arena* arena,
                const parley_cancel* cancel,
                parley_page* out,
                parley_error* e) {
        return guard(e, [&] {
            if (limit == 0) throw Failure(PARLEY_E_INVALID_ARGUMENT, "limit: 0", "limit");
            const ListAsk ask{view(prefix), view(cursor), limit, values != 0};
            Arena memory(arena);
            self<T>(i).list(ask, memory, Cancel(cancel), *out);
        });
    };
}

template <class T>
void add_writes(parley_store& t) {
    t.put = [](parley_instance* i,
               const parley_write* write,
               const parley_cancel* cancel,
               parley_written* out,
               parley_error* e) {
        return guard(e, [&] {
            check_write(*write, PARLEY_WRITE_PUT);
            self<T>(i).put(*write, Cancel(cancel), *out);
        });
    };
    t.remove = [](parley_instance* i,
                  const parley_write* write,
                  const parley_cancel* cancel,
                  parley_written* out,
                  parley_error* e) {
        return guard(e, [&] {
            check_write(*write, PARLEY_WRITE_REMOVE);
            self<T>(i).remove(*write, Cancel(cancel), *out);
        });
    };
    using Writes = std::span<const parley_write* const>;
    if constexpr (requires(T & s, Writes w, Cancel c, parley_written & o) { s.batch(w, c, o); }) {
        t.batch = [](parley_instance* i,
                     const parley_write* const* writes,
                     uint64_t count,
                     const parley_cancel* cancel,
                     parley_written* out,
                     parley_error* e) {
            return guard(e, [&] {
                check_batch(Writes(writes, count));
                self<T>(i).batch(Writes(writes, count), Cancel(cancel), *out);
            });
        };
    }
}

template <class T>
void add_news(parley_store& t) {
    if constexpr (requires { &T::poll; }) {
        t.poll = [](parley_instance* i,
                    parley_str prefix,
                    parley_str position,
                    const parley_arena* arena,
                    const parley_cancel* cancel,
                    parley_changes* out,
                    parley_error* e) {
            return guard(e, [&] {
                Arena memory(arena);
                const PollAsk ask{view(prefix), view(position)};
                self<T>(i).poll(ask, memory, Cancel(cancel), *out);
            });
        };
    }
    if constexpr (requires { &T::watch; }) {
        t.watch = [](parley_instance* i, const parley_cancel* cancel, parley_error* e) {
            return guard(e, [&]() -> parley_status {
                return self<T>(i).watch(Cancel(cancel)) ? PARLEY_OK : PARLEY_AGAIN;
            });
        };
    }
}

template <class T>
void add_leases(parley_store& t) {
    t.lease = [](parley_instance* i,
                 parley_str name,
                 parley_str owner,
                 uint64_t ttl_ms,
                 const parley_cancel* cancel,
                 parley_lease* out,
                 parley_error* e) {
        return guard(e, [&] {
            check_key(view(name), "lease");
            if (owner.len == 0) throw Failure(PARLEY_E_INVALID_ARGUMENT, "owner: none", "owner");
            self<T>(i).lease({view(name), view(owner), 0, ttl_ms}, Cancel(cancel), *out);
        });
    };
    t.renew = [](parley_instance* i,
                 parley_str name,
                 uint64_t token,
                 uint64_t ttl_ms,
                 const parley_cancel* cancel,
                 parley_lease* out,
                 parley_error* e) {
        return guard(e, [&] {
            check_key(view(name), "lease");
            self<T>(i).renew({view(name), {}, token, ttl_ms}, Cancel(cancel), *out);
        });
    };
    t.release = [](parley_instance* i,
                   parley_str name,
                   uint64_t token,
                   const parley_cancel* cancel,
                   parley_error* e) {
        return guard(e, [&] {
            check_key(view(name), "lease");
            self<T>(i).release({view(name), {}, token, 0}, Cancel(cancel));
        });
    };
}

}  // namespace detail

template <class T>
parley_store store_table() {
    using namespace detail;
    parley_store t{};
    t.struct_size = sizeof(t);
    t.open = [](parley_instance* i,
                const parley_watcher* watcher,
                const parley_cancel* cancel,
                parley_store_facts* out,
                parley_error* e) {
        return guard(e, [&] { self<T>(i).open(*watcher, Cancel(cancel), *out); });
    };
    t.close = [](parley_instance* i) { self<T>(i).close(); };
    add_reads<T>(t);
    add_writes<T>(t);
    add_news<T>(t);
    if constexpr (requires { &T::lease; }) add_leases<T>(t);
    if constexpr (requires { &T::health; }) {
        t.health = [](parley_instance* i, const parley_cancel* cancel, parley_error* e) {
            return guard(e, [&] { self<T>(i).health(Cancel(cancel)); });
        };
    }
    return t;
}

// Documents for a page, one after the other. A page has no more of them, and little more bytes,
// than a caller's arena can be expected to hold.
class PageWriter {
public:
    PageWriter(Arena& arena, uint64_t limit) : arena_(arena), limit_(std::min(limit, kPageMax)) {}

    // How many documents there may be.
    uint64_t limit() const { return limit_; }

    bool is_full() const { return documents_.size() >= limit_ || bytes_ >= kPageBytesMax; }

    // Cleared, with the key in it.
    parley_document& add(std::string_view key) {
        auto* document = arena_.array<parley_document>(1);
        document->struct_size = sizeof(*document);
        document->key = arena_.copy(key);
        documents_.push_back(document);
        return *document;
    }

    void value(parley_document& document, std::string_view value, std::string_view content_type) {
        document.value = bytes(view(arena_.copy(value)));
        document.content_type = arena_.copy(content_type);
        bytes_ += value.size();
    }

    // Ends the page; an empty cursor says that it was the last one.
    void finish(std::string_view cursor, parley_page& out) {
        out.cursor = arena_.copy(cursor);
        out.document_count = documents_.size();
        auto* all = arena_.array<const parley_document*>(documents_.size());
        std::copy(documents_.begin(), documents_.end(), all);
        out.documents = all;
    }

private:
    static constexpr uint64_t kPageMax = 10'000;
    static constexpr uint64_t kPageBytesMax = 4 * 1024 * 1024;

    Arena& arena_;
    uint64_t limit_;
    uint64_t bytes_ = 0;
    std::vector<const parley_document*> documents_;
};

// Tells the keys that changed, and where to go on.
inline void tell_changes(Arena& arena,
                         std::span<const std::string> keys,
                         std::string_view position,
                         parley_changes& out) {
    auto* all = arena.array<parley_str>(keys.size());
    for (std::size_t i = 0; i < keys.size(); ++i) all[i] = arena.copy(keys[i]);
    out.keys = all;
    out.key_count = keys.size();
    out.position = arena.copy(position);
}

}  // namespace parley::sdk
