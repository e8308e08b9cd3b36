#include "config/terms.hpp"

#include <algorithm>
#include <array>

#include <boost/json/array.hpp>
#include <boost/json/value.hpp>

#include "config/findings.hpp"
#include "config/keys.hpp"
#include "config/read.hpp"
#include "config/routes.hpp"

namespace parley::config {

namespace json = boost::json;

namespace {

bool is_term(const Key& key) {
    constexpr std::array<std::string_view, 4> kOthers{"label", "api_key", "secret", "secret_file"};
    return std::find(kOthers.begin(), kOthers.end(), key.name) == kOthers.end();
}

// What no key takes becomes a table, which none takes either.
void append(toml::array& into, const json::value& from) {
    if (from.is_string()) {
        into.push_back(std::string(from.get_string()));
    } else if (from.is_bool()) {
        into.push_back(from.get_bool());
    } else if (from.is_int64()) {
        into.push_back(from.get_int64());
    } else if (from.is_number()) {
        into.push_back(from.to_number<double>());
    } else {
        into.push_back(toml::table{});
    }
}

toml::array array_of(const json::value& from) {
    toml::array array;
    if (from.is_array()) {
        for (const json::value& element : from.get_array()) append(array, element);
    } else {
        append(array, from);
    }
    return array;
}

// What a text of the configuration would read back as.
struct JsonPrinter {
    json::value operator()(const bool* flag) const { return *flag; }

    json::value operator()(const std::uint64_t* amount) const { return *amount; }

    json::value operator()(const std::string* text) const { return json::value(*text); }

    json::value operator()(const std::vector<std::string>* texts) const {
        json::array array;
        for (const std::string& text : *texts) array.emplace_back(text);
        return array;
    }

    json::value operator()(const base::Secret* secret) const {
        return json::value(secret->reveal());
    }
};

template <class Is>
std::vector<SchemaFault> read_members(const json::object& from,
                                      const Table& table,
                                      void* into,
                                      Is&& is_wanted) {
    const Environment environment;
    Loaded found;
    Findings findings(found);
    const Reading reading{environment, findings};
    for (const Key& key : table.keys) {
        const json::value* value = from.if_contains(key.name);
        if (value == nullptr || !is_wanted(key)) continue;
        const std::string path(key.name);
        findings.came_from(path, "document");
        // A single value is the element of an array as well as any.
        const toml::array one = array_of(*value);
        const bool is_array = value->is_array();
        const toml::node& node = is_array ? static_cast<const toml::node&>(one) : *one.get(0);
        read_value(node, key, key.slot(into), path, reading);
    }
    std::vector<SchemaFault> faults;
    for (Fault& fault : found.faults) {
        faults.push_back({std::move(fault.where), std::move(fault.message)});
    }
    return faults;
}

}  // namespace

std::vector<std::string> names_of_terms() {
    std::vector<std::string> names;
    for (const Key& key : table_at("provider.account").keys) {
        if (is_term(key)) names.emplace_back(key.name);
    }
    return names;
}

std::vector<SchemaFault> read_terms(const json::object& from, Account& into) {
    std::vector<SchemaFault> faults =
        read_members(from, table_at("provider.account"), &into, is_term);
    for (const auto& [key, what] : faults_of(into)) faults.push_back({std::string(key), what});
    return faults;
}

std::vector<SchemaFault> read_terms(const json::object& from, ClientKey& into) {
    return read_members(
        from, table_at("client_key"), &into, [](const Key& key) { return key.name != "name"; });
}

void write_terms(const Account& from, json::object& into) {
    Account source = from;
    Account silent;
    for (const Key& key : table_at("provider.account").keys) {
        if (!is_term(key)) continue;
        json::value said = std::visit(JsonPrinter{}, key.slot(&source));
        if (said == std::visit(JsonPrinter{}, key.slot(&silent))) {
            into.erase(key.name);
        } else {
            into[key.name] = std::move(said);
        }
    }
}

}  // namespace parley::config
