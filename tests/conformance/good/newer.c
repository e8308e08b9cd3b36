/* Built for a border that has grown since: entry, component and table are longer than this host
 * knows, with functions at their ends that no host of today can call; two components are of kinds
 * that came later. It asks before it uses what is new, as the border wants. */
#define NO_ENTRY
#define COMPONENT_CREATE create_under_any_host
#include "parley/host.h"

static parley_status create_under_any_host(const parley_host* host,
                                           parley_instance** out,
                                           parley_error* error);

#include "../parts.h"

typedef struct longer_host {
    parley_host known;
    void (*dream)(const parley_host* host); /* came with 0.9 */
} longer_host;

typedef struct longer_provider {
    parley_provider known;
    void (*dream)(parley_instance* instance);
    uint64_t depth;
} longer_provider;

typedef struct longer_component {
    parley_component known;
    void (*dream)(parley_instance* instance);
} longer_component;

typedef struct longer_entry {
    parley_entry known;
    void (*dream)(void);
} longer_entry;

static void nobody_calls_this(void) {
    __builtin_trap();
}

static uint64_t instance_of_the_newer;

static parley_status create_under_any_host(const parley_host* host,
                                           parley_instance** out,
                                           parley_error* error) {
    static const parley_str known[] = {TEXT("made without dreams")};
    static const parley_str longer[] = {TEXT("made with dreams")};
    const int has_dreams = host->struct_size >= sizeof(longer_host);
    (void)error;
    host->log(host, PARLEY_LOG_INFO, has_dreams ? longer[0] : known[0]);
    *out = (parley_instance*)&instance_of_the_newer;
    return PARLEY_OK;
}

static parley_status plan_of_the_newer(parley_instance* instance,
                                       const parley_plan_ask* ask,
                                       const parley_arena* arena,
                                       parley_plan* out,
                                       parley_error* error) {
    (void)instance, (void)ask, (void)arena, (void)error;
    out->origin = (parley_str)TEXT("https://newer.invalid");
    out->target = (parley_str)TEXT("/v9");
    return PARLEY_OK;
}

static const longer_provider longer_table = {
    {sizeof(longer_provider),
     0,
     dialects,
     NULL,
     plan_of_the_newer,
     NULL,
     NULL,
     NULL,
     NULL,
     NULL,
     NULL,
     NULL},
    (void (*)(parley_instance*))nobody_calls_this,
    9,
};

#define COMPONENT(kind, id)                                \
    {                                                      \
        {sizeof(longer_component),                         \
         0,                                                \
         TEXT(kind),                                       \
         TEXT(id),                                         \
         TEXT("newer than its host"),                      \
         {NULL, 0},                                        \
         &longer_table,                                    \
         create_under_any_host,                            \
         NULL,                                             \
         NULL,                                             \
         NULL,                                             \
         NULL,                                             \
         destroy_instance,                                 \
         NULL},                                            \
            (void (*)(parley_instance*))nobody_calls_this, \
    }

static const longer_component components[] = {
    COMPONENT(PARLEY_KIND_PROVIDER, "broken"),
    COMPONENT("parley.dream/1", "dreams"),
    COMPONENT("parley.provider/2", "broken"),
};

static uint32_t count_newer(void) {
    return sizeof(components) / sizeof(components[0]);
}

static const parley_component* get_newer(uint32_t index) {
    return index < count_newer() ? &components[index].known : NULL;
}

PARLEY_EXTERN_C_BEGIN
extern PARLEY_EXPORT const longer_entry parley_plugin_v0;
PARLEY_EXTERN_C_END
const longer_entry parley_plugin_v0 = {
    {sizeof(longer_entry),
     PARLEY_ABI_MAJOR,
     9,
     0,
     0,
     TEXT("dev.parley.test.broken"),
     TEXT("1.0.0"),
     TEXT("parley"),
     NULL,
     NULL,
     count_newer,
     get_newer},
    nobody_calls_this,
};
