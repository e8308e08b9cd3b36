/* Writes into what is reserved. */
#define TABLE_RESERVED 9
#include "parts.h"
