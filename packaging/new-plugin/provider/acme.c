/* acme.c: a provider that answers by itself, in whole or as a stream.
 *
 * Most providers have a network: plan() then names the origin, the target and the headers, and
 * everything that begins with answer_ goes. parley/provider.h says what each function may do. */
#include <stdlib.h>

#include "parley/host.h"
#include "parley/manifest.h"
#include "parley/provider.h"

#define ID "com.example.acme"
#define VERSION "0.1.0"
#define TEXT(s) \
    { s, sizeof(s) - 1 }

PARLEY_MANIFEST(ID, VERSION, "provider")

/* ---- what it says, in the dialect "openai-chat" ---------------------------------------------- */

static const char kWhole[] =
    "{\"id\":\"acme-1\",\"object\":\"chat.completion\",\"created\":0,\"model\":\"acme\","
    "\"choices\":[{\"index\":0,\"message\":{\"role\":\"assistant\",\"content\":"
    "\"Hello from acme!\"},\"finish_reason\":\"stop\"}]}";

#define CHUNK(delta, finish)                                                                     \
    "data: {\"id\":\"acme-1\",\"object\":\"chat.completion.chunk\",\"created\":0,"               \
    "\"model\":\"acme\",\"choices\":[{\"index\":0,\"delta\":" delta ",\"finish_reason\":" finish \
    "}]}\n\n"
#define WORD(word) CHUNK("{\"role\":\"assistant\",\"content\":\"" word "\"}", "null")

static const char* const kEvents[] = {
    WORD("Hello"), WORD(" from"), WORD(" acme!"), CHUNK("{}", "\"stop\""), "data: [DONE]\n\n"};

enum { kEventCount = sizeof(kEvents) / sizeof(kEvents[0]) };

/* ---- the provider: one instance for each [[provider]] that names it -------------------------- */

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

static const parley_str* dialects(parley_instance* instance, uint32_t* count) {
    static const parley_str all[] = {TEXT("openai-chat")};
    (void)instance;
    *count = 1;
    return all;
}

static const parley_model_offer* models(parley_instance* instance, uint32_t* count) {
    static const parley_model_offer all[] = {{sizeof(parley_model_offer), 0, TEXT("acme")}};
    (void)instance;
    *count = 1;
    return all;
}

static parley_status plan(parley_instance* instance,
                          const parley_plan_ask* ask,
                          const parley_arena* arena,
                          parley_plan* out,
                          parley_error* error) {
    (void)instance, (void)ask, (void)arena, (void)error;
    out->flags = PARLEY_PLAN_ANSWER;
    return PARLEY_OK;
}

/* ---- an answer: one session for each request ------------------------------------------------- */

struct parley_session {
    int is_stream;
    int next; /* of kEvents */
};

static parley_status answer_open(parley_instance* instance,
                                 const parley_plan_ask* ask,
                                 parley_bytes body,
                                 parley_session** out,
                                 parley_error* error) {
    (void)instance, (void)body, (void)error;
    *out = calloc(1, sizeof(**out));
    if (*out == NULL) return -PARLEY_E_INTERNAL;
    (*out)->is_stream = ask->stream != 0;
    return PARLEY_OK;
}

static parley_status write_text(const parley_out* out, const char* text, size_t size) {
    const parley_bytes bytes = {(const uint8_t*)text, size};
    return out->write(out, bytes);
}

static parley_status answer_step(parley_session* session,
                                 parley_answer* io,
                                 const parley_out* out) {
    static const parley_str json = TEXT("application/json");
    static const parley_str events = TEXT("text/event-stream");
    io->status = 200;
    io->content_type = session->is_stream ? events : json;
    if (!session->is_stream) {
        const parley_status status = write_text(out, kWhole, sizeof(kWhole) - 1);
        return status < 0 ? status : PARLEY_DONE;
    }
    const char* event = kEvents[session->next++];
    size_t size = 0;
    while (event[size] != '\0') ++size;
    const parley_status status = write_text(out, event, size);
    if (status < 0) return status;
    io->wait_ms = 20; /* as if it thought */
    return session->next == kEventCount ? PARLEY_DONE : PARLEY_AGAIN;
}

static void answer_close(parley_session* session) {
    free(session);
}

/* ---- what this library offers ---------------------------------------------------------------- */

static const parley_provider table = {
    .struct_size = sizeof(table),
    .dialects = dialects,
    .models = models,
    .plan = plan,
    .answer_open = answer_open,
    .answer_step = answer_step,
    .answer_close = answer_close,
};

static const parley_component component = {
    .struct_size = sizeof(component),
    .kind = TEXT(PARLEY_KIND_PROVIDER),
    .id = TEXT("acme"),
    .title = TEXT("answers by itself"),
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
