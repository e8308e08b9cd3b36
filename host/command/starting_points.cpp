#include "command/starting_points.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include "config/near.hpp"
#include "parley/abi.h"
#include "plugins/text.hpp"

namespace parley::command {

using base::Result;

namespace {

constexpr std::size_t kNameMax = 64;

const std::vector<std::string> kKinds{
    "dialect", "provider", "login", "policy", "filter", "store", "observer"};

struct Language {
    std::string_view flag;
    std::string_view title;
    std::string_view source;       // in the folder of the kind
    std::string_view names_stand;  // where name, id and version are said
    std::string_view own_place;    // where the source goes; empty: named after the plugin
    std::string_view build;
    std::string_view library;
};

constexpr std::array kLanguages{
    Language{"c", "C", "acme.c", "`acme.c`: at the top and at the end", "", "make", "acme.so"},
    Language{"cpp",
             "C++",
             "acme.cpp",
             "`CMakeLists.txt` and at the end of `acme.cpp`",
             "",
             "cmake -B build && cmake --build build",
             "build/acme.so"},
    Language{"rust",
             "Rust",
             "acme.rs",
             "`Cargo.toml` and at the end of `src/lib.rs`",
             "src/lib.rs",
             "make",
             "acme.so"},
};

const Language* find_language(std::string_view flag) {
    const auto* const found =
        std::find_if(kLanguages.begin(), kLanguages.end(), [&](const Language& language) {
            return language.flag == flag;
        });
    return found == kLanguages.end() ? nullptr : found;
}

base::Error wrong(std::string text) {
    return base::client_error(PARLEY_E_INVALID_ARGUMENT, std::move(text));
}

Result<void> check(const Beginning& beginning) {
    const auto& [kind, name, language, id] = beginning;
    if (std::find(kKinds.begin(), kKinds.end(), kind) == kKinds.end()) {
        return wrong("kind: " + plugins::quoted(kind) + " is none" +
                     config::cure_for(kind, kKinds));
    }
    if (find_language(language) == nullptr) {
        std::vector<std::string> known;
        for (const Language& each : kLanguages) known.emplace_back(each.flag);
        return wrong("--lang: " + plugins::quoted(language) + " is none" +
                     config::cure_for(language, known));
    }
    if (!plugins::is_kebab(name) || name.size() > kNameMax) {
        return wrong("name: " + plugins::quoted(name) + " cannot be one; up to " +
                     std::to_string(kNameMax) +
                     " letters a to z and digits in words joined by -, the first of them a letter, "
                     "were expected");
    }
    if (!id.empty() && !plugins::is_reverse_dns(id)) {
        return wrong("--id: " + plugins::quoted(id) +
                     " cannot be one; a domain of yours backwards was expected, as com.example." +
                     name);
    }
    return {};
}

// Longer words first: "acme" is part of all of them.
using Words = std::vector<std::pair<std::string, std::string>>;

std::string with_words(std::string_view text, const Words& words) {
    std::string out;
    while (!text.empty()) {
        const auto fits = [&](const auto& word) { return text.starts_with(word.first); };
        const auto word = std::find_if(words.begin(), words.end(), fits);
        if (word == words.end()) {
            out += text.front();
            text.remove_prefix(1);
        } else {
            out += word->second;
            text.remove_prefix(word->first.size());
        }
    }
    return out;
}

Words words_of(const Beginning& beginning, const Language& language) {
    const std::string id = beginning.id.empty() ? "com.example." + beginning.name : beginning.id;
    std::string crate = beginning.name;
    std::replace(crate.begin(), crate.end(), '-', '_');
    const Words own{{"acme", beginning.name}};
    return {{"com.example.acme", id},
            {"acme-kind", beginning.kind},
            {"acme-lang", std::string(language.title)},
            {"acme-build", with_words(language.build, own)},
            {"acme-library", with_words(language.library, own)},
            {"acme-names", with_words(language.names_stand, own)},
            {"acme-crate", crate},
            {"acme", beginning.name}};
}

// Where a file goes, or empty when it is of another kind or language.
std::string place_of(std::string_view path, const Beginning& beginning, const Language& language) {
    const std::size_t slash = path.find('/');
    if (slash == path.npos) return std::string(path);
    const std::string_view folder = path.substr(0, slash);
    const std::string_view file = path.substr(slash + 1);
    if (folder == language.flag) return std::string(file);
    if (folder != beginning.kind) return {};
    if (file == language.source && !language.own_place.empty()) {
        return std::string(language.own_place);
    }
    const bool is_of_another = file.starts_with("acme.") && file != language.source;
    return is_of_another ? std::string() : std::string(file);
}

}  // namespace

Result<std::map<std::string, std::string>> begin_plugin(const Beginning& beginning) {
    if (Result<void> right = check(beginning); !right) return std::move(right).error();
    const Language& language = *find_language(beginning.language);
    const Words words = words_of(beginning, language);
    std::map<std::string, std::string> files;
    for (const StartingPoint& point : kStartingPoints) {
        const std::string place = place_of(point.path, beginning, language);
        if (place.empty()) continue;
        files[with_words(place, {{"acme", beginning.name}})] = with_words(point.text, words);
    }
    return files;
}

Making making_of(const Beginning& beginning) {
    const Language& language = *find_language(beginning.language);
    const Words own{{"acme", beginning.name}};
    return {with_words(language.build, own), with_words(language.library, own)};
}

}  // namespace parley::command
