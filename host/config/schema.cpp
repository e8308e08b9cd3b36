#include "config/schema.hpp"

#include <boost/json/parse.hpp>

#include "config/keys.hpp"
#include "config/schema_node.hpp"

namespace parley::config {

namespace json = boost::json;

namespace {

base::Error fault_of_schema(const std::vector<SchemaFault>& faults) {
    base::Error error;
    error.error_class = PARLEY_E_CONFIG;
    error.fault = PARLEY_FAULT_PLUGIN;
    for (const SchemaFault& fault : faults) {
        if (!error.message.empty()) error.message += "; ";
        error.message += "schema: " + fault.path + (fault.path.empty() ? "" : ": ") + fault.message;
    }
    return error;
}

}  // namespace

base::Result<Schema> Schema::parse(std::string_view text) {
    auto root = std::make_shared<SchemaNode>();
    root->types = kTypeObject;
    root->is_open = false;
    if (text.empty()) return Schema(std::move(root));
    json::error_code code;
    const json::value parsed = json::parse(text, code);
    if (code) return fault_of_schema({{"", "not JSON: " + code.message()}});
    std::vector<SchemaFault> faults;
    std::shared_ptr<SchemaNode> read = read_schema(parsed, "", faults);
    if (faults.empty() && read->types != kTypeObject) {
        faults.push_back({"type", "expected \"object\" at the top"});
    }
    if (!faults.empty()) return fault_of_schema(faults);
    return Schema(std::move(read));
}

std::vector<SchemaFault> Schema::check(json::object& settings,
                                       std::span<const std::string> host_keys) const {
    json::value value(std::move(settings));
    std::vector<SchemaFault> faults = check_value(*root_, value, host_keys);
    settings = std::move(value.get_object());
    return faults;
}

bool Schema::knows(std::string_view setting) const {
    return root_->properties.find(setting) != root_->properties.end();
}

std::vector<std::string> keys_beside_settings(std::string_view table) {
    return names_in(table_at(table));
}

}  // namespace parley::config
