/* acme.c: a store that keeps documents in memory, and so until Parley ends.
 *
 * A store runs on pool threads and may block, several calls at a time: hence the lock. What it
 * returns are copies in the arena of the call. parley/store.h says what else one may offer:
 * batches, watching, leases. */
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "parley/host.h"
#include "parley/manifest.h"
#include "parley/store.h"

#define ID "com.example.acme"
#define VERSION "0.1.0"
#define TEXT(s) \
    { s, sizeof(s) - 1 }

PARLEY_MANIFEST(ID, VERSION, "store")

/* Documents, in the order of their keys. */
typedef struct document {
    struct document* next;
    parley_str key;
    parley_str value;
    parley_str content_type;
    uint64_t revision;
} document;

struct parley_instance {
    pthread_mutex_t lock;
    document* first;
    uint64_t revisions; /* how many there have been */
};

static parley_status create(const parley_host* host, parley_instance** out, parley_error* error) {
    (void)host, (void)error;
    *out = calloc(1, sizeof(**out));
    if (*out == NULL) return -PARLEY_E_INTERNAL;
    if (pthread_mutex_init(&(*out)->lock, NULL) != 0) {
        free(*out);
        return -PARLEY_E_INTERNAL;
    }
    return PARLEY_OK;
}

static int compare(parley_str a, parley_str b) {
    const int order = memcmp(a.ptr, b.ptr, a.len < b.len ? a.len : b.len);
    if (order != 0) return order;
    return a.len < b.len ? -1 : a.len > b.len;
}

static int begins_with(parley_str text, parley_str prefix) {
    return text.len >= prefix.len && memcmp(text.ptr, prefix.ptr, prefix.len) == 0;
}

/* The document with this key, or the place where it would stand. */
static document** find(parley_instance* store, parley_str key) {
    document** at = &store->first;
    while (*at != NULL && compare((*at)->key, key) < 0) at = &(*at)->next;
    return at;
}

static uint64_t revision_at(document* const* at, parley_str key) {
    const int is_there = *at != NULL && compare((*at)->key, key) == 0;
    return is_there ? (*at)->revision : PARLEY_REVISION_NONE;
}

static void drop(document** at) {
    document* gone = *at;
    *at = gone->next;
    free(gone);
}

static parley_str copied(const parley_arena* arena, parley_str text) {
    char* room = arena->alloc(arena, text.len + 1, 1);
    const parley_str none = {NULL, 0};
    if (room == NULL) return none;
    if (text.len != 0) memcpy(room, text.ptr, text.len);
    const parley_str copy = {room, text.len};
    return copy;
}

static parley_status show(const document* from,
                          int with_value,
                          const parley_arena* arena,
                          parley_document* out) {
    out->struct_size = sizeof(*out);
    out->key = copied(arena, from->key);
    out->content_type = copied(arena, from->content_type);
    out->revision = from->revision;
    if (out->key.ptr == NULL || out->content_type.ptr == NULL) return -PARLEY_E_BUDGET;
    if (!with_value) return PARLEY_OK;
    const parley_str value = copied(arena, from->value);
    if (value.ptr == NULL) return -PARLEY_E_BUDGET;
    out->value.ptr = (const uint8_t*)value.ptr;
    out->value.len = value.len;
    return PARLEY_OK;
}

/* ---- the border's functions: each under the lock --------------------------------------------- */

static parley_status open_store(parley_instance* store,
                                const parley_watcher* watcher,
                                const parley_cancel* cancel,
                                parley_store_facts* out,
                                parley_error* error) {
    (void)store, (void)watcher, (void)cancel, (void)error;
    out->capabilities = PARLEY_STORE_CAS;
    return PARLEY_OK;
}

static void close_store(parley_instance* store) {
    (void)store; /* the documents stay, should it be opened again */
}

static parley_status get(parley_instance* store,
                         parley_str key,
                         const parley_arena* arena,
                         const parley_cancel* cancel,
                         parley_document* out,
                         parley_error* error) {
    (void)cancel, (void)error;
    pthread_mutex_lock(&store->lock);
    document** at = find(store, key);
    const int is_there = revision_at(at, key) != PARLEY_REVISION_NONE;
    const parley_status status = is_there ? show(*at, 1, arena, out) : -PARLEY_E_NOT_FOUND;
    pthread_mutex_unlock(&store->lock);
    return status;
}

/* The cursor is the last key of the page before. */
static parley_status list(parley_instance* store,
                          parley_str prefix,
                          parley_str cursor,
                          uint64_t limit,
                          uint32_t values,
                          const parley_arena* arena,
                          const parley_cancel* cancel,
                          parley_page* out,
                          parley_error* error) {
    (void)cancel, (void)error;
    pthread_mutex_lock(&store->lock);
    const document* at = *find(store, cursor.len == 0 ? prefix : cursor);
    if (cursor.len != 0 && at != NULL && compare(at->key, cursor) == 0) at = at->next;
    uint64_t count = 0;
    for (const document* d = at; d != NULL && begins_with(d->key, prefix); d = d->next) ++count;
    const int is_last = count <= limit;
    if (!is_last) count = limit;
    const parley_document** page = arena->alloc(arena, (count + 1) * sizeof(*page), sizeof(void*));
    parley_document* all = arena->alloc(arena, (count + 1) * sizeof(*all), sizeof(void*));
    parley_status status = page == NULL || all == NULL ? -PARLEY_E_BUDGET : PARLEY_OK;
    for (uint64_t i = 0; i < count && status == PARLEY_OK; ++i, at = at->next) {
        memset(&all[i], 0, sizeof(all[i]));
        status = show(at, values != 0, arena, &all[i]);
        page[i] = &all[i];
    }
    pthread_mutex_unlock(&store->lock);
    if (status < 0) return status;
    out->documents = page;
    out->document_count = count;
    if (!is_last) out->cursor = all[count - 1].key;
    return PARLEY_OK;
}

/* Key, value and type lie behind the document, in one piece of memory. */
static document* made_of(const parley_write* write, uint64_t revision) {
    const uint64_t size = write->key.len + write->value.len + write->content_type.len;
    document* d = malloc(sizeof(*d) + size);
    if (d == NULL) return NULL;
    char* text = (char*)(d + 1);
    d->key = (parley_str){text, write->key.len};
    d->value = (parley_str){text + d->key.len, write->value.len};
    d->content_type = (parley_str){d->value.ptr + d->value.len, write->content_type.len};
    d->revision = revision;
    if (d->key.len != 0) memcpy(text, write->key.ptr, d->key.len);
    if (d->value.len != 0) memcpy(text + d->key.len, write->value.ptr, d->value.len);
    char* type = text + d->key.len + d->value.len;
    if (d->content_type.len != 0) memcpy(type, write->content_type.ptr, d->content_type.len);
    return d;
}

static int conflicts(const parley_write* write, uint64_t revision, parley_written* out) {
    out->revision = revision;
    return write->expected != PARLEY_REVISION_ANY && write->expected != revision;
}

static parley_status put(parley_instance* store,
                         const parley_write* write,
                         const parley_cancel* cancel,
                         parley_written* out,
                         parley_error* error) {
    (void)cancel, (void)error;
    parley_status status = PARLEY_OK;
    pthread_mutex_lock(&store->lock);
    document** at = find(store, write->key);
    const uint64_t old = revision_at(at, write->key);
    document* made = NULL;
    if (conflicts(write, old, out)) {
        status = -PARLEY_E_CONFLICT;
    } else if ((made = made_of(write, store->revisions + 1)) == NULL) {
        status = -PARLEY_E_INTERNAL;
    } else {
        if (old != PARLEY_REVISION_NONE) drop(at);
        made->next = *at;
        *at = made;
        out->revision = ++store->revisions;
    }
    pthread_mutex_unlock(&store->lock);
    return status;
}

static parley_status remove_document(parley_instance* store,
                                     const parley_write* write,
                                     const parley_cancel* cancel,
                                     parley_written* out,
                                     parley_error* error) {
    (void)cancel, (void)error;
    parley_status status = PARLEY_OK;
    pthread_mutex_lock(&store->lock);
    document** at = find(store, write->key);
    const uint64_t old = revision_at(at, write->key);
    const int is_missed = old == PARLEY_REVISION_NONE && write->expected != PARLEY_REVISION_ANY;
    if (conflicts(write, old, out) || is_missed) {
        status = -PARLEY_E_CONFLICT;
    } else if (old != PARLEY_REVISION_NONE) {
        drop(at);
    }
    pthread_mutex_unlock(&store->lock);
    return status;
}

static void destroy(parley_instance* store) {
    while (store->first != NULL) drop(&store->first);
    pthread_mutex_destroy(&store->lock);
    free(store);
}

/* ---- what this library offers ---------------------------------------------------------------- */

static const parley_store table = {
    .struct_size = sizeof(table),
    .open = open_store,
    .close = close_store,
    .get = get,
    .list = list,
    .put = put,
    .remove = remove_document,
};

static const parley_component component = {
    .struct_size = sizeof(component),
    .kind = TEXT(PARLEY_KIND_STORE),
    .id = TEXT("acme"),
    .title = TEXT("keeps documents in memory"),
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
