// A store in one file that is wrong in one way, which a macro of that name chooses. A line of the
// file is a key and a value in hexadecimal and the number of the write that brought it; a document
// that went has the value "-".
#include <array>
#include <cstdio>
#include <fstream>
#include <map>
#include <mutex>
#include <string>

#include "parley/sdk/store.hpp"

namespace {

using namespace parley;
using sdk::view;

struct Entry {
    std::string value;
    uint64_t revision = 0;
    bool is_gone = false;
};

std::string hex(std::string_view text) {
    constexpr char kDigits[] = "0123456789abcdef";
    std::string out = "x";
    for (const char c : text) {
        out += kDigits[static_cast<unsigned char>(c) >> 4];
        out += kDigits[static_cast<unsigned char>(c) & 15];
    }
    return out;
}

std::string text_of(std::string_view hex) {
    const auto digit = [](char c) { return c >= 'a' ? c - 'a' + 10 : c - '0'; };
    std::string out;
    for (std::size_t i = 1; i + 1 < hex.size(); i += 2) {
        out += static_cast<char>(digit(hex[i]) << 4 | digit(hex[i + 1]));
    }
    return out;
}

class Store {
public:
    explicit Store(const parley_host*) {}

    void configure(std::string_view json) {
        const std::string_view mark = "\"folder\":\"";
        const std::size_t at = json.find(mark);
        if (at == json.npos) return;
        const std::size_t from = at + mark.size();
        file_ = std::string(json.substr(from, json.find('"', from) - from)) + "/documents";
    }

    void open(const parley_watcher&, const sdk::Cancel&, parley_store_facts& out) {
        if (file_.empty()) throw sdk::store_failure(PARLEY_E_CONFIG, "no folder was told");
        out.capabilities =
            PARLEY_STORE_CAS | PARLEY_STORE_DURABLE | PARLEY_STORE_WATCH_POLL | PARLEY_STORE_LEASE;
        std::ifstream in(file_);
        std::string key;
        std::string value;
        uint64_t revision = 0;
        while (in >> key >> revision >> value) {
            all_[text_of(key)] = {text_of(value), revision, value == "-"};
            last_ = std::max(last_, revision);
        }
    }

    void close() noexcept {
#ifdef PUT_IS_WRITTEN_LATER
        keep();
#endif
    }

    void get(std::string_view key, sdk::Arena& arena, const sdk::Cancel&, parley_document& out) {
        const std::lock_guard lock(mutex_);
        const auto found = all_.find(std::string(key));
        if (found == all_.end() || found->second.is_gone) sdk::not_found(key);
        fill(found->first, found->second, arena, out);
    }

    void list(const sdk::ListAsk& ask, sdk::Arena& arena, const sdk::Cancel&, parley_page& out) {
        const std::lock_guard lock(mutex_);
        auto** listed = arena.array<const parley_document*>(ask.limit);
        for (auto it = all_.upper_bound(std::string(ask.cursor)); it != all_.end(); ++it) {
            if (it->second.is_gone || !it->first.starts_with(ask.prefix)) continue;
            if (out.document_count == ask.limit) {
                out.cursor = listed[out.document_count - 1]->key;
#ifdef LIST_SKIPS
                if (!ask.cursor.empty()) out.cursor = arena.copy(it->first);
#endif
                break;
            }
            auto* document = arena.array<parley_document>(1);
            fill(it->first, it->second, arena, *document);
            listed[out.document_count++] = document;
        }
        out.documents = listed;
    }

    void put(const parley_write& write, const sdk::Cancel&, parley_written& out) {
        change(write, out);
    }

    void remove(const parley_write& write, const sdk::Cancel&, parley_written& out) {
        change(write, out);
    }

    void poll(const sdk::PollAsk& ask, sdk::Arena& arena, const sdk::Cancel&, parley_changes& out) {
        const std::lock_guard lock(mutex_);
        out.position = arena.copy(std::to_string(last_));
        if (ask.position.empty()) return;
        const uint64_t after = std::stoull(std::string(ask.position));
        auto* keys = arena.array<parley_str>(all_.size() + 1);
        for (const auto& [key, entry] : all_) {
            if (entry.revision <= after || !key.starts_with(ask.prefix)) continue;
#ifdef POLL_FORGETS_REMOVALS
            if (entry.is_gone) continue;
#endif
            keys[out.key_count++] = arena.copy(key);
        }
        out.keys = keys;
    }

    void lease(const sdk::LeaseAsk& ask, const sdk::Cancel&, parley_lease& out) {
        const std::lock_guard lock(mutex_);
        Lease& held = leases_[std::string(ask.name)];
#ifndef LEASE_IS_FOR_ALL
        if (!held.owner.empty() && held.owner != ask.owner) {
            out.expires_in_ms = ask.ttl_ms;
            throw sdk::store_failure(PARLEY_E_CONFLICT, "another has it");
        }
#endif
        if (held.owner != ask.owner) held = {std::string(ask.owner), ++tokens_};
        out.token = held.token;
        out.expires_in_ms = ask.ttl_ms;
    }

    void renew(const sdk::LeaseAsk&, const sdk::Cancel&, parley_lease&) {}

    void release(const sdk::LeaseAsk& ask, const sdk::Cancel&) {
        const std::lock_guard lock(mutex_);
        leases_.erase(std::string(ask.name));
    }

private:
    struct Lease {
        std::string owner;
        uint64_t token = 0;
    };

    static void fill(const std::string& key,
                     const Entry& entry,
                     sdk::Arena& arena,
                     parley_document& out) {
        out.key = arena.copy(key);
        out.value = sdk::bytes(view(arena.copy(entry.value)));
        out.revision = entry.revision;
    }

    void change(const parley_write& write, parley_written& out) {
        const std::lock_guard lock(mutex_);
        const std::string key(view(write.key));
        const auto found = all_.find(key);
        const bool is_there = found != all_.end() && !found->second.is_gone;
#ifdef PUT_ASKS_FOR_NO_REVISION
        if (write.kind == PARLEY_WRITE_REMOVE)
#endif
            sdk::check_expected(
                write, is_there ? found->second.revision : PARLEY_REVISION_NONE, out);
        const bool is_removal = write.kind == PARLEY_WRITE_REMOVE;
        all_[key] = {is_removal ? "" : std::string(view(write.value)), ++last_, is_removal};
        out.revision = last_;
#ifndef PUT_IS_WRITTEN_LATER
        keep();
#endif
    }

    void keep() const {
        const std::string fresh = file_ + ".new";
        std::ofstream to(fresh);
        for (const auto& [name, entry] : all_) {
            to << hex(name) << ' ' << entry.revision << ' '
               << (entry.is_gone ? std::string("-") : hex(entry.value)) << '\n';
        }
        to.close();
        if (std::rename(fresh.c_str(), file_.c_str()) != 0) {
            throw sdk::store_failure(PARLEY_E_INTERNAL, "cannot be written");
        }
    }

    std::mutex mutex_;
    std::string file_;
    std::map<std::string, Entry> all_;
    std::map<std::string, Lease> leases_;
    uint64_t last_ = 0;
    uint64_t tokens_ = 0;
};

constexpr std::string_view kSchema =
    R"({"type":"object","properties":{"folder":{"type":"string"}}})";

struct Components {
    const std::array<parley_component, 1>& operator()() const {
        static const parley_store store = sdk::store_table<Store>();
        static const std::array<parley_component, 1> all{sdk::make_component<Store>(
            {PARLEY_KIND_STORE, "broken", "a store for tests", kSchema}, &store)};
        return all;
    }
};

}  // namespace

PARLEY_PLUGIN_ENTRY =
    parley::sdk::make_entry("dev.parley.test.broken", "1.0.0", "parley", Components{});
