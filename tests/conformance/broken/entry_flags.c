/* The entry declares what the manifest does not. */
#define ENTRY_FLAGS PARLEY_PLUGIN_RESIDENT
#include "parts.h"
