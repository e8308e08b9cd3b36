// parley/sdk/traits.hpp: what the models file says of a model (parley_target.traits).
//
// Members are open: whoever asks for one says what holds when the file does not have it. Those that
// the bundled dialects know are listed in docs/models.md.
#pragma once

#include <string>
#include <string_view>

#include "parley/sdk/json.hpp"

namespace parley::sdk {

class Traits {
public:
    // `json` is an object or empty, and must outlive this.
    explicit Traits(std::string_view json) : json_(json) {}

    bool flag(std::string_view name, bool otherwise) const {
        const std::string_view value = raw(name);
        return value.empty() ? otherwise : value == "true";
    }

    uint64_t number(std::string_view name, uint64_t otherwise) const {
        uint64_t value = otherwise;
        const std::string_view text = raw(name);
        if (!text.empty()) JsonReader(text).read_count(value);
        return value;
    }

    std::string text(std::string_view name, std::string_view otherwise = {}) const {
        JsonString s;
        const std::string_view value = raw(name);
        if (value.empty() || !JsonReader(value).read_string(s)) return std::string(otherwise);
        return s.text();
    }

    bool has(std::string_view name) const { return !raw(name).empty(); }

    // Whether the array `name` holds the string `wanted`.
    bool lists(std::string_view name, std::string_view wanted) const {
        const std::string_view value = raw(name);
        JsonReader r(value);
        if (r.peek() != '[' || !r.enter_array()) return false;
        bool found = false;
        while (r.next_item()) {
            JsonString item;
            if (r.peek() == '"' && r.read_string(item)) {
                found = found || item.equals(wanted);
            } else {
                r.skip();
            }
        }
        return found;
    }

    // The raw value of a member; empty when there is none.
    std::string_view raw(std::string_view name) const {
        JsonReader r(json_);
        JsonString key;
        if (json_.empty() || !r.enter_object()) return {};
        while (r.next_key(key)) {
            const std::string_view value = r.raw();
            if (key.equals(name)) return value;
        }
        return {};
    }

private:
    std::string_view json_;
};

}  // namespace parley::sdk
