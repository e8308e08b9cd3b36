/* parley/policy.h: parley.policy/1, which picks the account for an attempt.
 *
 * The host lists the candidates that may serve a request and leaves out those that are disabled,
 * cooling down, at their limit or already tried in this exchange. The policy says which of the
 * rest it shall be; of more than 64 it sees 64. The host goes on to decide about retries.
 *
 * A policy computes, within 100 us: no clocks and no randomness of its own, since the ask brings
 * both. There are no sessions: all loops call one instance at the same time, so what it learns it
 * keeps in atomics, or by loop_index of parley.host.thread-check/1.
 */
#ifndef PARLEY_POLICY_H
#define PARLEY_POLICY_H

#include "parley/abi.h"
#include "parley/request.h"

PARLEY_EXTERN_C_BEGIN

#define PARLEY_KIND_POLICY "parley.policy/1"

/* One account that may serve the request, with what the host has seen of it. Valid for the call.
 * Averages forget with a half-life of a minute. */
typedef struct parley_candidate {
    uint32_t struct_size;
    uint32_t weight;    /* from configuration, at least 1 */
    int32_t priority;   /* from configuration; higher goes first */
    uint32_t in_flight; /* attempts under way */
    uint64_t number;    /* the same for this pair of account and model as long as the host runs */
    parley_str account;
    parley_str provider; /* the instance's name */
    parley_str model;    /* the upstream's name for it */
    uint32_t success_per_mille; /* of recent attempts; 1000 before the first */
    uint32_t last_error_class;  /* PARLEY_E_* of the latest attempt; 0: it succeeded, or none yet */
    uint64_t content_ms;        /* average time to first content; 0: not known */
    uint64_t idle_ms;           /* since the last attempt ended; UINT64_MAX: none yet */
    uint64_t attempts;          /* so far */
    int64_t quota_left;         /* tokens, as the upstream told; -1: not told */
    uint64_t quota_reset_ms;    /* from now; 0: not told */
    uint64_t session_count;     /* conversations that the host keeps on it */
} parley_candidate;

#define PARLEY_PICK_ASK_AFFINITY (1u << 0) /* `affinity` is set */

/* What a pick is asked for. Valid for the call. */
typedef struct parley_pick_ask {
    uint32_t struct_size;
    uint32_t flags;    /* PARLEY_PICK_ASK_* */
    uint32_t attempt;  /* of this exchange; 1 for the first */
    uint32_t affinity; /* index of the candidate that served this conversation last */
    const parley_exchange *exchange;
    int64_t monotonic_ms; /* now */
    uint64_t random;      /* 64 fresh random bits */
} parley_pick_ask;

#define PARLEY_PICK_INDEX 1    /* the candidate at `index` */
#define PARLEY_PICK_DELEGATE 2 /* the host's policy named `delegate` */
#define PARLEY_PICK_REJECT 3   /* none of them: the exchange fails with the error */

/* What a policy answers. The host clears it. */
typedef struct parley_pick {
    uint32_t struct_size;
    uint32_t action; /* PARLEY_PICK_* */
    uint32_t index;
    uint32_t reserved0;
    parley_str delegate; /* "round-robin", "fill-first" ...; static; empty: the host's default */
} parley_pick;

/* How an attempt that was picked went. Valid for the call. */
typedef struct parley_pick_report {
    uint32_t struct_size;
    int32_t error_class; /* 0: it succeeded, otherwise PARLEY_E_* */
    uint64_t number;     /* parley_candidate.number */
    uint32_t scope;      /* PARLEY_SCOPE_*: what is bad; 0: nothing */
    uint32_t attempt;
    uint64_t content_ms; /* until first content; 0: there was none */
    uint64_t total_ms;
    uint64_t cool_down_ms; /* how long the host leaves it alone; 0: not at all */
    const parley_usage *usage; /* NULL: not told */
    int64_t monotonic_ms;      /* now */
} parley_pick_report;

typedef struct parley_policy {
    uint32_t struct_size;
    uint32_t reserved0;

    /* Answers for one attempt. Same state and same ask, same answer. There is at least one
     * candidate; the order is that of configuration. A negative status or an index out of range is
     * a fault of the plugin: the host falls back on its default. With PARLEY_PICK_REJECT the
     * policy fills error and returns PARLEY_OK.
     * @thread loop  @need required  @life static  @null none  @since 0.1 */
    parley_status (*pick)(parley_instance *instance, const parley_pick_ask *ask,
                          const parley_candidate *const *candidates, uint32_t count,
                          parley_pick *out, parley_error *error);

    /* Hears how an attempt went, once for each that was picked, on any loop.
     * @thread loop  @need optional: nothing to learn  @life none  @null none  @since 0.1 */
    void (*report)(parley_instance *instance, const parley_pick_report *report);
} parley_policy;

PARLEY_EXTERN_C_END

#endif
