// troubled_store.cpp: a store that is in trouble when a test says so. Documents are lines of the
// file "documents" (key, revision and value in hex), and the file "mood" says how it is: "well",
// "failing", "frozen" (calls end when they are told to) or "stuck" (they do not even then).
#include <array>
#include <fstream>
#include <map>
#include <mutex>
#include <poll.h>
#include <sstream>
#include <string>
#include <unistd.h>

#include "parley/sdk/store.hpp"

namespace parley::troubled_store {

namespace {

using sdk::view;

struct Entry {
    uint64_t revision = 0;
    std::string value;
};

using Entries = std::map<std::string, Entry>;

std::string hex(std::string_view text) {
    constexpr char kDigits[] = "0123456789abcdef";
    std::string out;
    for (const char c : text) {
        out += kDigits[static_cast<unsigned char>(c) >> 4];
        out += kDigits[static_cast<unsigned char>(c) & 15];
    }
    return out;
}

std::string from_hex(const std::string& text) {
    std::string out;
    for (std::size_t i = 0; i + 1 < text.size(); i += 2) {
        out += static_cast<char>(std::stoi(text.substr(i, 2), nullptr, 16));
    }
    return out;
}

class Store {
public:
    explicit Store(const parley_host*) {}

    void configure(std::string_view json) {
        const std::string_view mark = "\"folder\":\"";
        const std::size_t at = json.find(mark) + mark.size();
        folder_ = json.substr(at, json.find('"', at) - at);
    }

    void open(const parley_watcher&, sdk::Cancel cancel, parley_store_facts& out) {
        wait_until_well(cancel);
        out.capabilities = PARLEY_STORE_CAS;
    }

    void close() noexcept {}

    void get(std::string_view key, sdk::Arena& arena, sdk::Cancel cancel, parley_document& out) {
        wait_until_well(cancel);
        const std::lock_guard lock(mutex_);
        const Entries all = read();
        const auto found = all.find(std::string(key));
        if (found == all.end()) sdk::not_found(key);
        fill(found->first, found->second, arena, out);
    }

    void list(const sdk::ListAsk& ask, sdk::Arena& arena, sdk::Cancel cancel, parley_page& out) {
        wait_until_well(cancel);
        const std::lock_guard lock(mutex_);
        const Entries all = read();
        auto** listed = arena.array<const parley_document*>(ask.limit);
        for (auto it = all.upper_bound(std::string(ask.cursor)); it != all.end(); ++it) {
            if (!it->first.starts_with(ask.prefix)) continue;
            if (out.document_count == ask.limit) {
                out.cursor = listed[out.document_count - 1]->key;
                break;
            }
            auto* document = arena.array<parley_document>(1);
            fill(it->first, it->second, arena, *document);
            listed[out.document_count++] = document;
        }
        out.documents = listed;
    }

    void put(const parley_write& write, sdk::Cancel cancel, parley_written& out) {
        change(write, cancel, out);
    }

    void remove(const parley_write& write, sdk::Cancel cancel, parley_written& out) {
        change(write, cancel, out);
    }

private:
    void wait_until_well(const sdk::Cancel& cancel) const {
        for (;;) {
            std::string mood;
            std::ifstream(folder_ + "/mood") >> mood;
            if (mood == "failing") throw sdk::store_failure(PARLEY_E_INTERNAL, "it is in trouble");
            if (mood != "frozen" && mood != "stuck") return;
            if (mood == "frozen") cancel.check();
            ::poll(nullptr, 0, 5);
        }
    }

    Entries read() const {
        Entries all;
        std::ifstream in(folder_ + "/documents");
        std::string key;
        std::string value;
        uint64_t revision = 0;
        while (in >> key >> revision >> value) {
            all[from_hex(key)] = {revision, value == "-" ? "" : from_hex(value)};
        }
        return all;
    }

    static void fill(const std::string& key,
                     const Entry& entry,
                     sdk::Arena& arena,
                     parley_document& out) {
        out.key = arena.copy(key);
        out.value = sdk::bytes(view(arena.copy(entry.value)));
        out.revision = entry.revision;
    }

    void change(const parley_write& write, const sdk::Cancel& cancel, parley_written& out) {
        wait_until_well(cancel);
        const std::lock_guard lock(mutex_);
        Entries all = read();
        const std::string key(view(write.key));
        const auto found = all.find(key);
        const uint64_t now = found == all.end() ? PARLEY_REVISION_NONE : found->second.revision;
        sdk::check_expected(write, now, out);
        if (write.kind == PARLEY_WRITE_REMOVE) {
            all.erase(key);
        } else {
            out.revision = now + 1;
            all[key] = {out.revision, std::string(view(write.value))};
        }
        const std::string fresh = folder_ + "/documents." + std::to_string(::getpid());
        std::ofstream to(fresh);
        for (const auto& [name, entry] : all) {
            to << hex(name) << ' ' << entry.revision << ' '
               << (entry.value.empty() ? "-" : hex(entry.value)) << '\n';
        }
        to.close();
        if (::rename(fresh.c_str(), (folder_ + "/documents").c_str()) != 0) {
            throw sdk::store_failure(PARLEY_E_INTERNAL, "cannot be written");
        }
    }

    std::mutex mutex_;
    std::string folder_;
};

constexpr std::string_view kSchema =
    R"({"type":"object","properties":{"folder":{"type":"string"}},"required":["folder"]})";

struct Components {
    const std::array<parley_component, 1>& operator()() const {
        static const parley_store store = sdk::store_table<Store>();
        static const std::array<parley_component, 1> all{sdk::make_component<Store>(
            {PARLEY_KIND_STORE, "troubled-store", "in trouble on command", kSchema}, &store)};
        return all;
    }
};

}  // namespace

}  // namespace parley::troubled_store

PARLEY_PLUGIN_ENTRY = parley::sdk::make_entry(
    "dev.parley.test.troubled-store", "0.1.0", "Parley", parley::troubled_store::Components{});
