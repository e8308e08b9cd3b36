// config/reference.cpp: the table of keys as Markdown.
#include "config/keys.hpp"
#include "config/load.hpp"
#include "config/near.hpp"
#include "config/units.hpp"

namespace parley::config {

namespace {

std::string code(std::string_view text) {
    return "`" + std::string(text) + "`";
}

std::string range(const std::string& min, const std::string& max) {
    return ", " + min + " to " + max;
}

std::string form_of(const Key& key) {
    switch (key.form) {
        case Form::kFlag:
            return "true or false";
        case Form::kNumber:
            return "integer" + range(std::to_string(key.min), std::to_string(key.max));
        case Form::kBytes:
            return "size" + range(print_bytes(key.min), print_bytes(key.max));
        case Form::kDuration:
            return "duration" + range(print_duration(key.min), print_duration(key.max));
        case Form::kText:
            return "string";
        case Form::kChoice: {
            Words words;
            for (const std::string& choice : key.choices) words.push_back(code(quote(choice)));
            return join(words, ", ");
        }
        case Form::kName:
            return "name";
        case Form::kPath:
            return "path";
        case Form::kTexts:
            return "array of strings";
        case Form::kPaths:
            return "array of paths";
        case Form::kOrigins:
            return "array of origins";
        case Form::kAddresses:
            return "array of addresses";
        case Form::kSecret:
        case Form::kDocument:
            return "secret";
    }
    return "";
}

std::string default_of(const Table& table, const Key& key) {
    if (key.is_required) return "required";
    if (!key.fallback.empty()) return std::string(key.fallback);
    const std::shared_ptr<void> object = table.fresh();
    return code(value_of(key, object.get()));
}

std::string heading_of(const Table& table) {
    if (table.path.empty()) return "Top level";
    const std::string path(table.path);
    return code(table.is_repeated ? "[[" + path + "]]" : "[" + path + "]");
}

std::string upper_case(std::string_view text) {
    std::string out(text);
    for (char& c : out) {
        if (c >= 'a' && c <= 'z') c = static_cast<char>(c - ('a' - 'A'));
    }
    return out;
}

// The front of the variables that set the keys of a table; "" when none does.
std::string variable_of(const Table& table) {
    if (table.is_repeated && table.named_by.empty()) return {};
    if (table.path.empty()) return "PARLEY_";
    const std::size_t dot = table.path.rfind('.');
    const bool is_inner = dot != std::string_view::npos;
    std::string out = is_inner ? variable_of(table_at(table.path.substr(0, dot))) : "PARLEY_";
    out += upper_case(table.name()) + "__";
    if (table.is_repeated) out += "<" + upper_case(table.named_by) + ">__";
    return out;
}

}  // namespace

std::string reference() {
    std::string out;
    for (const Table& table : tables()) {
        if (!out.empty()) out += "\n";
        out += "### " + heading_of(table) + "\n\n" + std::string(table.meaning);
        const std::string variable = variable_of(table);
        if (!variable.empty()) out += " Variables: " + code(variable + "<KEY>") + ".";
        out += "\n\n| Key | Form | Default | Meaning |\n|---|---|---|---|\n";
        for (const Key& key : table.keys) {
            out += "| " + code(key.name) + " | " + form_of(key) + " | " + default_of(table, key) +
                   " | " + std::string(key.meaning) + " |\n";
        }
    }
    return out;
}

}  // namespace parley::config
