#include "config/changes.hpp"

#include <algorithm>
#include <array>
#include <variant>

#include "config/keys.hpp"
#include "config/near.hpp"

namespace parley::config {

namespace {

using Lines = std::vector<std::string>;

bool is_same(const Slot& a, const Slot& b) {
    return std::visit(
        [&](auto* value) {
            auto* const* other = std::get_if<decltype(value)>(&b);
            return other != nullptr && *value == **other;
        },
        a);
}

// The keys of one table, in two objects that it fills.
void compare_keys(
    const Table& table, const std::string& where, void* before, void* after, Lines& lines) {
    for (const Key& key : table.keys) {
        if (is_same(key.slot(before), key.slot(after))) continue;
        const std::string path = where + (where.empty() ? "" : ".") + std::string(key.name);
        const bool is_told =
            key.form != Form::kSecret && key.form != Form::kDocument && !key.is_private;
        lines.push_back(path + (is_told
                                    ? ": " + value_of(key, before) + " -> " + value_of(key, after)
                                    : ": changed"));
    }
}

void compare_settings(const OpenKeys& before,
                      const OpenKeys& after,
                      const std::string& where,
                      Lines& lines) {
    for (const auto& [key, value] : after.settings) {
        const auto* known = before.settings.if_contains(key);
        if (known != nullptr && *known == value) continue;
        lines.push_back(where + '.' + std::string(key) +
                        (known == nullptr ? ": set" : ": changed"));
    }
    for (const auto& [key, value] : before.settings) {
        if (after.settings.contains(key)) continue;
        lines.push_back(where + '.' + std::string(key) + ": no longer set");
    }
}

// Two lists whose members have names: who came, who went, and `differ(old, new, where)` of those
// that stayed.
template <class Row, class NameOf, class Differ>
void compare_rows(std::vector<Row>& before,
                  std::vector<Row>& after,
                  const std::string& what,
                  const NameOf& name_of,
                  const Differ& differ,
                  Lines& lines) {
    const auto find = [&](std::vector<Row>& rows, const std::string& name) {
        return std::find_if(rows.begin(), rows.end(), [&](Row& r) { return name_of(r) == name; });
    };
    for (Row& row : after) {
        const std::string where = what + ' ' + quote(name_of(row));
        const auto known = find(before, name_of(row));
        if (known == before.end()) {
            lines.push_back(where + ": added");
        } else {
            differ(*known, row, where);
        }
    }
    for (Row& row : before) {
        if (find(after, name_of(row)) == after.end()) {
            lines.push_back(what + ' ' + quote(name_of(row)) + ": removed");
        }
    }
}

void compare_client_keys(Config& before, Config& after, Lines& lines) {
    compare_rows(
        before.client_keys,
        after.client_keys,
        "client_key",
        [](const ClientKey& key) { return key.name; },
        [&](ClientKey& old, ClientKey& now, const std::string& where) {
            compare_keys(table_at("client_key"), where, &old, &now, lines);
        },
        lines);
}

void compare_providers(Config& before, Config& after, Lines& lines) {
    const auto differ = [&](Provider& old, Provider& now, const std::string& where) {
        compare_keys(table_at("provider"), where, &old, &now, lines);
        compare_settings(old, now, where, lines);
        compare_rows(
            old.accounts,
            now.accounts,
            where + ".account",
            [](const Account& account) { return account.label; },
            [&](Account& was, Account& is, const std::string& account) {
                compare_keys(table_at("provider.account"), account, &was, &is, lines);
            },
            lines);
    };
    compare_rows(
        before.providers,
        after.providers,
        "provider",
        [](const Provider& provider) { return provider.name; },
        differ,
        lines);
}

// Of a list with names and with settings of a plugin.
template <class Named>
void compare_named(const std::string& table,
                   std::vector<Named>& before,
                   std::vector<Named>& after,
                   Lines& lines) {
    compare_rows(
        before,
        after,
        table,
        [](const Named& named) { return named.name; },
        [&](Named& old, Named& now, const std::string& where) {
            compare_keys(table_at(table), where, &old, &now, lines);
            compare_settings(old, now, where, lines);
        },
        lines);
}

// They work in the order in which they stand.
void compare_order(const std::vector<Filter>& before,
                   const std::vector<Filter>& after,
                   Lines& lines) {
    const auto by_name = [](const Filter& a, const Filter& b) { return a.name == b.name; };
    const bool are_same =
        std::is_permutation(before.begin(), before.end(), after.begin(), after.end(), by_name);
    if (!are_same || std::equal(before.begin(), before.end(), after.begin(), by_name)) return;
    lines.emplace_back("filters: stand in another order");
}

bool has_same_targets(Route& a, Route& b) {
    const Table& table = table_at("route.targets");
    return std::equal(a.targets.begin(),
                      a.targets.end(),
                      b.targets.begin(),
                      b.targets.end(),
                      [&](Target& one, Target& other) {
                          Lines lines;
                          compare_keys(table, "", &one, &other, lines);
                          return lines.empty();
                      });
}

void compare_routes(Config& before, Config& after, Lines& lines) {
    compare_rows(
        before.routes,
        after.routes,
        "route",
        [](const Route& route) { return route.model; },
        [&](Route& old, Route& now, const std::string& where) {
            compare_keys(table_at("route"), where, &old, &now, lines);
            if (!has_same_targets(old, now)) lines.push_back(where + ".targets: changed");
        },
        lines);
}

void compare_models(Config& before, Config& after, Lines& lines) {
    compare_rows(
        before.models,
        after.models,
        "model",
        [](const Model& model) { return join(model.names, ", "); },
        [&](Model& old, Model& now, const std::string& where) {
            compare_settings(old, now, where, lines);
        },
        lines);
}

}  // namespace

std::vector<std::string> changes(Config before, Config after) {
    Lines lines;
    for (const Table& table : tables()) {
        if (table.is_repeated) continue;
        compare_keys(table, std::string(table.path), &before, &after, lines);
    }
    compare_settings(before.store, after.store, "store", lines);
    compare_client_keys(before, after, lines);
    compare_providers(before, after, lines);
    compare_named("filter", before.filters, after.filters, lines);
    compare_order(before.filters, after.filters, lines);
    compare_named("observer", before.observers, after.observers, lines);
    compare_routes(before, after, lines);
    compare_models(before, after, lines);
    return lines;
}

std::vector<std::string> changes(const Contents& before, const Contents& after) {
    Lines lines;
    for (const auto& [file, content] : after) {
        const auto known = before.find(file);
        const bool is_same = known == before.end() || known->second == content;
        if (!is_same) lines.push_back("file " + quote(file) + ": changed");
    }
    return lines;
}

std::vector<std::string> changes_for_a_restart(Config before, Config after) {
    constexpr std::array<std::string_view, 5> kFixed{
        "state_folder:", "server.threads:", "server.workers:", "log.format:", "store."};
    Lines lines = changes(std::move(before), std::move(after));
    std::erase_if(lines, [&](const std::string& line) {
        return std::none_of(kFixed.begin(), kFixed.end(), [&](std::string_view fixed) {
            return line.starts_with(fixed);
        });
    });
    return lines;
}

}  // namespace parley::config
