/* A component whose id is not kebab-case. */
#define COMPONENT_ID TEXT("Not_Kebab")
#include "parts.h"
