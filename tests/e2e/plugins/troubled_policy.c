/* troubled_policy.c: a policy that cannot be unloaded, for it holds itself; INIT_CRASHES: that
 * crashes as it is loaded, CREATE_CRASHES: as an instance is made; READS_ITS_ASK: that picks the
 * last, wants nobody for the model "m-unwanted", and finds no fault but in being asked on no loop
 * or for no exchange. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <string.h>

#include "parley/host.h"
#include "parley/policy.h"

#define TEXT(s) \
    { s, sizeof(s) - 1 }

static uint64_t the_instance;
static const parley_host* the_host;

static parley_status create(const parley_host* host, parley_instance** out, parley_error* error) {
    (void)error;
    the_host = host;
#ifndef READS_ITS_ASK
    static void* self;
    Dl_info here;
    if (self == NULL && dladdr(&the_instance, &here) != 0) self = dlopen(here.dli_fname, RTLD_NOW);
#endif
#ifdef CREATE_CRASHES
    volatile uint64_t* const nowhere = NULL;
    *nowhere = 1;
#endif
    *out = (parley_instance*)&the_instance;
    return PARLEY_OK;
}

static void destroy(parley_instance* instance) {
    (void)instance;
}

static parley_status pick(parley_instance* instance,
                          const parley_pick_ask* ask,
                          const parley_candidate* const* candidates,
                          uint32_t count,
                          parley_pick* out,
                          parley_error* error) {
    (void)instance, (void)ask, (void)candidates, (void)count, (void)error;
    out->action = PARLEY_PICK_DELEGATE;
#ifdef READS_ITS_ASK
    static const parley_str kCheck = TEXT(PARLEY_HOST_THREAD_CHECK);
    static const char kUnwanted[] = "m-unwanted";
    const parley_host_thread_check* check = the_host->get_extension(the_host, kCheck);
    const parley_exchange* exchange = ask->exchange;
    parley_str why = {NULL, 0};
    if (check->loop_index(the_host) < 0) {
        why = (parley_str)TEXT("asked on no loop");
    } else if (exchange == NULL || exchange->model.len == 0) {
        why = (parley_str)TEXT("asked for no exchange");
    } else if (exchange->model.len == sizeof(kUnwanted) - 1 &&
               memcmp(exchange->model.ptr, kUnwanted, sizeof(kUnwanted) - 1) == 0) {
        why = (parley_str)TEXT("wanted by nobody today");
    }
    out->action = why.len == 0 ? PARLEY_PICK_INDEX : PARLEY_PICK_REJECT;
    out->index = count - 1;
    error->message = why;
#endif
    return PARLEY_OK;
}

static const parley_policy table = {sizeof(table), 0, pick, NULL};

static const parley_component component = {
    sizeof(component),
    0,
    TEXT(PARLEY_KIND_POLICY),
#ifdef READS_ITS_ASK
    TEXT("reading-policy"),
#else
    TEXT("staying-policy"),
#endif
    TEXT("stays in memory"),
    {NULL, 0},
    &table,
    create,
    NULL,
    NULL,
    NULL,
    NULL,
    destroy,
    NULL,
};

#ifdef INIT_CRASHES
static parley_status init(const parley_host* host, parley_error* error) {
    volatile uint64_t* const nowhere = NULL;
    (void)host, (void)error;
    *nowhere = 1;
    return PARLEY_OK;
}

#define INIT init
#define ID "dev.parley.test.crashing-policy"
#else
#define INIT NULL
#ifdef READS_ITS_ASK
#define ID "dev.parley.test.reading-policy"
#elif defined(CREATE_CRASHES)
#define ID "dev.parley.test.create-crashing-policy"
#else
#define ID "dev.parley.test.staying-policy"
#endif
#endif

static uint32_t count(void) {
    return 1;
}

static const parley_component* get(uint32_t index) {
    return index == 0 ? &component : NULL;
}

PARLEY_PLUGIN_ENTRY = {
    sizeof(parley_entry),
    PARLEY_ABI_MAJOR,
    PARLEY_ABI_MINOR,
    0,
    0,
    TEXT(ID),
    TEXT("0.1.0"),
    TEXT("Parley"),
    INIT,
    NULL,
    count,
    get,
};
