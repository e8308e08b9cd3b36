/* troubled_policy.c: a policy that cannot be unloaded, for it holds itself; INIT_CRASHES: that
 * crashes as it is loaded. */
#define _GNU_SOURCE
#include <dlfcn.h>

#include "parley/host.h"
#include "parley/policy.h"

#define TEXT(s) \
    { s, sizeof(s) - 1 }

static uint64_t the_instance;

static parley_status create(const parley_host* host, parley_instance** out, parley_error* error) {
    static void* self;
    Dl_info here;
    (void)host, (void)error;
    if (self == NULL && dladdr(&the_instance, &here) != 0) self = dlopen(here.dli_fname, RTLD_NOW);
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
    return PARLEY_OK;
}

static const parley_policy table = {sizeof(table), 0, pick, NULL};

static const parley_component component = {
    sizeof(component),
    0,
    TEXT(PARLEY_KIND_POLICY),
    TEXT("staying-policy"),
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
#define ID "dev.parley.test.staying-policy"
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
