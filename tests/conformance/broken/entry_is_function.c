/* Has a function where its entry should be. */
#define NO_ENTRY
#include "parts.h"

PARLEY_EXPORT uint32_t parley_plugin_v0(void) {
    return create_instance == NULL || dialects == NULL || get_component(0) == NULL;
}
