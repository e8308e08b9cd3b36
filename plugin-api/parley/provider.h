/* parley/provider.h: parley.provider/1, a place that serves models and speaks a dialect.
 *
 * One component may run as several named instances, each with its own configuration (base_url,
 * headers). A provider says where a request goes, how it is proven, and what a reply means; the
 * host does the I/O and decides about retries.
 *
 * A provider without a network answers itself (the answer_* functions): it is then a state machine
 * that hands out bytes, and the host treats them as it treats bytes from a socket.
 */
#ifndef PARLEY_PROVIDER_H
#define PARLEY_PROVIDER_H

#include "parley/abi.h"
#include "parley/dialect.h"
#include "parley/http.h"

PARLEY_EXTERN_C_BEGIN

#define PARLEY_KIND_PROVIDER "parley.provider/1"

/* An identity at a provider. Valid for the call; the host wipes the secret afterwards. */
typedef struct parley_account {
    uint32_t struct_size;
    uint32_t reserved0;
    parley_str id;
    parley_str label;
    parley_str secret;     /* an API key, or the JSON object that a login published */
    parley_str attributes; /* JSON object, not secret; may be empty */
    uint64_t revision;
    int64_t expires_at_ms; /* wall clock; 0: does not expire */
    parley_str base_url; /* in place of the instance's; may be empty */
} parley_account;

/* What a plan is asked for. */
typedef struct parley_plan_ask {
    uint32_t struct_size;
    uint32_t operation; /* PARLEY_OPERATION_* */
    uint32_t stream;    /* 1 when the client asked for a stream */
    uint32_t attempt;   /* 1 for the first */
    parley_str dialect; /* the dialect that the request is in */
    parley_str model;   /* the upstream's name for it */
    parley_str path;    /* as the dialect wants it: "/v1/chat/completions" */
    parley_str query;   /* without the question mark; may be empty */
    const parley_account *account;
    const parley_http_request *client; /* the client's own request */
} parley_plan_ask;

#define PARLEY_PLAN_ANSWER (1u << 0)     /* no network: use answer_open */
#define PARLEY_PLAN_IDEMPOTENT (1u << 1) /* may be sent again although bytes went out */

/* Where a request goes. Deadlines of 0 mean the host's own. */
typedef struct parley_plan {
    uint32_t struct_size;
    uint32_t flags;    /* PARLEY_PLAN_* */
    parley_str origin; /* "https://api.example.com" or with ":port" */
    parley_str target; /* path and query: "/v1/chat/completions?x=y" */
    /* Replace the client's headers of the same name; an empty value removes them. */
    const parley_header *headers;
    uint64_t header_count;
    uint32_t connect_ms;
    uint32_t head_ms;
    uint32_t content_ms; /* first content */
    uint32_t idle_ms;
} parley_plan;

/* What a place wants otherwise than its dialect says. */
#define PARLEY_WANT_AMEND (1u << 0) /* amend is called for the body */
/* The request is written anew from its canonical form, never relayed, although its client speaks
 * the dialect: for a place that answers with streams only, or lacks what is asked for. */
#define PARLEY_WANT_CANONICAL (1u << 1)

/* How a body changes on its way to a place. Cleared by the host, filled by amend. */
typedef struct parley_amendment {
    uint32_t struct_size;
    uint32_t reserved0;
    const parley_edit *edits; /* of the body that amend was given; ascending, not overlapping */
    uint64_t edit_count;
    const parley_warning *const *warnings; /* what the place could not be told */
    uint64_t warning_count;
} parley_amendment;

/* What a failed attempt means. Cleared by the host, filled by classify. */
typedef struct parley_verdict {
    uint32_t struct_size;
    uint32_t reserved0;
    parley_error error; /* class, fault, scope, advice, retry_after_ms, code, message */
    uint64_t cool_down_ms; /* how long to leave `scope` alone; 0: the host's default */
} parley_verdict;

/* A model that a provider offers; "*" at the end matches any rest. */
typedef struct parley_model_offer {
    uint32_t struct_size;
    uint32_t reserved0;
    parley_str pattern;
} parley_model_offer;

/* What a window limits. Values above 5 are treated as SHARE. */
#define PARLEY_WINDOW_REQUESTS 1
#define PARLEY_WINDOW_TOKENS 2 /* input and output together */
#define PARLEY_WINDOW_INPUT_TOKENS 3
#define PARLEY_WINDOW_OUTPUT_TOKENS 4
#define PARLEY_WINDOW_SHARE 5 /* of a plan; limit and remaining are in millionths of it */

#define PARLEY_WINDOW_REFILLS (1u << 0) /* steadily until reset_ms; otherwise all at once then */

/* One window of a rate limit, as the head of a reply tells it. Cleared by the host. */
typedef struct parley_window {
    uint32_t struct_size;
    uint32_t kind;  /* PARLEY_WINDOW_* */
    uint32_t flags; /* PARLEY_WINDOW_REFILLS */
    uint32_t scope; /* PARLEY_SCOPE_ACCOUNT: all models share it; else the model's own */
    parley_str name; /* what tells it from others, up to 23 bytes: "tokens", "7d"; in the head */
    uint64_t limit;
    uint64_t remaining;
    uint64_t reset_ms;  /* from now until it is full; 0: it is full */
    uint64_t length_ms; /* from empty to full; 0: not known */
} parley_window;

/* What an own answer does next. */
typedef struct parley_answer {
    uint32_t struct_size;
    uint32_t status;       /* HTTP status; read once, after the first step */
    parley_str content_type; /* ditto; static or in the session */
    const parley_header *headers; /* ditto */
    uint64_t header_count;
    uint64_t wait_ms; /* after PARLEY_AGAIN: how long until the next step; UINT64_MAX: never */
} parley_answer;

typedef struct parley_provider {
    uint32_t struct_size;
    uint32_t reserved0;

    /* The dialects this instance speaks, best first.
     * @thread ctl  @need required  @life instance  @null none  @since 0.1 */
    const parley_str *(*dialects)(parley_instance *instance, uint32_t *count);

    /* The models it offers when configuration names none.
     * @thread ctl  @need optional: every model  @life instance  @null none  @since 0.1 */
    const parley_model_offer *(*models)(parley_instance *instance, uint32_t *count);

    /* Where and how to send a request. Headers that carry the secret are marked
     * PARLEY_HEADER_SECRET; the target never carries it. Same input, same output.
     * @thread loop  @need required  @life arena  @null none  @since 0.1 */
    parley_status (*plan)(parley_instance *instance, const parley_plan_ask *ask,
                          const parley_arena *arena, parley_plan *out, parley_error *error);

    /* What a reply that is not a success means. `told` is what the dialect's decode_error read, its
     * class by the status where the body had none; `head` is NULL when there was no reply, and told
     * then says why.
     * @thread loop  @need optional: by status and told  @life arena  @null head may be NULL
     * @since 0.1 */
    parley_status (*classify)(parley_instance *instance, const parley_account *account,
                              const parley_http_reply_head *head, parley_bytes body,
                              const parley_error *told, const parley_arena *arena,
                              parley_verdict *out);

    /* Starts an answer of its own to the request (already retargeted).
     * @thread loop  @need optional: has a network  @life until answer_close  @null none
     * @since 0.1 */
    parley_status (*answer_open)(parley_instance *instance, const parley_plan_ask *ask,
                                 parley_bytes body, parley_session **out, parley_error *error);

    /* The next bytes. PARLEY_OK: call again at once; PARLEY_AGAIN: call again after wait_ms;
     * PARLEY_DONE: that was the end; PARLEY_CLOSED: as if the connection had been cut.
     * @thread loop  @need with answer_open  @life session  @null none  @since 0.1 */
    parley_status (*answer_step)(parley_session *session, parley_answer *io,
                                 const parley_out *out);

    /* @thread loop  @need with answer_open  @life none  @null none  @since 0.1 */
    void (*answer_close)(parley_session *session);

    /* What this request's place wants: PARLEY_WANT_*. Before the request is written, so that path
     * and query are the client's.
     * @thread loop  @need optional: nothing  @life none  @null none  @since 0.1 */
    uint32_t (*wants)(parley_instance *instance, const parley_plan_ask *ask);

    /* Which bytes of a body change, where wants said AMEND. `body` is the client's own when the
     * request is relayed, otherwise what the dialect wrote. The value of the member that names
     * the model is the dialect's to change.
     * @thread loop  @need optional: none  @life arena  @null none  @since 0.1 */
    parley_status (*amend)(parley_instance *instance, const parley_plan_ask *ask,
                           parley_bytes body, const parley_arena *arena, parley_amendment *out,
                           parley_error *error);

    /* What the head of a reply, of whatever status, tells of the rate limits of the account that
     * asked. Fills at most `capacity` windows and returns how many. `wall_ms` is now.
     * @thread loop  @need optional: tells nothing  @life call  @null none  @since 0.1 */
    uint32_t (*windows)(parley_instance *instance, const parley_http_reply_head *head,
                        int64_t wall_ms, parley_window *out, uint32_t capacity);
} parley_provider;

PARLEY_EXTERN_C_END

#endif
