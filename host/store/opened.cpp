#include "store/opened.hpp"

#include <algorithm>
#include <utility>

#include "store/make_store.hpp"

namespace parley::store {

using base::Result;
using base::Secret;
using plugins::Cancel;
using plugins::Document;

namespace {

constexpr std::uint64_t kPageDocuments = 512;

}  // namespace

Result<Secret> text_of_account(const std::string& provider,
                               const std::string& label,
                               AccountDocument account) {
    account.provider = provider;
    account.label = label;
    Secret text = write_account(account);
    auto readable = read_account(account_key(provider, label), text.reveal());
    if (!readable) return std::move(readable).error();
    return text;
}

Result<std::unique_ptr<Opened>> Opened::open(
    const config::Config& config,
    const plugins::Catalogue& catalogue,
    const std::shared_ptr<plugins::HostServices>& services) {
    std::vector<config::Fault> faults;
    auto documents = make_store(config, catalogue, services, faults);
    if (documents == nullptr) {
        std::string message;
        for (const config::Fault& fault : faults) {
            message += (message.empty() ? "" : "; ") + fault.text(config.file);
        }
        if (message.empty()) {
            message = config.store.plugin.empty()
                          ? "store.plugin: empty; expected the store to use"
                          : "store \"" + config.store.plugin + "\" is not loaded";
        }
        return base::gateway_error(PARLEY_E_CONFIG, message);
    }
    const Cancel cancel(config.store.limits.call_ms, nullptr);
    if (auto ok = documents->store().open({}, cancel); !ok) return std::move(ok).error();
    return std::make_unique<Opened>(std::move(documents), config.store.limits);
}

Result<std::optional<Document>> Opened::get(const std::string& key) {
    const Cancel cancel(limits_.call_ms, nullptr);
    return documents_->get(key, cancel);
}

Result<Documents::Page> Opened::read_all(const std::string& prefix) {
    Documents::Page all;
    std::string cursor;
    do {
        const Cancel cancel(limits_.call_ms, nullptr);
        auto page = documents_->list(prefix, cursor, kPageDocuments, cancel);
        if (!page) return std::move(page).error();
        for (auto& broken : page->broken) all.broken.push_back(std::move(broken));
        for (Document& document : page->page.documents) {
            all.page.documents.push_back(std::move(document));
        }
        cursor = std::move(page->page.cursor);
    } while (!cursor.empty());
    return all;
}

Result<std::vector<Document>> Opened::list(const std::string& prefix) {
    auto all = read_all(prefix);
    if (!all) return std::move(all).error();
    if (!all->broken.empty()) return std::move(all->broken.front().second);
    return std::move(all->page.documents);
}

Result<std::uint64_t> Opened::change(const std::string& key, const Edit& edit) {
    const Cancel cancel(limits_.call_ms, nullptr);
    while (!cancel.is_set()) {
        auto before = documents_->get(key, cancel);
        if (!before) return std::move(before).error();
        const Document* found = *before ? &**before : nullptr;
        auto after = edit(found);
        if (!after) return std::move(after).error();
        const std::uint64_t revision = found == nullptr ? PARLEY_REVISION_NONE : found->revision;
        if (!*after) return revision;
        plugins::DocumentWrite write;
        write.key = key;
        write.value = std::move(**after);
        write.expected = revision;
        auto written = documents_->write(write, cancel);
        if (!written) return std::move(written).error();
        if (!written->is_conflict) return written->revision;
    }
    return base::gateway_error(PARLEY_E_CONFLICT,
                               key + ": others write it all the time; not within store.call_ms");
}

Result<bool> Opened::remove(const std::string& key) {
    const Cancel cancel(limits_.call_ms, nullptr);
    auto before = documents_->get(key, cancel);
    if (!before) return std::move(before).error();
    if (!*before) return false;
    plugins::DocumentWrite write;
    write.key = key;
    write.expected = PARLEY_REVISION_ANY;
    write.is_removal = true;
    auto written = documents_->write(write, cancel);
    if (!written) return std::move(written).error();
    return true;
}

Result<std::vector<Listed>> Opened::accounts() {
    auto read = read_all(std::string(kAccountPrefix));
    if (!read) return std::move(read).error();
    std::vector<Listed> all;
    for (const Document& document : read->page.documents) {
        all.push_back({document.key, read_account(document.key, document.value.reveal())});
    }
    for (auto& [key, why] : read->broken) all.push_back({key, std::move(why)});
    std::sort(
        all.begin(), all.end(), [](const Listed& a, const Listed& b) { return a.key < b.key; });
    return all;
}

Result<std::optional<AccountDocument>> Opened::account(const std::string& provider,
                                                       const std::string& label) {
    const std::string key = account_key(provider, label);
    auto document = get(key);
    if (!document) return std::move(document).error();
    if (!*document) return std::optional<AccountDocument>();
    auto account = read_account(key, (*document)->value.reveal());
    if (!account) return std::move(account).error();
    return std::optional(std::move(*account));
}

Result<std::uint64_t> Opened::change_account(const std::string& provider,
                                             const std::string& label,
                                             const EditAccount& edit) {
    const std::string key = account_key(provider, label);
    return change(key, [&](const Document* before) -> Result<std::optional<Secret>> {
        std::optional<AccountDocument> found;
        if (before != nullptr) {
            auto account = read_account(key, before->value.reveal());
            if (!account) return std::move(account).error();
            found = std::move(*account);
        }
        auto after = edit(found ? &*found : nullptr);
        if (!after) return std::move(after).error();
        if (!*after) return std::optional<Secret>();
        auto text = text_of_account(provider, label, std::move(**after));
        if (!text) return std::move(text).error();
        return std::optional(std::move(*text));
    });
}

Result<bool> Opened::remove_account(const std::string& provider, const std::string& label) {
    return remove(account_key(provider, label));
}

}  // namespace parley::store
