// config/limits_table.cpp: the keys of limits.hpp that are about clients, upstreams and the
// process.
#include "config/keys_row.hpp"

namespace parley::config {

namespace {

template <auto kMember>
constexpr SlotOf kLimit = slot<&Config::limits, kMember>;

template <auto kMember>
constexpr SlotOf kUpstream = slot<&Config::upstream, kMember>;

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

// How long clients may take, and be kept waiting.
std::vector<Key> client_times() {
    using L = Limits;
    return {
        duration("handshake_ms",
                 kLimit<&L::handshake_ms>,
                 {1, kHour},
                 "TLS, from a connection to its first request"),
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
        duration("idle_ms", kLimit<&L::idle_ms>, {1, kDay}, "Between two requests on a connection"),
        duration("write_idle_ms",
                 kLimit<&L::write_idle_ms>,
                 {1, kDay},
                 "How long a client may take nothing of a reply that waits for it"),
        duration("relief_ms",
                 kLimit<&L::relief_ms>,
                 {1, kDay},
                 "How long an idle connection may still bring a request to a worker that "
                 "another one has relieved (an upgrade)"),
        duration("drain_ms",
                 kLimit<&L::drain_ms>,
                 {0, kDay},
                 "How long streams, and refreshes of accounts, may go on after SIGTERM"),
    };
}

}  // namespace

Table limits_table() {
    using L = Limits;
    Table table{.path = "limits",
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
                        number("connections_max",
                               kLimit<&L::connections_max>,
                               {1, kMillion},
                               "Connections of all clients"),
                        number("key_checks_max",
                               kLimit<&L::key_checks_max>,
                               {1, 10'000},
                               "Client keys that wait to be checked against a `key_hash` for the "
                               "first time, a tenth of a second each; others are told to wait"),
                        number("requests_per_connection_max",
                               kLimit<&L::requests_per_connection_max>,
                               {1, 1000 * kMillion},
                               "Requests on one connection before it is closed"),
                        bytes("exchange_bytes_max",
                              kLimit<&L::exchange_bytes_max>,
                              {64 * kKiB, 16 * kGiB},
                              "Working memory of one exchange, beside the bodies"),
                    },
                .fresh = fresh<Config>};
    for (Key& key : client_times()) table.keys.push_back(std::move(key));
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
                number("processes",
                       slot<&Config::supervisor, &S::processes>,
                       {1, kProcessesMax},
                       "Workers that serve side by side, each a process with plugins, memory and "
                       "`server.threads` of its own: a crash ends the streams of one of them"),
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
                bytes("leak_bytes",
                      slot<&Config::supervisor, &S::leak_bytes>,
                      {0, 1024 * kGiB},
                      "A plugin in whose calls memory has grown by so much, and stays, is told of "
                      "in the log, again at each double; 0: none is"),
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
                duration(
                    "connect_ms",
                    kUpstream<&U::connect_ms>,
                    {1, kHour},
                    "Name, connection and TLS handshake together; a connection ends when the other "
                    "end does not answer TCP for so long"),
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

Table observers_table() {
    using O = ObserverLimits;
    return {
        .path = "observers",
        .meaning = "How exchanges that are over are told to observers. None of them ever waits.",
        .keys =
            {
                bytes("queue_bytes_max",
                      slot<&Config::observer_limits, &O::queue_bytes_max>,
                      {64 * kKiB, 4 * kGiB},
                      "What waits for one observer; when it is slower than that, the oldest are "
                      "dropped and counted"),
                duration("stop_ms",
                         slot<&Config::observer_limits, &O::stop_ms>,
                         {0, kHour},
                         "How long what still waits may take when Parley stops"),
            },
        .fresh = fresh<Config>};
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
