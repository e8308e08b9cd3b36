/* A component that forgot its size. */
#define COMPONENT_SIZE 4
#include "parts.h"
