/* acme.c: a policy that picks the account which has rested longest.
 *
 * The host has left out who may not serve now. All event loops call one instance at once, so what a
 * policy learns it keeps in atomics; report() of parley/policy.h tells it how attempts went. */
#include <stdlib.h>

#include "parley/host.h"
#include "parley/manifest.h"
#include "parley/policy.h"

#define ID "com.example.acme"
#define VERSION "0.1.0"
#define TEXT(s) \
    { s, sizeof(s) - 1 }

PARLEY_MANIFEST(ID, VERSION, "policy")

struct parley_instance {
    const parley_host* host;
};

static parley_status create(const parley_host* host, parley_instance** out, parley_error* error) {
    (void)error;
    *out = malloc(sizeof(**out));
    if (*out == NULL) return -PARLEY_E_INTERNAL;
    (*out)->host = host;
    return PARLEY_OK;
}

static void destroy(parley_instance* instance) {
    free(instance);
}

static parley_status pick(parley_instance* instance,
                          const parley_pick_ask* ask,
                          const parley_candidate* const* candidates,
                          uint32_t count,
                          parley_pick* out,
                          parley_error* error) {
    (void)instance, (void)error;
    out->action = PARLEY_PICK_INDEX;
    /* A conversation stays where it is: its prompt is cached there. */
    if ((ask->flags & PARLEY_PICK_ASK_AFFINITY) != 0 && ask->affinity < count) {
        out->index = ask->affinity;
        return PARLEY_OK;
    }
    /* Who has never served has rested for ever: UINT64_MAX. */
    for (uint32_t i = 1; i < count; ++i) {
        if (candidates[i]->idle_ms > candidates[out->index]->idle_ms) out->index = i;
    }
    return PARLEY_OK;
}

/* ---- what this library offers ---------------------------------------------------------------- */

static const parley_policy table = {
    .struct_size = sizeof(table),
    .pick = pick,
};

static const parley_component component = {
    .struct_size = sizeof(component),
    .kind = TEXT(PARLEY_KIND_POLICY),
    .id = TEXT("acme"),
    .title = TEXT("picks who has rested longest"),
    .table = &table,
    .create = create,
    .destroy = destroy,
};

static uint32_t component_count(void) {
    return 1;
}

static const parley_component* get_component(uint32_t index) {
    return index == 0 ? &component : NULL;
}

PARLEY_PLUGIN_ENTRY = {
    .struct_size = sizeof(parley_entry),
    .abi_major = PARLEY_ABI_MAJOR,
    .abi_minor = PARLEY_ABI_MINOR,
    .id = TEXT(ID),
    .version = TEXT(VERSION),
    .vendor = TEXT("acme"),
    .component_count = component_count,
    .component = get_component,
};
