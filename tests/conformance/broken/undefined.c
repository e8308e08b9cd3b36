/* Needs a function that nobody has. */
#define ENTRY_INIT call_it
#include "parley/host.h"

extern parley_status parley_test_nowhere(void);

static parley_status call_it(const parley_host* host, parley_error* error) {
    (void)host, (void)error;
    return parley_test_nowhere();
}

#include "parts.h"
