// command/plugin_running.cpp: plugin status, load, rollback, disable: asked of a Parley that runs.
#include <filesystem>
#include <iostream>

#include "command/ask.hpp"
#include "command/commands.hpp"
#include "command/health_words.hpp"

namespace parley::command {

namespace json = boost::json;

namespace {

std::string short_at(const json::object& from, std::string_view key) {
    return text_at(from, key).substr(0, 12);
}

void print_file(const json::object& file) {
    std::cout << text_at(file, "file") << "  " << text_at(file, "plugin") << ' '
              << text_at(file, "version") << "  sha256 " << short_at(file, "sha256");
    if (file.contains("generation")) std::cout << "  generation " << text_at(file, "generation");
    std::cout << (file.at("serves").as_bool() ? "  serves\n" : "\n");
    for (const char* key : {"aside", "refused"}) {
        if (file.contains(key)) std::cout << "    " << key << ": " << text_at(file, key) << '\n';
    }
}

void print_draining(const json::object& row) {
    const std::string exchanges = text_at(row, "exchanges");
    std::cout << "draining: " << text_at(row, "plugin") << "  sha256 " << short_at(row, "sha256")
              << "  waits for " << exchanges << (exchanges == "1" ? " exchange" : " exchanges")
              << " since " << duration_at(row, "since_ms");
    if (row.contains("left_ms")) std::cout << ", ends them in " << duration_at(row, "left_ms");
    std::cout << '\n';
}

void print_plugins(const json::object& answer) {
    for (const json::value& file : answer.at("files").as_array()) print_file(file.as_object());
    for (const json::value& row : answer.at("draining").as_array()) print_draining(row.as_object());
    for (const json::value& leaving : answer.at("leaving").as_array()) {
        const json::object& row = leaving.as_object();
        std::cout << "leaving: " << text_at(row, "plugin") << "  sha256 " << short_at(row, "sha256")
                  << "  " << text_at(row, "state") << '\n';
    }
    for (const json::value& pinned : answer.at("pinned").as_array()) {
        const json::object& row = pinned.as_object();
        std::cout << "pinned: " << text_at(row, "plugin") << "  sha256 " << short_at(row, "sha256")
                  << "  " << text_at(row, "why") << '\n';
    }
    std::cout << text_at(answer, "unloaded") << " unloaded\n";
}

}  // namespace

int plugin_status(const Options& options) {
    const auto answers = ask_all(options, "GET", "/plugins");
    if (!answers) return 1;
    if (print_json(options, *answers)) return 0;
    for (std::size_t i = 0; i < answers->size(); ++i) {
        print_worker(*answers, i);
        print_plugins((*answers)[i]);
    }
    return 0;
}

int plugin_load(const Options& options) {
    std::error_code fault;
    const std::string file = std::filesystem::absolute(options.plugin_file, fault).string();
    return ask_all(options, "POST", "/plugins/load", {{"file", file}}) ? 0 : 1;
}

int plugin_rollback(const Options& options) {
    return ask_all(options, "POST", "/plugins/rollback", {{"plugin", options.plugin}}) ? 0 : 1;
}

int plugin_disable(const Options& options) {
    return ask_all(options, "POST", "/plugins/disable", {{"plugin", options.plugin}}) ? 0 : 1;
}

}  // namespace parley::command
