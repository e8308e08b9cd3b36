// command/plugin_new.cpp: begins a plugin: a small project that builds and works as it is.
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iostream>

#include "command/commands.hpp"
#include "command/starting_points.hpp"

namespace parley::command {

namespace fs = std::filesystem;

namespace {

using Files = std::map<std::string, std::string>;

// What stands there is somebody's work: nothing of it is touched.
std::string why_not_there(const fs::path& folder) {
    std::error_code fault;
    if (!fs::exists(folder, fault)) return fault ? fault.message() : "";
    if (!fs::is_directory(folder, fault)) return "a file is there; --out names another folder";
    if (fs::is_empty(folder, fault)) return "";
    return "the folder is there and not empty; --out names another one";
}

std::string write(const fs::path& folder, const Files& files) {
    for (const auto& [name, text] : files) {
        const fs::path path = folder / name;
        std::error_code fault;
        fs::create_directories(path.parent_path(), fault);
        if (fault) return path.parent_path().string() + ": " + fault.message();
        std::ofstream out(path, std::ios::binary);
        out << text;
        out.close();
        if (!out) return path.string() + ": " + std::strerror(errno);
    }
    return {};
}

void print(const fs::path& folder, const Files& files, const Making& making) {
    std::cout << "wrote " << folder.string() << ":";
    for (const auto& [name, text] : files) std::cout << ' ' << name;
    std::cout << "\n\nbuild it, and put it to the test:\n\n    cd " << folder.string() << " && "
              << making.build << "\n    parley plugin check " << making.library
              << "\n\nREADME.md says how to go on.\n";
}

}  // namespace

int plugin_new(const Options& options) {
    const Beginning beginning{
        options.plugin_kind, options.plugin, options.language, options.plugin_id};
    const auto files = begin_plugin(beginning);
    if (!files) {
        std::cerr << files.error().message << '\n';
        return 1;
    }
    const fs::path folder = options.folder.empty() ? options.plugin : options.folder;
    std::string fault = why_not_there(folder);
    if (!fault.empty()) fault = folder.string() + ": " + fault;
    if (fault.empty()) fault = write(folder, *files);
    if (!fault.empty()) {
        std::cerr << fault << '\n';
        return 1;
    }
    print(folder, *files, making_of(beginning));
    return 0;
}

}  // namespace parley::command
