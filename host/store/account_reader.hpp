// store/account_reader.hpp: the accounts that the documents of a ledger describe.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "store/account_document.hpp"
#include "store/ledger.hpp"

namespace parley::store {

// Account documents are read once and shared by all who look at them.
using AccountPtr = std::shared_ptr<const AccountDocument>;

class AccountReader {
public:
    explicit AccountReader(const Ledger& ledger) : ledger_(ledger) {}

    // All that can be read, by provider and label. What has not changed since the last call is
    // the same object, and a document that cannot be read is logged once. [one thread at a time]
    std::vector<AccountPtr> read();

private:
    struct Known {
        std::uint64_t stamp = 0;
        AccountPtr account;  // null: it cannot be read
    };

    const Ledger& ledger_;
    std::map<std::string, Known> known_;
};

}  // namespace parley::store
