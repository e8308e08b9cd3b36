/* plugin.c: names, settings and life of the filter. */
#include <stdlib.h>
#include <string.h>

#include "filter.h"

#define TEXT(literal) \
    { literal, sizeof(literal) - 1 }

static parley_status create(const parley_host* host, parley_instance** out, parley_error* error) {
    (void)host, (void)error;
    *out = calloc(1, sizeof(**out));
    return *out == NULL ? -PARLEY_E_BUDGET : PARLEY_OK;
}

/* The schema leaves nothing in a text that JSON would escape. */
static uint64_t read_setting(parley_str config, const char* key, char* out) {
    const uint64_t key_len = strlen(key);
    uint64_t len = 0;
    for (uint64_t at = 0; at + key_len < config.len; ++at) {
        if (memcmp(config.ptr + at, key, key_len) != 0) continue;
        for (at += key_len; config.ptr[at] != '"' && len < TEXT_MAX; ++at) {
            out[len++] = config.ptr[at];
        }
        break;
    }
    return len;
}

static parley_status configure(parley_instance* i, parley_str config, parley_error* error) {
    (void)error;
    i->pattern_len = read_setting(config, "\"pattern\":\"", i->pattern);
    i->replacement_len = read_setting(config, "\"replacement\":\"", i->replacement);
    for (uint64_t n = 1; n < i->pattern_len; ++n) {
        i->shorter[n] = (uint16_t)match(i, i->shorter[n - 1], i->pattern[n]);
    }
    return PARLEY_OK;
}

static void destroy(parley_instance* instance) {
    free(instance);
}

static parley_status interest(parley_instance* instance,
                              parley_filter_interest* out,
                              parley_error* error) {
    (void)error;
    out->flags = PARLEY_INTEREST_REQUESTS;
    out->events = PARLEY_INTEREST_EVENT(PARLEY_EVENT_TEXT_DELTA) |
                  PARLEY_INTEREST_EVENT(PARLEY_EVENT_REASONING_DELTA) |
                  PARLEY_INTEREST_EVENT(PARLEY_EVENT_TOOL_ARGS_DELTA) |
                  PARLEY_INTEREST_EVENT(PARLEY_EVENT_SEAL) |
                  PARLEY_INTEREST_EVENT(PARLEY_EVENT_PART_ENDED);
    out->hold_max = instance->pattern_len - 1;
    return PARLEY_OK;
}

static parley_status open_session(parley_instance* instance,
                                  const parley_filter_open* open,
                                  parley_session** out,
                                  parley_error* error) {
    (void)error;
    *out = open->arena->alloc(open->arena, sizeof(**out), 8);
    if (*out == NULL) return -PARLEY_E_BUDGET;
    memset(*out, 0, sizeof(**out));
    (*out)->instance = instance;
    return PARLEY_OK;
}

static void close_session(parley_session* session) {
    (void)session; /* it lies in the arena */
}

static const parley_filter filter = {
    .struct_size = sizeof(parley_filter),
    .interest = interest,
    .open = open_session,
    .request = decide,
    .event = hear,
    .close = close_session,
};

#define PLAIN \
    "\"pattern\":\"^[^\\\\x00-\\\\x1f\\\"\\\\\\\\]*$\",\"type\":\"string\",\"maxLength\":64"

static const parley_component redactor = {
    .struct_size = sizeof(parley_component),
    .kind = TEXT(PARLEY_KIND_FILTER),
    .id = TEXT("example-filter"),
    .title = TEXT("redacts a text in requests and replies"),
    .config_schema =
        TEXT("{\"type\":\"object\",\"additionalProperties\":false,\"required\":[\"pattern\"],"
             "\"properties\":{\"pattern\":{" PLAIN ",\"minLength\":1},"
             "\"replacement\":{" PLAIN ",\"default\":\"[redacted]\"}}}"),
    .table = &filter,
    .create = create,
    .configure = configure,
    .destroy = destroy,
};

static uint32_t component_count(void) {
    return 1;
}

static const parley_component* component(uint32_t index) {
    return index == 0 ? &redactor : NULL;
}

PARLEY_PLUGIN_ENTRY = {
    .struct_size = sizeof(parley_entry),
    .abi_major = PARLEY_ABI_MAJOR,
    .abi_minor = PARLEY_ABI_MINOR,
    .id = TEXT("dev.parley.example-filter"),
    .version = TEXT("0.1.0"),
    .vendor = TEXT("Parley"),
    .component_count = component_count,
    .component = component,
};
