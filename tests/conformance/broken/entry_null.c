/* A required pointer of the entry is missing. */
#define ENTRY_COUNT NULL
#include "parts.h"
