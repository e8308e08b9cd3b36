#include "config/keys.hpp"

#include <algorithm>
#include <stdexcept>

#include "config/near.hpp"
#include "config/units.hpp"

namespace parley::config {

namespace {

struct Printer {
    Form form;

    std::string operator()(const bool* flag) const { return *flag ? "true" : "false"; }

    std::string operator()(const std::uint64_t* amount) const {
        if (form == Form::kNumber || *amount == 0) return std::to_string(*amount);
        return quote(form == Form::kBytes ? print_bytes(*amount) : print_duration(*amount));
    }

    std::string operator()(const std::string* text) const { return quote(*text); }

    std::string operator()(const std::vector<std::string>* texts) const {
        Words quoted;
        for (const std::string& text : *texts) quoted.push_back(quote(text));
        return "[" + join(quoted, ", ") + "]";
    }

    std::string operator()(const base::Secret*) const { return ""; }
};

}  // namespace

const Key* Table::find(std::string_view name) const {
    const auto found =
        std::find_if(keys.begin(), keys.end(), [&](const Key& key) { return key.name == name; });
    return found == keys.end() ? nullptr : &*found;
}

const Table& table_at(std::string_view path) {
    for (const Table& table : tables()) {
        if (table.path == path) return table;
    }
    throw std::logic_error("config: no table " + std::string(path));
}

std::vector<std::string> names_in(const Table& table) {
    std::vector<std::string> names;
    for (const Key& key : table.keys) names.emplace_back(key.name);
    for (const Table& inner : tables()) {
        const std::size_t dot = inner.path.rfind('.');
        const std::string_view outer =
            dot == std::string_view::npos ? std::string_view{} : inner.path.substr(0, dot);
        if (outer == table.path && inner.path != table.path) names.emplace_back(inner.name());
    }
    return names;
}

std::string expectation(const Key& key) {
    switch (key.form) {
        case Form::kFlag:
            return "true or false";
        case Form::kNumber:
            return "an integer from " + std::to_string(key.min) + " to " + std::to_string(key.max);
        case Form::kBytes:
            return "a size from " + print_bytes(key.min) + " to " + print_bytes(key.max) +
                   ", such as 65536, \"64KiB\" or \"10MiB\"";
        case Form::kDuration:
            return "a duration from " + print_duration(key.min) + " to " + print_duration(key.max) +
                   ", such as 250 (milliseconds), \"250ms\", \"10s\", \"5m\" or \"1h\"";
        case Form::kChoice: {
            std::vector<std::string> quoted;
            for (const std::string& choice : key.choices) quoted.push_back(quote(choice));
            return "one of " + join(quoted, ", ");
        }
        case Form::kName:
            return "a name of letters, digits and . _ - @ +";
        case Form::kPath:
            return "a path";
        case Form::kTexts:
            return "an array of strings";
        case Form::kPaths:
            return "an array of paths";
        case Form::kOrigins:
            return "an array of origins such as \"https://chat.example.com\", or [\"*\"]";
        case Form::kAddresses:
            return "an array of addresses such as [\"127.0.0.1:8317\"], \"[::1]:8317\" or "
                   "\"8317\"";
        case Form::kText:
        case Form::kSecret:
        case Form::kDocument:
            return "a string";
    }
    return "a value";
}

std::string value_of(const Key& key, void* object) {
    return std::visit(Printer{key.form}, key.slot(object));
}

}  // namespace parley::config
