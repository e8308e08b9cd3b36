/* A component of which no two instances may be active at a time. */
#define COMPONENT_FLAGS PARLEY_COMPONENT_EXCLUSIVE
#include "parts.h"
