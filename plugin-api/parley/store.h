/* parley/store.h: parley.store/1, which keeps and finds documents.
 *
 * A store keeps what must outlive the host: accounts, state, statistics, and a corner for each
 * plugin. No request waits on it: the host reads at start and on change, serves from memory and
 * writes behind. So a store may block, and its functions run on pool threads, several at a time.
 *
 * Keys     UTF-8, 1 to 512 bytes, segments divided by "/". A segment is not empty, not "." or
 *          ".." and holds no control character; anything else may be in it, so a store that maps
 *          keys to names must escape. First segments: account, config, state, stats, plugin.
 * Values   opaque bytes, at least 1 MiB of them; an empty value is a document like any other.
 * Revision a number that changes with every write of the document, never PARLEY_REVISION_NONE or
 *          _ANY. It is compared for equality and need not count.
 * Position a text that marks how far a watcher has seen, opaque to the host.
 *
 * An answer is either right or an error: a store that cannot read says so and never answers with
 * "not found" or an empty list, which would look as if every account had been deleted. Classes:
 * OVERLOADED with retry_after_ms when busy, FORBIDDEN when permission is missing, TOO_LARGE,
 * CORRUPT_STATE when what it finds cannot be its own, CANCELLED, and otherwise INTERNAL.
 *
 * What a function returns in an arena is a copy; nothing that it returned changes later.
 */
#ifndef PARLEY_STORE_H
#define PARLEY_STORE_H

#include "parley/abi.h"

PARLEY_EXTERN_C_BEGIN

#define PARLEY_KIND_STORE "parley.store/1"

/* What a writer expects to replace. */
#define PARLEY_REVISION_NONE 0         /* there is no document */
#define PARLEY_REVISION_ANY UINT64_MAX /* whatever is there, or nothing */

/* What a store can do. The host works around what is missing, as said. */
#define PARLEY_STORE_CAS (1u << 0)        /* expected is checked atomically; else: one writer */
#define PARLEY_STORE_BATCH (1u << 1)      /* has batch; else: one write at a time, in order */
#define PARLEY_STORE_WATCH_POLL (1u << 2) /* has poll; else: the host lists now and then */
#define PARLEY_STORE_WATCH_PUSH (1u << 3) /* has watch as well; else: the host polls */
#define PARLEY_STORE_LEASE (1u << 4)      /* has leases; else: valid in one process only */
#define PARLEY_STORE_DURABLE (1u << 5)    /* what put returned survives a crash */
#define PARLEY_STORE_READ_ONLY (1u << 6)  /* every write is FORBIDDEN; the host asks for none */

/* What open found. The host clears it, the store fills it. */
typedef struct parley_store_facts {
    uint32_t struct_size;
    uint32_t capabilities;     /* PARLEY_STORE_* */
    uint32_t parallel_reads;   /* calls of get, list and poll at a time; 0: 4 */
    uint32_t parallel_writes;  /* calls of the others at a time; 0: 1 */
    uint64_t value_max;        /* bytes, at least 1 MiB; 0: 1 MiB */
    uint64_t poll_interval_ms; /* how often poll is worth calling; 0: 1000 */
} parley_store_facts;

/* One document. In the arena of the call that found it. */
typedef struct parley_document {
    uint32_t struct_size;
    uint32_t reserved0;
    parley_str key;
    parley_bytes value;      /* empty in a list that did not ask for values */
    parley_str content_type; /* as it was put; "application/json" when the store does not know */
    uint64_t revision;
    int64_t modified_ms; /* wall clock; 0: not known */
} parley_document;

/* One page of a list. The host clears it; elements and cursor live in the arena. */
typedef struct parley_page {
    uint32_t struct_size;
    uint32_t reserved0;
    const parley_document *const *documents; /* keys ascend bytewise */
    uint64_t document_count;
    parley_str cursor; /* where to go on; empty: this was the last page */
} parley_page;

#define PARLEY_WRITE_PUT 1
#define PARLEY_WRITE_REMOVE 2

/* One write. Valid for the call. */
typedef struct parley_write {
    uint32_t struct_size;
    uint32_t kind; /* PARLEY_WRITE_* */
    parley_str key;
    parley_bytes value;      /* PUT */
    parley_str content_type; /* PUT */
    uint64_t expected;       /* revision to replace, or PARLEY_REVISION_* */
} parley_write;

/* What came of a write, or of a whole batch. The host clears it. */
typedef struct parley_written {
    uint32_t struct_size;
    uint32_t reserved0;
    /* put: the new one. After a conflict: the one in force, or PARLEY_REVISION_NONE. */
    uint64_t revision;
    uint64_t at; /* batch: index of the write that stood in the way */
    /* batch: the host's room for one revision a write; 0 for those that remove. */
    uint64_t *revisions;
} parley_written;

/* Keys that changed. The host clears it; texts live in the arena. */
typedef struct parley_changes {
    uint32_t struct_size;
    uint32_t reset; /* 1: the position is too old to tell; list everything again */
    const parley_str *keys; /* each once, in any order; removed ones too */
    uint64_t key_count;
    parley_str position; /* what to ask from next time */
} parley_changes;

/* A lease in force. The host clears it, the store fills it. */
typedef struct parley_lease {
    uint32_t struct_size;
    uint32_t reserved0;
    uint64_t token;         /* grows with every new holder, never with a renewal */
    uint64_t expires_in_ms; /* CONFLICT: how long the other one still has it */
} parley_lease;

/* Where a store tells of changes. The host owns it; valid from open until close returns. */
typedef struct parley_watcher {
    uint32_t struct_size;
    uint32_t reserved0;
    void *ctx;

    /* Something below `prefix` changed, by anybody's hand. Only a hint that a poll is worth while,
     * so a hint too many costs a poll and one that was lost costs a delay, never a change.
     * @thread any  @need required  @life none  @null none  @since 0.1 */
    void (*changed)(const struct parley_watcher *watcher, parley_str prefix);
} parley_watcher;

/* A call that sees `cancel` set returns -PARLEY_E_CANCELLED soon, having done all or nothing. */
typedef struct parley_store {
    uint32_t struct_size;
    uint32_t reserved0;

    /* Opens what the configuration names and says what it can do. Called once after activate; the
     * host tries again after a failure, with growing pauses, and serves meanwhile.
     * @thread pool  @need required  @life none  @null none  @since 0.1 */
    parley_status (*open)(parley_instance *instance, const parley_watcher *watcher,
                          const parley_cancel *cancel, parley_store_facts *out,
                          parley_error *error);

    /* Ends what open began: flushes, and gives back leases. No other call is under way.
     * @thread pool  @need required  @life none  @null none  @since 0.1 */
    void (*close)(parley_instance *instance);

    /* Reads one document. -PARLEY_E_NOT_FOUND when there is none.
     * @thread pool  @need required  @life arena  @null none  @since 0.1 */
    parley_status (*get)(parley_instance *instance, parley_str key, const parley_arena *arena,
                         const parley_cancel *cancel, parley_document *out,
                         parley_error *error);

    /* Reads the documents whose keys begin with `prefix` (empty: all), `limit` at most, from
     * `cursor` on (empty: from the start). A document that is there during the whole listing comes
     * exactly once; one that comes or goes meanwhile, once or not at all. With values 1 each has
     * its value. A cursor stays valid for at least ten minutes, across other calls.
     * @thread pool  @need required  @life arena  @null none  @since 0.1 */
    parley_status (*list)(parley_instance *instance, parley_str prefix, parley_str cursor,
                          uint64_t limit, uint32_t values, const parley_arena *arena,
                          const parley_cancel *cancel, parley_page *out, parley_error *error);

    /* Writes one document, whole or not at all. -PARLEY_E_CONFLICT when the revision in force is
     * not `expected`; out then tells it. With DURABLE it returns when a crash can no longer undo
     * it.
     * @thread pool  @need required  @life none  @null none  @since 0.1 */
    parley_status (*put)(parley_instance *instance, const parley_write *write,
                         const parley_cancel *cancel, parley_written *out, parley_error *error);

    /* Removes one document. Nothing there is success with PARLEY_REVISION_ANY and a conflict with
     * any other expectation.
     * @thread pool  @need required  @life none  @null none  @since 0.1 */
    parley_status (*remove)(parley_instance *instance, const parley_write *write,
                            const parley_cancel *cancel, parley_written *out,
                            parley_error *error);

    /* Does all of the writes or none. out.at tells which one stood in the way. No key comes twice.
     * @thread pool  @need optional: without PARLEY_STORE_BATCH  @life none  @null none
     * @since 0.1 */
    parley_status (*batch)(parley_instance *instance, const parley_write *const *writes,
                           uint64_t count, const parley_cancel *cancel, parley_written *out,
                           parley_error *error);

    /* Which keys below `prefix` changed after `position`. An empty position asks for none of them,
     * only for where to begin. A write that returned before the call is seen by it. Positions
     * outlive the instance and the process.
     * @thread pool  @need optional: without PARLEY_STORE_WATCH_POLL  @life arena  @null none
     * @since 0.1 */
    parley_status (*poll)(parley_instance *instance, parley_str prefix, parley_str position,
                          const parley_arena *arena, const parley_cancel *cancel,
                          parley_changes *out, parley_error *error);

    /* Waits for news and tells the watcher. Blocks at most one second at a time and is called
     * again, on a thread kept for it. PARLEY_OK: again at once; PARLEY_AGAIN: nothing came.
     * After a failure the host polls and calls again with growing pauses.
     * @thread pool  @need optional: without PARLEY_STORE_WATCH_PUSH  @life none  @null none
     * @since 0.1 */
    parley_status (*watch)(parley_instance *instance, const parley_cancel *cancel,
                           parley_error *error);

    /* Takes the lease `name` for `owner`, for `ttl_ms` by the store's own clock. Taking what the
     * same owner holds succeeds with the same token. -PARLEY_E_CONFLICT when another has it; out
     * then tells for how long.
     * @thread pool  @need optional: without PARLEY_STORE_LEASE  @life none  @null none
     * @since 0.1 */
    parley_status (*lease)(parley_instance *instance, parley_str name, parley_str owner,
                           uint64_t ttl_ms, const parley_cancel *cancel, parley_lease *out,
                           parley_error *error);

    /* Makes a lease last another `ttl_ms` from now. -PARLEY_E_CONFLICT when it ran out or another
     * has it; the owner then stops what the lease protects.
     * @thread pool  @need with lease  @life none  @null none  @since 0.1 */
    parley_status (*renew)(parley_instance *instance, parley_str name, uint64_t token,
                           uint64_t ttl_ms, const parley_cancel *cancel, parley_lease *out,
                           parley_error *error);

    /* Gives a lease back. One that ran out or that another has is left as it is, with success.
     * @thread pool  @need with lease  @life none  @null none  @since 0.1 */
    parley_status (*release)(parley_instance *instance, parley_str name, uint64_t token,
                             const parley_cancel *cancel, parley_error *error);

    /* Whether a put would work now, found out as cheaply as can be. For the status page; never
     * decides whether a request is served.
     * @thread pool  @need optional: by what the last call returned  @life none  @null none
     * @since 0.1 */
    parley_status (*health)(parley_instance *instance, const parley_cancel *cancel,
                            parley_error *error);
} parley_store;

PARLEY_EXTERN_C_END

#endif
