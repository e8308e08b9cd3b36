/* Starts a thread before anything is asked of it. */
#include <pthread.h>
#include <unistd.h>

#include "parts.h"

static void* wait_for_ever(void* nothing) {
    for (;;) pause();
    return nothing;
}

__attribute__((constructor)) static void start(void) {
    pthread_t thread;
    if (pthread_create(&thread, NULL, wait_for_ever, NULL) == 0) pthread_detach(thread);
}
