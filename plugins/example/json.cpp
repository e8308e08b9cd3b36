#include "parley/sdk/json.hpp"

#include "provider.hpp"

namespace parley::example {

using sdk::JsonReader;
using sdk::JsonString;

Object::Object(std::string_view json) {
    JsonReader r(json);
    JsonString key;
    if (r.peek() != '{') return;
    r.enter_object();
    while (r.next_key(key)) members_.emplace(key.text(), r.raw());
}

std::string_view Object::operator[](std::string_view key) const {
    const auto found = members_.find(key);
    if (found == members_.end() || found->second == "null") return {};
    return found->second;
}

std::string text_of(std::string_view json) {
    JsonReader r(json);
    JsonString string;
    return r.peek() == '"' && r.read_string(string) ? string.text() : std::string();
}

std::vector<std::string_view> list_of(std::string_view json) {
    std::vector<std::string_view> all;
    JsonReader r(json);
    if (r.peek() != '[') return all;
    r.enter_array();
    while (r.next_item()) all.push_back(r.raw());
    return all;
}

std::optional<uint64_t> count_of(std::string_view json) {
    uint64_t value = UINT64_MAX;
    JsonReader(json).read_count(value);
    return value == UINT64_MAX ? std::nullopt : std::optional(value);
}

std::string quote(std::string_view text) {
    std::string out;
    sdk::json_quote(text, out);
    return out;
}

std::string fill_all(std::string_view shape, std::initializer_list<std::string_view> values) {
    std::string out;
    for (const std::string_view value : values) {
        const std::size_t gap = shape.find('%');
        out += shape.substr(0, gap);
        out += value;
        shape.remove_prefix(gap + 1);
    }
    out += shape;
    return out;
}

}  // namespace parley::example
