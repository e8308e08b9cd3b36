// accounts/keeper.hpp: makes refreshed secrets last. What a refresh brought is written behind: the
// journal has it at once, the store when it can be reached; and of several Parleys on one store one
// at a time refreshes an account.
//
// A secret of the store is kept in its account's document. One of the configuration is kept in
// "state/secret/<provider>/<label>", and holds as long as the configuration still says what it was
// made from: who changes the secret there gets the new one.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "accounts/account.hpp"
#include "base/error.hpp"
#include "store/ledger.hpp"

namespace parley::accounts {

inline constexpr std::string_view kSecretPrefix = "state/secret/";

// Where the secret of a configured account is kept: "state/secret/up/main".
std::string kept_key(std::string_view provider, std::string_view label);

// What stands for a configured secret in the document that keeps what became of it.
std::string origin_of(const base::Secret& configured);

// What became of the secret of this origin, if anything did.
std::optional<base::Secret> kept_secret(const store::Ledger& ledger,
                                        const std::string& key,
                                        const std::string& origin);

// What a claim for a refresh came to.
struct Claim {
    std::string document;
    std::uint64_t token = 0;                // to be given back
    std::uint64_t wait_ms = 0;              // another refreshes it: look again by then; 0: go on
    std::optional<base::Secret> elsewhere;  // another has refreshed it: this is in force
    std::optional<std::int64_t> revision;   // of the document; none: it was not looked at
};

class Keeper {
public:
    // Without a ledger nothing is kept. `wait_ms`: how long a claim is waited for.
    explicit Keeper(std::shared_ptr<store::Ledger> ledger = nullptr, std::uint64_t wait_ms = 0)
        : ledger_(std::move(ledger)), wait_ms_(wait_ms) {}

    bool keeps(const Account& account) const {
        return ledger_ != nullptr && !account.document.empty();
    }

    std::uint64_t wait_ms() const { return wait_ms_; }

    // Whether an answer of the store is to be expected.
    bool is_reached() const { return ledger_ != nullptr && ledger_->is_reached(); }

    // Asks for the right to refresh what is in force. `then` is told once, on a thread of the
    // ledger; when the store cannot be asked, that one may go on.
    void claim(const Account& account,
               const LiveSecret& in_force,
               std::function<void(Claim)> then) const;
    // When all that was kept before is in the store.
    void give_back(const std::string& document, std::uint64_t token) const;

    // What came of a refresh of `before`, unless another secret was put in its place meanwhile: a
    // new login, that is. What another Parley had refreshed before, and whose journal brings it
    // only now, is not; the document's revision at the claim tells them apart. `then` is told once,
    // on a thread of the ledger, when that lasts: whether what came of it is in force.
    void keep(const Account& account,
              const LiveSecret& before,
              const LiveSecret& secret,
              std::optional<std::int64_t> claimed_revision,
              std::function<void(bool is_in_force)> then) const;

private:
    std::shared_ptr<store::Ledger> ledger_;
    std::uint64_t wait_ms_ = 0;
};

}  // namespace parley::accounts
