#include "config/load.hpp"

#include <array>
#include <cerrno>
#include <filesystem>
#include <fstream>
#include <optional>
#include <regex>
#include <system_error>
#include <utility>

#include <toml++/toml.h>

#include "base/secret.hpp"
#include "config/findings.hpp"
#include "config/override.hpp"
#include "config/read.hpp"
#include "config/sections.hpp"

namespace parley::config {

namespace {

constexpr std::string_view kHomelessState = "/var/lib/parley";

std::string one_line(std::string_view text) {
    std::string out(text);
    for (char& c : out) {
        if (static_cast<unsigned char>(c) < 0x20 || c == 0x7F) c = ' ';
    }
    return out;
}

// The whole file, or why not.
std::optional<std::string> read_file(const std::string& file, std::error_code& error) {
    errno = 0;
    std::ifstream in(file, std::ios::binary);
    std::string text;
    std::array<char, 16'384> block{};
    while (in.read(block.data(), block.size()) || in.gcount() > 0) {
        text.append(block.data(), static_cast<std::size_t>(in.gcount()));
    }
    // What cannot be opened has no end; a folder opens and fails at the first read.
    if (in.eof() && !in.bad()) return text;
    error = std::error_code(errno == 0 ? EIO : errno, std::generic_category());
    return {};
}

// toml++ repeats numbers in its words, and a secret without quotes may look like one.
std::string words_of(const toml::parse_error& error) {
    static const std::regex number("'[+-]?[0-9][^']+'");
    std::string words = std::regex_replace(std::string(error.description()), number, "the number");
    if (!words.empty() && words[0] == 'E') words[0] = 'e';
    return words;
}

void set_state_folder(Config& config, const Environment& environment) {
    if (config.state_folder.empty()) config.state_folder = state_folder_of(environment);
}

std::string dot_env_beside(const std::string& file) {
    return (std::filesystem::path(file).parent_path() / ".env").string();
}

// The variables of the .env beside the file join those of the process, which win.
Environment with_dot_env(const std::string& file,
                         const Environment& environment,
                         std::vector<Fault>& warnings) {
    Environment merged = environment;
    const std::string path = dot_env_beside(file);
    std::error_code error;
    const auto text = read_file(path, error);
    if (!text) {
        const bool is_absent = error == std::errc::no_such_file_or_directory;
        if (!is_absent) warnings.push_back({{}, "", "cannot be read: " + error.message(), path});
        return merged;
    }
    const DotEnv dot_env = parse_dot_env(*text);
    for (const std::uint32_t line : dot_env.bad_lines) {
        warnings.push_back({{line, 1}, "", "left out; expected NAME=value on one line", path});
    }
    merged.variables.insert(dot_env.variables.begin(), dot_env.variables.end());
    return merged;
}

std::vector<std::string> files_named_in(const Config& config) {
    std::vector<std::string> files;
    const auto add = [&](const std::string& file) {
        if (!file.empty()) files.push_back(file);
    };
    add(config.models_file);
    add(config.server.tls_certificate);
    add(config.server.tls_key);
    add(config.upstream_ca_file);
    for (const Provider& provider : config.providers) {
        for (const Account& account : provider.accounts) add(account.secret_file);
    }
    return files;
}

}  // namespace

std::string Fault::text(std::string_view file) const {
    std::string out(source.empty() ? file : source);
    if (out.empty()) out = "configuration";
    if (position.line != 0) {
        out += ":" + std::to_string(position.line) + ":" + std::to_string(position.column);
    }
    if (!where.empty()) out += ": " + where;
    return one_line(out + ": " + message);
}

Loaded load_text(std::string_view text, const std::string& file, const Environment& environment) {
    Loaded out;
    out.config.file = file;
    toml::table root;
    try {
        root = toml::parse(text);
    } catch (const toml::parse_error& error) {
        out.faults.push_back({position_of(error.source()), "", words_of(error)});
        return out;
    }
    Findings findings(out);
    mark_positions(root, "", findings);
    apply_environment(root, environment, findings);
    read_config(root, out.config, Reading{environment, findings});
    set_state_folder(out.config, environment);
    findings.sort();
    return out;
}

Loaded load(const std::string& file, const Environment& environment) {
    if (file.empty()) return load_text({}, file, environment);
    std::error_code error;
    const auto text = read_file(file, error);
    if (!text) {
        Loaded out;
        out.config.file = file;
        out.faults.push_back({{}, "", "cannot be read: " + error.message()});
        return out;
    }
    std::vector<Fault> warnings;
    const Environment merged = with_dot_env(file, environment, warnings);
    Loaded out = load_text(*text, file, merged);
    out.warnings.insert(out.warnings.begin(), warnings.begin(), warnings.end());
    return out;
}

std::string state_folder_of(const Environment& environment) {
    return expand_home("~/.parley", environment).value_or(std::string(kHomelessState));
}

std::vector<std::string> files_of(const Config& config) {
    std::vector<std::string> files = files_named_in(config);
    if (config.file.empty()) return files;
    files.push_back(config.file);
    files.push_back(dot_env_beside(config.file));
    return files;
}

Contents contents_of(const Config& config) {
    Contents contents;
    for (const std::string& file : files_named_in(config)) {
        std::error_code fault;
        std::optional<std::string> text = read_file(file, fault);
        if (!text) continue;
        contents.insert_or_assign(file, base::sha256(*text));
        base::wipe(text->data(), text->size());
    }
    return contents;
}

}  // namespace parley::config
