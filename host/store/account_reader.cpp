#include "store/account_reader.hpp"

#include <algorithm>
#include <utility>

#include "base/log.hpp"

namespace parley::store {

std::vector<AccountPtr> AccountReader::read() {
    struct Fresh {
        std::string key;
        base::Secret text;
        std::uint64_t stamp;
    };

    std::map<std::string, Known> known;
    std::vector<Fresh> fresh;
    ledger_.each(kAccountPrefix, [&](const std::string& key, const Entry& entry) {
        const auto before = known_.find(key);
        if (before != known_.end() && before->second.stamp == entry.stamp) {
            known.insert(known.end(), std::move(*before));
        } else {
            fresh.push_back({key, *entry.in_force(), entry.stamp});
        }
    });
    for (const Fresh& one : fresh) {
        auto account = read_account(one.key, one.text.reveal());
        if (!account) {
            base::log(base::LogLevel::error,
                      "stored account left out",
                      {{"why", account.error().message}});
        }
        AccountPtr shared;
        if (account) shared = std::make_shared<const AccountDocument>(std::move(*account));
        known.insert_or_assign(one.key, Known{one.stamp, std::move(shared)});
    }
    known_ = std::move(known);
    std::vector<AccountPtr> all;
    for (const auto& [key, one] : known_) {
        if (one.account != nullptr) all.push_back(one.account);
    }
    // By key "a-b/x" stands before "a/x"; neighbours are those of one provider.
    std::stable_sort(all.begin(), all.end(), [](const AccountPtr& a, const AccountPtr& b) {
        return a->provider < b->provider;
    });
    return all;
}

}  // namespace parley::store
