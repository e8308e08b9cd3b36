#include "command/moving/foreign_value.hpp"

#include "base/secret.hpp"
#include "config/egress.hpp"
#include "config/near.hpp"
#include "config/units.hpp"

namespace parley::command {

namespace {

Crossed cross_number(const YAML::Node& value, const KeyRule& rule) {
    std::int64_t number = 0;
    if (!YAML::convert<std::int64_t>::decode(value, number)) return {{}, "expected a number"};
    number += rule.plus;
    if (number < rule.min || number > rule.max) {
        return {{},
                std::to_string(number) + " is not within " + std::to_string(rule.min) + " and " +
                    std::to_string(rule.max)};
    }
    if (rule.as == "seconds") return {std::to_string(number) + "s", {}};
    return {number, {}};
}

}  // namespace

bool is_true(const YAML::Node& value) {
    bool flag = false;
    return YAML::convert<bool>::decode(value, flag) && flag;
}

bool is_off(const YAML::Node& value) {
    if (value.IsNull()) return true;
    if (!value.IsScalar()) return value.size() == 0;
    const std::string& text = value.Scalar();
    return text.empty() || text == "false" || text == "0";
}

std::string text_in(const YAML::Node& table, const char* name) {
    const YAML::Node value = table[name];
    return value && value.IsScalar() ? value.Scalar() : std::string();
}

Crossed cross_value(const YAML::Node& value, const KeyRule& rule) {
    if (rule.as == "flag" || rule.as == "not") return {is_true(value) == (rule.as == "flag"), {}};
    if (rule.as == "number" || rule.as == "seconds") return cross_number(value, rule);
    if (rule.as == "texts") {
        if (!value.IsSequence()) return {{}, "expected a list"};
        return {value.as<Texts>(), {}};
    }
    if (!value.IsScalar()) return {{}, "expected a text"};
    if (rule.as == "duration" && !config::parse_duration(value.Scalar())) {
        return {{}, "write " + rule.to + " as a duration such as 90m"};
    }
    if (rule.values.empty()) return {value.Scalar(), {}};
    const auto known = rule.values.find(value.Scalar());
    if (known == rule.values.end()) return {{}, "there is no " + config::quote(value.Scalar())};
    return {known->second, {}};
}

Crossed cross_proxy(const std::string& url) {
    const std::string ours = url == "none" ? "direct" : url;
    auto read = config::read_egress(base::Secret(ours), {});
    if (!read) return {{}, read.error().message};
    return {Value(ours), {}};
}

}  // namespace parley::command
