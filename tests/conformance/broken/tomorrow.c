/* Asks for what a system of tomorrow has. `SYSTEM` makes that system. */
#ifdef SYSTEM
int parley_test_tomorrow(void) {
    return 0;
}
#else
int parley_test_tomorrow(void);
int (*volatile const tomorrow)(void) = parley_test_tomorrow;
#include "parts.h"
#endif
