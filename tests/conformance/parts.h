/* A whole plugin of which each part can be replaced: a broken one defines what it gets wrong, and
 * includes this. For C and C++. */
#ifndef PARLEY_TEST_PARTS_H
#define PARLEY_TEST_PARTS_H

#include "parley/host.h"
#include "parley/provider.h"

#ifndef TEXT
#define TEXT(s) \
    { s, sizeof(s) - 1 }
#endif

#ifndef ENTRY_SIZE
#define ENTRY_SIZE sizeof(parley_entry)
#endif
#ifndef ENTRY_MAJOR
#define ENTRY_MAJOR PARLEY_ABI_MAJOR
#endif
#ifndef ENTRY_MINOR
#define ENTRY_MINOR PARLEY_ABI_MINOR
#endif
#ifndef ENTRY_FLAGS
#define ENTRY_FLAGS 0
#endif
#ifndef ENTRY_RESERVED
#define ENTRY_RESERVED 0
#endif
#ifndef ENTRY_ID
#define ENTRY_ID TEXT("dev.parley.test.broken")
#endif
#ifndef ENTRY_VERSION
#define ENTRY_VERSION TEXT("1.0.0")
#endif
#ifndef ENTRY_INIT
#define ENTRY_INIT NULL
#endif
#ifndef ENTRY_COUNT
#define ENTRY_COUNT count_components
#endif
#ifndef COMPONENTS
#define COMPONENTS 1
#endif
#ifndef COMPONENT_SIZE
#define COMPONENT_SIZE sizeof(parley_component)
#endif
#ifndef COMPONENT_FLAGS
#define COMPONENT_FLAGS 0
#endif
#ifndef COMPONENT_KIND
#define COMPONENT_KIND TEXT(PARLEY_KIND_PROVIDER)
#endif
#ifndef COMPONENT_ID
#define COMPONENT_ID TEXT("broken")
#endif
#ifndef COMPONENT_SCHEMA
#define COMPONENT_SCHEMA \
    { NULL, 0 }
#endif
#ifndef COMPONENT_TABLE
#define COMPONENT_TABLE &table
#endif
#ifndef COMPONENT_DESTROY
#define COMPONENT_DESTROY destroy_instance
#endif
#ifndef COMPONENT_CREATE
#define COMPONENT_CREATE create_instance
#endif
#ifndef COMPONENT_CONFIGURE
#define COMPONENT_CONFIGURE NULL
#endif
#ifndef COMPONENT_ACTIVATE
#define COMPONENT_ACTIVATE NULL
#endif
#ifndef ENTRY_COMPONENT
#define ENTRY_COMPONENT get_component
#endif
#ifndef TABLE_CLASSIFY
#define TABLE_CLASSIFY NULL
#endif
#ifndef TABLE_SIZE
#define TABLE_SIZE sizeof(parley_provider)
#endif
#ifndef TABLE_RESERVED
#define TABLE_RESERVED 0
#endif
#ifndef TABLE_PLAN
#define TABLE_PLAN plan
#endif
#ifndef TABLE_ANSWER_OPEN
#define TABLE_ANSWER_OPEN NULL
#endif

static inline parley_status create_instance(const parley_host* host,
                                            parley_instance** out,
                                            parley_error* error) {
    static uint64_t instance;
    (void)host, (void)error;
    *out = (parley_instance*)&instance;
    return PARLEY_OK;
}

static inline void destroy_instance(parley_instance* instance) {
    (void)instance;
}

static const parley_str* dialects(parley_instance* instance, uint32_t* count) {
    static const parley_str all[] = {TEXT("example-chat")};
    (void)instance;
    *count = 1;
    return all;
}

static inline parley_status plan(parley_instance* instance,
                                 const parley_plan_ask* ask,
                                 const parley_arena* arena,
                                 parley_plan* out,
                                 parley_error* error) {
    (void)instance, (void)ask, (void)arena, (void)out, (void)error;
    return PARLEY_OK;
}

__attribute__((unused)) static const parley_provider table = {
    TABLE_SIZE,
    TABLE_RESERVED,
    dialects,
    NULL,
    TABLE_PLAN,
    TABLE_CLASSIFY,
    TABLE_ANSWER_OPEN,
    NULL,
    NULL,
};

static const parley_component component = {
    COMPONENT_SIZE,
    COMPONENT_FLAGS,
    COMPONENT_KIND,
    COMPONENT_ID,
    TEXT("a provider for tests"),
    COMPONENT_SCHEMA,
    COMPONENT_TABLE,
    COMPONENT_CREATE,
    COMPONENT_CONFIGURE,
    COMPONENT_ACTIVATE,
    NULL,
    NULL,
    COMPONENT_DESTROY,
    NULL,
};

static inline uint32_t count_components(void) {
    return COMPONENTS;
}

static inline const parley_component* get_component(uint32_t index) {
    return index < COMPONENTS ? &component : NULL;
}

#ifndef NO_ENTRY
PARLEY_PLUGIN_ENTRY = {
    ENTRY_SIZE,
    ENTRY_MAJOR,
    ENTRY_MINOR,
    ENTRY_FLAGS,
    ENTRY_RESERVED,
    ENTRY_ID,
    ENTRY_VERSION,
    TEXT("parley"),
    ENTRY_INIT,
    NULL,
    ENTRY_COUNT,
    ENTRY_COMPONENT,
};
#endif

#endif
