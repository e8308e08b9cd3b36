/* parley/login.h: parley.login/1, how an account gets its secret, keeps it fresh, and is shown.
 *
 * A login knows the form of a secret; the host keeps it. The host asks it to begin a login for a
 * person and a refresh for an account, stores what the op publishes, and sees to it that only one
 * refresh of an account runs at a time, across workers too.
 *
 * A secret is text: an API key, or a JSON object of tokens. Whoever holds one here wipes it when
 * the call or the op ends, and never logs it.
 *
 * The host makes one instance of a login for each provider instance that it serves, and configures
 * it with that provider's settings, which the provider's schema has checked: what a login wants to
 * know stands there, and its own config_schema is empty. It is given every secret of the
 * provider's accounts, plain keys too.
 */
#ifndef PARLEY_LOGIN_H
#define PARLEY_LOGIN_H

#include "parley/abi.h"
#include "parley/op.h"
#include "parley/provider.h"

PARLEY_EXTERN_C_BEGIN

#define PARLEY_KIND_LOGIN "parley.login/1"

#define PARLEY_SECRET_REFRESHABLE (1u << 0) /* refresh_begin can renew it */
/* Proves nothing to the provider by itself: no request is sent with it before a refresh has made
 * a usable one of it, as of the key of a service account. Only together with REFRESHABLE. */
#define PARLEY_SECRET_PENDING (1u << 1)

/* What a secret says about its account. The host clears it, parse fills it; texts live in the
 * arena. */
typedef struct parley_secret_facts {
    uint32_t struct_size;
    uint32_t flags; /* PARLEY_SECRET_* */
    /* The same for every secret of this account, so that a second login replaces the first. Empty:
     * the host makes one from the secret's hash. */
    parley_str id;
    parley_str label;      /* for people: a mail address, the end of a key; may be empty */
    parley_str attributes; /* JSON object without secrets, as in parley_account; may be empty */
    int64_t expires_at_ms; /* wall clock; 0: does not expire */
    int64_t refresh_at_ms; /* wall clock; 0: the host's usual lead before it expires */
} parley_secret_facts;

/* What a login is begun with. Valid for the call. */
typedef struct parley_login_ask {
    uint32_t struct_size;
    uint32_t reserved0;
    parley_str provider; /* the provider instance that the account is for */
    parley_str params;   /* JSON object that fits params_schema, defaults filled in */
    /* Where the host hears a browser come back: "http://127.0.0.1:8317"; empty: nowhere. */
    parley_str callback_origin;
} parley_login_ask;

typedef struct parley_login {
    uint32_t struct_size;
    uint32_t reserved0;
    parley_str params_schema;   /* JSON Schema of parley_login_ask.params; empty: takes none */
    const parley_op_table *ops; /* drives what the begin functions give; NULL without them */

    /* The provider components whose accounts it serves, by component id.
     * @thread ctl  @need optional: the provider component with the id of this component
     * @life instance  @null none  @since 0.1 */
    const parley_str *(*providers)(parley_instance *instance, uint32_t *count);

    /* Reads a secret: one just published, or one that a person put into a store by hand. Members
     * that it does not know are left alone. -PARLEY_E_INVALID_ARGUMENT when it is none; the
     * account is then listed as broken and not used.
     * @thread loop  @need required  @life arena  @null none  @since 0.1 */
    parley_status (*parse)(parley_instance *instance, parley_str secret,
                           const parley_arena *arena, parley_secret_facts *out,
                           parley_error *error);

    /* Begins a login. The op publishes the secret, which parse must accept. An op that fails
     * leaves no account behind.
     * @thread loop  @need optional: secrets come only by hand  @life until destroy  @null none
     * @since 0.1 */
    parley_status (*login_begin)(parley_instance *instance, const parley_login_ask *ask,
                                 parley_op **out, parley_error *error);

    /* Begins a refresh. The op copies what it needs of the account, which ends with this call, and
     * publishes the whole new secret, with the members that it did not know. Failure of class
     * UNAUTHENTICATED, scope ACCOUNT means that only a new login helps, and the host stops asking;
     * after any other failure it tries again later while the old secret lasts.
     * @thread loop  @need optional: secrets are never renewed  @life until destroy  @null none
     * @since 0.1 */
    parley_status (*refresh_begin)(parley_instance *instance, const parley_account *account,
                                   parley_op **out, parley_error *error);

    /* The secret with its proofs blanked, to be shown to an operator. On failure, and without this
     * function, the host shows nothing of it.
     * @thread loop  @need optional: nothing is shown  @life arena  @null none  @since 0.1 */
    parley_status (*redact)(parley_instance *instance, parley_str secret,
                            const parley_arena *arena, parley_str *out, parley_error *error);
} parley_login;

PARLEY_EXTERN_C_END

#endif
