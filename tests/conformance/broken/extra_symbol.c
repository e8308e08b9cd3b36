/* Exports a function beside the entry. */
#include "parts.h"

PARLEY_EXPORT uint32_t leaked_function(void) {
    return 1;
}
