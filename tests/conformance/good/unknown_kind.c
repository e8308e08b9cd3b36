/* Offers something that only another host knows. */
#define COMPONENT_KIND TEXT("com.acme.oracle/2")
#include "parts.h"
