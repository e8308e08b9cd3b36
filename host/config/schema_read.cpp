// config/schema_read.cpp: from JSON Schema to what settings are checked by.
#include <algorithm>
#include <array>
#include <cmath>
#include <utility>

#include "config/near.hpp"
#include "config/schema_node.hpp"

namespace parley::config {

namespace json = boost::json;

namespace {

constexpr std::array<std::pair<std::string_view, unsigned>, 7> kTypeNames{{
    {"null", kTypeNull},
    {"boolean", kTypeBoolean},
    {"integer", kTypeInteger},
    {"number", kTypeNumber},
    {"string", kTypeString},
    {"array", kTypeArray},
    {"object", kTypeObject},
}};

constexpr double kCountMax = 1e15;

class SchemaReader {
public:
    SchemaReader(SchemaNode& node, std::string path, std::vector<SchemaFault>& faults)
        : node_(node), path_(std::move(path)), faults_(faults) {}

    void read(const json::object& from) {
        if (const json::value* type = from.if_contains("type")) read_types(*type);
        for (const auto& [name, value] : from) read_keyword(name, value);
        const bool says = from.contains("additionalProperties");
        if (from.contains("properties") && !says) node_.is_open = false;
        check_required();
        if (const json::value* value = from.if_contains("default")) check_default(*value);
    }

private:
    using Read = void (SchemaReader::*)(const json::value&);

    struct Keyword {
        std::string_view name;
        unsigned types;  // one of these must be allowed, else it checks nothing; 0: any
        Read read;
    };

    static constexpr unsigned kNumeric = kTypeInteger | kTypeNumber;

    static const std::vector<Keyword>& keywords() {
        using R = SchemaReader;
        static const std::vector<Keyword> all{
            {"type", 0, &R::ignore},
            {"title", 0, &R::read_text},
            {"description", 0, &R::read_text},
            {"default", 0, &R::ignore},
            {"enum", 0, &R::read_choices},
            {"const", 0, &R::read_constant},
            {"properties", kTypeObject, &R::read_properties},
            {"required", kTypeObject, &R::read_required},
            {"additionalProperties", kTypeObject, &R::read_additional},
            {"items", kTypeArray, &R::read_items},
            {"minItems", kTypeArray, &R::read_count<&SchemaNode::items_min>},
            {"maxItems", kTypeArray, &R::read_count<&SchemaNode::items_max>},
            {"uniqueItems", kTypeArray, &R::read_flag<&SchemaNode::is_unique>},
            {"minimum", kNumeric, &R::read_number<&SchemaNode::minimum>},
            {"maximum", kNumeric, &R::read_number<&SchemaNode::maximum>},
            {"minLength", kTypeString, &R::read_count<&SchemaNode::length_min>},
            {"maxLength", kTypeString, &R::read_count<&SchemaNode::length_max>},
            {"pattern", kTypeString, &R::read_pattern},
            {"format", kTypeString, &R::read_format},
            {"x-secret", kTypeString, &R::read_flag<&SchemaNode::is_secret>},
            {"x-place", 0, &R::read_flag<&SchemaNode::is_place>},
        };
        return all;
    }

    void read_keyword(std::string_view name, const json::value& value) {
        at_ = name;
        const auto& all = keywords();
        const auto found = std::find_if(
            all.begin(), all.end(), [&](const Keyword& keyword) { return keyword.name == name; });
        if (found == all.end()) return fault("unknown keyword" + cure_for(name, known()));
        if (found->types != 0 && (found->types & node_.types) == 0) {
            return fault("checks nothing without a \"type\" that it is for");
        }
        (this->*found->read)(value);
    }

    static Words known() {
        Words names;
        for (const Keyword& keyword : keywords()) names.emplace_back(keyword.name);
        return names;
    }

    std::string path() const {
        if (path_.empty()) return at_;
        return at_.empty() ? path_ : path_ + "." + at_;
    }

    void fault(std::string message) { faults_.push_back({path(), std::move(message)}); }

    void ignore(const json::value&) {}

    void read_text(const json::value& value) {
        if (!value.is_string()) fault("expected a string");
    }

    void read_types(const json::value& value) {
        at_ = "type";
        if (!value.is_array()) return read_type(value);
        for (const json::value& type : value.get_array()) read_type(type);
        if (node_.types == 0) fault("expected a type's name");
    }

    void read_type(const json::value& value) {
        Words names;
        for (const auto& [name, type] : kTypeNames) {
            if (value.is_string() && value.get_string() == name) {
                node_.types |= type;
                return;
            }
            names.emplace_back(name);
        }
        if (!value.is_string()) return fault("expected a type's name");
        fault("unknown type" + cure_for(value.get_string(), names));
    }

    void read_choices(const json::value& value) {
        if (!value.is_array() || value.get_array().empty()) {
            return fault("expected an array that is not empty");
        }
        node_.choices.assign(value.get_array().begin(), value.get_array().end());
    }

    void read_constant(const json::value& value) { node_.constant = value; }

    void read_properties(const json::value& value) {
        if (!value.is_object()) return fault("expected an object");
        for (const auto& [name, property] : value.get_object()) {
            node_.properties.insert_or_assign(
                name, read_schema(property, path() + "." + std::string(name), faults_));
        }
    }

    void read_required(const json::value& value) {
        if (!value.is_array()) return fault("expected an array of strings");
        for (const json::value& name : value.get_array()) {
            if (!name.is_string()) return fault("expected an array of strings");
            node_.required.emplace_back(name.get_string());
        }
    }

    void read_additional(const json::value& value) {
        node_.is_open = true;
        if (value.is_bool()) {
            node_.is_open = value.get_bool();
        } else {
            node_.additional = read_schema(value, path(), faults_);
        }
    }

    void read_items(const json::value& value) { node_.items = read_schema(value, path(), faults_); }

    template <auto kMember>
    void read_flag(const json::value& value) {
        if (!value.is_bool()) return fault("expected true or false");
        node_.*kMember = value.get_bool();
    }

    template <auto kMember>
    void read_number(const json::value& value) {
        if (!value.is_number()) return fault("expected a number");
        node_.*kMember = value.to_number<double>();
    }

    template <auto kMember>
    void read_count(const json::value& value) {
        const double count = value.is_number() ? value.to_number<double>() : -1;
        if (count < 0 || count > kCountMax || count != std::floor(count)) {
            return fault("expected an integer from 0");
        }
        node_.*kMember = static_cast<std::uint64_t>(count);
    }

    void read_pattern(const json::value& value) {
        if (!value.is_string()) return fault("expected a regular expression");
        node_.pattern_text = value.get_string();
        try {
            node_.pattern.emplace(node_.pattern_text, std::regex::ECMAScript);
        } catch (const std::regex_error&) {
            fault("not a regular expression of ECMAScript");
        }
    }

    void read_format(const json::value& value) {
        node_.is_uri = value.is_string() && value.get_string() == "uri";
        if (!node_.is_uri) fault("unknown format; known: uri");
    }

    // A key that is required and cannot be given would refuse all settings.
    void check_required() {
        at_ = "required";
        for (const std::string& name : node_.required) {
            if (node_.is_open || node_.properties.contains(name)) continue;
            fault(quote(name) + " is not among the properties");
        }
    }

    void check_default(const json::value& value) {
        if (!faults_.empty()) return;  // a broken schema checks nothing
        at_ = "default";
        json::value copy = value;
        for (const SchemaFault& wrong : check_value(node_, copy)) {
            fault(wrong.path.empty() ? wrong.message : wrong.path + ": " + wrong.message);
        }
        node_.fallback = value;
    }

    SchemaNode& node_;
    std::string path_;
    std::string at_;  // the keyword
    std::vector<SchemaFault>& faults_;
};

}  // namespace

std::unique_ptr<SchemaNode> read_schema(const json::value& from,
                                        const std::string& path,
                                        std::vector<SchemaFault>& faults) {
    auto node = std::make_unique<SchemaNode>();
    if (from.is_object()) {
        SchemaReader(*node, path, faults).read(from.get_object());
    } else {
        faults.push_back({path, "expected an object"});
    }
    return node;
}

}  // namespace parley::config
