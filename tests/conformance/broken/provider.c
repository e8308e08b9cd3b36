/* A provider that is wrong in one way, which a macro of that name chooses. */
#define _GNU_SOURCE
#include "parley/provider.h"

#include <dlfcn.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "parley/abi.h"
#include "parley/host.h"

#define NOT_USED __attribute__((unused))
#define TEXT(s) \
    { s, sizeof(s) - 1 }

static NOT_USED int calls;

/* One number for the whole process, whichever generation asks. */
static NOT_USED const void** in_the_process(void) {
    void* const at = (void*)UINT64_C(0x6f0000000000);
    const int flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE;
    (void)mmap(at, 4096, PROT_READ | PROT_WRITE, flags, -1, 0); /* or it is there */
    return at;
}

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
#ifdef CREATE_STAYS
    static void* self;
    Dl_info here;
    if (self == NULL && dladdr(&calls, &here) != 0) self = dlopen(here.dli_fname, RTLD_NOW);
#endif
#ifdef CREATE_BELIEVES_ITSELF_ALONE
    if (*in_the_process() != NULL && *in_the_process() != &calls) return -PARLEY_E_CONFLICT;
    *in_the_process() = &calls;
    ++calls;
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

static NOT_USED void leave_the_process(parley_instance* instance) {
    (void)instance;
    if (--calls == 0) *in_the_process() = NULL;
}

static NOT_USED const parley_host* logged_to;

static NOT_USED parley_status keep_host(const parley_host* host,
                                        parley_instance** out,
                                        parley_error* error) {
#ifndef HOST_IS_KEPT
    if (calls++ == 0) /* and let go of with the last instance */
#endif
        logged_to = host;
    return create_oddly(host, out, error);
}

static NOT_USED void let_go(parley_instance* instance) {
    (void)instance;
    --calls;
}

#if defined(SECRET_IS_LOGGED) || defined(HOST_IS_KEPT) || defined(METRIC_IS_LATE) || \
    defined(METRIC_IS_NONE) || defined(CRYPTO_IS_EXPECTED)
#define COMPONENT_CREATE keep_host
#define COMPONENT_DESTROY let_go
#else
#define COMPONENT_CREATE create_oddly
#endif
#ifdef DESTROY_CRASHES
#define COMPONENT_DESTROY crash
#endif
#ifdef CREATE_BELIEVES_ITSELF_ALONE
#define COMPONENT_DESTROY leave_the_process
#endif

#ifdef CONFIGURE_SAYS_NOTHING
#define COMPONENT_SCHEMA \
    TEXT("{\"type\": \"object\", \"properties\": {\"team\": {\"type\": \"string\"}}}")

static parley_status configure_oddly(parley_instance* instance,
                                     parley_str config,
                                     parley_error* error) {
    (void)instance, (void)error;
    return memmem(config.ptr, config.len, "xxx", 3) == NULL ? PARLEY_OK : -PARLEY_E_CONFIG;
}

#define COMPONENT_CONFIGURE configure_oddly
#endif

#ifdef DEFAULT_IS_NO_NUMBER
#define COMPONENT_SCHEMA                                                             \
    TEXT(                                                                            \
        "{\"type\": \"object\", \"properties\": {\"tries\": {\"type\": \"integer\"," \
        "\"default\": \"three\"}}}")
#endif

static NOT_USED uint32_t counter;

static NOT_USED void count_one(void) {
    const parley_host_metrics* const metrics =
        logged_to->get_extension(logged_to, (parley_str)TEXT(PARLEY_HOST_METRICS));
    if (metrics == NULL) return;
#ifdef METRIC_IS_LATE
    if (counter == 0) {
        const parley_str name = TEXT("plans");
        metrics->define(logged_to, PARLEY_METRIC_COUNTER, name, name, &counter);
    }
#endif
    metrics->record(logged_to, counter, 1);
}

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
#ifdef HOST_IS_KEPT
    (void)logged_to->wall_ms(logged_to);
#endif
#ifdef CRYPTO_IS_EXPECTED
    const parley_host_crypto* const crypto =
        logged_to->get_extension(logged_to, (parley_str)TEXT(PARLEY_HOST_CRYPTO));
    static uint8_t bytes[8];
    (void)crypto->random(logged_to, bytes, sizeof(bytes));
#endif
#if defined(METRIC_IS_LATE) || defined(METRIC_IS_NONE)
    count_one();
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

#if defined(COMPONENT_WITHOUT_END) || defined(COMPONENT_IS_ANOTHER)
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
#ifdef COMPONENT_IS_ANOTHER
static const parley_component* any_component(uint32_t index) {
    static parley_component copies[2];
    parley_component* const next = &copies[calls++ % 2];
    *next = component;
    return index == 0 ? next : NULL;
}
#endif
#ifdef IMPORTS_SYSTEM
int (*volatile ask_the_shell)(const char*) = system;
#endif
