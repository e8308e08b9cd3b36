/* Starts a thread in init, and fails. */
#define ENTRY_INIT start
#include <pthread.h>
#include <unistd.h>

#include "parley/host.h"

static void* wait_for_ever(void* nothing) {
    for (;;) pause();
    return nothing;
}

static parley_status start(const parley_host* host, parley_error* error) {
    pthread_t thread;
    (void)host, (void)error;
    if (pthread_create(&thread, NULL, wait_for_ever, NULL) == 0) pthread_detach(thread);
    return -PARLEY_E_INTERNAL;
}

#include "parts.h"
