#include "config/sections.hpp"

#include <algorithm>
#include <array>
#include <fstream>
#include <map>
#include <utility>

#include "base/key_hash.hpp"
#include "config/near.hpp"
#include "config/routes.hpp"
#include "config/settings.hpp"
#include "config/traits_table.hpp"

namespace parley::config {

namespace {

class Sections {
public:
    Sections(const toml::table& root, Config& into, const Reading& reading)
        : root_(root), into_(into), reading_(reading) {}

    void read() {
        for (const Table& table : tables()) {
            if (!table.is_repeated) read_section(table);
        }
        check_tls();
        read_client_keys();
        read_providers();
        read_named("filter", into_.filters);
        read_named("observer", into_.observers);
        check_trust();
        read_routes();
        read_models();
    }

private:
    // The texts that may be given only once, and where they were.
    using Taken = std::map<std::string, std::string, std::less<>>;

    void fault(const std::string& path, std::string message) {
        reading_.findings.fault(path, std::move(message));
    }

    void read_section(const Table& table) {
        const std::string path(table.path);
        const toml::node* node = path.empty() ? &root_ : root_.get(path);
        if (node == nullptr) return;
        if (const toml::table* from = node->as_table()) {
            read_keys(*from, table, &into_, path, reading_);
            if (table.is_open) read_store(*from, table);
        } else {
            fault(path, "expected a table that begins with [" + path + "], got " + describe(*node));
        }
    }

    // The one open table that stands once.
    void read_store(const toml::table& from, const Table& table) {
        Store& store = into_.store;
        store.position = reading_.findings.position("store");
        read_settings(from, table, "store", store, reading_);
    }

    void check_tls() {
        const Server& server = into_.server;
        if (server.tls_certificate.empty() == server.tls_key.empty()) return;
        const bool has_key = !server.tls_key.empty();
        fault(has_key ? "server.tls_key" : "server.tls_certificate",
              std::string("given without ") + (has_key ? "tls_certificate" : "tls_key") +
                  "; give both or neither");
    }

    void claim(const std::string& text, const std::string& path, Taken& taken) {
        if (text.empty()) return;
        const auto [entry, is_new] = taken.emplace(text, path);
        if (is_new) return;
        fault(path,
              quote(text) + " is already taken by " + entry->second + " (" +
                  reading_.findings.place(entry->second) + "); expected another one");
    }

    void read_client_keys() {
        const Table& table = table_at("client_key");
        const std::vector<Row> rows = rows_of(root_, table, "", reading_);
        Taken names;
        Taken ids;
        for (const Row& row : rows) {
            ClientKey& key = into_.client_keys.emplace_back();
            key.position = reading_.findings.position(row.path);
            read_keys(*row.table, table, &key, row.path, reading_);
            claim(key.name, path_of(row.path, "name"), names);
            check_hash(key, row, ids);
        }
        check_keys_differ(rows);
    }

    // A key is checked against the one hash of its id.
    void check_hash(const ClientKey& key, const Row& row, Taken& ids) {
        const bool has_key = row.table->contains("key");
        const bool has_hash = row.table->contains("key_hash");
        if (has_key == has_hash) {
            const char* what = has_key ? "given together with key_hash; give one of them"
                                       : "required, but missing; expected a string, or key_hash";
            return fault(path_of(row.path, "key"), what);
        }
        if (!has_hash) return;
        const std::string path = path_of(row.path, "key_hash");
        const auto hash = base::read_key_hash(key.key_hash);
        if (!hash) return fault(path, "expected what `parley key hash` prints");
        claim(hash->id, path, ids);
    }

    // Views only, so that no copy of a secret is left behind.
    void check_keys_differ(const std::vector<Row>& rows) {
        std::map<std::string_view, std::string> keys;
        for (std::size_t i = 0; i < rows.size(); ++i) {
            const std::string_view key = into_.client_keys[i].key.reveal();
            if (key.empty()) continue;
            const auto [entry, is_new] = keys.emplace(key, path_of(rows[i].path, "key"));
            if (is_new) continue;
            fault(path_of(rows[i].path, "key"),
                  "the same as " + entry->second + " (" + reading_.findings.place(entry->second) +
                      "); expected another one");
        }
    }

    EgressPtr egress_at(const base::Secret& text,
                        const std::string& path,
                        const EgressPtr& otherwise) {
        base::Result<EgressPtr> read = read_egress(text, otherwise);
        if (read) return std::move(*read);
        fault(path, std::move(read).error().message);
        return {};
    }

    void read_providers() {
        const EgressPtr of_house = egress_at(into_.upstream_egress, "upstream.egress", {});
        const Table& table = table_at("provider");
        Taken names;
        for (const Row& row : rows_of(root_, table, "", reading_)) {
            Provider& provider = into_.providers.emplace_back();
            provider.position = reading_.findings.position(row.path);
            read_keys(*row.table, table, &provider, row.path, reading_);
            read_settings(*row.table, table, row.path, provider, reading_);
            claim(provider.name, path_of(row.path, "name"), names);
            provider.via = egress_at(provider.egress, path_of(row.path, "egress"), of_house);
            read_accounts(row, provider);
        }
    }

    void read_accounts(const Row& provider_row, Provider& provider) {
        const Table& table = table_at("provider.account");
        Taken labels;
        for (const Row& row : rows_of(*provider_row.table, table, provider_row.path, reading_)) {
            Account& account = provider.accounts.emplace_back();
            account.position = reading_.findings.position(row.path);
            read_keys(*row.table, table, &account, row.path, reading_);
            claim(account.label, path_of(row.path, "label"), labels);
            for (const auto& [key, what] : faults_of(account)) {
                fault(path_of(row.path, key), what);
            }
            account.via = egress_at(account.egress, path_of(row.path, "egress"), provider.via);
            read_secret(*row.table, row.path, account);
        }
    }

    void read_secret(const toml::table& row, const std::string& path, Account& account) {
        constexpr std::array<std::string_view, 3> kKeys{"api_key", "secret", "secret_file"};
        std::string_view first;
        for (const std::string_view key : kKeys) {
            if (!row.contains(key)) continue;
            if (!first.empty()) {
                fault(path_of(path, key),
                      "given beside " + std::string(first) + "; expected one of the two");
            }
            first = key;
        }
        if (first.empty()) {
            fault(path_of(path, "api_key"),
                  "required, but missing; expected api_key, secret or secret_file");
        }
        if (account.secret_file.empty()) return;
        const std::string file_path = path_of(path, "secret_file");
        const std::uint64_t bytes_max = into_.accounts.secret_file_bytes_max;
        std::ifstream file(account.secret_file, std::ios::binary);
        if (!file) return fault(file_path, "cannot be read: " + account.secret_file);
        std::string text(bytes_max + 1, '\0');
        file.read(text.data(), static_cast<std::streamsize>(text.size()));
        const auto size = static_cast<std::uint64_t>(file.gcount());
        if (size > bytes_max) fault(file_path, "over accounts.secret_file_bytes_max");
        if (size == 0) fault(file_path, "empty; expected the secret");
        account.secret = base::Secret(text.substr(0, size));
        base::wipe(text.data(), text.size());
    }

    // A list of tables with names and with settings of a plugin.
    template <class Named>
    void read_named(std::string_view path, std::vector<Named>& into) {
        const Table& table = table_at(path);
        Taken names;
        for (const Row& row : rows_of(root_, table, "", reading_)) {
            Named& named = into.emplace_back();
            named.position = reading_.findings.position(row.path);
            read_keys(*row.table, table, &named, row.path, reading_);
            read_settings(*row.table, table, row.path, named, reading_);
            claim(named.name, path_of(row.path, "name"), names);
        }
    }

    // A list of what is trusted must not become shorter by a slip of the pen.
    void check_trust() {
        const auto is_hex = [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); };
        for (const std::string& hash : into_.plugins.trusted_hashes) {
            const bool fits = hash.size() == 64 && std::all_of(hash.begin(), hash.end(), is_hex);
            if (!fits) {
                fault("plugins.trusted_hashes",
                      "expected a SHA-256 of 64 small hexadecimal digits, got " + quote(hash));
            }
        }
        for (const std::string& key : into_.plugins.trusted_keys) {
            constexpr std::string_view kForm = "ed25519:";
            if (key.starts_with(kForm) && key.size() == kForm.size() + 43) continue;
            fault("plugins.trusted_keys",
                  "expected ed25519: and 43 characters of base64url, got " + quote(key));
        }
    }

    void read_routes() {
        const Table& table = table_at("route");
        Taken models;
        for (const Row& row : rows_of(root_, table, "", reading_)) {
            Route& route = into_.routes.emplace_back();
            route.position = reading_.findings.position(row.path);
            read_keys(*row.table, table, &route, row.path, reading_);
            claim(route.model, path_of(row.path, "model"), models);
            for (const std::string& alias : route.aliases) {
                claim(alias, path_of(row.path, "aliases"), models);
            }
            for (const auto& [key, what] : faults_of(route)) fault(path_of(row.path, key), what);
            check_filters(route, path_of(row.path, "filters"));
            read_targets(row, route);
        }
    }

    void read_models() {
        const Table& table = table_at("model");
        for (const Row& row : rows_of(root_, table, "", reading_)) {
            Model& model = into_.models.emplace_back();
            model.position = reading_.findings.position(row.path);
            read_keys(*row.table, table, &model, row.path, reading_);
            read_settings(*row.table, table, row.path, model, reading_);
            for (const auto& [name, value] : model.settings) {
                const std::string what = value.is_null() ? "" : fault_of_trait(name, value);
                if (!what.empty()) fault(path_of(row.path, std::string(name)), what);
            }
        }
    }

    void read_targets(const Row& route_row, Route& route) {
        const Table& table = table_at("route.targets");
        const toml::node* node = route_row.table->get(table.name());
        const bool is_empty = node != nullptr && node->is_array() && node->as_array()->empty();
        if (node == nullptr || is_empty) {
            fault(path_of(route_row.path, table.name()),
                  std::string(is_empty ? "empty" : "required, but missing") +
                      "; expected tables such as { provider = \"...\", model = \"...\" }");
        }
        for (const Row& row : rows_of(*route_row.table, table, route_row.path, reading_)) {
            Target& target = route.targets.emplace_back();
            read_keys(*row.table, table, &target, row.path, reading_);
            check_provider(target.provider, path_of(row.path, "provider"));
        }
    }

    void check_provider(const std::string& name, const std::string& path) {
        if (!name.empty()) check_name(into_.providers, "provider", name, path);
    }

    void check_filters(const Route& route, const std::string& path) {
        for (const std::string& name : route.filters) {
            check_name(into_.filters, "filter", name, path);
        }
    }

    template <class Named>
    void check_name(const std::vector<Named>& all,
                    const std::string& what,
                    const std::string& name,
                    const std::string& path) {
        Words names;
        for (const Named& each : all) {
            if (each.name == name) return;
            if (!each.name.empty()) names.push_back(each.name);
        }
        fault(path, "no " + what + " has the name " + quote(name) + cure_for(name, names));
    }

    const toml::table& root_;
    Config& into_;
    const Reading& reading_;
};

}  // namespace

void read_config(const toml::table& root, Config& into, const Reading& reading) {
    Sections(root, into, reading).read();
}

}  // namespace parley::config
