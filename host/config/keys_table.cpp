// config/keys_table.cpp: the tables of keys, but for those that have a file of their own.
#include "config/keys_row.hpp"

namespace parley::config {

namespace {

Table top() {
    return {.path = "",
            .meaning = "Keys that stand before the first table.",
            .keys =
                {
                    or_else("`\"~/.parley\"`, or `\"/var/lib/parley\"` where HOME is not set",
                            key(Form::kPath,
                                "state_folder",
                                slot<&Config::state_folder>,
                                "Where accounts, keys and counters are kept")),
                    or_else("one that is kept in the state folder",
                            key(Form::kSecret,
                                "seal_key",
                                slot<&Config::seal_key>,
                                "What signs the reasoning of other providers that clients carry "
                                "along; the same on all replicas")),
                    or_else("the one that is built in",
                            key(Form::kPath,
                                "models_file",
                                slot<&Config::models_file>,
                                "A file of `[[model]]` tables that says what is known of models")),
                },
            .fresh = fresh<Config>};
}

Table server() {
    return {
        .path = "server",
        .meaning = "Where clients reach Parley.",
        .keys =
            {
                key(Form::kAddresses,
                    "listen",
                    slot<&Config::server, &Server::listen>,
                    "Addresses to listen on: `host:port`, `[v6]:port`, or a port alone, which "
                    "means 127.0.0.1; port 0 takes any free one"),
                number("threads",
                       slot<&Config::server, &Server::threads>,
                       {0, 1024},
                       "Event loops; 0: one for each core"),
                number("workers",
                       slot<&Config::server, &Server::workers>,
                       {0, 1024},
                       "Threads for work that would hold a loop up; 0: one for two cores"),
                key(Form::kPath,
                    "tls_certificate",
                    slot<&Config::server, &Server::tls_certificate>,
                    "PEM file with the certificate and its chain; with tls_key, clients speak TLS"),
                key(Form::kPath,
                    "tls_key",
                    slot<&Config::server, &Server::tls_key>,
                    "PEM file with the certificate's private key"),
                key(Form::kFlag,
                    "show_route",
                    slot<&Config::server, &Server::show_route>,
                    "Whether replies name the provider and account that served, in "
                    "`x-parley-route`"),
                key(Form::kFlag,
                    "core_dumps",
                    slot<&Config::server, &Server::core_dumps>,
                    "Whether a crash may leave a core dump, which holds every secret, and "
                    "debuggers may attach; taken up at the start"),
                key(Form::kOrigins,
                    "cors_origins",
                    slot<&Config::server, &Server::cors_origins>,
                    "Web pages that may call Parley from a browser: origins such as "
                    "`https://chat.example.com`, or `*`; empty: none"),
            },
        .fresh = fresh<Config>};
}

Table log() {
    return {.path = "log",
            .meaning = "What Parley writes to standard error.",
            .keys =
                {
                    choice("level",
                           slot<&Config::log, &Log::level>,
                           {"debug", "info", "warn", "error"},
                           "The least severity that is written"),
                    choice("format",
                           slot<&Config::log, &Log::format>,
                           {"text", "json"},
                           "One line for people, or one JSON object for machines"),
                    key(Form::kFlag,
                        "exchanges",
                        slot<&Config::log, &Log::exchanges>,
                        "Whether each exchange gets a line at its end"),
                },
            .fresh = fresh<Config>};
}

Table client_key() {
    return {.path = "client_key",
            .meaning = "A key that clients prove themselves by.",
            .is_repeated = true,
            .named_by = "name",
            .keys =
                {
                    required(key(Form::kName,
                                 "name",
                                 slot<&ClientKey::name>,
                                 "What logs and counters call the caller")),
                    key(Form::kSecret,
                        "key",
                        slot<&ClientKey::key>,
                        "What the client sends as its API key"),
                    key(Form::kText,
                        "key_hash",
                        slot<&ClientKey::key_hash>,
                        "In its place, a salted slow hash of it, as `parley key hash` makes of a "
                        "key of `parley key new`"),
                    key(Form::kFlag,
                        "disabled",
                        slot<&ClientKey::disabled>,
                        "Whether the key is refused"),
                    or_else("all",
                            key(Form::kTexts,
                                "models",
                                slot<&ClientKey::models>,
                                "The models that it may ask for, `*` standing for any text")),
                    key(Form::kTexts,
                        "excluded_models",
                        slot<&ClientKey::excluded_models>,
                        "Those that it may not, likewise"),
                    number("requests_per_minute_max",
                           slot<&ClientKey::limits, &CallerLimits::requests_per_minute_max>,
                           {0, 1000 * kMillion},
                           "Requests that it may begin in a minute; 0: any number"),
                    number("tokens_per_minute_max",
                           slot<&ClientKey::limits, &CallerLimits::tokens_per_minute_max>,
                           {0, 1000 * kMillion},
                           "Tokens that it may use in a minute, read and written, and guessed "
                           "for a reply that breaks off; 0: any number"),
                    number("tokens_per_day_max",
                           slot<&ClientKey::limits, &CallerLimits::tokens_per_day_max>,
                           {0, 1000 * 1000 * kMillion},
                           "Likewise in a day (UTC)"),
                    number("streams_max",
                           slot<&ClientKey::limits, &CallerLimits::streams_max>,
                           {0, kMillion},
                           "Requests that it may have under way at a time; 0: any number"),
                },
            .fresh = fresh<ClientKey>};
}

Table provider() {
    return {
        .path = "provider",
        .meaning =
            "A place that serves models. Every key that is not listed here is a setting of "
            "the plugin and is checked against the plugin's own schema.",
        .is_repeated = true,
        .named_by = "name",
        .is_open = true,
        .keys =
            {
                required(key(Form::kName,
                             "name",
                             slot<&Provider::name>,
                             "What routes, logs and counters call it")),
                or_else("the same as name",
                        key(Form::kText,
                            "plugin",
                            slot<&Provider::plugin>,
                            "The plugin's component that speaks to it")),
                or_else("what the plugin offers",
                        key(Form::kTexts,
                            "models",
                            slot<&Provider::models>,
                            "The models to offer, `*` standing for any text")),
                key(Form::kTexts,
                    "excluded_models",
                    slot<&Provider::excluded_models>,
                    "The models not to offer, likewise"),
                or_else("as `[upstream]` says",
                        key(Form::kSecret,
                            "egress",
                            slot<&Provider::egress>,
                            "The proxy by which the requests of its accounts leave, or `direct`")),
                key(Form::kFlag, "disabled", slot<&Provider::disabled>, "Whether it is left out"),
                key(Form::kFlag,
                    "usage_in_streams",
                    slot<&Provider::usage_in_streams>,
                    "Whether streams are asked for token counts where the client did not ask"),
            },
        .fresh = fresh<Provider>};
}

// What proves an account, in one of three forms.
std::vector<Key> proof_keys() {
    return {
        or_else("one of three",
                key(Form::kSecret,
                    "api_key",
                    slot<&Account::api_key>,
                    "What the provider knows the account by, sent as it is")),
        or_else("one of three",
                key(Form::kDocument,
                    "secret",
                    slot<&Account::secret>,
                    "A secret of another form, such as the JSON key of a service account")),
        or_else("one of three",
                key(Form::kPath,
                    "secret_file",
                    slot<&Account::secret_file>,
                    "A file that holds such a secret")),
    };
}

// Where its requests go, and how.
std::vector<Key> way_keys() {
    return {
        hidden(key(Form::kTexts,
                   "headers",
                   slot<&Account::headers>,
                   "Fields of its requests, in place of the client's and the provider's of "
                   "the same name: `name: value`")),
        or_else("its provider's",
                key(Form::kText,
                    "base_url",
                    slot<&Account::base_url>,
                    "Where its requests go, as the provider's key of that name")),
        or_else("its provider's",
                key(Form::kSecret,
                    "egress",
                    slot<&Account::egress>,
                    "The proxy by which its requests leave: "
                    "`http://user:password@host:port`, likewise `https` and `socks5`, or "
                    "`direct`")),
    };
}

Table account() {
    Table table{
        .path = "provider.account",
        .meaning =
            "An identity at the provider above it, proven by one of api_key, secret and "
            "secret_file.",
        .is_repeated = true,
        .named_by = "label",
        .keys =
            {
                key(Form::kName,
                    "label",
                    slot<&Account::label>,
                    "What logs and counters call it; needed where a provider has several"),
                key(Form::kFlag,
                    "disabled",
                    slot<&Account::disabled>,
                    "Whether the account is left out"),
                number("priority",
                       slot<&Account::priority>,
                       {0, kMillion},
                       "Accounts with a higher one go first; others serve only when none of "
                       "these can"),
                number("weight",
                       slot<&Account::weight>,
                       {1, kMillion},
                       "Its share of the requests, compared with others"),
                number("in_flight_max",
                       slot<&Account::in_flight_max>,
                       {0, kMillion},
                       "Requests that it serves at a time; 0: any number"),
                or_else("all of its provider",
                        key(Form::kTexts,
                            "models",
                            slot<&Account::models>,
                            "The models that it serves, `*` standing for any text")),
                key(Form::kTexts,
                    "excluded_models",
                    slot<&Account::excluded_models>,
                    "Those that it does not serve, likewise"),
                key(Form::kText,
                    "prefix",
                    slot<&Account::prefix>,
                    "With `team-a`, `team-a/<model>` is served by the accounts with this "
                    "prefix alone"),
                key(Form::kFlag,
                    "prefix_required",
                    slot<&Account::prefix_required>,
                    "Whether it serves only those who ask with its prefix"),
                key(Form::kText, "note", slot<&Account::note>, "For people"),
            },
        .fresh = fresh<Account>};
    const std::vector<Key> proofs = proof_keys();
    table.keys.insert(table.keys.begin() + 1, proofs.begin(), proofs.end());
    for (Key& way : way_keys()) table.keys.insert(table.keys.end() - 1, std::move(way));
    return table;
}

std::vector<Key> route_limit_keys() {
    using R = RouteLimits;
    return {
        number("attempts_max",
               slot<&Route::limits, &R::attempts_max>,
               {0, 100},
               "Accounts that one request may be tried with; 0: the host's own limit"),
        duration("hedge_ms",
                 slot<&Route::limits, &R::hedge_ms>,
                 {0, kDay},
                 "In place of `[failover]`'s; 0: as it says"),
        duration("head_ms",
                 slot<&Route::limits, &R::head_ms>,
                 {0, kDay},
                 "In place of `[upstream]`'s, as the next three; 0: as it says"),
        duration("content_ms",
                 slot<&Route::limits, &R::content_ms>,
                 {0, kDay},
                 "From the reply's head to its first content"),
        duration("idle_ms",
                 slot<&Route::limits, &R::idle_ms>,
                 {0, kDay},
                 "Between two pieces of a reply"),
        duration(
            "total_ms", slot<&Route::limits, &R::total_ms>, {0, 7 * kDay}, "The whole attempt"),
    };
}

Table route() {
    Table table{
        .path = "route",
        .meaning =
            "A model's name of your own, and what serves it. Routes are set in the file "
            "alone.",
        .is_repeated = true,
        .keys =
            {
                required(key(Form::kText,
                             "model",
                             slot<&Route::model>,
                             "The name that clients ask for, `*` standing for any text")),
                key(Form::kTexts, "aliases", slot<&Route::aliases>, "Other names for the same"),
                or_else("as `[routing]` says",
                        key(Form::kText,
                            "policy",
                            slot<&Route::policy>,
                            "Who picks among the accounts that may serve it")),
                key(Form::kTexts,
                    "filters",
                    slot<&Route::filters>,
                    "The names of `[[filter]]`s that its requests pass, behind those that stand "
                    "everywhere"),
                key(Form::kFlag,
                    "strict",
                    slot<&Route::strict>,
                    "Whether a request is refused rather than served with warnings, when "
                    "not all of it can be carried to another dialect"),
                key(Form::kFlag,
                    "lenient",
                    slot<&Route::lenient>,
                    "Whether what another dialect cannot be asked for is left out with a "
                    "warning, where that is safe, rather than refused"),
                key(Form::kTexts,
                    "next_step_on",
                    slot<&Route::next_step_on>,
                    "Errors that the targets of the next step may help with, beside that all "
                    "of a step are used up: `context_too_long`, `content_blocked`, "
                    "`unsupported`, `too_large`, `not_found`"),
            },
        .fresh = fresh<Route>};
    for (Key& key : route_limit_keys()) table.keys.push_back(std::move(key));
    return table;
}

Table target() {
    return {.path = "route.targets",
            .meaning = "What may serve the route above it, at least one.",
            .is_repeated = true,
            .keys =
                {
                    required(key(Form::kName,
                                 "provider",
                                 slot<&Target::provider>,
                                 "The name of a `[[provider]]`")),
                    or_else("as the client asked",
                            key(Form::kText,
                                "model",
                                slot<&Target::model>,
                                "What the upstream calls the model")),
                    or_else("all",
                            key(Form::kTexts,
                                "accounts",
                                slot<&Target::accounts>,
                                "The labels of the accounts that may serve it, `*` standing for "
                                "any text")),
                    number("step",
                           slot<&Target::step>,
                           {1, 100},
                           "Targets of a higher step serve only when none of the lower ones can"),
                },
            .fresh = fresh<Target>};
}

Table model() {
    return {.path = "model",
            .meaning =
                "What is known of models, for requests that are translated to them. Every key "
                "that is not listed here is a trait, see [models.md](models.md); what is said "
                "later wins, key by key, and all of it over the models file.",
            .is_repeated = true,
            .is_open = true,
            .keys =
                {
                    required(key(Form::kTexts,
                                 "names",
                                 slot<&Model::names>,
                                 "The upstreams' names of the models, `*` standing for any text")),
                },
            .fresh = fresh<Model>};
}

}  // namespace

std::span<const Table> tables() {
    static const std::vector<Table> all{top(),
                                        server(),
                                        log(),
                                        plugins_table(),
                                        limits_table(),
                                        stash_table(),
                                        failover_table(),
                                        lessons_table(),
                                        upstream_table(),
                                        routing_table(),
                                        accounts_table(),
                                        supervisor_table(),
                                        reload_table(),
                                        store_table(),
                                        observers_table(),
                                        client_key(),
                                        provider(),
                                        account(),
                                        filter_table(),
                                        observer_table(),
                                        route(),
                                        target(),
                                        model()};
    return all;
}

}  // namespace parley::config
