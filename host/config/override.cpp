#include "config/override.hpp"

#include <utility>
#include <vector>

#include "config/keys.hpp"
#include "config/override_value.hpp"
#include "config/read.hpp"

namespace parley::config {

namespace {

constexpr std::string_view kPrefix = "PARLEY_";
constexpr std::string_view kBetween = "__";

const Key* key_by_form(const Table& table, std::string_view form) {
    for (const Key& key : table.keys) {
        if (variable_form(key.name) == form) return &key;
    }
    return nullptr;
}

// A table whose name follows PARLEY_, or one inside of `outer`.
const Table* table_by_form(std::string_view outer, std::string_view form) {
    for (const Table& table : tables()) {
        if (table.path.empty() || (table.is_repeated && table.named_by.empty())) continue;
        const bool is_inside = table.path == path_of(std::string(outer), table.name());
        if (is_inside && variable_form(table.name()) == form) return &table;
    }
    return nullptr;
}

// The name of a repeated table, or the one that it has when it does not say.
std::string name_in(const toml::table& row, const Table& table) {
    if (const auto name = row[table.named_by].value<std::string>()) return *name;
    const Key* key = table.find(table.named_by);
    const std::shared_ptr<void> defaults = table.fresh();
    return *std::get<std::string*>(key->slot(defaults.get()));
}

class Override {
public:
    Override(toml::table& root, Findings& findings, std::string variable, const std::string& value)
        : root_(root),
          findings_(findings),
          variable_(std::move(variable)),
          value_(value),
          parts_(split(std::string_view(variable_).substr(kPrefix.size()), kBetween)) {}

    void apply() {
        if (parts_.size() == 1) return apply_top();
        const Table* table = table_by_form("", parts_[0]);
        if (table == nullptr) return warn_unknown();
        if (table->is_repeated) return apply_named(*table, root_, "", 1);
        const Key* known = key_by_form(*table, parts_[1]);
        const Key* key = parts_.size() == 2 ? known : nullptr;
        const bool is_setting = known == nullptr && table->is_open;
        if (key == nullptr && !is_setting) return warn_unknown();
        const std::string path(table->path);
        if (!root_.contains(path)) root_.insert(path, toml::table{});
        toml::table* into = root_.get_as<toml::table>(path);
        if (into == nullptr) return;
        if (is_setting) return apply_setting({into, path}, 1);
        set(*into, *key, path);
    }

private:
    struct Place {
        toml::table* table = nullptr;
        std::string path;
    };

    // Other programs of the house have variables of one part too, so an unknown one is no fault.
    void apply_top() {
        if (const Key* key = key_by_form(table_at(""), parts_[0])) set(root_, *key, "");
    }

    // parts_[at] is a name, and what it names stands in `within`.
    void apply_named(const Table& table,
                     toml::table& within,
                     const std::string& path,
                     std::size_t at) {
        if (parts_.size() < at + 2) return warn_unknown();
        const std::string& member = parts_[at + 1];
        if (member == variable_form(table.named_by)) {
            return warn("tells a name, which the variable has in its own; set it in the file");
        }
        const Table* inner = table_by_form(table.path, member);
        const Key* known = key_by_form(table, member);
        const Key* key = parts_.size() == at + 2 ? known : nullptr;
        const bool is_setting = table.is_open && inner == nullptr && known == nullptr;
        const bool is_inner = inner != nullptr && parts_.size() == at + 4 &&
                              key_by_form(*inner, parts_[at + 3]) != nullptr;
        if (key == nullptr && !is_setting && !is_inner) return warn_unknown();
        const Place place = find_or_add(table, within, path, parts_[at]);
        if (place.table == nullptr) return;
        if (is_inner) return apply_named(*inner, *place.table, place.path, at + 2);
        if (is_setting) return apply_setting(place, at + 1);
        set(*place.table, *key, place.path);
    }

    // The repeated table that the name means; none when that cannot be said.
    Place find_or_add(const Table& table,
                      toml::table& within,
                      const std::string& outer,
                      const std::string& form) {
        if (!within.contains(table.name())) within.insert(table.name(), toml::array{});
        toml::array* array = within.get_as<toml::array>(table.name());
        if (array == nullptr) return {};
        const std::string path = path_of(outer, table.name());
        Place found;
        for (std::size_t i = 0; i < array->size(); ++i) {
            toml::table* row = (*array)[i].as_table();
            if (row == nullptr || variable_form(name_in(*row, table)) != form) continue;
            if (found.table != nullptr) {
                fault("fits " + found.path + " and " + path_of(path, i) +
                      "; expected names that differ in letters or digits");
                return {};
            }
            found = {row, path_of(path, i)};
        }
        if (found.table != nullptr) return found;
        found.path = path_of(path, array->size());
        array->push_back(toml::table{{table.named_by, name_of(form, '-')}});
        found.table = array->back().as_table();
        findings_.came_from(found.path, variable_);
        return found;
    }

    // The rest of the parts leads through a plugin's own tables.
    void apply_setting(Place place, std::size_t at) {
        for (; at + 1 < parts_.size(); ++at) {
            const std::string name = own_name(*place.table, parts_[at]);
            const std::string path = path_of(place.path, name);
            if (!place.table->contains(name)) {
                place.table->insert(name, toml::table{});
                findings_.came_from(path, variable_);
            }
            place = {place.table->get_as<toml::table>(name), path};
            if (place.table == nullptr) return fault(path + " is not a table; expected one");
        }
        const std::string name = own_name(*place.table, parts_[at]);
        put_setting(*place.table, name, value_);
        findings_.came_from(path_of(place.path, name), variable_);
    }

    // How the file spells what a part means: BASEURL may be baseUrl.
    static std::string own_name(const toml::table& table, const std::string& form) {
        for (const auto& [key, value] : table) {
            if (variable_form(key.str()) == form) return std::string(key.str());
        }
        return name_of(form, '_');
    }

    void set(toml::table& into, const Key& key, const std::string& path) {
        put(into, key, value_);
        findings_.came_from(path_of(path, key.name), variable_);
    }

    void fault(std::string message) { findings_.fault_in(variable_, std::move(message)); }

    void warn(std::string message) { findings_.warn({{}, "", std::move(message), variable_}); }

    void warn_unknown() {
        for (const Table& table : tables()) {
            if (variable_form(table.path) == parts_[0] && table.is_repeated &&
                table.named_by.empty()) {
                return warn("cannot be set by a variable; set it in the file");
            }
        }
        const std::string meant = nearest(variable_, candidates());
        warn(meant.empty() ? "no such key; expected PARLEY_<TABLE>__<KEY>"
                           : "no such key; did you mean " + quote(meant));
    }

    // The variables that might have been meant, with this one's names in them.
    Words candidates() const {
        Words out;
        for (const Table& table : tables()) {
            if (table.path.empty() || (table.is_repeated && table.named_by.empty())) continue;
            std::string front(kPrefix);
            std::size_t at = 0;
            for (const std::string& part : split(table.path, ".")) {
                front += variable_form(part) + std::string(kBetween);
                if (!table.is_repeated) continue;
                at += 2;
                front += (at - 1 < parts_.size() ? parts_[at - 1] : "NAME") + std::string(kBetween);
            }
            for (const Key& key : table.keys) {
                if (key.name != table.named_by) out.push_back(front + variable_form(key.name));
            }
        }
        return out;
    }

    toml::table& root_;
    Findings& findings_;
    std::string variable_;
    const std::string& value_;
    Words parts_;
};

}  // namespace

void apply_environment(toml::table& root, const Environment& environment, Findings& findings) {
    for (const auto& [name, value] : environment.variables) {
        if (!name.starts_with(kPrefix)) continue;
        Override(root, findings, name, value).apply();
    }
}

}  // namespace parley::config
