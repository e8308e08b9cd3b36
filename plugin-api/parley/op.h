/* parley/op.h: work of many steps that is not a token stream, such as a login or a refresh.
 *
 * An op is a state machine of the plugin. It never does I/O: a step asks for effects, the host
 * performs them and steps again with each result. So an op can be killed between any two steps,
 * runs in a test from a written transcript, and blocks nothing.
 *
 * Life: a function of a kind's table begins it, then `step` once with PARLEY_EFFECT_START and once
 * for every effect that ends, until step returns PARLEY_DONE or a negative status; then `destroy`.
 * The host may destroy an op at any time between steps; that is how one is cancelled.
 *
 * An effect is asked for by calling a slot of parley_effects with a number that the op chose. The
 * slot copies what it is given and returns at once; the host performs the effect after the step.
 * Any number may be outstanding. Each effect ends exactly once, in any order; the results of those
 * that are outstanding when the op is done are dropped.
 */
#ifndef PARLEY_OP_H
#define PARLEY_OP_H

#include "parley/abi.h"
#include "parley/http.h"
#include "parley/store.h"

PARLEY_EXTERN_C_BEGIN

/* Kinds of effects. Closed: a host never resumes with a kind that the op did not ask for. */
#define PARLEY_EFFECT_START 0 /* not an effect: the first step */
#define PARLEY_EFFECT_HTTP 1
#define PARLEY_EFFECT_TIMER 2
#define PARLEY_EFFECT_SHOW_USER 3
#define PARLEY_EFFECT_AWAIT_CALLBACK 4
#define PARLEY_EFFECT_RANDOM 5
#define PARLEY_EFFECT_CLOCK 6
#define PARLEY_EFFECT_STORE_GET 7
#define PARLEY_EFFECT_STORE_PUT 8
#define PARLEY_EFFECT_PUBLISH 9 /* never resumed; stands in transcripts */

#define PARLEY_RANDOM_MAX 1024 /* bytes that one RANDOM may ask for */

/* ---- what effects are asked with: all valid for the call, copied by the host ----------------- */

#define PARLEY_HTTP_CALL_IDEMPOTENT (1u << 0) /* may be sent again when a connection dies */

/* One HTTP request. The host adds framing, User-Agent and the account's way out, follows no
 * redirect, and verifies certificates. */
typedef struct parley_http_call {
    uint32_t struct_size;
    uint32_t flags; /* PARLEY_HTTP_CALL_* */
    parley_str method;
    parley_str url; /* absolute; http only to loopback addresses */
    const parley_header *headers;
    uint64_t header_count;
    parley_str content_type; /* empty: no body */
    parley_bytes body;
    uint64_t reply_max; /* bytes of reply body; 0: 1 MiB */
    uint64_t timeout_ms; /* from first to last byte; 0: the host's own */
} parley_http_call;

/* What a person has to do. At least one of url and message is not empty. */
typedef struct parley_show_user {
    uint32_t struct_size;
    uint32_t reserved0;
    parley_str url;     /* to open in a browser */
    parley_str code;    /* to type there */
    parley_str message; /* one sentence */
    uint64_t expires_in_ms; /* 0: not told */
} parley_show_user;

/* A browser that comes back. The host owns the listener, so that two logins, or two generations of
 * a plugin, never fight for a port. */
typedef struct parley_await_callback {
    uint32_t struct_size;
    uint32_t port; /* loopback port that the vendor has registered; 0: the one of callback_origin */
    parley_str path;  /* literal: "/auth/callback" */
    parley_str state; /* what the `state` of the query must be; others are turned away */
} parley_await_callback;

/* A write to the component's own corner of the store, plugin/<component id>/. */
typedef struct parley_store_put {
    uint32_t struct_size;
    uint32_t reserved0;
    parley_str key;    /* below the corner */
    parley_bytes value;
    uint64_t expected; /* revision to replace, PARLEY_REVISION_NONE or _ANY of store.h */
} parley_store_put;

/* ---- the outlet ------------------------------------------------------------------------------ */

/* Where a step asks for effects. The host owns it; it is valid for the call. A slot that a host
 * does not have is an effect that it does not offer: ask with PARLEY_HAS before use. Every slot
 * returns PARLEY_OK, -PARLEY_E_INVALID_ARGUMENT for an id that is outstanding or an argument that
 * cannot be, or -PARLEY_E_BUDGET when too many effects are outstanding. What goes wrong later
 * arrives as the result. */
typedef struct parley_effects {
    uint32_t struct_size;
    uint32_t reserved0;
    void *ctx;

    /* Sends a request. Ends with head and body for every status, and with a negative status only
     * when there was no reply or it was longer than reply_max.
     * @thread the thread of the call that was given the effects  @need required  @life none
     * @null none  @since 0.1 */
    parley_status (*http)(const struct parley_effects *effects, uint64_t id,
                          const parley_http_call *call);

    /* Ends after so many milliseconds.
     * @thread the thread of the call that was given the effects  @need required  @life none
     * @null none  @since 0.1 */
    parley_status (*timer)(const struct parley_effects *effects, uint64_t id, uint64_t wait_ms);

    /* Shows something to the person who began the op. Ends when it is shown, with
     * -PARLEY_E_UNSUPPORTED when nobody is there, as in a refresh.
     * @thread the thread of the call that was given the effects  @need optional: nobody to show to
     * @life none  @null none  @since 0.1 */
    parley_status (*show_user)(const struct parley_effects *effects, uint64_t id,
                               const parley_show_user *show);

    /* Waits for a browser to come back. Ends with the query; with -PARLEY_E_CONFLICT when the port
     * is taken. The host may also take the address that a person pasted.
     * @thread the thread of the call that was given the effects  @need optional: no listener
     * @life none  @null none  @since 0.1 */
    parley_status (*await_callback)(const struct parley_effects *effects, uint64_t id,
                                    const parley_await_callback *callback);

    /* Ends with `size` bytes from the system's random source, at most PARLEY_RANDOM_MAX. Ops draw
     * here and not from parley.host.crypto/1, so that a transcript replays them.
     * @thread the thread of the call that was given the effects  @need required  @life none
     * @null none  @since 0.1 */
    parley_status (*random)(const struct parley_effects *effects, uint64_t id, uint64_t size);

    /* Ends with the time. For the same reason as random, instead of the host's clocks.
     * @thread the thread of the call that was given the effects  @need required  @life none
     * @null none  @since 0.1 */
    parley_status (*clock)(const struct parley_effects *effects, uint64_t id);

    /* Reads a document of the component's own corner of the store. Ends with value and revision,
     * or with -PARLEY_E_NOT_FOUND.
     * @thread the thread of the call that was given the effects  @need optional: no store
     * @life none  @null none  @since 0.1 */
    parley_status (*store_get)(const struct parley_effects *effects, uint64_t id, parley_str key);

    /* Writes one. Ends with the new revision; with -PARLEY_E_CONFLICT and the one in force when
     * `expected` is not it.
     * @thread the thread of the call that was given the effects  @need optional: no store
     * @life none  @null none  @since 0.1 */
    parley_status (*store_put)(const struct parley_effects *effects, uint64_t id,
                               const parley_store_put *put);

    /* Hands over the op's result; what it is stands at the function that begins the op. Has no id
     * and no end of its own: the step that publishes returns PARLEY_DONE. Once in an op's life.
     * @thread the thread of the call that was given the effects  @need required  @life none
     * @null none  @since 0.1 */
    parley_status (*publish)(const struct parley_effects *effects, parley_str result);
} parley_effects;

/* ---- the way back ---------------------------------------------------------------------------- */

/* How one effect ended. Valid for the call; which members are set depends on kind. */
typedef struct parley_resume {
    uint32_t struct_size;
    uint32_t kind;        /* PARLEY_EFFECT_*; START on the first step */
    uint64_t id;          /* the number that the op gave the effect; START: 0 */
    parley_status status; /* PARLEY_OK, or the negated class of what went wrong */
    uint32_t reserved0;
    const parley_error *error;          /* NULL unless status is negative */
    const parley_http_reply_head *head; /* HTTP, when there was a reply; otherwise NULL */
    parley_bytes bytes;  /* HTTP: the body; RANDOM: the bytes; STORE_GET: the value */
    parley_str query;    /* AWAIT_CALLBACK: as the browser sent it, percent-encoding kept */
    uint64_t revision;   /* STORE_GET, STORE_PUT; 0: there is no document */
    int64_t wall_ms;     /* CLOCK: milliseconds since 1970 UTC */
    int64_t monotonic_ms; /* CLOCK: of host.h */
} parley_resume;

/* How ops are driven. Static; the table of a kind that begins ops points to one. Calls on one op
 * never overlap, but may come from one thread after another. */
typedef struct parley_op_table {
    uint32_t struct_size;
    uint32_t reserved0;

    /* Takes one result and asks for what comes next. PARLEY_PENDING: go on when an effect ends;
     * PARLEY_DONE: published; negative: failed, error says why, and the effects are cancelled.
     * PENDING with nothing outstanding, DONE without a result and any other status are failures
     * of class INTERNAL, scope PLUGIN. The host bounds the steps and the time of an op.
     * @thread loop  @need required  @life none  @null none  @since 0.1 */
    parley_status (*step)(parley_op *op, const parley_resume *resume,
                          const parley_effects *effects, parley_error *error);

    /* Ends the op and its outstanding effects. An op that held a secret wipes it here.
     * @thread loop  @need required  @life none  @null none  @since 0.1 */
    void (*destroy)(parley_op *op);
} parley_op_table;

PARLEY_EXTERN_C_END

#endif
