/* A provider that is wrong in one way, which a macro of that name chooses. */
#include "parley/provider.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "parley/abi.h"
#include "parley/host.h"

#define NOT_USED __attribute__((unused))

static NOT_USED int calls;

#ifdef INIT_ONCE
static parley_status init_once(const parley_host* host, parley_error* error) {
    (void)host, (void)error;
    return calls++ == 0 ? PARLEY_OK : -PARLEY_E_INTERNAL;
}

#define ENTRY_INIT init_once
#endif
#ifdef INIT_OPENS
static parley_status init_opens(const parley_host* host, parley_error* error) {
    (void)host, (void)error;
    return open("/dev/null", O_RDONLY) < 0 ? -PARLEY_E_INTERNAL : PARLEY_OK;
}

#define ENTRY_INIT init_opens
#endif
#ifdef INIT_SETS_ENV
static parley_status init_sets(const parley_host* host, parley_error* error) {
    (void)host, (void)error;
    return setenv("PARLEY_TEST_BROKEN", "1", 1) == 0 ? PARLEY_OK : -PARLEY_E_INTERNAL;
}

#define ENTRY_INIT init_sets
#endif

static NOT_USED parley_status create_oddly(const parley_host* host,
                                           parley_instance** out,
                                           parley_error* error) {
    static uint64_t instance;
    (void)host, (void)error;
#ifdef CREATE_EXITS
    exit(3);
#endif
#ifdef CREATE_HANGS
    for (;;) pause();
#endif
#ifdef CREATE_FILLS_ERROR
    error->error_class = PARLEY_E_CONFIG; /* which may be NULL */
#endif
#ifdef CREATE_ASKS
    (void)host->wall_ms(host);
#endif
#ifdef CREATE_ONE_MINOR
    if (host->abi_minor > PARLEY_ABI_MINOR) return -PARLEY_E_UNSUPPORTED;
#endif
#ifdef CREATE_LEAKS_FILE
    if (dup(0) < 0) return -PARLEY_E_INTERNAL;
#endif
#ifdef CREATE_PRINTS
    printf("hello\n");
    fflush(stdout);
#endif
    *out = (parley_instance*)&instance;
    return PARLEY_OK;
}

static NOT_USED void crash(parley_instance* instance) {
    volatile uint64_t* nowhere = NULL;
    (void)instance;
    *nowhere = 1;
}

static NOT_USED const parley_host* logged_to;

static NOT_USED parley_status keep_host(const parley_host* host,
                                        parley_instance** out,
                                        parley_error* error) {
    logged_to = host;
    return create_oddly(host, out, error);
}

#ifdef SECRET_IS_LOGGED
#define COMPONENT_CREATE keep_host
#else
#define COMPONENT_CREATE create_oddly
#endif
#ifdef DESTROY_CRASHES
#define COMPONENT_DESTROY crash
#endif

static parley_status plan_oddly(parley_instance* instance,
                                const parley_plan_ask* ask,
                                const parley_arena* arena,
                                parley_plan* out,
                                parley_error* error) {
    static parley_header header;
    (void)instance, (void)arena, (void)error, (void)header;
    out->origin = (parley_str){"https://example.invalid", 23};
    out->target = ask->path;
#ifdef SECRET_IN_TARGET
    out->target = ask->account->secret;
#endif
#ifdef SECRET_NOT_MARKED
    header.name = (parley_str){"authorization", 13};
    header.value = ask->account->secret;
    out->headers = &header;
    out->header_count = 1;
#endif
#ifdef SECRET_IS_LOGGED
    logged_to->log(logged_to, PARLEY_LOG_INFO, ask->account->secret);
#endif
#ifdef PLAN_COUNTS
    out->origin.len = 20 + (uint64_t)(calls++ % 2);
#endif
#ifdef PLAN_TRUSTS_ARENA
    char* room = arena->alloc(arena, 8, 8);
    room[0] = 'x';
#endif
    return PARLEY_OK;
}

#define TABLE_PLAN plan_oddly

static NOT_USED parley_status classify_oddly(parley_instance* instance,
                                             const parley_account* account,
                                             const parley_http_reply_head* head,
                                             parley_bytes body,
                                             const parley_error* told,
                                             const parley_arena* arena,
                                             parley_verdict* out) {
    (void)instance, (void)account, (void)body, (void)told, (void)arena;
    out->error.error_class = head->status == 400 ? PARLEY_E_INVALID_ARGUMENT : PARLEY_E_INTERNAL;
    return PARLEY_OK;
}
#ifdef CLASSIFY_WANTS_HEAD
#define TABLE_CLASSIFY classify_oddly
#endif

#ifdef COMPONENT_WITHOUT_END
static const parley_component* any_component(uint32_t index);
#define ENTRY_COMPONENT any_component
#endif

#include "parts.h"

#ifdef COMPONENT_WITHOUT_END
static const parley_component* any_component(uint32_t index) {
    (void)index;
    return &component;
}
#endif
