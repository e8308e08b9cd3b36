// object.hpp: documents as objects. The first line of each is its own:
//
//   parley-object/1 <16 hex digits, others with every write> document
//   parley-object/1 <16 hex digits> removed
//
// An object's ETag is a digest of its bytes, so that line gives every write another one. A removal
// is an object too: servers delete without conditions, and a list shows it. An object without the
// line was put there by hand, and is its whole value.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "parley/sdk/store.hpp"

namespace parley::store_s3 {

std::string document_object(std::string_view value);
std::string removed_object();

// Objects of this size may be removals; documents have another one.
std::size_t removed_size();

// The value of a document; nothing for a removal. Throws for what a later version has written.
std::optional<std::string_view> object_value(std::string_view body);

inline uint64_t revision_of_etag(std::string_view etag) {
    return sdk::RevisionHash().add(etag).revision();
}

}  // namespace parley::store_s3
