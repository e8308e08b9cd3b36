/* parley/event.h: canonical stream events, the middle form of a model's reply.
 *
 * A decoder turns an upstream's bytes into events, filters read or change them, an encoder turns
 * them into the client's bytes. A whole body is the fold of the same events, so that each dialect
 * has one way out and one way in.
 *
 * Grammar
 *   stream    = *ping ( success | failure )
 *   success   = RESPONSE_STARTED *( aux | part ) USAGE FINISH
 *   failure   = [ RESPONSE_STARTED *( aux | part ) [ open-part ] ] ERROR
 *   part      = open-part PART_ENDED
 *   open-part = PART_STARTED *( delta | aux )
 *   delta     = TEXT_DELTA | REASONING_DELTA | TOOL_ARGS_DELTA | MEDIA_DELTA | SEAL | CITATION
 *             | SERVER_UPDATE
 *   aux       = USAGE | PING | WARNING | RAW | EXT
 *   An event of a type that this header does not know may stand wherever aux may. The answer to
 *   COUNT_TOKENS is a success without parts, that to EMBED one EMBEDDING part for each input.
 *
 * What an encoder may rely on
 *   - One terminal event (FINISH or ERROR), and it is the last, so that an ending can be written
 *     at once. A decoder drops what its upstream says after it.
 *   - One part is open at a time, and parts count 0, 1, 2 ... without gaps. A decoder whose
 *     upstream interleaves parts holds back all but one.
 *   - The last USAGE comes right before FINISH, even when no counter is known.
 *   - An ERROR leaves the open part open. An encoder writes no "done" for it, since a client would
 *     run a tool call whose arguments were cut.
 *   - An upstream that ends without a terminal word ends in ERROR, never in FINISH.
 *   - A tool call's id and name are known when its part starts; the id is unique in the reply.
 *   - FINISH says TOOL_CALLS exactly when a complete TOOL_CALL part precedes it and nothing worse
 *     (length, filter, refusal) ended the reply.
 *   - Text is valid UTF-8: a decoder holds the head of a code point that a read cut. Deltas are
 *     not empty, but for a tool call without arguments, which may have one empty TOOL_ARGS_DELTA.
 *
 * The host checks the grammar at every sink. A breach ends the exchange with PARLEY_E_INTERNAL,
 * scope PLUGIN. Filters pass on what they do not know; encoders ignore it.
 */
#ifndef PARLEY_EVENT_H
#define PARLEY_EVENT_H

#include "parley/abi.h"

PARLEY_EXTERN_C_BEGIN

/* ---- parts ----------------------------------------------------------------------------------- */

/* What a part of a reply or of a message is. One numbering for both, so that a reply goes back
 * into a history unchanged. An encoder leaves out a part whose kind it does not know. */
#define PARLEY_PART_TEXT 1
#define PARLEY_PART_REASONING 2
#define PARLEY_PART_TOOL_CALL 3
#define PARLEY_PART_REFUSAL 4
#define PARLEY_PART_SERVER_ITEM 5 /* what a tool that the provider runs did, in its own words */
#define PARLEY_PART_IMAGE 6
#define PARLEY_PART_AUDIO 7
#define PARLEY_PART_EMBEDDING 8 /* one for each input of an EMBED request; only in replies */
/* Only in requests. */
#define PARLEY_PART_DOCUMENT 9
#define PARLEY_PART_VIDEO 10
#define PARLEY_PART_SEARCH_RESULT 11
#define PARLEY_PART_TOOL_RESULT 12
#define PARLEY_PART_TOOL_REFERENCE 13 /* names a tool that a tool search found */

/* Who reads the input of a tool call. */
#define PARLEY_TOOL_CALL_FUNCTION 1 /* arguments are a JSON value */
#define PARLEY_TOOL_CALL_CUSTOM 2   /* arguments are free text */

/* What a provider wants back unchanged with the next request (SEAL, parley_seal). */
#define PARLEY_SEAL_SIGNATURE 1         /* proves the text of a reasoning part */
#define PARLEY_SEAL_REDACTED 2          /* stands for reasoning that is not shown */
#define PARLEY_SEAL_ENCRYPTED 3         /* holds the reasoning itself, encrypted */
#define PARLEY_SEAL_THOUGHT_SIGNATURE 4 /* sits beside a TEXT or TOOL_CALL part */

/* ---- event types ------------------------------------------------------------------------------
 *
 * Below each type: the fields that it uses; the others are 0 or empty. Every event of a part has
 * `part` and `kind` (PARLEY_PART_*) set, so that a reader without a memory knows where it is.
 * `extra` is empty or one JSON object; readers skip members that they do not know. */

/* The reply has begun.
 *   text   the upstream's id of the reply       name  the model in the upstream's words
 *   a      seconds since 1970; 0: not told
 *   extra  "usage": counters known already, named as in parley_usage; "service_tier";
 *          "fingerprint" */
#define PARLEY_EVENT_RESPONSE_STARTED 1

/* A part opens.
 *   text   TOOL_CALL: the call's id; SERVER_ITEM: the item's id
 *   name   TOOL_CALL: the tool; SERVER_ITEM: what it is, "web_search"; IMAGE, AUDIO: the MIME type
 *   a      TOOL_CALL: PARLEY_TOOL_CALL_*
 *   extra  "name_space", "caller" of a call; "phase" of a text; "dialect" and "raw" of an item */
#define PARLEY_EVENT_PART_STARTED 2

/* More of a TEXT or REFUSAL part.
 *   text   the text                             extra "logprobs", as in sdk/logprobs.hpp */
#define PARLEY_EVENT_TEXT_DELTA 3

/* More of a REASONING part.
 *   text   the text                             a     the section, from 0, never falling
 *   flags  PARLEY_EVENT_SUMMARY */
#define PARLEY_EVENT_REASONING_DELTA 4

/* More of a TOOL_CALL part.
 *   text   a fragment; all of them together are the arguments as the model spelled them */
#define PARLEY_EVENT_TOOL_ARGS_DELTA 5

/* More of an IMAGE, AUDIO or EMBEDDING part.
 *   text   base64; each delta decodes by itself. An EMBEDDING is little-endian binary32 numbers.
 *   name   the MIME type; EMBEDDING: empty */
#define PARLEY_EVENT_MEDIA_DELTA 6

/* Provider state of the open part, at most one for a part: of a TOOL_CALL before its other deltas,
 * since some dialects put it in front of the call; of other parts behind them. It is passed on as
 * it came: a re-spelled signature is a broken one.
 *   text   the state as the upstream spelled it a     PARLEY_SEAL_*
 *   name   the provider family that can read it, as in parley_seal.family
 *   extra  "model", when it binds the state; "place": true, when this provider alone reads it */
#define PARLEY_EVENT_SEAL 7

/* A source of the open part.
 *   text   its URL, or empty                    name  its title, or empty
 *   a, b   the stretch of the part that it supports, [a, b); flags tell the unit
 *   flags  PARLEY_EVENT_SPAN_*; none: the whole part
 *   extra  the other members of parley_citation by their names */
#define PARLEY_EVENT_CITATION 8

/* News of a SERVER_ITEM part.
 *   name   its state in the upstream's words    extra "dialect" and "raw" */
#define PARLEY_EVENT_SERVER_UPDATE 9

/* The part is over.
 *   flags  PARLEY_EVENT_COMPLETE, unless a limit or a filter cut it */
#define PARLEY_EVENT_PART_ENDED 10

/* Counters so far, absolute; later ones replace earlier ones field by field.
 *   kind   PARLEY_USAGE_*: which of the five main counters are known
 *   a      input_total                          b     output_total
 *   extra  the other counters: "input_cache_read", "input_cache_write", "output_reasoning";
 *          finer ones, "input_cache_write_1h", "input_audio", by their names in sdk/usage.hpp */
#define PARLEY_EVENT_USAGE 11

/* The reply ended as its upstream meant it to. Terminal.
 *   kind   PARLEY_FINISH_*                      text  the stop sequence that was met
 *   name   the reason in the upstream's words   extra "detail", "safety", "service_tier" */
#define PARLEY_EVENT_FINISH 12

/* The reply failed. Terminal. One event carries what a parley_error does.
 *   kind   PARLEY_E_*                           text  the message, for people
 *   name   the code, a short stable token       a     retry_after_ms    b  http_status
 *   extra  "fault", "scope", "advice" as numbers, "param", "excerpt"; absent: by class */
#define PARLEY_EVENT_ERROR 13

/* Keep-alive. Carries nothing and may come first. */
#define PARLEY_EVENT_PING 14

/* Something did not survive a crossing. The host reports it; encoders ignore it.
 *   name   PARLEY_WARNING_* of request.h        text  the field or thing it is about */
#define PARLEY_EVENT_WARNING 15

/* An event that only its own dialect has; other encoders ignore it.
 *   name   the dialect    text  the event's own name    extra  its JSON */
#define PARLEY_EVENT_RAW 16

/* A third party's event; whoever does not know it passes it on.
 *   name   a reverse DNS id                     text, extra, a, b  as that id says */
#define PARLEY_EVENT_EXT 17

/* Event flags. */
#define PARLEY_EVENT_COMPLETE (1u << 0)        /* PART_ENDED: nothing was cut */
#define PARLEY_EVENT_SUMMARY (1u << 1)         /* REASONING_DELTA: a summary; otherwise raw */
#define PARLEY_EVENT_SPAN_CODEPOINTS (1u << 2) /* CITATION: a and b count code points */
#define PARLEY_EVENT_SPAN_BYTES (1u << 3)      /* CITATION: a and b count bytes of UTF-8 */

/* Why a reply ended. Unknown values are treated as OTHER. */
#define PARLEY_FINISH_STOP 1
#define PARLEY_FINISH_STOP_SEQUENCE 2
#define PARLEY_FINISH_TOOL_CALLS 3
#define PARLEY_FINISH_LENGTH 4
#define PARLEY_FINISH_CONTEXT_LENGTH 5
#define PARLEY_FINISH_PAUSE 6          /* a server tool's loop was cut; the client sends again */
#define PARLEY_FINISH_REFUSAL 7        /* the model declined */
#define PARLEY_FINISH_CONTENT_FILTER 8 /* somebody else declined for it */
#define PARLEY_FINISH_MALFORMED_TOOL_CALL 9
#define PARLEY_FINISH_OTHER 10
#define PARLEY_FINISH_COMPACTION 11 /* the context was folded; the client goes on from it */

/* One event. Valid until the call that carries it returns; whoever keeps one copies its texts.
 * Frozen for the life of ABI 1, since plugins copy events and emit them again: what is new comes
 * as a new type or as a member of `extra`, never as a new field. */
typedef struct parley_event {
    uint32_t struct_size; /* 96 */
    uint16_t type;        /* PARLEY_EVENT_* */
    uint16_t flags;       /* PARLEY_EVENT_*, see above */
    uint32_t part;        /* index of the part; 0 in events that belong to none */
    uint32_t kind;        /* PARLEY_PART_*, _USAGE_*, _FINISH_* or _E_*, by type */
    uint64_t a;
    uint64_t b;
    parley_str text;
    parley_str name;
    parley_str extra; /* raw JSON object, or empty */
    uint64_t reserved[2];
} parley_event;

/* ---- the outlet ------------------------------------------------------------------------------ */

/* Where a decoder or filter puts events. The host owns it; it is valid for the call. */
typedef struct parley_sink {
    uint32_t struct_size;
    uint32_t port; /* 0; sessions with two directions will count their outlets here */
    void *ctx;

    /* Passes one event on, at once: it has gone through the filters and the encoder behind the
     * sink when emit returns, and none of them calls back into the caller. PARLEY_OK;
     * PARLEY_CLOSED: the client is gone, and stopping early saves work; -PARLEY_E_BUDGET: too many
     * events or bytes for the input of this call; -PARLEY_E_INVALID_ARGUMENT: the grammar forbids
     * it. After a negative status the caller returns that status and emits nothing more.
     * @thread the thread of the call that was given the sink  @need required  @life none
     * @null none  @since 0.1 */
    parley_status (*emit)(const struct parley_sink *sink, const parley_event *event);

    /* Memory for what a session carries from call to call, aligned to `align` (a power of two, at
     * most 64). NULL when the session's byte limit is reached; the caller then returns
     * -PARLEY_E_BUDGET.
     * @thread the thread of the call that was given the sink  @need required  @life session
     * @null may return NULL  @since 0.1 */
    void *(*alloc)(const struct parley_sink *sink, uint64_t size, uint64_t align);
} parley_sink;

PARLEY_EXTERN_C_END

#endif
