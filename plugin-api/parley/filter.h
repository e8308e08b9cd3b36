/* parley/filter.h: parley.filter/1, which reads or changes canonical requests and events.
 *
 * A filter says once what it wants to see, and only that reaches it: what nobody asked for costs
 * nothing, and an exchange without an interested filter is relayed untouched. Filters stand in the
 * order of configuration; events pass them in the same order.
 *
 * Life of a session: open, request (when wanted), event for each wanted one, finish, close. Each
 * attempt has a session of its own and begins with the request as the client sent it, so that one
 * that failed leaves no trace. When it fails, or the client leaves, only close comes.
 *
 * A filter computes: no sockets, threads, clocks or sleeps. When it fails, the exchange fails; a
 * filter that would rather let things through answers PARLEY_FILTER_CONTINUE instead.
 */
#ifndef PARLEY_FILTER_H
#define PARLEY_FILTER_H

#include "parley/abi.h"
#include "parley/event.h"
#include "parley/request.h"

PARLEY_EXTERN_C_BEGIN

#define PARLEY_KIND_FILTER "parley.filter/1"

#define PARLEY_INTEREST_REQUESTS (1u << 0) /* wants the request */

/* The bit of an event type in parley_filter_interest.events; types from 63 on share the last. */
#define PARLEY_INTEREST_EVENT(type) (1ULL << ((type) < 63 ? (type) : 63))

/* What an instance wants. The host clears it, the filter fills it. */
typedef struct parley_filter_interest {
    uint32_t struct_size;
    uint32_t flags;    /* PARLEY_INTEREST_* */
    uint64_t events;   /* PARLEY_INTEREST_EVENT bits; the others go past it */
    uint64_t hold_max; /* bytes of text that it may hold back at a time, at most 65536; 0: none */
} parley_filter_interest;

/* What a session is opened with. Valid for the session's life. */
typedef struct parley_filter_open {
    uint32_t struct_size;
    uint32_t attempt; /* of this exchange; 1 for the first */
    const parley_exchange *exchange;
    parley_str provider;         /* the instance that the request goes to */
    parley_str upstream_dialect; /* component id */
    parley_str upstream_model;
    const parley_arena *arena; /* lives as long as the session */
} parley_filter_open;

#define PARLEY_FILTER_CONTINUE 1 /* as it is */
#define PARLEY_FILTER_REPLACE 2  /* with `request` */
#define PARLEY_FILTER_ROUTE 3    /* somewhere else; with `request` unless that is NULL */
#define PARLEY_FILTER_REJECT 4   /* the client gets the error */
#define PARLEY_FILTER_RESPOND 5  /* the client gets `events`; no upstream is asked */

/* What happens to a request. The host clears it; what it points to lives in the arena of the call,
 * or is a node of the request that was given. */
typedef struct parley_filter_decision {
    uint32_t struct_size;
    uint32_t action; /* PARLEY_FILTER_* */
    const parley_request *request;
    parley_str model;    /* ROUTE: resolved as if the client had named it; empty: as it is */
    parley_str provider; /* ROUTE: only this instance; empty: any */
    parley_str egress;   /* ROUTE: the way out, by name in configuration; empty: the account's */
    const parley_event *const *events; /* RESPOND: a whole stream by the grammar of event.h */
    uint64_t event_count;
} parley_filter_decision;

typedef struct parley_filter {
    uint32_t struct_size;
    uint32_t reserved0;

    /* What this instance wants to see. Called once, after activate.
     * @thread ctl  @need required  @life none  @null none  @since 0.1 */
    parley_status (*interest)(parley_instance *instance, parley_filter_interest *out,
                              parley_error *error);

    /* Starts with one attempt.
     * @thread loop  @need required  @life until close  @null none  @since 0.1 */
    parley_status (*open)(parley_instance *instance, const parley_filter_open *open,
                          parley_session **out, parley_error *error);

    /* Decides about the request, in normal form; later filters see what earlier ones made of it.
     * The arena lives as long as the exchange. With PARLEY_FILTER_REJECT the filter fills error
     * and returns PARLEY_OK. A negative status fails the exchange, as do a ROUTE that leads nowhere
     * and a fourth ROUTE in one exchange.
     * @thread loop  @need optional: wants no requests  @life arena  @null none  @since 0.1 */
    parley_status (*request)(parley_session *session, const parley_request *request,
                             const parley_arena *arena, parley_filter_decision *out,
                             parley_error *error);

    /* Takes one wanted event: passes it on, changes it, drops it, adds others, or holds its text
     * back up to hold_max; all of it through the sink, where the grammar is checked. What is held
     * back must be let go before the part ends, so such a filter wants PART_ENDED. PARLEY_OK; or
     * PARLEY_DONE when the filter has ended the stream itself: the host then stops the upstream. A
     * negative status ends the stream with PARLEY_E_INTERNAL, scope PLUGIN.
     * @thread loop  @need optional: wants no events  @life call  @null none  @since 0.1 */
    parley_status (*event)(parley_session *session, const parley_event *event,
                           const parley_sink *sink, parley_error *error);

    /* The terminal event has gone by; there is no sink any more. `terminal` is that event as it
     * left the last filter.
     * @thread loop  @need optional: nothing to do  @life none  @null none  @since 0.1 */
    void (*finish)(parley_session *session, const parley_event *terminal);

    /* Ends the session, whether or not it finished.
     * @thread loop  @need required  @life none  @null none  @since 0.1 */
    void (*close)(parley_session *session);
} parley_filter;

PARLEY_EXTERN_C_END

#endif
