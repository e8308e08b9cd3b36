// An exception leaves init.
#define ENTRY_INIT throwing
#include <stdexcept>

#include "parley/host.h"

static parley_status throwing(const parley_host*, parley_error*) {
    throw std::runtime_error("out of cheese");
}

#include "parts.h"
