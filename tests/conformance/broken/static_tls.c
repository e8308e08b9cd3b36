/* Takes of the little room that thread-local storage has in a running process. */
#include "parts.h"

__attribute__((tls_model("initial-exec"), visibility("default"))) _Thread_local uint64_t count;

__attribute__((used)) static uint64_t count_up(void) {
    return ++count;
}
