// store/opened.hpp: the store as commands use it: open, and blocking. A server that runs beside
// follows by the store's watch.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "config/config.hpp"
#include "plugins/catalogue.hpp"
#include "store/account_document.hpp"
#include "store/documents.hpp"

namespace parley::store {

// One document of the store that is an account's, or should be.
struct Listed {
    std::string key;
    base::Result<AccountDocument> account;
};

// An account as it is written under these names. What could not be read again is an error.
base::Result<base::Secret> text_of_account(const std::string& provider,
                                           const std::string& label,
                                           AccountDocument account);

class Opened {
public:
    // The store that the configuration names. All faults of its section are in one error.
    static base::Result<std::unique_ptr<Opened>> open(
        const config::Config& config,
        const plugins::Catalogue& catalogue,
        const std::shared_ptr<plugins::HostServices>& services);

    // The store is open.
    Opened(std::shared_ptr<Documents> documents, const config::StoreLimits& limits)
        : documents_(std::move(documents)), limits_(limits) {}

    const std::string& name() const { return documents_->store().name(); }

    const Documents& documents() const { return *documents_; }

    const config::StoreLimits& limits() const { return limits_; }

    // ---- any document ----

    base::Result<std::optional<plugins::Document>> get(const std::string& key);
    // In the order of the keys. Values are in memory all at a time.
    base::Result<std::vector<plugins::Document>> list(const std::string& prefix);

    // Makes of the document in force, or of none, what is to be written; nothing: it stays as it
    // is. Called again when another writer came in between.
    using Edit =
        std::function<base::Result<std::optional<base::Secret>>(const plugins::Document* before)>;
    // Returns the revision in force afterwards.
    base::Result<std::uint64_t> change(const std::string& key, const Edit& edit);
    // False: there was none.
    base::Result<bool> remove(const std::string& key);

    // ---- accounts ----

    base::Result<std::vector<Listed>> accounts();
    // Nothing: there is none. A document that is none of an account is an error.
    base::Result<std::optional<AccountDocument>> account(const std::string& provider,
                                                         const std::string& label);

    // As Edit: what becomes of the account, which is new when `before` is null. Names are set here.
    using EditAccount =
        std::function<base::Result<std::optional<AccountDocument>>(const AccountDocument* before)>;
    base::Result<std::uint64_t> change_account(const std::string& provider,
                                               const std::string& label,
                                               const EditAccount& edit);
    base::Result<bool> remove_account(const std::string& provider, const std::string& label);

private:
    base::Result<Documents::Page> read_all(const std::string& prefix);

    std::shared_ptr<Documents> documents_;
    const config::StoreLimits limits_;
};

}  // namespace parley::store
