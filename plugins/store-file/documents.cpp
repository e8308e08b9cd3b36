#include "documents.hpp"

#include <cerrno>
#include <dirent.h>
#include <memory>
#include <sys/stat.h>
#include <vector>

namespace parley::store_file {

namespace {

// The names in a folder; none when it has gone meanwhile.
std::vector<std::string> names_in(const Folder& folder, const std::string& below) {
    const std::string full = below.empty() ? folder.root() : folder.path(below);
    const std::unique_ptr<DIR, int (*)(DIR*)> all(::opendir(full.c_str()), ::closedir);
    std::vector<std::string> names;
    if (all == nullptr) {
        if (errno == ENOENT && !below.empty()) return names;
        throw system_failure(errno, "cannot be listed", full);
    }
    for (;;) {
        errno = 0;
        const dirent* entry = ::readdir(all.get());
        if (entry == nullptr) break;
        if (entry->d_name[0] != '.') names.emplace_back(entry->d_name);
    }
    if (errno != 0) throw system_failure(errno, "cannot be listed", full);
    return names;
}

bool is_folder(const std::string& path) {
    struct stat found {};

    return ::lstat(path.c_str(), &found) == 0 && S_ISDIR(found.st_mode);
}

std::string join(const std::string& below, const std::string& name) {
    return below.empty() ? name : below + '/' + name;
}

}  // namespace

namespace {

std::optional<Found> latest_of_forms(const Folder& folder, std::string_view key) {
    std::optional<Found> latest;
    for (const sdk::FileForm form : {sdk::FileForm::kJson, sdk::FileForm::kEnvelope}) {
        std::string file = sdk::file_of(key, form);
        const auto stamp = folder.stamp(file);
        if (!stamp || (latest && latest->stamp.modified_ns > stamp->modified_ns)) continue;
        latest = Found{form, std::move(file), *stamp};
    }
    return latest;
}

}  // namespace

std::optional<Found> find_document(const Folder& folder, std::string_view key) {
    auto found = latest_of_forms(folder, key);
    // Between the two looks it may have gone from the one form to the other.
    if (!found) found = latest_of_forms(folder, key);
    return found;
}

bool read_document(const Folder& folder,
                   std::string_view key,
                   uint64_t bytes_max,
                   const std::function<void(const sdk::FileValue&, const Stamp&)>& take) {
    // The first line of an envelope has its own bytes.
    constexpr uint64_t kEnvelopeMax = 64 * 1024;
    while (const auto found = find_document(folder, key)) {
        const auto contents = folder.read(found->file, bytes_max + kEnvelopeMax);
        if (!contents) continue;
        const auto value = sdk::file_value(found->form, contents->text);
        if (!value) {
            throw sdk::store_failure(
                PARLEY_E_CORRUPT_STATE,
                folder.path(found->file) + ": half a file, or not one of this store's");
        }
        take(*value, contents->stamp);
        return true;
    }
    return false;
}

void for_each_folder(const Folder& folder,
                     const std::string& below,
                     const std::function<void(const std::string&)>& visit) {
    visit(below);
    for (const std::string& name : names_in(folder, below)) {
        const std::string inner = join(below, name);
        if (!sdk::prefix_of_folder(inner) || !is_folder(folder.path(inner))) continue;
        for_each_folder(folder, inner, visit);
    }
}

void add_revisions(const Folder& folder,
                   const std::string& below,
                   std::map<std::string, uint64_t>& out) {
    for_each_folder(folder, below, [&](const std::string& inner) {
        for (const std::string& name : names_in(folder, inner)) {
            const auto key = sdk::key_of_file(join(inner, name));
            if (!key || is_folder(folder.path(join(inner, name)))) continue;
            const auto found = find_document(folder, *key);
            if (found) out[*key] = revision_of(found);
        }
    });
}

}  // namespace parley::store_file
