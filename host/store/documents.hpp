// store/documents.hpp: a store's documents as this house reads and writes them: decrypted. What
// calls block, as those of the store.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "plugins/store.hpp"
#include "store/cipher.hpp"

namespace parley::store {

// What is written together at most; one document at least.
inline constexpr std::size_t kBatchDocuments = 256;
inline constexpr std::uint64_t kBatchBytes = 4ull * 1024 * 1024;

// Whether the store is away, rather than unwilling: nothing else would be answered either.
bool says_away(const base::Error& why);

class Documents {
public:
    Documents(std::shared_ptr<plugins::Store> store, Cipher cipher)
        : store_(std::move(store)), cipher_(std::move(cipher)) {}

    // As it is, for all that is not about values.
    plugins::Store& store() const { return *store_; }

    const Cipher& cipher() const { return cipher_; }

    base::Result<std::optional<plugins::Document>> get(std::string_view key,
                                                       const plugins::Cancel& cancel) const;
    base::Result<plugins::Written> write(const plugins::DocumentWrite& write,
                                         const plugins::Cancel& cancel) const;
    base::Result<plugins::WrittenTogether> write_all(std::span<const plugins::DocumentWrite> writes,
                                                     const plugins::Cancel& cancel) const;

    // Documents that cannot be decrypted are left out, and why is told.
    struct Page {
        plugins::DocumentPage page;
        std::vector<std::pair<std::string, base::Error>> broken;  // key, why
    };

    base::Result<Page> list(std::string_view prefix,
                            std::string_view cursor,
                            std::uint64_t limit,
                            const plugins::Cancel& cancel) const;

private:
    std::shared_ptr<plugins::Store> store_;
    Cipher cipher_;
};

}  // namespace parley::store
