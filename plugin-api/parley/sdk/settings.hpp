// parley/sdk/settings.hpp: the settings of a component by name. The host has checked them against
// the schema and filled in its defaults, so what a schema names with a default is there.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>

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

private:
    std::string_view raw(std::string_view name) const {
        const auto found = values_.find(name);
        return found == values_.end() ? std::string_view("null") : found->second;
    }

    std::map<std::string, std::string_view, std::less<>> values_;
};

}  // namespace parley::sdk
