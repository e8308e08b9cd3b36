/* Refuses to start, and says why. */
#define ENTRY_INIT refuse
#include "parley/host.h"

static parley_status refuse(const parley_host* host, parley_error* error) {
    static const char why[] = "the moon is not full\nDec 24 00:00:00 a line of its own";
    (void)host;
    error->error_class = PARLEY_E_CONFIG;
    char* text = (char*)error->arena->alloc(error->arena, sizeof(why), 1);
    for (uint64_t i = 0; i < sizeof(why); i++) text[i] = why[i];
    error->message.ptr = text;
    error->message.len = sizeof(why) - 1;
    return -PARLEY_E_CONFIG;
}

#include "parts.h"
