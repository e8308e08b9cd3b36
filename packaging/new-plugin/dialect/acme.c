/* acme.c: a dialect for clients that can do little: the question is plain text, the answer JSON.
 *
 *   POST /acme/MODEL    What is the time?    ->    {"answer":"Half past ten."}
 *
 * It reads requests and writes replies, so such clients reach every model. For upstreams that speak
 * it, it can pass on what it finds; encode_request and decoder_open of parley/dialect.h would let
 * clients of other dialects reach them. */
#include <stdlib.h>
#include <string.h>

#include "parley/dialect.h"
#include "parley/host.h"
#include "parley/manifest.h"

#define ID "com.example.acme"
#define VERSION "0.1.0"
#define TEXT(s) \
    { s, sizeof(s) - 1 }

PARLEY_MANIFEST(ID, VERSION, "dialect")

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

#define PATH "/acme/"

static const parley_route* routes(parley_instance* instance, uint32_t* count) {
    static const parley_route all[] = {{sizeof(parley_route),
                                        PARLEY_OPERATION_GENERATE,
                                        0,
                                        0,
                                        TEXT("POST"),
                                        TEXT(PATH "{model}")}};
    (void)instance;
    *count = 1;
    return all;
}

/* ---- writing --------------------------------------------------------------------------------- */

static parley_status write_all(const parley_out* out, const char* text, uint64_t size) {
    const parley_bytes bytes = {(const uint8_t*)text, size};
    return size == 0 ? PARLEY_OK : out->write(out, bytes);
}

/* A text as JSON spells it, without the quotes. */
static parley_status write_escaped(const parley_out* out, parley_str text) {
    static const char digits[] = "0123456789abcdef";
    uint64_t from = 0;
    for (uint64_t i = 0; i < text.len; ++i) {
        const unsigned char c = (unsigned char)text.ptr[i];
        if (c >= 0x20 && c != '"' && c != '\\') continue;
        const char escape[] = {'\\', 'u', '0', '0', digits[c >> 4], digits[c & 15]};
        parley_status status = write_all(out, text.ptr + from, i - from);
        if (status >= 0) status = write_all(out, escape, sizeof(escape));
        if (status < 0) return status;
        from = i + 1;
    }
    return write_all(out, text.ptr + from, text.len - from);
}

static parley_status write_object(const parley_out* out, const char* name, parley_str text) {
    parley_status status = write_all(out, "{\"", 2);
    if (status >= 0) status = write_all(out, name, strlen(name));
    if (status >= 0) status = write_all(out, "\":\"", 3);
    if (status >= 0) status = write_escaped(out, text);
    if (status >= 0) status = write_all(out, "\"}\n", 3);
    return status;
}

/* ---- errors ---------------------------------------------------------------------------------- */

static parley_status encode_error(parley_instance* instance,
                                  const parley_call* call,
                                  const parley_error* error,
                                  const parley_arena* arena,
                                  parley_http_reply* reply,
                                  const parley_out* out) {
    static const parley_str json = TEXT("application/json");
    (void)instance, (void)call, (void)arena;
    reply->status = error->http_status != 0 ? error->http_status : 500;
    reply->content_type = json;
    return write_object(out, "error", error->message);
}

/* The host knows by the status what a refusal means; the words are the upstream's own. */
static parley_status decode_error(parley_instance* instance,
                                  const parley_http_reply_head* head,
                                  parley_bytes body,
                                  const parley_arena* arena,
                                  parley_error* out) {
    (void)instance, (void)arena;
    out->http_status = head->status;
    out->excerpt.ptr = (const char*)body.ptr;
    out->excerpt.len = body.len;
    return PARLEY_OK;
}

/* ---- relay: an upstream that speaks it too --------------------------------------------------- */

static parley_status peek(parley_instance* instance,
                          const parley_call* call,
                          const parley_arena* arena,
                          parley_peek* out,
                          parley_error* error) {
    (void)instance, (void)arena, (void)error;
    out->model = call->path_model;
    return PARLEY_OK;
}

static parley_status retarget(parley_instance* instance,
                              const parley_call* call,
                              const parley_peek* peek,
                              parley_str model,
                              const parley_arena* arena,
                              parley_retarget* io,
                              parley_error* error) {
    (void)instance, (void)peek, (void)error;
    const uint64_t size = sizeof(PATH) - 1 + model.len;
    char* path = arena->alloc(arena, size, 1);
    if (path == NULL) return -PARLEY_E_BUDGET;
    memcpy(path, PATH, sizeof(PATH) - 1);
    memcpy(path + sizeof(PATH) - 1, model.ptr, model.len);
    io->path.ptr = path;
    io->path.len = size;
    io->query = call->http->query;
    return PARLEY_OK;
}

/* A session is a tap or an encoder; each uses its own members. */
struct parley_session {
    uint8_t last; /* tap: the last byte that is no space */
    char* text;   /* encoder: the answer so far */
    uint64_t size;
    uint64_t room;
};

static parley_status open_session(parley_session** out) {
    *out = calloc(1, sizeof(**out));
    return *out == NULL ? -PARLEY_E_INTERNAL : PARLEY_OK;
}

static parley_status tap_open(parley_instance* instance,
                              const parley_tap_open* open,
                              parley_session** out,
                              parley_error* error) {
    (void)instance, (void)open, (void)error;
    return open_session(out);
}

/* A reply is complete when its object is closed; one that was cut never passes for whole. */
static parley_status tap_feed(parley_session* session,
                              parley_bytes bytes,
                              uint32_t eof,
                              parley_tap* io,
                              parley_error* error) {
    (void)error;
    for (uint64_t i = 0; i < bytes.len; ++i) {
        if (bytes.ptr[i] > ' ') session->last = bytes.ptr[i];
    }
    io->taken = bytes.len;
    if (session->last != 0) io->state = PARLEY_TAP_CONTENT;
    if (eof != 0 && session->last == '}') io->state = PARLEY_TAP_COMPLETE;
    return PARLEY_OK;
}

static parley_status tap_fail(parley_session* session,
                              const parley_error* error,
                              const parley_out* out) {
    (void)session;
    return write_object(out, "error", error->message);
}

static void tap_close(parley_session* session) {
    free(session);
}

/* ---- translation: a question for any model --------------------------------------------------- */

static parley_status decode_request(parley_instance* instance,
                                    const parley_call* call,
                                    const parley_arena* arena,
                                    const parley_request** out,
                                    parley_error* error) {
    static const parley_str id = TEXT("acme");
    static const parley_str empty = TEXT("body: a question was expected");
    (void)instance;
    if (call->http->body.len == 0) {
        if (error != NULL) error->message = empty;
        return -PARLEY_E_INVALID_ARGUMENT;
    }

    struct nodes {
        parley_request request;
        parley_message message;
        parley_part part;
        const parley_message* messages[1];
        const parley_part* parts[1];
    }* all = arena->alloc(arena, sizeof(*all), sizeof(void*));

    if (all == NULL) return -PARLEY_E_BUDGET;
    memset(all, 0, sizeof(*all));
    all->part.struct_size = sizeof(all->part);
    all->part.kind = PARLEY_PART_TEXT;
    all->part.text.ptr = (const char*)call->http->body.ptr;
    all->part.text.len = call->http->body.len;
    all->parts[0] = &all->part;
    all->message.struct_size = sizeof(all->message);
    all->message.role = PARLEY_ROLE_USER;
    all->message.parts = all->parts;
    all->message.part_count = 1;
    all->messages[0] = &all->message;
    all->request.struct_size = sizeof(all->request);
    all->request.operation = call->operation;
    all->request.dialect = id;
    all->request.model = call->path_model;
    all->request.raw = call->http->body;
    all->request.messages = all->messages;
    all->request.message_count = 1;
    *out = &all->request;
    return PARLEY_OK;
}

static parley_status encoder_open(parley_instance* instance,
                                  const parley_codec_open* open,
                                  parley_session** out,
                                  parley_error* error) {
    (void)instance, (void)open, (void)error;
    return open_session(out);
}

static parley_status append(parley_session* session, parley_str text) {
    if (session->room - session->size < text.len) {
        const uint64_t room = 2 * (session->size + text.len);
        char* more = realloc(session->text, room);
        if (more == NULL) return -PARLEY_E_INTERNAL;
        session->text = more;
        session->room = room;
    }
    memcpy(session->text + session->size, text.ptr, text.len);
    session->size += text.len;
    return PARLEY_OK;
}

/* What it has no words for, it leaves out. */
static parley_status encode(parley_session* session,
                            const parley_event* event,
                            const parley_out* out,
                            parley_error* error) {
    const parley_str answer = {session->text, session->size};
    (void)error;
    switch (event->type) {
        case PARLEY_EVENT_TEXT_DELTA:
            return append(session, event->text);
        case PARLEY_EVENT_FINISH:
            return write_object(out, "answer", answer);
        case PARLEY_EVENT_ERROR:
            return write_object(out, "error", event->text);
        default:
            return PARLEY_OK;
    }
}

static void encoder_close(parley_session* session) {
    free(session->text);
    free(session);
}

/* ---- what this library offers ---------------------------------------------------------------- */

static const parley_dialect table = {
    .struct_size = sizeof(table),
    .routes = routes,
    .peek = peek,
    .retarget = retarget,
    .tap_open = tap_open,
    .tap_feed = tap_feed,
    .tap_fail = tap_fail,
    .tap_close = tap_close,
    .encode_error = encode_error,
    .decode_error = decode_error,
    .decode_request = decode_request,
    .encoder_open = encoder_open,
    .encode = encode,
    .encoder_close = encoder_close,
};

static const parley_component component = {
    .struct_size = sizeof(component),
    .kind = TEXT(PARLEY_KIND_DIALECT),
    .id = TEXT("acme"),
    .title = TEXT("asks by plain text, answers by JSON"),
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
