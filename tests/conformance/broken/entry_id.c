/* The entry has another id than the manifest. */
#define ENTRY_ID TEXT("dev.parley.test.other\nname")
#include "parts.h"
