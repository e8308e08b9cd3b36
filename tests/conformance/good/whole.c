/* Nothing is wrong with the code: manifests and linker flags are put on it in many ways. */
#include "parts.h"
