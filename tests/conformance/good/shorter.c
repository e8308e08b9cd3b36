/* Built when the border was young: its table ends behind the functions that a provider must have,
 * and what lies behind it is not the host's to read. */
#include <stddef.h>

#define COMPONENT_TABLE &young.table
#include "parley/provider.h"

typedef struct shorter_provider {
    uint32_t struct_size;
    uint32_t reserved0;
    const parley_str* (*dialects)(parley_instance* instance, uint32_t* count);
    const parley_model_offer* (*models)(parley_instance* instance, uint32_t* count);
    parley_status (*plan)(parley_instance* instance,
                          const parley_plan_ask* ask,
                          const parley_arena* arena,
                          parley_plan* out,
                          parley_error* error);
    parley_status (*classify)(parley_instance* instance,
                              const parley_account* account,
                              const parley_http_reply_head* head,
                              parley_bytes body,
                              const parley_error* told,
                              const parley_arena* arena,
                              parley_verdict* out);
    parley_status (*answer_open)(parley_instance* instance,
                                 const parley_plan_ask* ask,
                                 parley_bytes body,
                                 parley_session** out,
                                 parley_error* error);
    parley_status (*answer_step)(parley_session* session, parley_answer* io, const parley_out* out);
    void (*answer_close)(parley_session* session);
} shorter_provider;

typedef struct shorter_and_more {
    shorter_provider table;
    void (*behind[8])(void);
} shorter_and_more;

extern const shorter_and_more young;

#include "../parts.h"

static void nobody_calls_this(void) {
    __builtin_trap();
}

#define EIGHT(f) \
    { f, f, f, f, f, f, f, f }

const shorter_and_more young = {
    {sizeof(shorter_provider), 0, dialects, NULL, plan, NULL, NULL, NULL, NULL},
    EIGHT(nobody_calls_this),
};
