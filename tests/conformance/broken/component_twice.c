/* Two components with one name. */
#define COMPONENTS 2
#include "parts.h"
