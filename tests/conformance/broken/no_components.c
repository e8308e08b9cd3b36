/* Offers nothing. */
#define ENTRY_COUNT count_none
#include "parley/abi.h"

static uint32_t count_none(void) {
    return 0;
}

#include "parts.h"
