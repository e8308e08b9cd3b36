// A store that says it is read-only; by macro, one that takes what it says it refuses, tells of
// changes that nobody made, or lists another document than it has.
#include "parley/sdk/store.hpp"

#include <array>

#include "parley/sdk/plugin.hpp"

namespace sdk = parley::sdk;

namespace {

constexpr std::string_view kKey = "account/acme/me";

class Store {
public:
    explicit Store(const parley_host*) {}

    void open(const parley_watcher&, sdk::Cancel, parley_store_facts& out) {
        out.capabilities = PARLEY_STORE_READ_ONLY | PARLEY_STORE_WATCH_POLL | PARLEY_STORE_DURABLE;
    }

    void close() noexcept {}

    void get(std::string_view key, sdk::Arena& arena, sdk::Cancel, parley_document& out) {
        if (key != kKey) sdk::not_found(key);
        out.key = arena.copy(key);
        out.value = sdk::bytes(sdk::view(arena.copy("{}")));
        out.revision = 1;
    }

    void list(const sdk::ListAsk& ask, sdk::Arena& arena, sdk::Cancel, parley_page& out) {
        sdk::PageWriter page(arena, ask.limit);
        if (kKey.starts_with(ask.prefix) && ask.cursor.empty()) {
            parley_document& document = page.add(kKey);
            document.revision = 1;
#ifdef READ_ONLY_LISTS_ANOTHER
            document.revision = 2;
#endif
            page.value(document, "{}", "application/json");
        }
        page.finish("", out);
    }

    void put(const parley_write&, sdk::Cancel, [[maybe_unused]] parley_written& out) {
#ifdef READ_ONLY_TAKES_WRITES
        out.revision = 2;
#else
        throw sdk::store_failure(PARLEY_E_FORBIDDEN, "it is read-only");
#endif
    }

    void remove(const parley_write& write, sdk::Cancel cancel, parley_written& out) {
        put(write, cancel, out);
    }

    void poll(const sdk::PollAsk& ask, sdk::Arena& arena, sdk::Cancel, parley_changes& out) {
        std::vector<std::string> keys;
#ifdef READ_ONLY_TELLS_OF_NOTHING
        if (!ask.position.empty()) keys.push_back(std::string(ask.prefix) + "a");
#endif
        out.reset = ask.position.empty() || ask.position == "1" ? 0 : 1;
        sdk::tell_changes(arena, keys, "1", out);
    }
};

struct Components {
    const std::array<parley_component, 1>& operator()() const {
        static const parley_store table = sdk::store_table<Store>();
        static const std::array<parley_component, 1> all{sdk::make_component<Store>(
            {PARLEY_KIND_STORE,
             "shelf",
             "a store for tests",
             R"({"type": "object", "properties": {"place": {"type": "string"}}})"},
            &table)};
        return all;
    }
};

}  // namespace

PARLEY_PLUGIN_ENTRY = sdk::make_entry("dev.parley.test.broken", "1.0.0", "parley", Components{});
