// command/import.cpp: moving in: another program's configuration and accounts become ours, or those
// that `parley export` gave come back.
#include <filesystem>
#include <fstream>
#include <iostream>
#include <sstream>
#include <yaml-cpp/exceptions.h>

#include "base/log.hpp"
#include "command/commands.hpp"
#include "command/moving/foreign_accounts.hpp"
#include "command/moving/foreign_config.hpp"
#include "command/moving/taken_in.hpp"
#include "command/private_file.hpp"
#include "config/load.hpp"
#include "config/write.hpp"

namespace parley::command {

namespace fs = std::filesystem;

namespace {

int fail(const std::string& why) {
    std::cerr << "import: " << why << '\n';
    return 1;
}

std::optional<std::string> read_file(const std::string& path) {
    std::ifstream file(path, std::ios::binary);
    if (!file) return std::nullopt;
    std::ostringstream text;
    text << file.rdbuf();
    return text.str();
}

// Why a configuration cannot be written, or nothing. One that is there stays.
std::string write_new(const std::string& path, const std::string& text) {
    std::error_code ignored;
    if (fs::exists(path, ignored)) {
        return path + ": is there already; name another with --config";
    }
    fs::create_directories(fs::absolute(path, ignored).parent_path(), ignored);
    PrivateFile file(path);
    if (!file) return file.why();
    if (auto done = file.write(text); !done) return done.error().message;
    auto closed = file.close();
    return closed ? std::string() : closed.error().message;
}

// Where the credential files are: as the command line says, or as the configuration does, from
// where that stands.
std::string folder_of(const Options& options, const std::string& text) {
    if (!options.auth_folder.empty()) return options.auth_folder;
    const std::string told = folder_of_accounts(text);
    const auto folder = config::expand_home(told, config::process_environment());
    if (!folder || folder->empty() || fs::path(*folder).is_absolute()) return folder.value_or("");
    return (fs::path(options.file).parent_path() / *folder).string();
}

// Credential files first: the providers of logins have the plain names.
Moved read_all(const Options& options, const std::string& text) {
    const Mapping mapping = Mapping::read(config::kCliproxyapi);
    Moved moved;
    const std::string folder = folder_of(options, text);
    if (!folder.empty()) read_foreign_accounts(folder, mapping, moved);
    std::vector<Line> of_accounts = std::exchange(moved.lines, {});
    read_foreign_config(text, mapping, moved);
    moved.lines.insert(moved.lines.end(), of_accounts.begin(), of_accounts.end());
    return moved;
}

// What was written must be readable; a fault here is one of the import.
bool is_sound(const std::string& toml, const std::string& file) {
    const config::Loaded loaded = config::load_text(toml, file, config::Environment());
    for (const config::Fault& fault : loaded.faults) std::cerr << fault.text(file) << '\n';
    return loaded.faults.empty();
}

// Credential files alone, into the store of the house that is there.
int import_accounts(const Options& options) {
    if (options.auth_folder.empty()) return fail("name a configuration, or --auth-dir, or both");
    Moved moved;
    read_foreign_accounts(options.auth_folder, Mapping::read(config::kCliproxyapi), moved);
    const bool is_whole = options.is_dry_run || take_in(options, moved);
    std::cout << report(moved);
    return is_whole ? 0 : 1;
}

int import_foreign(const Options& options) {
    if (options.file.empty()) return import_accounts(options);
    const auto text = read_file(options.file);
    if (!text) return fail(options.file + ": cannot be read");
    Moved moved;
    try {
        moved = read_all(options, *text);
    } catch (const YAML::Exception& fault) {
        return fail(options.file + ":" + std::to_string(fault.mark.line + 1) + ": " + fault.msg);
    }
    const std::string toml = to_toml(moved);
    const std::string target = target_of(options);
    if (!is_sound(toml, target)) return fail("what it made is not a good configuration");
    if (options.is_dry_run) {
        std::cout << to_toml(blanked(moved));
        std::cerr << report(moved);
        return 0;
    }
    if (const std::string why = write_new(target, toml); !why.empty()) return fail(why);
    moved.carried(options.file, target);
    Options here = options;
    here.config = target;
    const bool is_whole = moved.accounts.empty() || take_in(here, moved);
    std::cout << report(moved);
    return is_whole ? 0 : 1;
}

int import_own(const Options& options) {
    if (options.file.empty()) return fail("name the file that export wrote");
    const auto text = read_file(options.file);
    if (!text) return fail(options.file + ": cannot be read");
    Moved moved;
    const std::string why = read_exported(*text, moved);
    if (!why.empty()) return fail(options.file + ": " + why);
    if (options.is_dry_run) {
        for (const MovedAccount& each : moved.accounts) {
            moved.carried(each.provider + "/" + each.label, "account");
        }
        std::cout << report(moved);
        return 0;
    }
    const bool is_whole = take_in(options, moved);
    std::cout << report(moved);
    return is_whole ? 0 : 1;
}

}  // namespace

int import(const Options& options) {
    base::set_up_log({base::LogLevel::warn, false});
    if (options.from == "parley") return import_own(options);
    return import_foreign(options);
}

}  // namespace parley::command
