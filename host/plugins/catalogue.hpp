// plugins/catalogue.hpp: the libraries in the plugin folders, and what they offer. A value: another
// look at the folders makes another one, which shares the libraries that stayed the same.
#pragma once

#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "plugins/library.hpp"

namespace parley::plugins {

struct Refusal {
    std::string path;
    std::string reason;
};

class Catalogue {
public:
    // What became of one file.
    struct File {
        std::string path;
        std::string look;  // what can be seen of it without reading it
        std::string sha256;
        std::string id;  // of the manifest; empty when there is none to read
        std::string version;
        std::shared_ptr<Library> library;  // what serves for it; null: nothing does
        std::string refusal;               // why the file as it is may not serve; empty: it may
        std::string aside;                 // why it does not, though it may; empty: it does
        bool is_unasked = false;           // nobody has a use for it
    };

    // What an operator wants otherwise than the folders have it.
    struct Wishes {
        std::set<std::string> held_back;  // by sha256
        std::set<std::string> disabled;   // by id
        std::vector<std::string> beside;  // files of no folder
    };

    // Loads the "*.so" of the folders, in the order of their names: of files with the same id the
    // newest version, of equal ones the last. What cannot be loaded does not stop the others; a
    // folder that does not exist is empty. What `before` has loaded from the same contents stays,
    // and so does what a file held before something came into it that is refused.
    static Catalogue scan(const std::vector<std::string>& folders,
                          const LoadOptions& options,
                          const Catalogue* before = nullptr,
                          const Wishes& wishes = {});

    struct Found {
        std::shared_ptr<Library> library;
        const Component* component = nullptr;

        explicit operator bool() const { return component != nullptr; }
    };

    // The component of a kind with an id; of several the one in the library that was loaded last.
    Found find(std::string_view kind, std::string_view id) const;
    std::vector<Found> all_of(std::string_view kind) const;
    std::vector<std::string> ids_of(std::string_view kind) const;

    const std::vector<File>& files() const { return files_; }

    // Those that serve.
    const std::vector<std::shared_ptr<Library>>& libraries() const { return libraries_; }

    std::vector<Refusal> refusals() const;

    // What serves for a plugin; null: nothing does.
    std::shared_ptr<Library> library_of(std::string_view id) const;

    // The same, but for one plugin: what `other` has of it.
    Catalogue with(const Catalogue& other, std::string_view id) const;
    // The same files as `other` has of a plugin, but what serves is this one's, and why.
    Catalogue kept(const Catalogue& other, std::string_view id, const std::string& why) const;
    // The same, but the next scan looks at this file as if it were new.
    Catalogue to_be_judged_again(const std::string& path) const;
    // The same, with one plugin's library in place of the one that serves.
    Catalogue served_by(const std::shared_ptr<Library>& library) const;

private:
    class Scan;

    void list_libraries();

    std::vector<File> files_;
    std::vector<std::shared_ptr<Library>> libraries_;
};

}  // namespace parley::plugins
