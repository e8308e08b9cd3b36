/* Writes into what is reserved. */
#define ENTRY_RESERVED 1
#include "parts.h"
