/* Takes over a signal. */
#include <signal.h>

#include "parts.h"

static void on_signal(int number) {
    (void)number;
}

__attribute__((constructor)) static void take(void) {
    signal(SIGUSR2, on_signal);
}
