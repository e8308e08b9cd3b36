#include "command/serving_copy.hpp"

#include <cstdlib>
#include <filesystem>
#include <iostream>

#include "command/ask.hpp"
#include "command/health_words.hpp"
#include "command/plugin_subject.hpp"
#include "plugins/library.hpp"

namespace parley::command {

namespace fs = std::filesystem;

namespace {

// Which plugin a file is, which is not run for that.
std::optional<plugins::LibraryInfo> read_info(const std::string& file) {
    auto info = plugins::Library::info(file);
    if (info && info->findings.manifest) return std::move(*info);
    std::cerr << (info ? file + ": it has no manifest" : info.error().message) << '\n';
    return {};
}

// The program that runs may write where this one may not, and the other way round.
std::optional<std::string> bring(const std::string& shown, const std::string& folder) {
    const std::string brought = folder + '/' + fs::path(shown).filename().string();
    std::error_code fault;
    fs::copy_file(shown, brought, fault);
    std::error_code none;
    fs::remove_all(fs::path(shown).parent_path(), none);
    if (!fault) return brought;
    std::cerr << shown << ": " << fault.message() << '\n';
    return {};
}

}  // namespace

ServingCopy::ServingCopy() {
    std::error_code none;
    std::string folder = (fs::temp_directory_path(none) / "parley-serving-XXXXXX").string();
    if (::mkdtemp(folder.data()) != nullptr) folder_ = folder;
}

ServingCopy::~ServingCopy() {
    std::error_code none;
    if (!folder_.empty()) fs::remove_all(folder_, none);
}

std::optional<check::Subject> ServingCopy::take(const Options& options) const {
    const auto given = read_info(options.plugin_file);
    if (!given) return {};
    if (folder_.empty()) {
        std::cerr << "no folder can be made for a copy of what serves\n";
        return {};
    }
    const std::string& id = given->findings.manifest->id;
    const auto shown = ask(options, "POST", "/plugins/show", {{"plugin", id}});
    if (!shown) return {};
    const auto file = bring(text_at(*shown, "file"), folder_);
    if (!file) return {};
    if (text_at(*shown, "sha256") != given->sha256) {
        std::cerr << "what serves is another build of " << id << " than " << options.plugin_file
                  << ", sha256 " << text_at(*shown, "sha256").substr(0, 12) << '\n';
    }
    if (text_at(*shown, "version") != PARLEY_VERSION) {
        std::cerr << "the parley that runs is " << text_at(*shown, "version") << ", this one is "
                  << PARLEY_VERSION << '\n';
    }
    Options here = options;
    here.config.clear();  // it says which one runs; its settings may not be in force
    auto subject = read_subject(here, *file);
    if (!subject) return {};
    for (const auto& [name, value] : shown->at("settings").as_object()) {
        subject->settings.emplace(name, value);
    }
    return subject;
}

}  // namespace parley::command
