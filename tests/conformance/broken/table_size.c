/* A table that is too small for its kind. */
#define TABLE_SIZE 16
#include "parts.h"
