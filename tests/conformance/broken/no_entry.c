/* Exports another major's entry. */
#define NO_ENTRY
#include "parts.h"

#ifdef OTHER_ENTRY
PARLEY_EXPORT const uint64_t parley_plugin_v7[2] = {1, 2};
#endif

__attribute__((visibility("hidden"))) uint32_t use_parts(void) {
    return create_instance == NULL || dialects == NULL || get_component(0) == NULL ||
           component.struct_size == 0;
}
