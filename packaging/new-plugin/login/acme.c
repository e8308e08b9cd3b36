/* acme.c: a login that makes up a key and gives it to the account.
 *
 * A real one asks a place for it: effects->http sends a request, show_user shows a person an
 * address and a code, timer waits. All of it is asked for, and answered with another step;
 * parley/op.h says how. In C++, parley/sdk/oauth_ops.hpp has the logins of OAuth 2 ready. */
#include <stdlib.h>
#include <string.h>

#include "parley/host.h"
#include "parley/login.h"
#include "parley/manifest.h"

#define ID "com.example.acme"
#define VERSION "0.1.0"
#define TEXT(s) \
    { s, sizeof(s) - 1 }

PARLEY_MANIFEST(ID, VERSION, "login")

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

/* Whose accounts these are: the id of a provider component. Put yours here. */
static const parley_str* providers(parley_instance* instance, uint32_t* count) {
    static const parley_str all[] = {TEXT("example")};
    (void)instance;
    *count = 1;
    return all;
}

/* A key is shown by its end, which proves nothing. */
static parley_status parse(parley_instance* instance,
                           parley_str secret,
                           const parley_arena* arena,
                           parley_secret_facts* out,
                           parley_error* error) {
    (void)instance;
    const uint64_t shown = 4;
    if (secret.len < 4 * shown) {
        static const parley_str why = TEXT("a key of 16 characters or more was expected");
        if (error != NULL) error->message = why;
        return -PARLEY_E_INVALID_ARGUMENT;
    }
    char* label = arena->alloc(arena, shown, 1);
    if (label == NULL) return -PARLEY_E_BUDGET;
    memcpy(label, secret.ptr + secret.len - shown, shown);
    out->label.ptr = label;
    out->label.len = shown;
    return PARLEY_OK;
}

/* ---- the op: from step to step until a key is published -------------------------------------- */

#define KEY_BYTES 16

struct parley_op {
    const parley_host* host;
};

static parley_status login_begin(parley_instance* instance,
                                 const parley_login_ask* ask,
                                 parley_op** out,
                                 parley_error* error) {
    (void)ask, (void)error;
    *out = malloc(sizeof(**out));
    if (*out == NULL) return -PARLEY_E_INTERNAL;
    (*out)->host = instance->host;
    return PARLEY_OK;
}

static parley_status publish(parley_bytes random, const parley_effects* effects) {
    static const char digits[] = "0123456789abcdef";
    char key[2 * KEY_BYTES];
    for (uint64_t i = 0; i < KEY_BYTES; ++i) {
        key[2 * i] = digits[random.ptr[i] >> 4];
        key[2 * i + 1] = digits[random.ptr[i] & 15];
    }
    const parley_str secret = {key, sizeof(key)};
    const parley_status status = effects->publish(effects, secret);
    for (volatile char* at = key; at != key + sizeof(key); ++at) *at = 0; /* secrets are wiped */
    return status < 0 ? status : PARLEY_DONE;
}

/* What was asked for may not come: the person who logs in is told in words. */
static parley_status step(parley_op* op,
                          const parley_resume* resume,
                          const parley_effects* effects,
                          parley_error* error) {
    static const parley_str no_random = TEXT("no random bytes came; log in again");
    (void)op;
    if (resume->kind == PARLEY_EFFECT_START) {
        const parley_status status = effects->random(effects, 1, KEY_BYTES);
        return status < 0 ? status : PARLEY_PENDING;
    }
    if (resume->status < 0 || resume->bytes.len != KEY_BYTES) {
        if (error != NULL) error->message = no_random;
        return resume->status < 0 ? resume->status : -PARLEY_E_INTERNAL;
    }
    return publish(resume->bytes, effects);
}

static void destroy_op(parley_op* op) {
    free(op);
}

/* ---- what this library offers ---------------------------------------------------------------- */

static const parley_op_table ops = {
    .struct_size = sizeof(ops),
    .step = step,
    .destroy = destroy_op,
};

static const parley_login table = {
    .struct_size = sizeof(table),
    .ops = &ops,
    .providers = providers,
    .parse = parse,
    .login_begin = login_begin,
};

static const parley_component component = {
    .struct_size = sizeof(component),
    .kind = TEXT(PARLEY_KIND_LOGIN),
    .id = TEXT("acme"),
    .title = TEXT("makes up keys"),
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
