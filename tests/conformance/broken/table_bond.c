/* Begins answers that it cannot go on with. */
#define TABLE_ANSWER_OPEN answer_open
#include "parley/provider.h"

static parley_status answer_open(parley_instance* instance,
                                 const parley_plan_ask* ask,
                                 parley_bytes body,
                                 parley_session** out,
                                 parley_error* error) {
    (void)instance, (void)ask, (void)body, (void)out, (void)error;
    return PARLEY_OK;
}

#include "parts.h"
