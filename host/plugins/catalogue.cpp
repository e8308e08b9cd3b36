#include "plugins/catalogue.hpp"

#include <algorithm>
#include <filesystem>

namespace parley::plugins {

Catalogue Catalogue::scan(const std::vector<std::string>& folders, const LoadOptions& options) {
    namespace fs = std::filesystem;
    Catalogue catalogue;
    for (const std::string& folder : folders) {
        std::vector<std::string> files;
        std::error_code fault;
        for (const auto& entry : fs::directory_iterator(folder, fault)) {
            if (entry.path().extension() == ".so") files.push_back(entry.path().string());
        }
        std::sort(files.begin(), files.end());
        for (const std::string& file : files) {
            auto library = Library::load(file, options);
            if (library) {
                catalogue.libraries_.push_back(std::move(*library));
            } else {
                catalogue.refusals_.push_back({file, library.error().message});
            }
        }
    }
    return catalogue;
}

std::vector<Catalogue::Found> Catalogue::all_of(std::string_view kind) const {
    std::vector<Found> found;
    for (const auto& library : libraries_) {
        for (const Component& component : library->components()) {
            if (component.kind_id != kind) continue;
            const auto same = [&](const Found& f) { return f.component->id == component.id; };
            std::erase_if(found, same);
            found.push_back({library, &component});
        }
    }
    return found;
}

Catalogue::Found Catalogue::find(std::string_view kind, std::string_view id) const {
    for (const Found& found : all_of(kind)) {
        if (found.component->id == id) return found;
    }
    return {};
}

std::vector<std::string> Catalogue::ids_of(std::string_view kind) const {
    std::vector<std::string> ids;
    for (const Found& found : all_of(kind)) ids.emplace_back(found.component->id);
    return ids;
}

}  // namespace parley::plugins
