/* Code that the loader must change. */
#include "parts.h"

__asm__(
    ".text\n.global parley_test_hole\n.hidden parley_test_hole\nparley_test_hole:\n"
    ".quad malloc\n");
