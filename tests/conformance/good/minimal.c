/* The smallest plugin that is whole: one provider that answers for one dialect. */
#include <stdlib.h>

#include "parley/host.h"
#include "parley/provider.h"

#define TEXT(s) \
    { s, sizeof(s) - 1 }

struct parley_instance {
    const parley_host* host;
    uint64_t plans;
};

static uint32_t instances; /* of this generation alone */

static parley_status create(const parley_host* host, parley_instance** out, parley_error* error) {
    (void)error;
    *out = malloc(sizeof(**out));
    if (*out == NULL) return -PARLEY_E_BUDGET;
    (*out)->host = host;
    (*out)->plans = instances++;
    host->log(host, PARLEY_LOG_INFO, (parley_str)TEXT("created"));
    return PARLEY_OK;
}

static void destroy(parley_instance* instance) {
    free(instance);
}

static const parley_str* dialects(parley_instance* instance, uint32_t* count) {
    static const parley_str all[] = {TEXT("example-chat")};
    (void)instance;
    *count = 1;
    return all;
}

static parley_status plan(parley_instance* instance,
                          const parley_plan_ask* ask,
                          const parley_arena* arena,
                          parley_plan* out,
                          parley_error* error) {
    static const parley_str origin = TEXT("https://example.invalid");
    (void)arena;
    (void)error;
    out->origin = origin;
    out->target = ask->path;
    out->connect_ms = (uint32_t)++instance->plans;
    return PARLEY_OK;
}

static const parley_provider table = {
    .struct_size = sizeof(table),
    .dialects = dialects,
    .plan = plan,
};

static const parley_component component = {
    .struct_size = sizeof(component),
    .kind = TEXT(PARLEY_KIND_PROVIDER),
    .id = TEXT("minimal"),
    .title = TEXT("a provider for tests"),
    .table = &table,
    .create = create,
    .destroy = destroy,
};

static uint32_t count_components(void) {
    return 1;
}

static const parley_component* get_component(uint32_t index) {
    return index == 0 ? &component : NULL;
}

static parley_status init(const parley_host* host, parley_error* error) {
    (void)error;
    host->log(host, PARLEY_LOG_DEBUG, (parley_str)TEXT("init"));
    return PARLEY_OK;
}

PARLEY_PLUGIN_ENTRY = {
    .struct_size = sizeof(parley_entry),
    .abi_major = PARLEY_ABI_MAJOR,
    .abi_minor = PARLEY_ABI_MINOR,
    .id = TEXT("dev.parley.test.minimal"),
    .version = TEXT("1.0.0"),
    .vendor = TEXT("parley"),
    .init = init,
    .component_count = count_components,
    .component = get_component,
};
