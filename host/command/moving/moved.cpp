#include "command/moving/moved.hpp"

#include <algorithm>
#include <array>
#include <string_view>

#include <boost/json/serialize.hpp>

namespace parley::command {

namespace {

// A basic string of TOML is written as JSON writes one. What begins with $ would be a variable.
std::string quoted(std::string_view text, bool is_plain = false) {
    std::string escaped(text);
    if (!is_plain && escaped.starts_with('$')) escaped.insert(0, 1, '$');
    std::string out = boost::json::serialize(boost::json::string(escaped));
    for (std::size_t at = out.find('\x7f'); at != out.npos; at = out.find('\x7f', at)) {
        out.replace(at, 1, "\\u007f");
    }
    return out;
}

std::string written(const Value& value) {
    if (const auto* flag = std::get_if<bool>(&value)) return *flag ? "true" : "false";
    if (const auto* number = std::get_if<std::int64_t>(&value)) return std::to_string(*number);
    if (const auto* text = std::get_if<std::string>(&value)) return quoted(*text);
    std::string out = "[";
    for (const std::string& each : std::get<Texts>(value)) {
        out += (out.size() > 1 ? ", " : "") + quoted(each);
    }
    return out + "]";
}

void write_values(const Values& values, std::string& out) {
    for (const auto& [key, value] : values) out += key + " = " + written(value) + '\n';
}

void write_provider(const MovedProvider& provider, std::string& out) {
    out += "\n[[provider]]\nname = " + quoted(provider.name, true) + '\n';
    if (provider.plugin != provider.name) out += "plugin = " + quoted(provider.plugin, true) + '\n';
    write_values(provider.settings, out);
    if (!provider.excluded_models.empty()) {
        out += "excluded_models = " + written(provider.excluded_models) + '\n';
    }
    for (const Values& account : provider.accounts) {
        out += "\n[[provider.account]]\n";
        write_values(account, out);
    }
}

void write_route(const std::string& model,
                 const std::vector<MovedTarget>& targets,
                 std::string& out) {
    out += "\n[[route]]\nmodel = " + quoted(model) + "\ntargets = [\n";
    for (const MovedTarget& target : targets) {
        out += "    { provider = " + quoted(target.provider) + ", model = " + quoted(target.model);
        if (!target.account.empty()) out += ", accounts = [" + quoted(target.account) + "]";
        out += " },\n";
    }
    out += "]\n";
}

}  // namespace

std::string to_toml(const Moved& moved) {
    std::string out = "# Written by `parley import`. All keys: docs/configuration.md.\n";
    for (const auto& [name, values] : moved.tables) {
        out += "\n[" + name + "]\n";
        write_values(values, out);
    }
    for (const Values& key : moved.client_keys) {
        out += "\n[[client_key]]\n";
        write_values(key, out);
    }
    for (const MovedProvider& provider : moved.providers) write_provider(provider, out);
    for (const auto& [model, targets] : moved.routes) write_route(model, targets, out);
    return out;
}

Moved blanked(Moved moved) {
    constexpr std::array<std::string_view, 6> kProofs{
        "key", "api_key", "secret", "egress", "client_secret", "headers"};
    const auto blank = [&](Values& values) {
        for (auto& [key, value] : values) {
            if (std::find(kProofs.begin(), kProofs.end(), key) == kProofs.end()) continue;
            const bool is_list = std::holds_alternative<Texts>(value);
            value = is_list ? Value(Texts{"..."}) : Value(std::string("..."));
        }
    };
    for (auto& [name, values] : moved.tables) blank(values);
    for (Values& key : moved.client_keys) blank(key);
    for (MovedProvider& provider : moved.providers) {
        blank(provider.settings);
        for (Values& account : provider.accounts) blank(account);
    }
    return moved;
}

std::string report(const Moved& moved) {
    constexpr std::array<const char*, 3> kFates{"carried ", "needless", "left    "};
    std::string out;
    for (const Line& line : moved.lines) {
        out += std::string(kFates[static_cast<std::size_t>(line.fate)]) + "  " + line.key;
        if (!line.words.empty()) out += ": " + line.words;
        out += '\n';
    }
    const auto count = [&](Line::Fate fate) {
        return std::to_string(std::count_if(moved.lines.begin(),
                                            moved.lines.end(),
                                            [&](const Line& line) { return line.fate == fate; }));
    };
    return out + count(Line::Fate::carried) + " carried, " + count(Line::Fate::needless) +
           " needless, " + count(Line::Fate::left) + " left\n";
}

}  // namespace parley::command
