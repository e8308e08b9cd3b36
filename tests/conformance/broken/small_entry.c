/* Its entry is smaller than a parley_entry. */
#define NO_ENTRY
#include "parts.h"

PARLEY_EXPORT const uint64_t parley_plugin_v0[2] = {sizeof(parley_entry), 0};

__attribute__((visibility("hidden"))) uint32_t use_parts(void) {
    return create_instance == NULL || dialects == NULL || get_component(0) == NULL;
}
