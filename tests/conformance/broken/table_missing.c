/* A component without functions. */
#define COMPONENT_TABLE NULL
#include "parts.h"
