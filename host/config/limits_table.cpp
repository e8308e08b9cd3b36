// config/limits_table.cpp: the keys of limits.hpp, with the bounds of each limit.
#include "config/keys_row.hpp"

namespace parley::config {

namespace {

template <auto kMember>
constexpr SlotOf kLimit = slot<&Config::limits, kMember>;

template <auto kMember>
constexpr SlotOf kUpstream = slot<&Config::upstream, kMember>;

template <auto kMember>
constexpr SlotOf kAccounts = slot<&Config::accounts, kMember>;

// What holds for exchanges between two dialects.
std::vector<Key> crossing_keys() {
    using L = Limits;
    return {
        duration("ping_ms",
                 kLimit<&L::ping_ms>,
                 {1'000, kDay},
                 "How long a translated stream is silent before its client is told that "
                 "it lives"),
        bytes("loop_bytes_max",
              kLimit<&L::loop_bytes_max>,
              {kKiB, 16 * kGiB},
              "A request that an event loop translates itself; larger ones are left to a worker "
              "thread"),
        bytes("translated_bytes_max",
              kLimit<&L::translated_bytes_max>,
              {64 * kKiB, 16 * kGiB},
              "One request or reply as it is written in another dialect"),
    };
}

template <auto kMember>
constexpr SlotOf kRouting = slot<&Config::routing, &Routing::limits, kMember>;

// How long whom is left alone.
std::vector<Key> cool_down_keys() {
    using R = RoutingLimits;
    return {
        duration("told_min_ms",
                 kRouting<&R::told_min_ms>,
                 {0, kHour},
                 "The shortest wait that an upstream is believed"),
        duration(
            "told_max_ms", kRouting<&R::told_max_ms>, {1'000, 30 * kDay}, "The longest, likewise"),
        duration("wait_ms",
                 kRouting<&R::wait_ms>,
                 {1, kHour},
                 "How long an account is left alone that failed without saying for how long; "
                 "doubles with each failure that follows"),
        duration("wait_max_ms", kRouting<&R::wait_max_ms>, {1, kDay}, "What that doubles up to"),
        duration("quota_ms",
                 kRouting<&R::quota_ms>,
                 {1, kDay},
                 "How long an account is left alone whose quota is used up, when no reset is told"),
        duration("refused_ms",
                 kRouting<&R::refused_ms>,
                 {1, 30 * kDay},
                 "Likewise, when it was refused (401, 402, 403) or does not have the model"),
        duration("probe_ms",
                 kRouting<&R::probe_ms>,
                 {1, kDay},
                 "How often one request tries an account whose wait is longer, so that it is found "
                 "when it recovers early"),
        number("jitter_percent",
               kRouting<&R::jitter_percent>,
               {0, 100},
               "By how much waits that no upstream told differ"),
        number("failures_min",
               kRouting<&R::failures_min>,
               {1, 1000},
               "Faults of the server in a row after which an account is left alone"),
        number("provider_failures_min",
               kRouting<&R::provider_failures_min>,
               {1, 1000},
               "Likewise, faults of its provider as a whole"),
    };
}

std::vector<Key> affinity_keys() {
    using R = RoutingLimits;
    return {
        bytes("affinity_bytes_max",
              kRouting<&R::affinity_bytes_max>,
              {0, 16 * kGiB},
              "Which account served which conversation; 16 bytes each, 0: not kept"),
        duration("affinity_ms",
                 kRouting<&R::affinity_ms>,
                 {1'000, 30 * kDay},
                 "How long that is kept since the conversation's last request"),
        number("affinity_load_percent",
               kRouting<&R::affinity_load_percent>,
               {100, 10'000},
               "How busy a conversation's account may be, compared with others, before the "
               "conversation moves"),
        number("affinity_load_min",
               kRouting<&R::affinity_load_min>,
               {1, kMillion},
               "Attempts under way below which it does not move for that"),
        number("affinity_share_percent",
               kRouting<&R::affinity_share_percent>,
               {0, 100},
               "What must be left of the account's windows, or the conversation moves"),
        bytes("owners_bytes_max",
              kRouting<&R::owners_bytes_max>,
              {0, 16 * kGiB},
              "Which account made which reply, conversation, file or piece of opaque reasoning, "
              "which no other account knows; 16 bytes each, 0: not kept"),
        duration("owners_ms",
                 kRouting<&R::owners_ms>,
                 {1'000, 30 * kDay},
                 "How long that is kept since a request or reply named it last"),
    };
}

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
        duration("start_ms",
                 kStore<&S::start_ms>,
                 {0, kHour},
                 "How long a start waits for the store before it serves what it knew last"),
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

}  // namespace

Table routing_table() {
    using R = RoutingLimits;
    Table table{.path = "routing",
                .meaning = "Who of those that may serve a model does, and who is left alone.",
                .keys = {key(Form::kText,
                             "policy",
                             slot<&Config::routing, &Routing::policy>,
                             "Who picks where a route names no policy of its own: `round-robin`, "
                             "`weighted`, `fill-first`, `least-busy`, `latency`, `headroom`, or a "
                             "plugin's"),
                         key(Form::kFlag,
                             "cool_down",
                             slot<&Config::routing, &Routing::cool_down>,
                             "Whether accounts, models and providers that failed are left alone "
                             "for a while")},
                .fresh = fresh<Config>};
    for (Key& key : cool_down_keys()) table.keys.push_back(std::move(key));
    for (Key& key : affinity_keys()) table.keys.push_back(std::move(key));
    table.keys.push_back(number("models_per_account_max",
                                kRouting<&R::models_per_account_max>,
                                {1, 100'000},
                                "Models of one account that are judged apart from it"));
    table.keys.push_back(bytes("pools_bytes_max",
                               kRouting<&R::pools_bytes_max>,
                               {kMiB, 64 * kGiB},
                               "The lists of who may serve a model, of all models that were asked "
                               "for lately"));
    return table;
}

Table limits_table() {
    using L = Limits;
    Table table{
        .path = "limits",
        .meaning = "What one client may ask of Parley.",
        .keys =
            {
                bytes("head_bytes_max",
                      kLimit<&L::head_bytes_max>,
                      {kKiB, 16 * kMiB},
                      "A request's head, in all"),
                number("head_fields_max",
                       kLimit<&L::head_fields_max>,
                       {8, 10'000},
                       "Header fields of a request"),
                bytes("body_bytes_max",
                      kLimit<&L::body_bytes_max>,
                      {kKiB, 16 * kGiB},
                      "A request's body as it is sent"),
                bytes("inflated_bytes_max",
                      kLimit<&L::inflated_bytes_max>,
                      {kKiB, 16 * kGiB},
                      "A request's body after decompression"),
                number("inflate_ratio_max",
                       kLimit<&L::inflate_ratio_max>,
                       {1, 10'000},
                       "How many times its size a body may inflate to"),
                duration("head_ms",
                         kLimit<&L::head_ms>,
                         {1, kHour},
                         "From a request's first byte to the end of its head"),
                bytes("body_bytes_per_s_min",
                      kLimit<&L::body_bytes_per_s_min>,
                      {0, kGiB},
                      "The slowest upload that is borne, looked at every body_grace_ms; 0: any"),
                duration("body_grace_ms",
                         kLimit<&L::body_grace_ms>,
                         {1, kHour},
                         "How often the speed of an upload is looked at"),
                duration("idle_ms",
                         kLimit<&L::idle_ms>,
                         {1, kDay},
                         "Between two requests on a connection"),
                duration("write_idle_ms",
                         kLimit<&L::write_idle_ms>,
                         {1, kDay},
                         "How long a client may take nothing of a reply that waits for it"),
                number("connections_max",
                       kLimit<&L::connections_max>,
                       {1, kMillion},
                       "Connections of all clients"),
                number("requests_per_connection_max",
                       kLimit<&L::requests_per_connection_max>,
                       {1, 1000 * kMillion},
                       "Requests on one connection before it is closed"),
                bytes("exchange_bytes_max",
                      kLimit<&L::exchange_bytes_max>,
                      {64 * kKiB, 16 * kGiB},
                      "Working memory of one exchange, beside the bodies"),
                duration("drain_ms",
                         kLimit<&L::drain_ms>,
                         {0, kDay},
                         "How long streams may go on after SIGTERM"),
            },
        .fresh = fresh<Config>};
    for (Key& key : crossing_keys()) table.keys.push_back(std::move(key));
    return table;
}

Table stash_table() {
    using S = StashLimits;
    return {.path = "stash",
            .meaning =
                "Reasoning that upstreams want back in a tool loop, kept for clients that have no "
                "field for it.",
            .keys =
                {
                    number("entries_max",
                           slot<&Config::stash, &S::entries_max>,
                           {0, 100 * kMillion},
                           "Tool calls whose reasoning is kept; 0: none"),
                    bytes("entry_bytes_max",
                          slot<&Config::stash, &S::entry_bytes_max>,
                          {kKiB, kGiB},
                          "The reasoning before one call; more of it is not kept"),
                    bytes("bytes_max",
                          slot<&Config::stash, &S::bytes_max>,
                          {kKiB, 64 * kGiB},
                          "All that is kept"),
                    duration("keep_ms",
                             slot<&Config::stash, &S::keep_ms>,
                             {1'000, 30 * kDay},
                             "How long it is kept since it was last asked for"),
                },
            .fresh = fresh<Config>};
}

Table failover_table() {
    using F = FailoverLimits;
    return {.path = "failover",
            .meaning =
                "What happens when an attempt fails before its client has seen anything of "
                "the reply: another account gets the request.",
            .keys =
                {
                    number("attempts_max",
                           slot<&Config::failover, &F::attempts_max>,
                           {1, 100},
                           "Attempts for one request; 1: no other account is asked"),
                    bytes("gate_bytes_max",
                          slot<&Config::failover, &F::gate_bytes_max>,
                          {kKiB, kGiB},
                          "How much of a stream without content is held back while another "
                          "account could take over"),
                    duration("gate_ms",
                             slot<&Config::failover, &F::gate_ms>,
                             {0, kDay},
                             "How long it is held back, since the head of the reply"),
                    number("retry_percent",
                           slot<&Config::failover, &F::retry_percent>,
                           {0, 1000},
                           "Attempts beyond the first that a client key may cause, compared with "
                           "its requests"),
                    number("retries_saved",
                           slot<&Config::failover, &F::retries_saved>,
                           {0, kMillion},
                           "How many of these it may save up; it begins with all of them"),
                },
            .fresh = fresh<Config>};
}

Table lessons_table() {
    using S = LessonLimits;
    return {.path = "lessons",
            .meaning =
                "What refusals of upstreams have taught about their models: traits that take the "
                "place of those in [[model]] for a while.",
            .keys =
                {
                    number("entries_max",
                           slot<&Config::lessons, &S::entries_max>,
                           {0, kMillion},
                           "Models that something is remembered of; 0: none"),
                    bytes("bytes_max",
                          slot<&Config::lessons, &S::bytes_max>,
                          {kKiB, kGiB},
                          "All that is remembered"),
                    duration("keep_ms",
                             slot<&Config::lessons, &S::keep_ms>,
                             {1'000, 30 * kDay},
                             "How long it is remembered since the last lesson about the model"),
                },
            .fresh = fresh<Config>};
}

Table supervisor_table() {
    using S = SupervisorLimits;
    return {
        .path = "supervisor",
        .meaning =
            "The process that starts the one which serves, and what it does about plugins that "
            "crash or hold a loop up.",
        .keys =
            {
                number("crashes_max",
                       slot<&Config::supervisor, &S::crashes_max>,
                       {0, 1'000},
                       "Crashes within `crash_window_ms` after which a plugin's file is loaded "
                       "no more, until it is another one; 0: it always is"),
                duration("crash_window_ms",
                         slot<&Config::supervisor, &S::crash_window_ms>,
                         {1'000, 30 * kDay},
                         "How long a crash counts"),
                duration("slow_call_ms",
                         slot<&Config::supervisor, &S::slow_call_ms>,
                         {0, kHour},
                         "A plugin's call that takes so long is told of in the log; 0: none is"),
                duration("stuck_dump_ms",
                         slot<&Config::supervisor, &S::stuck_dump_ms>,
                         {0, kHour},
                         "After so long the log shows where it is; 0: never"),
                duration("stuck_abort_ms",
                         slot<&Config::supervisor, &S::stuck_abort_ms>,
                         {0, kHour},
                         "After so long its worker is ended and replaced; 0: never"),
            },
        .fresh = fresh<Config>};
}

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

namespace {

// Whom they are reached by, and trusted by.
std::vector<Key> way_keys() {
    return {
        or_else("the system's certificates",
                key(Form::kPath,
                    "ca_file",
                    slot<&Config::upstream_ca_file>,
                    "PEM file with the authorities that upstreams are trusted by")),
        or_else("`direct`",
                key(Form::kSecret,
                    "egress",
                    slot<&Config::upstream_egress>,
                    "The proxy by which requests leave where neither account nor provider "
                    "names one: `http://user:password@host:port`, likewise `https` and "
                    "`socks5`, or `direct`")),
    };
}

}  // namespace

Table upstream_table() {
    using U = UpstreamLimits;
    Table table{
        .path = "upstream",
        .meaning = "How Parley deals with providers.",
        .keys =
            {
                duration("connect_ms",
                         kUpstream<&U::connect_ms>,
                         {1, kHour},
                         "Name, connection and TLS handshake together"),
                duration("head_ms",
                         kUpstream<&U::head_ms>,
                         {1, kDay},
                         "From the request's last byte to the reply's head"),
                duration("content_ms",
                         kUpstream<&U::content_ms>,
                         {1, kDay},
                         "From the reply's head to its first content"),
                duration(
                    "idle_ms", kUpstream<&U::idle_ms>, {1, kDay}, "Between two pieces of a reply"),
                duration("tail_ms",
                         kUpstream<&U::tail_ms>,
                         {1, kHour},
                         "How long a connection may stay open behind a reply that said its end"),
                duration("total_ms", kUpstream<&U::total_ms>, {1, 7 * kDay}, "The whole attempt"),
                number("connections_max",
                       kUpstream<&U::connections_max>,
                       {1, kMillion},
                       "Connections to one origin on one event loop"),
                number("idle_connections_max",
                       kUpstream<&U::idle_connections_max>,
                       {0, kMillion},
                       "Connections to one origin on one event loop that are kept for reuse"),
                duration("idle_connection_ms",
                         kUpstream<&U::idle_connection_ms>,
                         {1, kDay},
                         "How long an unused connection is kept"),
                duration("name_ttl_ms",
                         kUpstream<&U::name_ttl_ms>,
                         {0, kDay},
                         "How long a resolved name is believed"),
                bytes("head_bytes_max",
                      kUpstream<&U::head_bytes_max>,
                      {kKiB, 16 * kMiB},
                      "A reply's head, in all"),
                number("head_fields_max",
                       kUpstream<&U::head_fields_max>,
                       {8, 10'000},
                       "Header fields of a reply"),
                bytes("reply_bytes_max",
                      kUpstream<&U::reply_bytes_max>,
                      {kKiB, kTiB},
                      "A reply's body"),
                bytes("held_bytes_max",
                      kUpstream<&U::held_bytes_max>,
                      {kKiB, 16 * kGiB},
                      "What is held of a reply at a time: one stream event, or one error body"),
            },
        .fresh = fresh<Config>};
    std::vector<Key> ways = way_keys();
    table.keys.insert(table.keys.begin(), ways.begin(), ways.end());
    return table;
}

Table reload_table() {
    using R = ReloadLimits;
    return {.path = "reload",
            .meaning =
                "How a running Parley follows its files. SIGHUP and `parley reload` read the "
                "configuration again in any case.",
            .keys =
                {
                    key(Form::kFlag,
                        "watch",
                        slot<&Config::reload, &Reload::watch>,
                        "Whether the configuration, and the files that it names, are read again "
                        "when they change"),
                    duration("quiet_ms",
                             slot<&Config::reload, &Reload::limits, &R::quiet_ms>,
                             {1, kHour},
                             "How long none of them has changed before that"),
                    duration("wait_max_ms",
                             slot<&Config::reload, &Reload::limits, &R::wait_max_ms>,
                             {1, kHour},
                             "How long a change waits at most, however busy they are"),
                },
            .fresh = fresh<Config>};
}

}  // namespace parley::config
