/* A login of which no two instances may be active at a time. */
#include "parley/login.h"
#define COMPONENT_KIND TEXT(PARLEY_KIND_LOGIN)
#define COMPONENT_FLAGS PARLEY_COMPONENT_EXCLUSIVE
#include "parts.h"
