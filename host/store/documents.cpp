#include "store/documents.hpp"

namespace parley::store {

using base::Result;
using plugins::Cancel;
using plugins::Document;
using plugins::DocumentWrite;

bool says_away(const base::Error& why) {
    return why.error_class == PARLEY_E_OVERLOADED || why.error_class == PARLEY_E_TIMEOUT ||
           why.error_class == PARLEY_E_CANCELLED;
}

Result<std::optional<Document>> Documents::get(std::string_view key, const Cancel& cancel) const {
    auto found = store_->get(key, cancel);
    if (!found || !*found) return found;
    auto plain = cipher_.decrypt(key, std::move((*found)->value));
    if (!plain) return std::move(plain).error();
    (*found)->value = std::move(*plain);
    return found;
}

Result<plugins::Written> Documents::write(const DocumentWrite& write, const Cancel& cancel) const {
    if (write.is_removal || !cipher_.encrypts()) return store_->write(write, cancel);
    DocumentWrite sealed = write;
    sealed.value = cipher_.encrypt(write.key, write.value);
    return store_->write(sealed, cancel);
}

Result<plugins::WrittenTogether> Documents::write_all(std::span<const DocumentWrite> writes,
                                                      const Cancel& cancel) const {
    if (!cipher_.encrypts()) return store_->write_all(writes, cancel);
    std::vector<DocumentWrite> sealed(writes.begin(), writes.end());
    for (DocumentWrite& write : sealed) {
        if (!write.is_removal) write.value = cipher_.encrypt(write.key, write.value);
    }
    return store_->write_all(sealed, cancel);
}

Result<Documents::Page> Documents::list(std::string_view prefix,
                                        std::string_view cursor,
                                        std::uint64_t limit,
                                        const Cancel& cancel) const {
    auto page = store_->list(prefix, cursor, limit, cancel);
    if (!page) return std::move(page).error();
    Page out;
    out.page.cursor = std::move(page->cursor);
    for (Document& document : page->documents) {
        auto plain = cipher_.decrypt(document.key, std::move(document.value));
        if (!plain) {
            out.broken.emplace_back(document.key, std::move(plain).error());
            continue;
        }
        document.value = std::move(*plain);
        out.page.documents.push_back(std::move(document));
    }
    return out;
}

}  // namespace parley::store
