/* request.c: the pattern in what clients ask. A changed request shares all nodes that stay as they
 * were with the one that came. */
#include <string.h>

#include "filter.h"

enum what { END, TEXT, NODE, LIST };

/* Where texts are in a node: a member is a text, another node or a list of nodes. */
typedef struct member {
    enum what what;
    uint32_t at;
    uint32_t count_at; /* LIST */
    const struct member* members;
} member;

#define M(what, type, name, of) \
    { what, offsetof(type, name), 0, of }
#define L(type, name, count, of) \
    { LIST, offsetof(type, name), offsetof(type, count), of }

static const member part[5]; /* parts hold parts */

static const member call[] = {M(TEXT, parley_tool_call, arguments, NULL), {END, 0, 0, NULL}};
static const member result[] = {L(parley_tool_result, parts, part_count, part), {END, 0, 0, NULL}};
static const member found[] = {M(TEXT, parley_search_result, title, NULL),
                               L(parley_search_result, parts, part_count, part),
                               {END, 0, 0, NULL}};
static const member part[5] = {M(TEXT, parley_part, text, NULL),
                               M(NODE, parley_part, tool_call, call),
                               M(NODE, parley_part, tool_result, result),
                               M(NODE, parley_part, search_result, found),
                               {END, 0, 0, NULL}};
static const member message[] = {L(parley_message, parts, part_count, part), {END, 0, 0, NULL}};
static const member request_members[] = {L(parley_request, instructions, instruction_count, part),
                                         L(parley_request, messages, message_count, message),
                                         {END, 0, 0, NULL}};

typedef struct walk {
    const parley_instance* instance;
    const parley_arena* arena;
    int is_full; /* the arena's limit is reached */
} walk;

static void* copy_of(walk* w, const void* from, uint64_t size) {
    void* copy = w->arena->alloc(w->arena, size, 8);
    if (copy == NULL) w->is_full = 1;
    return copy == NULL ? NULL : memcpy(copy, from, size);
}

/* The text without the pattern; the same view when it is not in there. */
static parley_str redacted(walk* w, parley_str text) {
    const parley_instance* i = w->instance;
    const uint64_t most = text.len + text.len / i->pattern_len * i->replacement_len;
    char* out = NULL;
    uint64_t len = 0;
    for (uint64_t at = 0, matched = 0; at < text.len; ++at) {
        if (out != NULL) out[len] = text.ptr[at];
        ++len;
        matched = match(i, matched, text.ptr[at]);
        if (matched < i->pattern_len) continue;
        if (out == NULL) {
            out = w->arena->alloc(w->arena, most, 1);
            if (out == NULL) return w->is_full = 1, text;
            memcpy(out, text.ptr, len);
        }
        len -= matched;
        matched = 0;
        memcpy(out + len, i->replacement, i->replacement_len);
        len += i->replacement_len;
    }
    return out == NULL ? text : as_str(out, len);
}

static const void* changed(walk* w, const void* node, const member* members);

static const void* const* changed_list(walk* w,
                                       const void* const* list,
                                       uint64_t count,
                                       const member* of) {
    const void** copy = NULL;
    for (uint64_t n = 0; n < count; ++n) {
        const void* now = changed(w, list[n], of);
        if (now == list[n]) continue;
        if (copy == NULL) copy = copy_of(w, list, count * sizeof(*list));
        if (copy == NULL) return list;
        copy[n] = now;
    }
    return copy == NULL ? list : copy;
}

/* The node with its texts redacted: itself, or a copy. The host may know more members of it than we
 * do, so it is copied as long as it says that it is. */
static const void* changed(walk* w, const void* node, const member* members) {
    char* copy = NULL;
    for (const member* m = members; node != NULL && m->what != END; ++m) {
        const char* at = (const char*)node + m->at;
        parley_str value = {NULL, 0}; /* a text, or a pointer in its first member */
        memcpy(&value, at, m->what == TEXT ? sizeof(value) : sizeof(value.ptr));
        const char* const before = value.ptr;
        if (m->what == TEXT) value = redacted(w, value);
        if (m->what == NODE) value.ptr = changed(w, value.ptr, m->members);
        if (m->what == LIST) {
            uint64_t count = 0;
            memcpy(&count, (const char*)node + m->count_at, sizeof(count));
            value.ptr = (const char*)changed_list(
                w, (const void* const*)(const void*)value.ptr, count, m->members);
        }
        if (value.ptr == before) continue;
        if (copy == NULL) copy = copy_of(w, node, *(const uint32_t*)node);
        if (copy == NULL) return node;
        memcpy(copy + m->at, &value, m->what == TEXT ? sizeof(value) : sizeof(value.ptr));
    }
    return copy == NULL ? node : copy;
}

parley_status decide(parley_session* session,
                     const parley_request* request,
                     const parley_arena* arena,
                     parley_filter_decision* out,
                     parley_error* error) {
    walk w = {session->instance, arena, 0};
    (void)error;
    out->request = changed(&w, request, request_members);
    out->action = out->request == request ? PARLEY_FILTER_CONTINUE : PARLEY_FILTER_REPLACE;
    return w.is_full ? -PARLEY_E_BUDGET : PARLEY_OK;
}
