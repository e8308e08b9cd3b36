// Something that is no exception leaves init.
#define ENTRY_INIT throwing
#include "parley/host.h"

static parley_status throwing(const parley_host*, parley_error*) {
    throw 42;
}

#include "parts.h"
