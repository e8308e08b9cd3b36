/* parley/state.h: parley.state/1, which hands over what an instance has gathered to the one that
 * takes its place: when its library is replaced, and when the configuration changes.
 *
 * A component offers it by get_extension. Caches, scores and counters travel here; secrets and
 * what must last do not, they are in the store. Sessions do not travel either: they end where they
 * began.
 */
#ifndef PARLEY_STATE_H
#define PARLEY_STATE_H

#include "parley/abi.h"

PARLEY_EXTERN_C_BEGIN

#define PARLEY_STATE "parley.state/1"

typedef struct parley_state {
    uint32_t struct_size;
    uint32_t reserved0;

    /* Writes what the instance has gathered, in a form that tells its own version. The instance
     * goes on serving meanwhile, and may be asked again. PARLEY_OK, or PARLEY_DECLINED when there
     * is nothing to hand over. A negative status, and more than 16 MiB, are told in the log; the
     * successor then starts without.
     * @thread ctl  @need required  @life none  @null none  @since 0.1 */
    parley_status (*save)(parley_instance *instance, const parley_out *out, parley_error *error);

    /* Takes what a predecessor of the same component and name has saved, behind configure and
     * before activate. `version` is that of the predecessor's plugin. PARLEY_OK; PARLEY_DECLINED
     * when the state says nothing to it, and it starts without. After a negative status the
     * instance is destroyed, and its predecessor goes on serving.
     * @thread ctl  @need required  @life none  @null none  @since 0.1 */
    parley_status (*restore)(parley_instance *instance, parley_bytes state, parley_str version,
                             parley_error *error);
} parley_state;

PARLEY_EXTERN_C_END

#endif
