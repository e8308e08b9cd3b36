/* acme.c: an observer that writes a line into the log for each exchange that is over.
 *
 * It runs on a thread of its own kind and may block: no stream waits for it. parley/observer.h says
 * what a notice tells. Models and callers are texts of strangers: escape them where you write. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "parley/host.h"
#include "parley/manifest.h"
#include "parley/observer.h"

#define ID "com.example.acme"
#define VERSION "0.1.0"
#define TEXT(s) \
    { s, sizeof(s) - 1 }

PARLEY_MANIFEST(ID, VERSION, "observer")

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

static const char* outcome_name(uint32_t outcome) {
    switch (outcome) {
        case PARLEY_OUTCOME_SUCCEEDED:
            return "succeeded";
        case PARLEY_OUTCOME_REFUSED:
            return "was refused";
        case PARLEY_OUTCOME_CANCELLED:
            return "was cancelled";
        default:
            return "failed";
    }
}

static parley_status observe(parley_instance* instance,
                             const parley_notice_batch* batch,
                             const parley_cancel* cancel,
                             parley_error* error) {
    (void)cancel, (void)error;
    const parley_host* host = instance->host;
    for (uint64_t i = 0; i < batch->notice_count; ++i) {
        const parley_notice* notice = batch->notices[i];
        const parley_str model = notice->exchange->model;
        char line[256];
        const int size = snprintf(line,
                                  sizeof(line),
                                  "acme: %.*s %s after %" PRIu64 " ms",
                                  model.len < 100 ? (int)model.len : 100,
                                  model.ptr == NULL ? "" : model.ptr,
                                  outcome_name(notice->outcome),
                                  notice->total_ms);
        const parley_str text = {line, (uint64_t)size};
        host->log(host, PARLEY_LOG_INFO, text);
    }
    return PARLEY_OK;
}

/* ---- what this library offers ---------------------------------------------------------------- */

static const parley_observer table = {
    .struct_size = sizeof(table),
    .observe = observe,
};

static const parley_component component = {
    .struct_size = sizeof(component),
    .kind = TEXT(PARLEY_KIND_OBSERVER),
    .id = TEXT("acme"),
    .title = TEXT("writes a line for each exchange"),
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
