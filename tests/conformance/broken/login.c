/* A login that is wrong in one way, which a macro of that name chooses. It asks for a second of
 * patience and then publishes a token. */
#include "parley/login.h"

#include <string.h>

#define COMPONENT_KIND TEXT(PARLEY_KIND_LOGIN)
#define COMPONENT_TABLE &odd_table

static const char kToken[] = "{\"access_token\":\"rt-canary-7f3a-of-the-checks\"}";

static parley_status parse(parley_instance* instance,
                           parley_str secret,
                           const parley_arena* arena,
                           parley_secret_facts* out,
                           parley_error* error) {
    static const char why[] = "it is no token";
    (void)instance, (void)arena, (void)out;
#ifndef PARSE_REFUSES
    if (secret.len == sizeof(kToken) - 1) return PARLEY_OK;
#endif
    (void)secret;
    error->error_class = PARLEY_E_INVALID_ARGUMENT;
    error->message = (parley_str){why, sizeof(why) - 1};
    return -PARLEY_E_INVALID_ARGUMENT;
}

static parley_status begin(parley_instance* instance,
                           const parley_login_ask* ask,
                           parley_op** out,
                           parley_error* error) {
    static uint64_t op;
    (void)instance, (void)ask, (void)error;
    *out = (parley_op*)&op;
    return PARLEY_OK;
}

static parley_status step(parley_op* op,
                          const parley_resume* resume,
                          const parley_effects* effects,
                          parley_error* error) {
    const parley_str token = {kToken, sizeof(kToken) - 1};
    (void)op, (void)error;
#ifdef OP_FORGETS
    if (resume->kind == PARLEY_EFFECT_START) return PARLEY_PENDING;
#endif
#ifdef OP_NEVER_ENDS
    return effects->timer(effects, resume->id + 1, 1000) < 0 ? -PARLEY_E_BUDGET : PARLEY_PENDING;
#endif
    if (resume->kind == PARLEY_EFFECT_START) {
        (void)effects->timer(effects, 1, 1000);
        return PARLEY_PENDING;
    }
#ifndef OP_SAYS_NOTHING
    (void)effects->publish(effects, token);
#endif
#ifdef OP_PUBLISHES_TWICE
    (void)effects->publish(effects, token);
#endif
    (void)token;
    return PARLEY_DONE;
}

static void destroy(parley_op* op) {
    (void)op;
}

static const parley_op_table ops = {sizeof(ops), 0, step, destroy};

#ifdef REDACT_SHOWS
static parley_status redact(parley_instance* instance,
                            parley_str secret,
                            const parley_arena* arena,
                            parley_str* out,
                            parley_error* error) {
    (void)instance, (void)arena, (void)error;
    *out = secret;
    return PARLEY_OK;
}
#else
#define redact NULL
#endif

static const parley_login odd_table = {
    sizeof(odd_table), 0, {NULL, 0}, &ops, NULL, parse, begin, NULL, redact};

#include "parts.h"
