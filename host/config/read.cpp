#include "config/read.hpp"

#include "config/near.hpp"

namespace parley::config {

namespace {

// Where else a key of this name belongs, of the tables that stand once; "" when nowhere.
std::string home_of(std::string_view name, const Table& table) {
    for (const Table& other : tables()) {
        if (&other == &table || other.is_repeated || other.find(name) == nullptr) continue;
        if (other.path.empty()) return "; it belongs before the first table";
        return "; it belongs to [" + std::string(other.path) + "]";
    }
    return {};
}

// The cure for an unknown key: a near name of this table, else the table where that name is known.
std::string cure_for_key(std::string_view name, const Table& table) {
    const Words names = names_in(table);
    const std::string home = nearest(name, names).empty() ? home_of(name, table) : "";
    return home.empty() ? cure_for(name, names) : home;
}

void report_unknown(const toml::table& from,
                    const Table& table,
                    const std::string& path,
                    Findings& findings) {
    const Words known = names_in(table);
    for (const auto& [key, value] : from) {
        if (std::find(known.begin(), known.end(), key.str()) != known.end()) continue;
        findings.fault_at(position_of(key.source()),
                          path_of(path, key.str()),
                          "unknown key" + cure_for_key(key.str(), table));
    }
}

}  // namespace

std::string path_of(const std::string& table, std::string_view key) {
    return table.empty() ? std::string(key) : table + "." + std::string(key);
}

std::string path_of(const std::string& array, std::size_t index) {
    return array + "[" + std::to_string(index) + "]";
}

Position position_of(const toml::source_region& region) {
    return {region.begin.line, region.begin.column};
}

void mark_positions(const toml::node& node, const std::string& path, Findings& findings) {
    if (!path.empty()) findings.stands_at(path, position_of(node.source()));
    if (const toml::table* table = node.as_table()) {
        for (const auto& [key, value] : *table) {
            mark_positions(value, path_of(path, key.str()), findings);
        }
    } else if (const toml::array* array = node.as_array()) {
        for (std::size_t i = 0; i < array->size(); ++i) {
            mark_positions((*array)[i], path_of(path, i), findings);
        }
    }
}

std::string type_of(const toml::node& node) {
    switch (node.type()) {
        case toml::node_type::table:
            return "a table";
        case toml::node_type::array:
            return "an array";
        case toml::node_type::string:
            return "a string";
        case toml::node_type::integer:
            return "an integer";
        case toml::node_type::floating_point:
            return "a float";
        case toml::node_type::boolean:
            return "a boolean";
        default:
            return "a date or time";
    }
}

std::string describe(const toml::node& node) {
    if (const auto* text = node.as_string()) return quote(text->get());
    if (const auto* integer = node.as_integer()) return std::to_string(integer->get());
    if (const auto* flag = node.as_boolean()) return flag->get() ? "true" : "false";
    return type_of(node);
}

void read_keys(const toml::table& from,
               const Table& table,
               void* into,
               const std::string& path,
               const Reading& reading) {
    for (const Key& key : table.keys) {
        const std::string key_path = path_of(path, key.name);
        if (const toml::node* node = from.get(key.name)) {
            read_value(*node, key, key.slot(into), key_path, reading);
        } else if (key.is_required) {
            reading.findings.fault(key_path, "required, but missing; expected " + expectation(key));
        }
    }
    if (!table.is_open) report_unknown(from, table, path, reading.findings);
}

std::vector<Row> rows_of(const toml::table& from,
                         const Table& table,
                         const std::string& path,
                         const Reading& reading) {
    const toml::node* node = from.get(table.name());
    if (node == nullptr) return {};
    const std::string array_path = path_of(path, table.name());
    const toml::array* array = node->as_array();
    if (array == nullptr) {
        reading.findings.fault(array_path,
                               "expected tables that begin with [[" + std::string(table.path) +
                                   "]], got " + describe(*node));
        return {};
    }
    std::vector<Row> rows;
    for (std::size_t i = 0; i < array->size(); ++i) {
        std::string row_path = path_of(array_path, i);
        if (const toml::table* row = (*array)[i].as_table()) {
            rows.push_back(Row{row, std::move(row_path)});
        } else {
            reading.findings.fault(row_path, "expected a table, got " + describe((*array)[i]));
        }
    }
    return rows;
}

}  // namespace parley::config
