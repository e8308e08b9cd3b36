// plugins/catalogue_scan.cpp: from files to libraries: which are new, which of a plugin's serves,
// and what goes on serving when a file turns bad.
#include <algorithm>
#include <filesystem>
#include <map>
#include <optional>
#include <sys/stat.h>

#include "plugins/catalogue.hpp"

namespace parley::plugins {

namespace fs = std::filesystem;

namespace {

std::string look_of(const std::string& path) {
    struct stat s {};

    if (::stat(path.c_str(), &s) != 0) return "absent";
    std::string look;
    for (const auto part : {static_cast<std::uint64_t>(s.st_dev),
                            static_cast<std::uint64_t>(s.st_ino),
                            static_cast<std::uint64_t>(s.st_size),
                            static_cast<std::uint64_t>(s.st_mtim.tv_sec),
                            static_cast<std::uint64_t>(s.st_mtim.tv_nsec),
                            static_cast<std::uint64_t>(s.st_ctim.tv_nsec),
                            static_cast<std::uint64_t>(s.st_mode),
                            static_cast<std::uint64_t>(s.st_uid)}) {
        look += std::to_string(part) + ' ';
    }
    return look;
}

std::vector<std::string> files_in(const std::vector<std::string>& folders) {
    std::vector<std::string> all;
    for (const std::string& folder : folders) {
        std::vector<std::string> files;
        std::error_code fault;
        for (const auto& entry : fs::directory_iterator(folder, fault)) {
            if (entry.path().extension() == ".so") files.push_back(entry.path().string());
        }
        std::sort(files.begin(), files.end());
        all.insert(all.end(), files.begin(), files.end());
    }
    return all;
}

}  // namespace

class Catalogue::Scan {
public:
    Scan(const LoadOptions& options, const Catalogue* before, const Wishes& wishes)
        : options_(options), before_(before), wishes_(wishes) {}

    Catalogue run(const std::vector<std::string>& paths) {
        for (const std::string& path : paths) judge(path);
        std::map<std::string, std::vector<std::size_t>> by_id;
        for (std::size_t i = 0; i < made_.files_.size(); ++i) {
            if (!made_.files_[i].id.empty()) by_id[made_.files_[i].id].push_back(i);
        }
        for (auto& [id, files] : by_id) choose(files);
        made_.list_libraries();
        return std::move(made_);
    }

private:
    const File* known(const std::string& path) const {
        if (before_ == nullptr) return nullptr;
        for (const File& file : before_->files_) {
            if (file.path == path) return &file;
        }
        return nullptr;
    }

    // What the file is; nothing is read of one that looks as it did.
    void judge(const std::string& path) {
        const File* old = known(path);
        File file;
        file.path = path;
        // What is trusted from now on is judged again.
        file.look = look_of(path) + (options_.trust ? options_.trust->mark() : "");
        judged_.emplace_back();
        if (old != nullptr && old->look == file.look) {
            file = *old;
            file.aside.clear();
        } else if (auto judged = Library::judge(path, options_)) {
            take(file, std::move(*judged));
        } else {
            refuse(file, judged.error().message);
            if (file.library == nullptr) stand_in(file);
        }
        made_.files_.push_back(std::move(file));
    }

    void take(File& file, Judged judged) {
        file.id = judged.manifest.id;
        file.version = judged.manifest.version;
        file.sha256 = judged.info.sha256;
        file.is_unasked = options_.is_unasked && options_.is_unasked(judged.manifest);
        judged_.back() = std::move(judged);
    }

    // What another process knew for good before this file came.
    void stand_in(File& file) {
        if (options_.served_before.empty()) return;
        const std::string name = fs::path(file.path).filename().string();
        auto judged = Library::judge(options_.served_before + '/' + name, options_);
        if (judged) take(file, std::move(*judged));
    }

    // What served for the file so far goes on.
    void refuse(File& file, std::string why) const {
        file.refusal = std::move(why);
        const File* old = known(file.path);
        if (old == nullptr || old->library == nullptr) return;
        const Manifest& manifest = old->library->manifest();
        if (!file.id.empty() && file.id != manifest.id) return;
        file.library = old->library;
        file.id = manifest.id;
        file.version = manifest.version;
    }

    // Of the files of one plugin.
    void choose(std::vector<std::size_t>& files) {
        std::stable_sort(files.begin(), files.end(), [&](std::size_t a, std::size_t b) {
            const auto order = compare_versions(made_.files_[a].version, made_.files_[b].version);
            return order != 0 ? order > 0 : a > b;
        });
        const File* chosen = nullptr;
        for (const std::size_t i : files) {
            File& file = made_.files_[i];
            if (wishes_.disabled.contains(file.id)) {
                file.aside = "disabled";
            } else if (wishes_.held_back.contains(file.sha256)) {
                file.aside = "rolled back";
            } else if (file.is_unasked) {
                file.aside = "not asked for";
            } else if (chosen != nullptr) {
                file.aside = "shadowed by " + chosen->path + ", version " + chosen->version;
            } else if (file.refusal.empty() || file.library != nullptr || judged_[i]) {
                load(file, judged_[i]);
                if (file.library != nullptr) chosen = &file;
                continue;
            }
            file.library = nullptr;
        }
    }

    void load(File& file, std::optional<Judged>& judged) {
        if (file.library != nullptr) return;
        if (auto same = loaded(file.sha256)) {
            file.library = std::move(same);
            return;
        }
        // It was set aside when it was judged.
        if (!judged) {
            auto again = Library::judge(file.path, options_);
            if (!again) return refuse(file, again.error().message);
            judged = std::move(*again);
        }
        auto library = Library::load(std::move(*judged), options_);
        judged.reset();
        if (!library) return refuse(file, library.error().message);
        file.library = std::move(*library);
    }

    std::shared_ptr<Library> loaded(const std::string& sha256) const {
        if (before_ == nullptr) return nullptr;
        for (const auto& library : before_->libraries_) {
            if (library->sha256() == sha256) return library;
        }
        return nullptr;
    }

    const LoadOptions& options_;
    const Catalogue* before_;
    const Wishes& wishes_;
    Catalogue made_;
    std::vector<std::optional<Judged>> judged_;  // of made_.files_
};

Catalogue Catalogue::scan(const std::vector<std::string>& folders,
                          const LoadOptions& options,
                          const Catalogue* before,
                          const Wishes& wishes) {
    std::vector<std::string> paths = files_in(folders);
    paths.insert(paths.end(), wishes.beside.begin(), wishes.beside.end());
    return Scan(options, before, wishes).run(paths);
}

}  // namespace parley::plugins
