/* parley/observer.h: parley.observer/1, which is told afterwards.
 *
 * Every exchange makes one notice when it is over, whatever came of it. Notices wait in a bounded
 * queue and go out in batches on a pool thread; when an observer is slow the oldest are dropped
 * and counted. So an observer may block, and no stream ever waits for one.
 *
 * Notices hold no contents: neither text nor secrets. Texts such as models and callers come from
 * clients and configuration; whoever writes them down escapes them.
 */
#ifndef PARLEY_OBSERVER_H
#define PARLEY_OBSERVER_H

#include "parley/abi.h"
#include "parley/request.h"

PARLEY_EXTERN_C_BEGIN

#define PARLEY_KIND_OBSERVER "parley.observer/1"

/* What came of an exchange or an attempt. Unknown values are treated as FAILED. */
#define PARLEY_OUTCOME_SUCCEEDED 1
#define PARLEY_OUTCOME_FAILED 2    /* see error_class */
#define PARLEY_OUTCOME_REFUSED 3   /* never tried: authentication, limits, a filter */
#define PARLEY_OUTCOME_CANCELLED 4 /* the client left */

/* One try with one account. Lives as long as its notice. Times count from the start of the
 * attempt; UINT64_MAX when it did not get that far. */
typedef struct parley_attempt_notice {
    uint32_t struct_size;
    uint32_t outcome;     /* PARLEY_OUTCOME_* */
    int32_t error_class;  /* PARLEY_E_*; 0: none */
    uint32_t scope;       /* PARLEY_SCOPE_*: what was bad; 0: nothing */
    uint32_t http_status; /* 0: there was no reply */
    uint32_t reused;      /* 1: on a connection that was open already */
    parley_str provider;  /* the instance's name */
    parley_str account;   /* its id */
    parley_str model;     /* the upstream's name for it */
    parley_str code;      /* the error's short stable token; may be empty */
    uint64_t start_ms;    /* from the start of the exchange */
    uint64_t connect_ms;
    uint64_t head_ms;
    uint64_t content_ms; /* first content */
    uint64_t total_ms;
    uint64_t sent_bytes;
    uint64_t received_bytes;
} parley_attempt_notice;

/* One exchange that is over. Valid for the call. */
typedef struct parley_notice {
    uint32_t struct_size;
    uint32_t outcome;     /* PARLEY_OUTCOME_* */
    int32_t error_class;  /* PARLEY_E_*; 0: none */
    uint32_t http_status; /* what the client got; 0: nothing */
    uint32_t finish;      /* PARLEY_FINISH_* of event.h; 0: none, or not known of a relayed reply */
    uint32_t reserved0;
    const parley_exchange *exchange;
    const parley_attempt_notice *const *attempts; /* in order */
    uint64_t attempt_count;
    const parley_usage *usage; /* NULL: the upstream did not tell */
    const parley_warning *const *warnings;
    uint64_t warning_count;
    parley_str code;    /* the error's short stable token; may be empty */
    int64_t started_ms; /* wall clock */
    /* From the start of the exchange; UINT64_MAX when it did not get that far. */
    uint64_t read_ms;   /* the request was read */
    uint64_t commit_ms; /* the first byte went to the client */
    uint64_t total_ms;
    uint64_t received_bytes; /* from the client */
    uint64_t sent_bytes;     /* to the client */
} parley_notice;

/* Some notices, oldest first. Valid for the call. */
typedef struct parley_notice_batch {
    uint32_t struct_size;
    uint32_t reserved0;
    const parley_notice *const *notices;
    uint64_t notice_count; /* 1 or more, at most 1024 */
    uint64_t dropped;      /* how many were lost since the batch before */
} parley_notice_batch;

typedef struct parley_observer {
    uint32_t struct_size;
    uint32_t reserved0;

    /* Takes a batch. Calls on one instance do not overlap. After a failure the batch is not given
     * again; the host logs the failure and counts the notices as lost. When `cancel` is set the
     * host is going down and waits a moment longer.
     * @thread pool  @need required  @life none  @null none  @since 0.1 */
    parley_status (*observe)(parley_instance *instance, const parley_notice_batch *batch,
                             const parley_cancel *cancel, parley_error *error);
} parley_observer;

PARLEY_EXTERN_C_END

#endif
