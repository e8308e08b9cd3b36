/* parley/abi.h: the words that both sides of the border use.
 *
 * A plugin is a shared library that exports one data symbol, PARLEY_ENTRY_SYMBOL, of type
 * parley_entry. The entry lists components; each component is of one kind (dialect, provider,
 * login, store, policy, filter, observer) and brings that kind's table of functions.
 *
 * Rules that hold for every header here
 *   - Structs start with `struct_size`, grow only at the end, and hold fixed-width integers.
 *     Neither side reads past the other's struct_size: ask with PARLEY_HAS.
 *   - Arguments are borrowed until the call returns. What a callee returns lives in an arena that
 *     it was given, in static memory, or in the object it belongs to until the next call on it.
 *     Nobody frees what the other side allocated.
 *   - Text is UTF-8, never NUL-terminated. Times are milliseconds, sizes are bytes.
 *   - Nothing throws across the border.
 *   - Fields named reservedN are 0.
 *
 * Tags on every function
 *   @thread  ctl    the control thread, one call at a time in the process, may take up to 1 s
 *            loop   the event loop that owns this session, must not block, budget 1 ms
 *            pool   a blocking worker; may block
 *            any    any thread; must be thread-safe and must not block
 *   @need    required, or optional (NULL means the documented default)
 *   @life    how long what is returned stays valid: static, instance, session, arena, call, none
 *   @null    which pointers may be NULL; "none" when none may
 *   @since   the ABI version that brought it
 *
 * Until 1.0 is frozen the entry symbol carries the major 0, so that no early binary passes for 1.0.
 */
#ifndef PARLEY_ABI_H
#define PARLEY_ABI_H

#include <stddef.h>
#include <stdint.h>

#define PARLEY_ABI_MAJOR 0
#define PARLEY_ABI_MINOR 1

#define PARLEY_ENTRY_SYMBOL "parley_plugin_v0"
#define PARLEY_NOTE_OWNER "PARLEY" /* owner of the ELF note that holds the manifest */
#define PARLEY_NOTE_TYPE 1

#if defined(__cplusplus)
#define PARLEY_EXTERN_C_BEGIN extern "C" {
#define PARLEY_EXTERN_C_END }
#else
#define PARLEY_EXTERN_C_BEGIN
#define PARLEY_EXTERN_C_END
#endif

#if defined(__GNUC__)
#define PARLEY_EXPORT __attribute__((visibility("default")))
#else
#define PARLEY_EXPORT
#endif

/* True when the table or struct `p` reaches as far as member `m` and, for a pointer, has it. */
#define PARLEY_REACHES(p, type, m) \
    ((p)->struct_size >= offsetof(type, m) + sizeof(((const type *)0)->m))
#define PARLEY_HAS(p, type, m) (PARLEY_REACHES(p, type, m) && (p)->m != NULL)

PARLEY_EXTERN_C_BEGIN

/* ---- views ----------------------------------------------------------------------------------- */

/* Borrowed UTF-8 text. ptr may be NULL only when len is 0. */
typedef struct parley_str {
    const char *ptr;
    uint64_t len;
} parley_str;

/* Borrowed bytes. ptr may be NULL only when len is 0. */
typedef struct parley_bytes {
    const uint8_t *ptr;
    uint64_t len;
} parley_bytes;

/* A stretch of bytes inside something the reader already has. */
typedef struct parley_span {
    uint64_t at;
    uint64_t len;
} parley_span;

/* ---- status and error ------------------------------------------------------------------------ */

/* 0 is success, positive values inform, negative values are the negated error class. */
typedef int32_t parley_status;

#define PARLEY_OK 0
#define PARLEY_AGAIN 1     /* nothing yet; call again when told */
#define PARLEY_DECLINED 2  /* not mine; the host goes on with its default */
#define PARLEY_PENDING 3   /* an op waits for its effects */
#define PARLEY_DONE 4      /* an op has published its result */
#define PARLEY_CLOSED 5    /* the far end is gone; stop early if that saves work */
#define PARLEY_NO_CHANGE 6 /* a configuration equal to the one in force */

/* Error classes (parley_error.error_class; a status is the negated class). Closed until /2. */
#define PARLEY_E_INVALID_ARGUMENT 1
#define PARLEY_E_UNSUPPORTED 2
#define PARLEY_E_NOT_FOUND 3
#define PARLEY_E_UNAUTHENTICATED 4
#define PARLEY_E_FORBIDDEN 5
#define PARLEY_E_RATE_LIMITED 6
#define PARLEY_E_QUOTA_EXHAUSTED 7
#define PARLEY_E_PAYMENT_REQUIRED 8
#define PARLEY_E_CONTEXT_TOO_LONG 9
#define PARLEY_E_CONTENT_BLOCKED 10
#define PARLEY_E_TOO_LARGE 11
#define PARLEY_E_OVERLOADED 12
#define PARLEY_E_UPSTREAM_FAILED 13   /* the upstream says it failed */
#define PARLEY_E_UPSTREAM_PROTOCOL 14 /* the upstream was cut, or sent what its dialect forbids */
#define PARLEY_E_TIMEOUT 15
#define PARLEY_E_CANCELLED 16
#define PARLEY_E_CONFLICT 17
#define PARLEY_E_PRECONDITION 18
#define PARLEY_E_CORRUPT_STATE 19
#define PARLEY_E_CONFIG 20
#define PARLEY_E_INTERNAL 21
#define PARLEY_E_NOT_IMPLEMENTED 22
#define PARLEY_E_BUDGET 23 /* a limit of the border was passed: events, bytes or time */

/* Whose fault it is. */
#define PARLEY_FAULT_CLIENT 1
#define PARLEY_FAULT_UPSTREAM 2
#define PARLEY_FAULT_GATEWAY 3
#define PARLEY_FAULT_PLUGIN 4

/* What is bad, and so what has to be left alone for a while. */
#define PARLEY_SCOPE_REQUEST 1 /* this request fails everywhere */
#define PARLEY_SCOPE_MODEL 2
#define PARLEY_SCOPE_ACCOUNT 3
#define PARLEY_SCOPE_ENDPOINT 4
#define PARLEY_SCOPE_PROVIDER 5
#define PARLEY_SCOPE_PLUGIN 6

/* What may help. */
#define PARLEY_ADVICE_NEVER 1
#define PARLEY_ADVICE_SAME 2
#define PARLEY_ADVICE_OTHER_ACCOUNT 3
#define PARLEY_ADVICE_OTHER_PROVIDER 4
#define PARLEY_ADVICE_AFTER 5   /* after retry_after_ms */
#define PARLEY_ADVICE_REFRESH 6 /* refresh the account's secret, then the same again */

/* Filled by the callee before it returns a negative status. The caller clears it first and sets
 * `arena`, in which the callee puts the texts that are not static. Frozen for the life of ABI 1. */
typedef struct parley_error {
    uint32_t struct_size;
    int32_t error_class; /* PARLEY_E_* */
    uint32_t fault;      /* PARLEY_FAULT_*; 0: unknown */
    uint32_t scope;      /* PARLEY_SCOPE_*; 0: unknown */
    uint32_t advice;     /* PARLEY_ADVICE_*; 0: unknown */
    uint32_t http_status; /* the upstream's own status, or the one that fits best; 0: by class */
    uint64_t retry_after_ms; /* 0: not told */
    parley_str code;    /* short stable token: "rate_limit_exceeded" */
    parley_str message; /* for people: lower case, no full stop, no secrets */
    parley_str param;   /* the client's field at fault, in the client's spelling; may be empty */
    parley_str excerpt; /* the upstream's own words, raw; the host redacts and caps it */
    const struct parley_arena *arena; /* in: never NULL; lives as long as the error is used */
    /* The moment that retry_after_ms leads to, since 1970; 0: not told. Whoever knows one of the
     * two tells it; the host, which has a clock, adds the other. */
    uint64_t retry_at_ms;
} parley_error;

/* ---- memory ---------------------------------------------------------------------------------- */

/* A bump allocator that the host owns. What it gives lives as long as the arena is said to. */
typedef struct parley_arena {
    uint32_t struct_size;
    uint32_t reserved0;
    void *ctx;

    /* Memory aligned to `align` (a power of two, at most 64), or NULL when the arena's byte limit
     * is reached; the callee then returns -PARLEY_E_BUDGET.
     * @thread the thread of the call that was given the arena  @need required  @life arena
     * @null may return NULL  @since 0.1 */
    void *(*alloc)(const struct parley_arena *arena, uint64_t size, uint64_t align);
} parley_arena;

/* A byte outlet that the host owns: what a plugin writes goes on its way without another copy.
 * Both functions return PARLEY_OK, PARLEY_CLOSED when the far end is gone, or -PARLEY_E_BUDGET. */
typedef struct parley_out {
    uint32_t struct_size;
    uint32_t reserved0;
    void *ctx;

    /* Appends a copy of the bytes.
     * @thread the thread of the call that was given the outlet  @need required  @life none
     * @null none  @since 0.1 */
    parley_status (*write)(const struct parley_out *out, parley_bytes bytes);

    /* Appends bytes that outlive the exchange: static ones, or a slice of the client's own body.
     * @thread the thread of the call that was given the outlet  @need required  @life none
     * @null none  @since 0.1 */
    parley_status (*borrow)(const struct parley_out *out, parley_bytes bytes);
} parley_out;

/* Pollable token for work on pool threads. */
typedef struct parley_cancel {
    uint32_t struct_size;
    uint32_t reserved0;
    void *ctx;

    /* 1 once the caller wants the work to stop; it stays 1.
     * @thread any  @need required  @life none  @null none  @since 0.1 */
    int32_t (*is_cancelled)(const struct parley_cancel *cancel);
} parley_cancel;

/* ---- what a model cost ----------------------------------------------------------------------- */

/* Absolute counters of one reply; `known` says which of them the upstream told (bit = field order).
 * input_total includes cache reads and writes, output_total includes reasoning. */
#define PARLEY_USAGE_INPUT (1u << 0)
#define PARLEY_USAGE_CACHE_READ (1u << 1)
#define PARLEY_USAGE_CACHE_WRITE (1u << 2)
#define PARLEY_USAGE_OUTPUT (1u << 3)
#define PARLEY_USAGE_REASONING (1u << 4)
typedef struct parley_usage {
    uint32_t struct_size;
    uint32_t known; /* PARLEY_USAGE_* */
    uint64_t input_total;
    uint64_t input_cache_read;
    uint64_t input_cache_write;
    uint64_t output_total;
    uint64_t output_reasoning;
    uint64_t reserved[3];
} parley_usage;

/* ---- components ------------------------------------------------------------------------------ */

typedef struct parley_host parley_host;         /* parley/host.h */
typedef struct parley_instance parley_instance; /* one configured component, the plugin's own */
typedef struct parley_session parley_session;   /* one stream through an instance, ditto */
typedef struct parley_op parley_op;             /* one multi-step piece of work, ditto */

/* Component flags. */
#define PARLEY_COMPONENT_EXCLUSIVE (1u << 0) /* at most one instance may be active at a time */

/* One thing a plugin offers. Everything here is static data.
 * Life of an instance: create, configure, activate, (use), quiesce, deactivate, destroy.
 * A new configuration is a new instance; one that is exclusive may be activated once more. */
typedef struct parley_component {
    uint32_t struct_size;
    uint32_t flags;           /* PARLEY_COMPONENT_* */
    parley_str kind;          /* "parley.dialect/1" ... */
    parley_str id;            /* the name in configuration and logs: "openai-chat" */
    parley_str title;         /* one line for people */
    parley_str config_schema; /* JSON Schema of the configuration object; empty: takes none */
    const void *table;        /* the kind's table, e.g. parley_dialect */

    /* Makes an instance. May call only host->log.
     * @thread ctl  @need required  @life until destroy  @null error may be NULL  @since 0.1 */
    parley_status (*create)(const parley_host *host, parley_instance **out, parley_error *error);

    /* Takes a configuration that the host has checked against config_schema, defaults filled in.
     * Called once, before activate. PARLEY_E_CONFIG names the offending path in the message.
     * @thread ctl  @need optional: takes none  @life none  @null error may be NULL  @since 0.1 */
    parley_status (*configure)(parley_instance *instance, parley_str config, parley_error *error);

    /* From here on the instance serves. May use every host function.
     * @thread ctl  @need optional: nothing to do  @life none  @null error may be NULL
     * @since 0.1 */
    parley_status (*activate)(parley_instance *instance, parley_error *error);

    /* No new sessions will come; those open go on.
     * @thread ctl  @need optional: nothing to do  @life none  @null none  @since 0.1 */
    void (*quiesce)(parley_instance *instance);

    /* All sessions are closed.
     * @thread ctl  @need optional: nothing to do  @life none  @null none  @since 0.1 */
    void (*deactivate)(parley_instance *instance);

    /* Ends the instance; also after a failed configure or activate.
     * @thread ctl  @need required  @life none  @null none  @since 0.1 */
    void (*destroy)(parley_instance *instance);

    /* Finds a table of an extension by id, e.g. "parley.state/1"; NULL when there is none.
     * @thread ctl  @need optional: no extensions  @life static  @null may return NULL
     * @since 0.1 */
    const void *(*get_extension)(parley_instance *instance, parley_str id);
} parley_component;

/* ---- the entry ------------------------------------------------------------------------------- */

/* Entry flags; the manifest repeats them. */
#define PARLEY_PLUGIN_RESIDENT (1u << 0)    /* never unload this library */
#define PARLEY_PLUGIN_OWN_THREADS (1u << 1) /* has threads of its own; implies RESIDENT */

/* The root: `extern const parley_entry parley_plugin_v0`. Use PARLEY_PLUGIN_ENTRY to define it. */
typedef struct parley_entry {
    uint32_t struct_size;
    uint16_t abi_major;
    uint16_t abi_minor;
    uint32_t flags; /* PARLEY_PLUGIN_* */
    uint32_t reserved0;
    parley_str id;      /* reverse DNS: "dev.parley.openai" */
    parley_str version; /* semantic version */
    parley_str vendor;

    /* Called once after the load, before anything else. Must not start threads or open files.
     * @thread ctl  @need optional: nothing to do  @life none  @null error may be NULL
     * @since 0.1 */
    parley_status (*init)(const parley_host *host, parley_error *error);

    /* Called once before the unload; pairs with a successful init.
     * @thread ctl  @need optional: nothing to do  @life none  @null none  @since 0.1 */
    void (*deinit)(void);

    /* How many components there are; the same on every call.
     * @thread ctl  @need required  @life none  @null none  @since 0.1 */
    uint32_t (*component_count)(void);

    /* One component; NULL when index is out of range.
     * @thread ctl  @need required  @life static  @null may return NULL  @since 0.1 */
    const parley_component *(*component)(uint32_t index);
} parley_entry;

/* Namespace-scope const has internal linkage in C++, hence the extern declaration first. */
#define PARLEY_PLUGIN_ENTRY                                       \
    PARLEY_EXTERN_C_BEGIN                                         \
    extern PARLEY_EXPORT const parley_entry parley_plugin_v0;     \
    PARLEY_EXTERN_C_END                                           \
    const parley_entry parley_plugin_v0

PARLEY_EXTERN_C_END

#endif
