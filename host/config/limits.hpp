// config/limits.hpp: every limit has a name and a number here and a key in the configuration:
// Limits in [limits], StashLimits in [stash], LessonLimits in [lessons], UpstreamLimits in
// [upstream], RoutingLimits in [routing], FailoverLimits in [failover], AccountLimits in
// [accounts], StoreLimits in [store], SupervisorLimits in [supervisor], ReloadLimits in [reload],
// LibraryLimits in [plugins], ObserverLimits in [observers].
#pragma once

#include <cstdint>

namespace parley::config {

// The clients' side.
struct Limits {
    std::uint64_t head_bytes_max = 64ull * 1024;
    std::uint64_t head_fields_max = 128;
    std::uint64_t body_bytes_max = 64ull * 1024 * 1024;
    std::uint64_t inflated_bytes_max = 64ull * 1024 * 1024;  // a request body after decompression
    std::uint64_t inflate_ratio_max = 100;
    std::uint64_t handshake_ms = 10'000;  // TLS, before the first request
    std::uint64_t head_ms = 15'000;       // from a request's first byte to the end of its head
    std::uint64_t body_bytes_per_s_min = 1024;  // looked at every body_grace_ms
    std::uint64_t body_grace_ms = 10'000;
    std::uint64_t idle_ms = 75'000;        // between requests on a connection
    std::uint64_t write_idle_ms = 60'000;  // a client that takes nothing
    std::uint64_t connections_max = 10'000;
    std::uint64_t key_checks_max = 32;
    std::uint64_t requests_per_connection_max = 10'000;
    std::uint64_t exchange_bytes_max = 16ull * 1024 * 1024;  // working memory beside the bodies
    std::uint64_t ping_ms = 15'000;                // a silent stream tells its client that it lives
    std::uint64_t loop_bytes_max = 256ull * 1024;  // larger ones are translated by a worker
    std::uint64_t translated_bytes_max = 128ull * 1024 * 1024;  // a body in another dialect
    std::uint64_t relief_ms = 5'000;  // for idle connections, once another worker serves
    std::uint64_t drain_ms = 30'000;  // how long streams may go on after SIGTERM
};

// Reasoning that is kept for clients which cannot carry it.
struct StashLimits {
    std::uint64_t entries_max = 10'240;
    std::uint64_t entry_bytes_max = 1024ull * 1024;
    std::uint64_t bytes_max = 256ull * 1024 * 1024;
    std::uint64_t keep_ms = 3'600'000;  // since it was last asked for
};

// What refusals of upstreams have taught about their models.
struct LessonLimits {
    std::uint64_t entries_max = 1'024;
    std::uint64_t bytes_max = 1024ull * 1024;
    std::uint64_t keep_ms = 3'600'000;  // since the last one about the model
};

// How secrets are kept fresh.
struct AccountLimits {
    std::uint64_t refresh_lead_ms = 300'000;     // before it expires, or a fifth of a short life
    std::uint64_t refresh_ms = 60'000;           // one refresh, all its steps together
    std::uint64_t refresh_wait_ms = 30'000;      // a request that has no usable secret
    std::uint64_t refresh_retry_min_ms = 1'000;  // after a failure; doubled each time
    std::uint64_t refresh_retry_max_ms = 300'000;
    std::uint64_t refresh_again_ms = 60'000;  // between two because an upstream refused the secret
    std::uint64_t refreshes_max = 16;         // at a time
    std::uint64_t op_steps_max = 256;
    std::uint64_t op_effects_max = 16;  // of one op, outstanding at a time
    std::uint64_t op_call_ms = 30'000;  // one request of an op
    std::uint64_t login_ms = 900'000;   // a login, with all that a person does for it
    std::uint64_t login_steps_max = 2'048;
    std::uint64_t secret_file_bytes_max = 256ull * 1024;
};

constexpr std::uint64_t kProcessesMax = 64;

// When a plugin has done enough harm.
struct SupervisorLimits {
    std::uint64_t processes = 1;    // workers side by side
    std::uint64_t crashes_max = 3;  // within the window; then its file is loaded no more
    std::uint64_t crash_window_ms = 600'000;
    std::uint64_t slow_call_ms = 100;       // a call that holds its loop up so long is told of,
    std::uint64_t stuck_dump_ms = 1'000;    // with its stack,
    std::uint64_t stuck_abort_ms = 10'000;  // and its worker is ended
    std::uint64_t leak_bytes = 256ull * 1024 * 1024;  // memory grown in its calls that is told of
};

// How long the store is waited for, and how much of it is held. No request is among the waiting.
struct StoreLimits {
    std::uint64_t call_ms = 30'000;  // one call
    std::uint64_t document_bytes_max = 16ull * 1024 * 1024;
    std::uint64_t page_bytes_max = 64ull * 1024 * 1024;  // of a list, in memory at a time
    std::uint64_t start_ms = 2'000;    // a start, before it serves what was known at the last
    std::uint64_t slow_ms = 2'000;     // one call, before the store is said to be away
    std::uint64_t stop_ms = 2'000;     // an end, for what is not in the store yet
    std::uint64_t list_ms = 10'000;    // between lists, of a store that tells no changes
    std::uint64_t retry_min_ms = 500;  // after a failure; doubled each time
    std::uint64_t retry_max_ms = 30'000;
    std::uint64_t watch_retry_ms = 250;   // from a loss of the store's own news to the next try
    std::uint64_t lease_ms = 20'000;      // how long one refresh keeps others out
    std::uint64_t lease_wait_ms = 2'000;  // how long a refresh waits to know of others
    std::uint64_t state_ms = 5'000;       // between two writes of cool-downs and budgets
};

// The upstreams' side.
struct UpstreamLimits {
    std::uint64_t connect_ms = 10'000;         // name, connection and handshake together
    std::uint64_t head_ms = 600'000;           // from the request's last byte to the reply's head
    std::uint64_t content_ms = 600'000;        // from there to the first content
    std::uint64_t idle_ms = 300'000;           // between two reads of a reply
    std::uint64_t tail_ms = 250;               // from a reply's own end to the end of its framing
    std::uint64_t total_ms = 3'600'000;        // the whole attempt
    std::uint64_t connections_max = 4096;      // to one origin, on one loop
    std::uint64_t idle_connections_max = 256;  // kept open for reuse, likewise
    std::uint64_t idle_connection_ms = 55'000;
    std::uint64_t name_ttl_ms = 30'000;  // how long a resolved name is believed
    std::uint64_t head_bytes_max = 64ull * 1024;
    std::uint64_t head_fields_max = 256;
    std::uint64_t reply_bytes_max = 1024ull * 1024 * 1024;
    std::uint64_t held_bytes_max = 64ull * 1024 * 1024;  // one stream event, or one error body
};

// What happens when an attempt fails before its client has seen anything of the reply.
struct FailoverLimits {
    std::uint64_t attempts_max = 3;               // of one exchange
    std::uint64_t gate_bytes_max = 64ull * 1024;  // of a stream that has no content yet: not shown
    std::uint64_t gate_ms = 10'000;               // likewise, since the reply's head
    std::uint64_t retry_percent = 20;   // of a caller's requests: attempts beyond the first
    std::uint64_t retries_saved = 500;  // of these that a caller may save up
    std::uint64_t hedge_ms = 0;         // without content, before a second attempt; 0: none
    std::uint64_t hedge_percent = 5;    // of one loop's requests: such attempts
    std::uint64_t hedges_saved = 10;    // of these that it may save up
};

// How accounts are picked, and left alone after failures.
struct RoutingLimits {
    std::uint64_t told_min_ms = 500;            // of what upstreams tell
    std::uint64_t told_max_ms = 86'400'000;     // likewise
    std::uint64_t wait_ms = 1'000;              // after a failure without a told wait
    std::uint64_t wait_max_ms = 60'000;         // what that doubles up to
    std::uint64_t quota_ms = 300'000;           // a used-up quota without a told reset
    std::uint64_t refused_ms = 1'800'000;       // 401, 402, 403, a model that is not there
    std::uint64_t probe_ms = 60'000;            // how often a long cool-down is tried
    std::uint64_t jitter_percent = 25;          // of waits that were not told
    std::uint64_t failures_min = 2;             // server faults in a row before a cool-down
    std::uint64_t provider_failures_min = 5;    // likewise, of a whole provider
    std::uint64_t models_per_account_max = 64;  // whose state is kept apart
    std::uint64_t pools_bytes_max = 64ull * 1024 * 1024;  // who may serve which model
    std::uint64_t affinity_bytes_max = 1024ull * 1024;
    std::uint64_t affinity_ms = 3'600'000;      // since the conversation's last request
    std::uint64_t affinity_load_percent = 300;  // of the load of others, where it gives way
    std::uint64_t affinity_load_min = 16;       // attempts under way below which it does not
    std::uint64_t affinity_share_percent = 2;   // of a window that must be left
    std::uint64_t owners_bytes_max = 1024ull * 1024;
    std::uint64_t owners_ms = 604'800'000;  // since it was last named
};

// How libraries come and go while Parley runs.
struct LibraryLimits {
    std::uint64_t quiet_ms = 250;       // since a file of the folders last changed
    std::uint64_t wait_max_ms = 5'000;  // since the first change, however busy they are
    std::uint64_t cool_ms = 30'000;     // from its last use to its unloading
    std::uint64_t drain_ms = 0;  // for exchanges on one that was replaced; 0: as long as they take
    std::uint64_t gap_ms = 500;  // that requests wait for the change of one that lives only once
    std::uint64_t pinned_max = 32;  // of one plugin, which could not be unloaded
};

// How a running Parley follows its files.
struct ReloadLimits {
    std::uint64_t quiet_ms = 50;      // since one of them last changed
    std::uint64_t wait_max_ms = 500;  // since the first change, however busy they are
};

// What is told to observers. No request is among those who wait.
struct ObserverLimits {
    std::uint64_t queue_bytes_max = 8ull * 1024 * 1024;  // of one observer that is slow
    std::uint64_t stop_ms = 2'000;                       // for what is in its queue at the end
};

// What one caller may ask; 0: as much as it likes.
struct CallerLimits {
    std::uint64_t requests_per_minute_max = 0;
    std::uint64_t tokens_per_minute_max = 0;
    std::uint64_t tokens_per_day_max = 0;
    std::uint64_t streams_max = 0;  // requests under way at a time
};

// What holds for one route in place of [upstream] and [failover]; 0: as they say.
struct RouteLimits {
    std::uint64_t attempts_max = 0;
    std::uint64_t hedge_ms = 0;
    std::uint64_t head_ms = 0;
    std::uint64_t content_ms = 0;
    std::uint64_t idle_ms = 0;
    std::uint64_t total_ms = 0;
};

}  // namespace parley::config
