/* The entry is of another major than the manifest says. */
#define ENTRY_MAJOR 7
#include "parts.h"
