// An exception leaves component_count.
#define ENTRY_COUNT throwing
#include <stdexcept>

#include "parley/host.h"

static uint32_t throwing() {
    throw std::length_error("lost count");
}

#include "parts.h"
