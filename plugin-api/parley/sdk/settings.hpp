// parley/sdk/settings.hpp: the settings of a component by name. The host has checked them against
// the schema and filled in its defaults, so what a schema names with a default is there.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "parley/sdk/json.hpp"
#include "parley/sdk/plugin.hpp"

namespace parley::sdk {

class Settings {
public:
    // Views of the text; it has to outlive this.
    explicit Settings(std::string_view json) {
        JsonReader reader(json);
        JsonString key;
        if (reader.enter_object()) {
            while (reader.next_key(key)) values_[key.text()] = reader.raw();
        }
        if (reader.failed()) throw Failure(PARLEY_E_CONFIG, "settings: an object was expected");
    }

    std::string text(std::string_view name) const {
        JsonString value;
        JsonReader(raw(name)).read_string(value);
        return value.text();
    }

    uint64_t count(std::string_view name) const {
        uint64_t value = 0;
        JsonReader(raw(name)).read_count(value);
        return value;
    }

    bool flag(std::string_view name) const {
        bool value = false;
        JsonReader(raw(name)).read_bool(value);
        return value;
    }

    // The elements of a list of texts.
    std::vector<std::string> list(std::string_view name) const {
        std::vector<std::string> all;
        JsonReader r(raw(name));
        JsonString value;
        if (r.peek() != '[' || !r.enter_array()) return all;
        while (r.next_item() && r.read_string(value)) all.push_back(value.text());
        return all;
    }

    // The members of an object of texts, in their order.
    std::vector<std::pair<std::string, std::string>> texts(std::string_view name) const {
        std::vector<std::pair<std::string, std::string>> all;
        JsonReader r(raw(name));
        JsonString key;
        JsonString value;
        if (r.peek() != '{' || !r.enter_object()) return all;
        while (r.next_key(key) && r.read_string(value)) {
            all.emplace_back(key.text(), value.text());
        }
        return all;
    }

private:
    std::string_view raw(std::string_view name) const {
        const auto found = values_.find(name);
        return found == values_.end() ? std::string_view("null") : found->second;
    }

    std::map<std::string, std::string_view, std::less<>> values_;
};

}  // namespace parley::sdk
