/* A component whose configuration schema is no schema. */
#define COMPONENT_SCHEMA \
    TEXT("{\"type\": \"object\", \"properties\": {\"url\": {\"type\": \"text\"}}}")
#include "parts.h"
