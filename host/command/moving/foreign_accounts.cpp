#include "command/moving/foreign_accounts.hpp"

#include <algorithm>
#include <cctype>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <set>
#include <sstream>

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

#include "command/moving/foreign_value.hpp"

namespace parley::command {

namespace fs = std::filesystem;
namespace json = boost::json;

namespace {

constexpr std::uintmax_t kFileBytesMax = 1024 * 1024;

// The member at a dotted path. Null: there is none.
const json::value* find(const json::object& from, std::string_view path) {
    const std::size_t dot = path.find('.');
    const auto* value = from.if_contains(path.substr(0, dot));
    if (value == nullptr || dot == path.npos) return value;
    return value->is_object() ? find(value->get_object(), path.substr(dot + 1)) : nullptr;
}

std::string text_at(const json::object& from, std::string_view path) {
    const json::value* value = find(from, path);
    return value != nullptr && value->is_string() ? std::string(value->get_string()) : "";
}

// "p-1, p-2" as a list.
Texts split(const std::string& text) {
    Texts all;
    std::istringstream parts(text);
    for (std::string part; std::getline(parts, part, ',');) {
        const std::size_t first = part.find_first_not_of(' ');
        if (first == part.npos) continue;
        all.push_back(part.substr(first, part.find_last_not_of(' ') - first + 1));
    }
    return all;
}

std::string label_of(std::string_view text) {
    constexpr std::string_view kMarks = "._-@+";
    std::string label;
    for (const char c : text) {
        const bool fits =
            std::isalnum(static_cast<unsigned char>(c)) != 0 || kMarks.find(c) != kMarks.npos;
        label += fits ? c : '-';
    }
    return label.empty() ? "main" : label;
}

class Folder {
public:
    Folder(const Mapping& mapping, Moved& moved) : mapping_(mapping), moved_(moved) {}

    void read(const fs::path& folder) {
        std::error_code fault;
        std::set<fs::path> files;  // in an order that does not change
        for (fs::recursive_directory_iterator it(folder, fault), end; !fault && it != end;
             it.increment(fault)) {
            if (it->path().extension() == ".json") files.insert(it->path());
        }
        if (fault) return moved_.left(folder.string(), "cannot be read: " + fault.message());
        for (const fs::path& file : files)
            read_file(file, file.lexically_relative(folder).string());
    }

private:
    void read_file(const fs::path& path, const std::string& name) {
        std::error_code fault;
        if (fs::file_size(path, fault) > kFileBytesMax || fault) {
            return moved_.left(name, "cannot be read, or is over 1 MiB");
        }
        std::ostringstream text;
        text << std::ifstream(path, std::ios::binary).rdbuf();
        json::error_code wrong;
        const json::value parsed = json::parse(text.str(), wrong);
        if (wrong || !parsed.is_object()) return moved_.left(name, "not a JSON object");
        const json::object& file = parsed.get_object();
        const std::string type = text_at(file, "type");
        const auto known = mapping_.credentials.find(type);
        if (known == mapping_.credentials.end()) {
            return moved_.left(name, type.empty() ? "it has no type" : "unknown type " + type);
        }
        if (!known->second.left.empty()) {
            return moved_.left(name, type + ": " + known->second.left);
        }
        read_account(name, file, known->second);
    }

    void read_account(const std::string& name,
                      const json::object& file,
                      const CredentialRule& rule) {
        MovedAccount account;
        account.from = name;
        account.provider = provider_of(file, rule).name;
        json::object secret = secret_of(file, rule);
        account.document = terms_of(name, file);
        std::string who = text_at(file, "email");
        if (who.empty()) who = fs::path(name).stem().string();
        Texts several = rule.several.empty() ? Texts() : split(text_at(file, rule.several));
        if (std::any_of(several.begin(), several.end(), [](const auto& s) { return s == "ALL"; })) {
            several.clear();
            secret.erase(rule.several);
        }
        if (several.empty()) return add(std::move(account), secret, who);
        for (const std::string& one : several) {
            secret[rule.several] = one;
            add(account, secret, several.size() == 1 ? who : who + "-" + one);
        }
    }

    void add(MovedAccount account, const json::object& secret, const std::string& who) {
        account.label = label_of(who);
        const auto is_taken = [&](const std::string& label) {
            return std::any_of(moved_.accounts.begin(), moved_.accounts.end(), [&](const auto& a) {
                return a.provider == account.provider && a.label == label;
            });
        };
        const std::string wished = account.label;
        for (std::size_t number = 2; is_taken(account.label); ++number) {
            account.label = wished + "-" + std::to_string(number);
        }
        account.document["secret"] = json::serialize(secret);
        moved_.carried(account.from, "account " + account.provider + "/" + account.label);
        moved_.accounts.push_back(std::move(account));
    }

    // The provider of a rule, with the settings that the file wants of it.
    MovedProvider& provider_of(const json::object& file, const CredentialRule& rule) {
        Values settings = rule.settings;
        for (const auto& [from, to] : rule.setting_members) {
            const std::string value = text_at(file, from);
            if (!value.empty()) settings.emplace_back(to, value);
        }
        std::string wished = rule.provider;
        for (std::size_t number = 2;; ++number) {
            MovedProvider* known = moved_.provider(wished);
            if (known == nullptr) break;
            // Keys at an address of their own are no place for logins.
            if (known->plugin == rule.plugin && known->settings == settings) return *known;
            wished = rule.provider + "-" + std::to_string(number);
        }
        moved_.providers.push_back({wished, rule.plugin, settings, {}, {}, {}});
        return moved_.providers.back();
    }

    // What proves the account, in the names of our logins; members without another name stay.
    json::object secret_of(const json::object& file, const CredentialRule& rule) {
        if (!rule.whole.empty()) {
            const json::value* whole = file.if_contains(rule.whole);
            return whole != nullptr && whole->is_object() ? whole->get_object() : json::object();
        }
        json::object secret = file;
        for (const auto& [from, to] : rule.members) {
            if (const json::value* value = find(file, from)) secret[to] = *value;
        }
        for (const std::string& name : rule.dropped) secret.erase(name);
        for (const char* own : {"type",
                                "disabled",
                                "priority",
                                "prefix",
                                "note",
                                "proxy_url",
                                "weight",
                                "excluded_models",
                                "last_refresh"}) {
            secret.erase(own);
        }
        const std::int64_t ends_ms = read_foreign_time(text_at(secret, "expired"));
        secret.erase("expired");
        if (ends_ms != 0) secret["expires_at_ms"] = ends_ms;
        return secret;
    }

    json::object terms_of(const std::string& name, const json::object& file) {
        json::object terms;
        for (const char* key :
             {"disabled", "priority", "weight", "prefix", "note", "excluded_models"}) {
            if (const json::value* value = file.if_contains(key)) terms[key] = *value;
        }
        const std::string proxy(text_at(file, "proxy_url"));
        if (proxy.empty()) return terms;
        const Crossed crossed = cross_proxy(proxy);
        if (!crossed.value) {
            moved_.left(name + ".proxy_url", crossed.why);
        } else {
            terms["egress"] = std::get<std::string>(*crossed.value);
            moved_.carried(name + ".proxy_url", "egress of the account");
        }
        return terms;
    }

    const Mapping& mapping_;
    Moved& moved_;
};

}  // namespace

void read_foreign_accounts(const std::string& folder, const Mapping& mapping, Moved& moved) {
    Folder(mapping, moved).read(folder);
}

std::int64_t read_foreign_time(std::string_view text) {
    const auto number = [&](std::size_t at, std::size_t size) {
        std::int64_t value = 0;
        for (const char c : text.substr(std::min(at, text.size()), size)) {
            if (c < '0' || c > '9') return std::int64_t{-1};
            value = 10 * value + (c - '0');
        }
        return value;
    };
    constexpr std::string_view kForm = "0000-00-00T00:00:00";
    if (text.size() <= kForm.size() || text[4] != '-' || text[10] != 'T' || text[13] != ':')
        return 0;
    const std::chrono::year_month_day date{std::chrono::year(static_cast<int>(number(0, 4))),
                                           std::chrono::month(static_cast<unsigned>(number(5, 2))),
                                           std::chrono::day(static_cast<unsigned>(number(8, 2)))};
    const std::int64_t of_day = (number(11, 2) * 60 + number(14, 2)) * 60 + number(17, 2);
    std::size_t at = kForm.size();
    if (text[at] == '.') at = std::min(text.find_first_not_of("0123456789", at + 1), text.size());
    if (!date.ok() || of_day < 0 || at == text.size()) return 0;
    std::int64_t ahead_s = 0;
    if (text[at] != 'Z') {
        if (text.size() != at + 6) return 0;
        ahead_s = (number(at + 1, 2) * 60 + number(at + 4, 2)) * 60;
        if (text[at] == '-') ahead_s = -ahead_s;
    }
    const std::int64_t days = std::chrono::sys_days(date).time_since_epoch().count();
    return (days * 86'400 + of_day - ahead_s) * 1000;
}

}  // namespace parley::command
