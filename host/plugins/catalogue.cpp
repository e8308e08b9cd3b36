#include "plugins/catalogue.hpp"

#include <algorithm>

namespace parley::plugins {

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

std::vector<Refusal> Catalogue::refusals() const {
    std::vector<Refusal> all;
    for (const File& file : files_) {
        if (!file.refusal.empty()) all.push_back({file.path, file.refusal});
    }
    return all;
}

std::shared_ptr<Library> Catalogue::library_of(std::string_view id) const {
    for (const auto& library : libraries_) {
        if (library->manifest().id == id) return library;
    }
    return nullptr;
}

Catalogue Catalogue::with(const Catalogue& other, std::string_view id) const {
    Catalogue made;
    const auto is_of = [&](const File& file) { return file.id == id; };
    std::remove_copy_if(files_.begin(), files_.end(), std::back_inserter(made.files_), is_of);
    std::copy_if(other.files_.begin(), other.files_.end(), std::back_inserter(made.files_), is_of);
    made.list_libraries();
    return made;
}

Catalogue Catalogue::kept(const Catalogue& other,
                          std::string_view id,
                          const std::string& why) const {
    Catalogue made = with(other, id);
    const std::shared_ptr<Library> library = library_of(id);
    bool is_placed = library == nullptr;
    for (File& file : made.files_) {
        if (file.id != id || file.library == nullptr) continue;
        file.library = is_placed ? nullptr : library;
        file.refusal = why;
        is_placed = true;
    }
    // Its file went, and it is still needed.
    if (!is_placed) {
        const auto& manifest = library->manifest();
        made.files_.push_back({library->name(),
                               "",
                               library->sha256(),
                               manifest.id,
                               manifest.version,
                               library,
                               why,
                               ""});
    }
    made.list_libraries();
    return made;
}

Catalogue Catalogue::to_be_judged_again(const std::string& path) const {
    Catalogue made = *this;
    for (File& file : made.files_) {
        if (file.path == path) file.look.clear();
    }
    return made;
}

Catalogue Catalogue::served_by(const std::shared_ptr<Library>& library) const {
    Catalogue made = *this;
    const Manifest& manifest = library->manifest();
    for (File& file : made.files_) {
        if (file.id != manifest.id || file.library == nullptr) continue;
        file.library = nullptr;
        file.aside = "rolled back";
    }
    made.files_.push_back(
        {library->name(), "", library->sha256(), manifest.id, manifest.version, library, "", ""});
    made.list_libraries();
    return made;
}

void Catalogue::list_libraries() {
    libraries_.clear();
    for (const File& file : files_) {
        if (file.library != nullptr) libraries_.push_back(file.library);
    }
}

}  // namespace parley::plugins
