#include "config/settings.hpp"

#include <algorithm>
#include <cmath>
#include <utility>

#include <boost/json/array.hpp>
#include <boost/json/value.hpp>

#include "config/near.hpp"

namespace parley::config {

namespace json = boost::json;

namespace {

// What Boost.JSON's parser takes; the plugin's end parses the settings again.
constexpr int kDepthMax = 30;

class SettingsReader {
public:
    SettingsReader(std::string table_path, OpenKeys& into, const Reading& reading)
        : table_path_(std::move(table_path)), into_(into), reading_(reading) {}

    // Paths here begin at the table: "headers.x-team".
    void member(const toml::key& key,
                const toml::node& value,
                const std::string& path,
                json::object& into) {
        place(path, position_of(key.source()));
        into.insert_or_assign(key.str(), this->value(value, path));
    }

private:
    void place(const std::string& path, Position position) {
        const bool is_foreign = reading_.findings.is_from_environment(full(path));
        into_.setting_positions.insert_or_assign(path, is_foreign ? Position{} : position);
    }

    std::string full(const std::string& path) const { return path_of(table_path_, path); }

    json::value fault(const std::string& path, std::string message) {
        reading_.findings.fault(full(path), std::move(message));
        return nullptr;
    }

    json::value value(const toml::node& from, const std::string& path) {
        if (const auto* text = from.as_string()) return this->text(text->get(), path);
        if (const auto* flag = from.as_boolean()) return flag->get();
        if (const auto* integer = from.as_integer()) return integer->get();
        if (const auto* number = from.as_floating_point()) {
            if (std::isfinite(number->get())) return number->get();
            return fault(path, "expected a finite number");
        }
        if (depth_ == kDepthMax)
            return fault(path, "nested too deeply; expected 30 levels at most");
        if (const auto* table = from.as_table()) return object(*table, path);
        if (const auto* array = from.as_array()) return this->array(*array, path);
        return fault(path, "expected a string, got a date or time; put it into quotes");
    }

    json::value text(const std::string& text, const std::string& path) {
        if (reading_.findings.is_from_environment(full(path))) return json::value(text);
        const Expanded expanded = expand(text, reading_.environment);
        if (!expanded.is_missing) return json::value(expanded.text);
        return fault(path,
                     "environment variable " + expanded.variable +
                         " is not set; set it, put it into .env beside the configuration "
                         "file, or write $$ for a $ of its own");
    }

    json::value object(const toml::table& from, const std::string& path) {
        ++depth_;
        json::object out;
        for (const auto& [key, value] : from) member(key, value, path_of(path, key.str()), out);
        --depth_;
        return out;
    }

    json::value array(const toml::array& from, const std::string& path) {
        ++depth_;
        json::array out;
        for (std::size_t i = 0; i < from.size(); ++i) {
            const std::string item = path_of(path, i);
            place(item, position_of(from[i].source()));
            out.push_back(value(from[i], item));
        }
        --depth_;
        return out;
    }

    std::string table_path_;
    OpenKeys& into_;
    const Reading& reading_;
    int depth_ = 1;
};

}  // namespace

void read_settings(const toml::table& from,
                   const Table& table,
                   const std::string& path,
                   OpenKeys& into,
                   const Reading& reading) {
    const Words known = names_in(table);
    SettingsReader reader(path, into, reading);
    for (const auto& [key, value] : from) {
        const std::string name(key.str());
        if (std::find(known.begin(), known.end(), name) != known.end()) continue;
        reader.member(key, value, name, into.settings);
    }
}

}  // namespace parley::config
