// config/store_table.cpp: the keys of what is kept: stores, and secrets that expire.
#include "config/keys_row.hpp"

namespace parley::config {

namespace {

template <auto kMember>
constexpr SlotOf kStore = slot<&Config::store, &Store::limits, kMember>;

std::vector<Key> encryption_keys() {
    return {
        or_else("none",
                key(Form::kSecret,
                    "encryption_key",
                    slot<&Config::store, &Store::encryption_key>,
                    "What documents are encrypted with (AES-256-GCM), here and in the store: 32 "
                    "bytes in hex or base64")),
        or_else("none",
                key(Form::kPath,
                    "encryption_key_file",
                    slot<&Config::store, &Store::encryption_key_file>,
                    "A file that holds it instead")),
        or_else("none",
                key(Form::kTexts,
                    "encryption_key_command",
                    slot<&Config::store, &Store::encryption_key_command>,
                    "A program and its arguments that print it instead")),
        or_else("none",
                key(Form::kSecret,
                    "old_encryption_key",
                    slot<&Config::store, &Store::old_encryption_key>,
                    "The one before, with which documents are read until `parley store rekey` has "
                    "been run")),
    };
}

std::vector<Key> store_limit_keys() {
    using S = StoreLimits;
    return {
        duration("call_ms",
                 kStore<&S::call_ms>,
                 {100, kHour},
                 "One call of the store, before it is told to give up"),
        bytes("document_bytes_max",
              kStore<&S::document_bytes_max>,
              {kMiB, 4 * kGiB},
              "The largest document that is read"),
        bytes("page_bytes_max",
              kStore<&S::page_bytes_max>,
              {2 * kMiB, 16 * kGiB},
              "What one call for several documents may bring"),
        duration(
            "start_ms",
            kStore<&S::start_ms>,
            {0, kHour},
            "How long a start waits for the store before it serves what it knew last; at least so "
            "often one that was not read yet is tried again"),
        duration("slow_ms",
                 kStore<&S::slow_ms>,
                 {1, kHour},
                 "After how long a call without an answer is told on `/readyz`"),
        duration("stop_ms",
                 kStore<&S::stop_ms>,
                 {0, kHour},
                 "How long an end waits for what is not in the store yet; what is not then is in "
                 "the journal"),
        duration("list_ms",
                 kStore<&S::list_ms>,
                 {1, kDay},
                 "How often a store that tells no changes is listed"),
        duration("retry_min_ms",
                 kStore<&S::retry_min_ms>,
                 {1, kHour},
                 "From a failure of the store to the next try; doubled with each failure"),
        duration("retry_max_ms", kStore<&S::retry_max_ms>, {1, kDay}, "What that grows to"),
        duration("watch_retry_ms",
                 kStore<&S::watch_retry_ms>,
                 {1, kHour},
                 "From a loss of the connection on which a store tells its news to the next try; "
                 "`retry_max_ms` when it lets nobody in"),
        duration("lease_ms",
                 kStore<&S::lease_ms>,
                 {1'000, kDay},
                 "How long a refresh of an account keeps other replicas from the same"),
        duration("lease_wait_ms",
                 kStore<&S::lease_wait_ms>,
                 {1, kHour},
                 "How long a refresh waits to hear from the store that no other replica does it"),
        duration("state_ms",
                 kStore<&S::state_ms>,
                 {1, kDay},
                 "How often cool-downs and the callers' budgets are kept"),
    };
}

template <auto kMember>
constexpr SlotOf kAccounts = slot<&Config::accounts, kMember>;

}  // namespace

Table store_table() {
    Table table{
        .path = "store",
        .meaning =
            "Where accounts and state are kept, see [stores.md](stores.md). Every key that is not "
            "listed here is a setting of the store's plugin and is checked against the plugin's "
            "own schema; a `folder` that the plugin has and that is not given is `store` in the "
            "state folder.",
        .is_open = true,
        .keys =
            {
                key(Form::kText,
                    "plugin",
                    slot<&Config::store, &Store::plugin>,
                    "The plugin's component that keeps documents; empty: nothing is kept"),
                or_else("the name of the host",
                        key(Form::kName,
                            "replica",
                            slot<&Config::store, &Store::replica>,
                            "What this Parley is called among those that share the store")),
                or_else("none",
                        key(Form::kSecret,
                            "webhook_secret",
                            slot<&Config::store, &Store::webhook_secret>,
                            "Who signs with it, as git servers do, has the store looked at by "
                            "`POST /hooks/store`; without one there is no such page")),
            },
        .fresh = fresh<Config>};
    for (Key& key : encryption_keys()) table.keys.push_back(std::move(key));
    for (Key& key : store_limit_keys()) table.keys.push_back(std::move(key));
    return table;
}

Table accounts_table() {
    using A = AccountLimits;
    return {
        .path = "accounts",
        .meaning = "How secrets that expire are kept fresh.",
        .keys =
            {
                duration("refresh_lead_ms",
                         kAccounts<&A::refresh_lead_ms>,
                         {0, kDay},
                         "How long before it expires a secret is renewed, a little jitter aside; "
                         "of a short life it is the last fifth"),
                duration("refresh_ms",
                         kAccounts<&A::refresh_ms>,
                         {1, kHour},
                         "One refresh, all its steps together"),
                duration("refresh_wait_ms",
                         kAccounts<&A::refresh_wait_ms>,
                         {1, kHour},
                         "How long a request waits for a secret when there is none that is valid"),
                duration("refresh_retry_min_ms",
                         kAccounts<&A::refresh_retry_min_ms>,
                         {1, kHour},
                         "From a refresh that failed to the next; doubled with each failure"),
                duration("refresh_retry_max_ms",
                         kAccounts<&A::refresh_retry_max_ms>,
                         {1, kDay},
                         "What that grows to"),
                duration("refresh_again_ms",
                         kAccounts<&A::refresh_again_ms>,
                         {0, kDay},
                         "Between two refreshes because an upstream refused a secret that was "
                         "not due"),
                number("refreshes_max",
                       kAccounts<&A::refreshes_max>,
                       {1, 10'000},
                       "Refreshes of different accounts at a time"),
                number("op_steps_max",
                       kAccounts<&A::op_steps_max>,
                       {2, kMillion},
                       "Steps that a plugin may take in one refresh"),
                number("op_effects_max",
                       kAccounts<&A::op_effects_max>,
                       {1, 1'000},
                       "What a plugin may wait for at a time in one refresh"),
                duration("op_call_ms",
                         kAccounts<&A::op_call_ms>,
                         {1, kHour},
                         "One request of a refresh, to its reply's last byte"),
                duration("login_ms",
                         kAccounts<&A::login_ms>,
                         {1'000, kDay},
                         "One login, with all that a person does for it"),
                number(
                    "login_steps_max",
                    kAccounts<&A::login_steps_max>,
                    {2, kMillion},
                    "Steps that a plugin may take in one login; to ask again and again whether a "
                    "code was typed takes two each time"),
                bytes("secret_file_bytes_max",
                      kAccounts<&A::secret_file_bytes_max>,
                      {kKiB, 16 * kMiB},
                      "The largest secret_file of an account"),
            },
        .fresh = fresh<Config>};
}

}  // namespace parley::config
