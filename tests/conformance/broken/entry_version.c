/* The entry has another version than the manifest. */
#define ENTRY_VERSION TEXT("1.0.1")
#include "parts.h"
