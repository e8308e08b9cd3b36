/* acme.c: a filter that writes the text of replies in capitals.
 *
 * It asks for text alone, so nothing else reaches it. A filter that wants requests too says so in
 * interest() and has a request(); parley/filter.h says what that may do. */
#include <stdlib.h>

#include "parley/filter.h"
#include "parley/host.h"
#include "parley/manifest.h"

#define ID "com.example.acme"
#define VERSION "0.1.0"
#define TEXT(s) \
    { s, sizeof(s) - 1 }

PARLEY_MANIFEST(ID, VERSION, "filter")

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

static parley_status interest(parley_instance* instance,
                              parley_filter_interest* out,
                              parley_error* error) {
    (void)instance, (void)error;
    out->events = PARLEY_INTEREST_EVENT(PARLEY_EVENT_TEXT_DELTA);
    return PARLEY_OK;
}

/* What a filter remembers from event to event of one attempt; this one has nothing to. */
struct parley_session {
    parley_instance* instance;
};

static parley_status open_session(parley_instance* instance,
                                  const parley_filter_open* open,
                                  parley_session** out,
                                  parley_error* error) {
    (void)error;
    *out = open->arena->alloc(open->arena, sizeof(**out), sizeof(void*));
    if (*out == NULL) return -PARLEY_E_BUDGET;
    (*out)->instance = instance;
    return PARLEY_OK;
}

/* Passes the event on with another text. Letters of ASCII alone: the others are longer than a
 * byte, and a change of length would need room. */
static parley_status event(parley_session* session,
                           const parley_event* event,
                           const parley_sink* sink,
                           parley_error* error) {
    (void)session, (void)error;
    parley_event loud = *event;
    char* text = malloc(event->text.len + 1);
    if (text == NULL) return -PARLEY_E_INTERNAL;
    for (uint64_t i = 0; i < event->text.len; ++i) {
        const char c = event->text.ptr[i];
        text[i] = c >= 'a' && c <= 'z' ? (char)(c - 'a' + 'A') : c;
    }
    loud.text.ptr = text;
    const parley_status status = sink->emit(sink, &loud);
    free(text);
    return status < 0 ? status : PARLEY_OK;
}

static void close_session(parley_session* session) {
    (void)session; /* its memory is the arena's */
}

/* ---- what this library offers ---------------------------------------------------------------- */

static const parley_filter table = {
    .struct_size = sizeof(table),
    .interest = interest,
    .open = open_session,
    .event = event,
    .close = close_session,
};

static const parley_component component = {
    .struct_size = sizeof(component),
    .kind = TEXT(PARLEY_KIND_FILTER),
    .id = TEXT("acme"),
    .title = TEXT("writes replies in capitals"),
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
