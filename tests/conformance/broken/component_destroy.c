/* A component that cannot be ended. */
#define COMPONENT_DESTROY NULL
#include "parts.h"
