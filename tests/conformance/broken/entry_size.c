/* An entry that forgot its size. */
#define ENTRY_SIZE 0
#include "parts.h"
