// config/routing_table.cpp: the keys of who serves, and of what happens when that fails.
#include "config/keys_row.hpp"

namespace parley::config {

namespace {

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
                    duration("hedge_ms",
                             slot<&Config::failover, &F::hedge_ms>,
                             {0, kDay},
                             "After so long without content another account is asked the same "
                             "beside the first, and who has content first answers; 0: never"),
                    number("hedge_percent",
                           slot<&Config::failover, &F::hedge_percent>,
                           {0, 100},
                           "Such attempts, compared with the requests that may have one; each is "
                           "one of the `retries_saved` of its client key too"),
                    number("hedges_saved",
                           slot<&Config::failover, &F::hedges_saved>,
                           {1, 1000},
                           "How many of these each thread may save up; it begins with one"),
                },
            .fresh = fresh<Config>};
}

}  // namespace parley::config
