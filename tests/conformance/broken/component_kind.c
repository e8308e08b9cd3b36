/* A component whose kind has no number. */
#define COMPONENT_KIND TEXT("provider")
#include "parts.h"
