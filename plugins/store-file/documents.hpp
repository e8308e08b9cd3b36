// documents.hpp: which files are documents.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "folder.hpp"

namespace parley::store_file {

// Where a document lies.
struct Found {
    sdk::FileForm form = sdk::FileForm::kJson;
    std::string file;
    Stamp stamp;
};

// A document in both forms, which somebody has put there by hand, is the later one.
std::optional<Found> find_document(const Folder& folder, std::string_view key);

inline uint64_t revision_of(const std::optional<Found>& found) {
    return found ? found->stamp.revision() : PARLEY_REVISION_NONE;
}

// Fills in a document; false when there is none.
bool read_document(const Folder& folder,
                   std::string_view key,
                   uint64_t bytes_max,
                   const std::function<void(const sdk::FileValue&, const Stamp&)>& take);

// The revisions of all documents in the folder and in those below it; "" is the whole store.
void add_revisions(const Folder& folder,
                   const std::string& below,
                   std::map<std::string, uint64_t>& out);

// Calls with each folder that may hold documents, that one first.
void for_each_folder(const Folder& folder,
                     const std::string& below,
                     const std::function<void(const std::string&)>& visit);

}  // namespace parley::store_file
