/* A required function is missing. */
#define TABLE_PLAN NULL
#include "parts.h"
