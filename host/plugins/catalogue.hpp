// plugins/catalogue.hpp: the libraries in the plugin folders, and what they offer.
#pragma once

#include <memory>
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
    // Loads every "*.so" of the folders, in the order of their names. What cannot be loaded is
    // refused and does not stop the others; a folder that does not exist is empty.
    static Catalogue scan(const std::vector<std::string>& folders, const LoadOptions& options);

    struct Found {
        std::shared_ptr<Library> library;
        const Component* component = nullptr;

        explicit operator bool() const { return component != nullptr; }
    };

    // The component of a kind with an id; of several the one in the library that was loaded last.
    Found find(std::string_view kind, std::string_view id) const;
    std::vector<Found> all_of(std::string_view kind) const;
    std::vector<std::string> ids_of(std::string_view kind) const;

    const std::vector<std::shared_ptr<Library>>& libraries() const { return libraries_; }

    const std::vector<Refusal>& refusals() const { return refusals_; }

private:
    std::vector<std::shared_ptr<Library>> libraries_;
    std::vector<Refusal> refusals_;
};

}  // namespace parley::plugins
