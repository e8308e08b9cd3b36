/* parley/dialect.h: parley.dialect/1, a wire format and what the host must know of it.
 *
 * A dialect is asked in two ways. When client and upstream speak the same dialect the exchange is
 * relayed: `peek` finds the model, `retarget` says which bytes of the request change, and a tap
 * watches the reply; nothing is decoded. Otherwise the client's dialect decodes the request to the
 * canonical form and encodes canonical events, and the upstream's dialect does the reverse.
 *
 * A dialect computes: no sockets, threads, clocks or sleeps. Same input, same output.
 */
#ifndef PARLEY_DIALECT_H
#define PARLEY_DIALECT_H

#include "parley/abi.h"
#include "parley/event.h"
#include "parley/http.h"
#include "parley/request.h"

PARLEY_EXTERN_C_BEGIN

#define PARLEY_KIND_DIALECT "parley.dialect/1"

/* ---- routes ---------------------------------------------------------------------------------- */

/* What a route is for. Values above 6 are treated as RELAY. */
#define PARLEY_OPERATION_GENERATE 1     /* a model's answer; has a canonical form */
#define PARLEY_OPERATION_COUNT_TOKENS 2 /* has a canonical form */
#define PARLEY_OPERATION_EMBED 3        /* has a canonical form */
#define PARLEY_OPERATION_RELAY 4        /* no canonical form: only to a provider of this dialect */
#define PARLEY_OPERATION_MODELS 5       /* the host's list of models */
#define PARLEY_OPERATION_MODEL 6        /* one model of that list */

/* One inbound route. `path` is literal but for one optional "{model}", which matches one or more
 * characters, slashes included. Static. */
typedef struct parley_route {
    uint32_t struct_size;
    uint32_t operation; /* PARLEY_OPERATION_* */
    uint32_t number;    /* the dialect's own; comes back in parley_call.route */
    uint32_t flags;     /* 0 */
    parley_str method;
    parley_str path;
} parley_route;

/* One request on one route. Valid for the whole exchange. */
typedef struct parley_call {
    uint32_t struct_size;
    uint32_t route;     /* parley_route.number */
    uint32_t operation; /* parley_route.operation */
    uint32_t reserved0;
    const parley_http_request *http;
    parley_str path_model;   /* what "{model}" matched, percent-decoded; or empty */
    parley_str content_type; /* the header's value, or empty */
    parley_str exchange_id;  /* the host's, as it stands in logs; may be empty */
} parley_call;

/* ---- relay: request -------------------------------------------------------------------------- */

#define PARLEY_PEEK_STREAM (1u << 0)      /* the client asks for a stream */
#define PARLEY_PEEK_WANTS_USAGE (1u << 1) /* the client asks for usage in the stream */

/* What only the account knows that made it: an earlier reply, a conversation, a file, reasoning
 * that nobody else can read. Of what is long, a part that tells it from others will do. */
typedef struct parley_owned {
    parley_str id;
    parley_str param; /* where the request names it: "previous_response_id"; may be empty */
} parley_owned;

/* What routing needs to know. Text lives in the body or in the arena. */
typedef struct parley_peek {
    uint32_t struct_size;
    uint32_t flags; /* PARLEY_PEEK_* */
    parley_str model;
    parley_str session_key; /* what keeps one conversation on one account; may be empty */
    uint64_t mark[8];       /* the dialect's own notes for retarget and tap_open */
    /* What the request names; the host sends it nowhere but to the account that made these. */
    const parley_owned *owned;
    uint64_t owned_count;
} parley_peek;

/* Replace body[at, at + len) by text; text lives in the arena or is static. */
typedef struct parley_edit {
    uint64_t at;
    uint64_t len;
    parley_str text;
} parley_edit;

#define PARLEY_RETARGET_ADD_USAGE (1u << 0) /* in: make the upstream report usage in the stream */
#define PARLEY_RETARGET_USAGE_ADDED (1u << 0) /* out: it was added, so the tap must cut it again */

/* How a request changes on its way to an upstream. The host clears it; the dialect fills it. */
typedef struct parley_retarget {
    uint32_t struct_size;
    uint32_t flags; /* PARLEY_RETARGET_* */
    const parley_edit *edits; /* ascending, not overlapping; in the arena */
    uint64_t edit_count;
    parley_str path;  /* empty: as the client sent it */
    parley_str query; /* used when path is not empty */
} parley_retarget;

/* ---- relay: reply ---------------------------------------------------------------------------- */

/* What a tap is opened with. Valid for the call. */
typedef struct parley_tap_open {
    uint32_t struct_size;
    uint32_t retarget_flags; /* what retarget gave back */
    const parley_call *call;
    const parley_peek *peek;
    const parley_http_reply_head *head;
} parley_tap_open;

/* How far a reply has come. */
#define PARLEY_TAP_OPEN 1     /* no content yet: nothing of it needs to be shown */
#define PARLEY_TAP_CONTENT 2  /* the client may see it now */
#define PARLEY_TAP_COMPLETE 3 /* the upstream said that it is complete */
#define PARLEY_TAP_FAILED 4   /* the upstream reported an error inside the reply */

/* A tap's view of the reply so far. Cleared by the host before the first feed, then kept. */
typedef struct parley_tap {
    uint32_t struct_size;
    uint32_t state; /* PARLEY_TAP_* */
    /* Of the bytes given, so many from the start are judged and may go to the client, less the
     * cuts. The rest comes again in front of the next input. */
    uint64_t taken;
    const parley_span *cuts; /* ascending, inside [0, taken); valid until the next call */
    uint64_t cut_count;
    parley_usage usage;
    parley_error error; /* when state is FAILED; text valid until the next call */
    /* What these bytes made, as a later request will name it; valid until the next call. */
    const parley_str *made;
    uint64_t made_count;
} parley_tap;

/* ---- codec ----------------------------------------------------------------------------------- */

#define PARLEY_CODEC_STREAM (1u << 0) /* events as a stream; otherwise one whole body */

/* Leave out, with a warning, what would otherwise be refused, as far as that is safe. */
#define PARLEY_TARGET_LENIENT (1u << 0)

/* Where a translated request goes, and what is known of the model there. Valid for the exchange. */
typedef struct parley_target {
    uint32_t struct_size;
    uint32_t flags;    /* PARLEY_TARGET_* */
    parley_str model;  /* the upstream's name for it */
    parley_str traits; /* JSON object: what the models file says of it; may be empty */
} parley_target;

/* What an encoder or decoder session is opened with. Valid for the session's life. */
typedef struct parley_codec_open {
    uint32_t struct_size;
    uint32_t flags;                    /* PARLEY_CODEC_* */
    const parley_request *request;     /* as decoded from the client, after filters */
    const parley_target *target;       /* what the request was encoded for */
    const parley_http_reply_head *head; /* decoder: the upstream's; encoder: NULL */
    parley_str model;                  /* encoder: the name the client asked for */
    const parley_arena *arena;         /* lives as long as the session */
} parley_codec_open;

/* Where and how an encoded request goes; the body goes to the parley_out. In the arena. */
typedef struct parley_encoded_request {
    uint32_t struct_size;
    uint32_t flags; /* 0 */
    parley_str path;
    parley_str query;
    parley_str content_type;
    const parley_header *headers;
    uint64_t header_count;
    const parley_warning *const *warnings; /* what this dialect could not carry */
    uint64_t warning_count;
} parley_encoded_request;

/* ---- models ---------------------------------------------------------------------------------- */

/* One model of the host's registry, for lists. */
typedef struct parley_model {
    uint32_t struct_size;
    uint32_t reserved0;
    parley_str id;
    parley_str owner;     /* the provider instance */
    int64_t created_s;    /* seconds since 1970, or 0 */
    parley_str title;     /* for people; may be empty */
    uint64_t context_max; /* tokens; 0: unknown */
    uint64_t output_max;  /* tokens; 0: unknown */
} parley_model;

/* ---- the table ------------------------------------------------------------------------------- */

typedef struct parley_dialect {
    uint32_t struct_size;
    uint32_t reserved0;

    /* The inbound routes. The same on every call.
     * @thread ctl  @need required  @life static  @null none  @since 0.1 */
    const parley_route *(*routes)(parley_instance *instance, uint32_t *count);

    /* How well a request fits when several dialects claim its route; the highest wins, ties go to
     * the dialect whose id sorts first. Looks at headers only.
     * @thread loop  @need optional: 1  @life none  @null none  @since 0.1 */
    uint32_t (*match)(parley_instance *instance, const parley_call *call);

    /* Finds model and stream flag without building a document.
     * @thread loop  @need required  @life arena  @null none  @since 0.1 */
    parley_status (*peek)(parley_instance *instance, const parley_call *call,
                          const parley_arena *arena, parley_peek *out, parley_error *error);

    /* Says which bytes change so that the upstream serves `model`.
     * @thread loop  @need required  @life arena  @null none  @since 0.1 */
    parley_status (*retarget)(parley_instance *instance, const parley_call *call,
                              const parley_peek *peek, parley_str model,
                              const parley_arena *arena, parley_retarget *io,
                              parley_error *error);

    /* Starts to watch a relayed reply.
     * @thread loop  @need required  @life until tap_close  @null none  @since 0.1 */
    parley_status (*tap_open)(parley_instance *instance, const parley_tap_open *open,
                              parley_session **out, parley_error *error);

    /* Looks at the next bytes: those that were not taken, then new ones. With eof it takes all, and
     * state tells whether the reply is complete. Negative: the upstream broke the rules, the host
     * calls tap_fail. PARLEY_DECLINED, with nothing taken: a whole reply, to be told as a stream.
     * @thread loop  @need required  @life until the next call  @null none  @since 0.1 */
    parley_status (*tap_feed)(parley_session *session, parley_bytes bytes, uint32_t eof,
                              parley_tap *io, parley_error *error);

    /* Writes the dialect's own error event for a stream that broke after it had begun.
     * @thread loop  @need required  @life none  @null none  @since 0.1 */
    parley_status (*tap_fail)(parley_session *session, const parley_error *error,
                              const parley_out *out);

    /* @thread loop  @need required  @life none  @null none  @since 0.1 */
    void (*tap_close)(parley_session *session);

    /* Writes an error as a whole reply to a request of this dialect. `call` is NULL when the
     * request matched no route.
     * @thread loop  @need required  @life arena  @null call may be NULL  @since 0.1 */
    parley_status (*encode_error)(parley_instance *instance, const parley_call *call,
                                  const parley_error *error, const parley_arena *arena,
                                  parley_http_reply *reply, const parley_out *out);

    /* Reads an upstream's error reply. `body` may be cut off.
     * @thread loop  @need required  @life arena  @null none  @since 0.1 */
    parley_status (*decode_error)(parley_instance *instance, const parley_http_reply_head *head,
                                  parley_bytes body, const parley_arena *arena,
                                  parley_error *out);

    /* Writes the host's models: the list, or the one named by the route (count is then 1).
     * @thread loop  @need optional: the dialect has no such route  @life arena  @null none
     * @since 0.1 */
    parley_status (*encode_models)(parley_instance *instance, const parley_call *call,
                                   const parley_model *const *models, uint64_t count,
                                   const parley_arena *arena, parley_http_reply *reply,
                                   const parley_out *out, parley_error *error);

    /* Client's bytes to the canonical request, in normal form.
     * @thread any  @need optional: relay only  @life arena  @null none  @since 0.1 */
    parley_status (*decode_request)(parley_instance *instance, const parley_call *call,
                                    const parley_arena *arena, const parley_request **out,
                                    parley_error *error);

    /* Canonical request to the upstream's bytes. The same request for the same target gives the
     * same bytes, and one more turn changes none of those before it, so that caches hold.
     * @thread any  @need optional: relay only  @life arena  @null none  @since 0.1 */
    parley_status (*encode_request)(parley_instance *instance, const parley_request *request,
                                    const parley_target *target, const parley_arena *arena,
                                    parley_encoded_request *head, const parley_out *out,
                                    parley_error *error);

    /* Opens a session that turns an upstream's reply into canonical events.
     * @thread loop  @need optional: relay only  @life until decoder_close  @null none
     * @since 0.1 */
    parley_status (*decoder_open)(parley_instance *instance, const parley_codec_open *open,
                                  parley_session **out, parley_error *error);

    /* Feeds the next bytes; events go to the sink. Takes everything, splits anywhere. With eof set
     * it emits the terminal event if there was none.
     * @thread loop  @need with decoder_open  @life call  @null none  @since 0.1 */
    parley_status (*decode)(parley_session *session, parley_bytes bytes, uint32_t eof,
                            const parley_sink *sink, parley_error *error);

    /* @thread loop  @need with decoder_open  @life none  @null none  @since 0.1 */
    void (*decoder_close)(parley_session *session);

    /* Opens a session that turns canonical events into the client's bytes.
     * @thread loop  @need optional: relay only  @life until encoder_close  @null none
     * @since 0.1 */
    parley_status (*encoder_open)(parley_instance *instance, const parley_codec_open *open,
                                  parley_session **out, parley_error *error);

    /* Writes one event, a whole reply at the terminal one; unknown events are ignored. DECLINED at
     * PART_STARTED: no room for this part. An error never comes first: see encode_error.
     * @thread loop  @need with encoder_open  @life none  @null none  @since 0.1 */
    parley_status (*encode)(parley_session *session, const parley_event *event,
                            const parley_out *out, parley_error *error);

    /* @thread loop  @need with encoder_open  @life none  @null none  @since 0.1 */
    void (*encoder_close)(parley_session *session);

    /* Writes a token count as a whole reply.
     * @thread loop  @need optional: the dialect has no such route  @life arena  @null none
     * @since 0.1 */
    parley_status (*encode_count)(parley_instance *instance, const parley_call *call,
                                  uint64_t input_tokens, const parley_arena *arena,
                                  parley_http_reply *reply, const parley_out *out,
                                  parley_error *error);

    /* What an upstream refused, seen from what encode_request chose by the traits and not by the
     * client's word alone: the traits that would have been right, as a JSON object to be laid over
     * target.traits for a second try and for later requests. PARLEY_DECLINED when the refusal is
     * the client's to hear, also when the traits say so already: never the same lesson twice.
     * @thread any  @need optional: learns nothing  @life arena  @null none  @since 0.1 */
    parley_status (*correct_traits)(parley_instance *instance, const parley_request *request,
                                    const parley_target *target, const parley_error *told,
                                    const parley_arena *arena, parley_str *traits);
} parley_dialect;

PARLEY_EXTERN_C_END

#endif
