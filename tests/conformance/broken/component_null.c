/* Counts more components than it has. */
#define ENTRY_COUNT count_three
#include "parley/abi.h"

static uint32_t count_three(void) {
    return 3;
}

#include "parts.h"
